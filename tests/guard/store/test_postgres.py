"""What can go wrong with a server and the way to it: said in one line, and nothing done twice."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from corrigible.core.errors import OptionError, StoreError
from corrigible.guard import postgres
from corrigible.guard.postgres import PostgresStore
from corrigible.guard.store import open_store


def add(tx: Any) -> int:
    tx.put("n", "n", (tx.get("n", "n") or 0) + 1)
    return tx.append(b"body", b"leaf")


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(postgres_url)
    yield store
    store.close()


class Way:
    """The way to a server, which can be cut: between the client's words and the server's, too."""

    def __init__(self, server: str) -> None:
        self._server = f"{server}/.s.PGSQL.5432"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.cut_after: bytes | None = None
        """Once the client has said this, it hears nothing more, and is cut off."""
        self.passes_on = True
        """Whether what it said still reaches the server."""
        self._ends: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._ends += [client, server]
                threading.Thread(target=self._forth, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                word, passes_on = self.cut_after, self.passes_on
                if word is not None and word in data:
                    self.cut_after = None
                    client.shutdown(socket.SHUT_RDWR)
                    if passes_on:
                        server.sendall(data)
                        server.shutdown(socket.SHUT_WR)
                        return
                    break
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def way(postgres_server: str) -> Iterator[Way]:
    way = Way(postgres_server)
    yield way
    way.close()


@pytest.fixture
def far(way: Way, postgres_url: str) -> Iterator[PostgresStore]:
    """A store at the end of the way."""
    name = postgres_url.partition("@/")[2].partition("?")[0]
    store = PostgresStore(
        f"postgresql://postgres@127.0.0.1:{way.port}/{name}?sslmode=disable&gssencmode=disable"
    )
    yield store
    store.close()


@pytest.mark.parametrize("arrives", [True, False])
def test_a_commit_whose_answer_is_lost_is_looked_up_and_not_done_again(
    way: Way, far: PostgresStore, store: PostgresStore, arrives: bool
):
    assert far.transact(add) == 0
    far.hold("me")
    runs: list[int] = []
    way.passes_on, way.cut_after = arrives, b"COMMIT\0"

    def work(tx: Any) -> int:
        runs.append(1)
        return add(tx)

    future = far.submit(work)
    if arrives:
        assert future.result() == 1
    else:
        with pytest.raises(StoreError, match="cannot be used"):
            future.result()
    assert runs == [1]
    assert store.read(lambda r: (r.size, r.get("n", "n"))) == (1 + arrives, 1 + arrives)
    assert far.transact(add) == 1 + arrives
    assert store.alive("me")


def test_a_server_that_is_gone_is_told_at_once_and_found_again(way: Way, far: PostgresStore):
    far.transact(add)
    port = way.port
    way.close()
    for ask in (lambda: far.transact(add), lambda: far.read(lambda r: r.size), lambda: far.alive("x")):
        with pytest.raises(StoreError, match="cannot be used"):
            ask()
    assert str(port) in far.url


def test_a_connection_that_was_lost_at_rest_is_made_anew_with_its_names(
    far: PostgresStore, store: PostgresStore
):
    far.hold("me")
    far.transact(add)
    far.read(lambda r: r.size)
    with psycopg.connect(store._address, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            (f"corrigible {far._writer}",),
        )
        while store.alive("me"):
            pass
    assert far.read(lambda r: r.size) == 1
    assert far.transact(add) == 1
    assert store.alive("me")
    far._aside(far._idle)
    assert far.transact(add) == 2


def test_a_name_is_held_again_though_nothing_is_to_be_written(
    postgres_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(PostgresStore, "idle", 0.02)
    other = PostgresStore(postgres_url)
    other.hold("me")
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    until = threading.Event()
    for _ in range(250):
        if store.alive("me"):
            break
        until.wait(0.02)
    assert store.alive("me")
    other.close()


def test_who_keeps_the_lock_is_awaited_for_a_while(
    postgres_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(postgres, "SETTINGS", "SELECT set_config('lock_timeout', '50ms', false)")
    other = PostgresStore(postgres_url)
    entered, go = threading.Event(), threading.Event()

    def slow(tx: Any) -> int:
        entered.set()
        go.wait(10)
        return add(tx)

    future = store.submit(slow)
    entered.wait(10)
    with pytest.raises(StoreError, match="lock timeout"):
        other.transact(add)
    go.set()
    assert future.result() == 0
    assert other.transact(add) == 1
    other.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE corrigible_records SET body = 'x'",
        "DELETE FROM corrigible_records",
        "TRUNCATE corrigible_records",
    ],
)
def test_records_are_not_changed_by_accident(postgres_url: str, store: PostgresStore, statement: str):
    store.transact(add)
    with psycopg.connect(postgres_url) as db, pytest.raises(psycopg.Error, match="never changed"):
        db.execute(statement)  # type: ignore[arg-type]


def test_a_store_that_is_not_there_or_of_another_version_is_refused(postgres_url: str):
    with pytest.raises(OptionError, match="there is no store"):
        open_store(postgres_url, create=False)
    open_store(postgres_url).close()
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute("UPDATE corrigible_meta SET value = '2'")
    with pytest.raises(StoreError, match="of version 2"):
        open_store(postgres_url)


def test_a_server_that_does_not_flush_at_commit_is_told_to(postgres_url: str):
    store = PostgresStore(f"{postgres_url}&options={quote('-c synchronous_commit=off')}")
    assert store._db is not None
    assert store._db.execute("SHOW synchronous_commit").fetchone() == ("on",)
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cr3t@127.0.0.1:1/db",
        "postgresql://me@127.0.0.1:1/db?password=s3cr3t",
        "postgresql://me:s3cr3t/x@127.0.0.1:1/db",
        "postgresql://me:pw@127.0.0.1:1/db?passwort=s3cr3t",
    ],
)
def test_passwords_are_never_shown(url: str):
    with pytest.raises((StoreError, OptionError)) as caught:
        open_store(url)
    assert "s3cr3t" not in f"{caught.value!r} {caught.value}"


def test_what_is_shown_of_an_address_has_all_but_the_password(postgres_url: str):
    url = postgres_url.replace("postgres@", "postgres:s3cr3t@")
    store = PostgresStore(url)
    assert store.url == postgres_url
    assert store.transact(add) == 0
    store.close()
    assert Path(postgres_url.partition("host=")[2]).is_dir()
