"""What can go wrong with a file: it is said in one line, nothing is acknowledged, and it is mended if it can be."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corrigible.core.errors import OptionError, StoreError
from corrigible.guard import commits, place, sqlite
from corrigible.guard.sqlite import SQLiteStore
from corrigible.guard.store import open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "guard.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(str(path))
    yield store
    store.close()


def add(tx: Any) -> int:
    tx.put("n", "n", (tx.get("n", "n") or 0) + 1)
    return tx.append(b"body" * 100, b"leaf")


def test_files_are_the_owners_alone(path: Path, store: SQLiteStore):
    store.transact(add)
    store.hold("me")
    found = [path, Path(f"{path}-wal"), Path(f"{path}-shm"), *path.parent.glob("guard.db.alive/*")]
    assert [oct(file.stat().st_mode & 0o777) for file in found] == ["0o600"] * 4
    assert path.with_name("guard.db.alive").stat().st_mode & 0o777 == 0o700


def test_every_commit_is_synchronised(store: SQLiteStore):
    assert store._db is not None
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE records SET body = 'x'", "DELETE FROM records", "INSERT INTO records VALUES (5, 'l', 'b')",
     "INSERT OR REPLACE INTO records VALUES (0, 'l', 'b')"],
)  # fmt: skip
def test_records_are_not_changed_by_accident(path: Path, store: SQLiteStore, statement: str):
    store.transact(add)
    other = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="records are"):
        other.execute(statement)
    other.close()


def test_a_store_that_is_not_there_is_not_made_unasked(path: Path):
    with pytest.raises(OptionError, match="there is no store"):
        open_store(f"sqlite:{path}", create=False)
    assert not path.exists()
    path.touch(0o600)
    with pytest.raises(OptionError, match="it is empty"):
        open_store(f"sqlite:{path}", create=False)


def test_what_is_not_a_store_is_refused_untouched(path: Path, tmp_path: Path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program's"):
        SQLiteStore(str(path))
    assert path.read_bytes() == before
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="no database"):
        SQLiteStore(str(path))
    with pytest.raises(StoreError, match="not a file"):
        SQLiteStore(str(tmp_path))
    with pytest.raises(StoreError, match="no such file"):
        SQLiteStore(str(tmp_path / "nowhere" / "guard.db"))
    with pytest.raises(StoreError, match="not a folder"):
        SQLiteStore(str(path / "guard.db"))


def test_a_store_of_a_later_version_is_refused(path: Path):
    SQLiteStore(str(path)).close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version={sqlite.VERSION + 1}")
    db.close()
    with pytest.raises(StoreError, match="of version 2"):
        SQLiteStore(str(path))


def test_a_place_that_others_may_write_is_refused(path: Path, tmp_path: Path):
    SQLiteStore(str(path)).close()
    path.chmod(0o620)
    with pytest.raises(StoreError, match="others may write"):
        SQLiteStore(str(path))
    path.chmod(0o600)
    tmp_path.chmod(0o777)
    with pytest.raises(StoreError, match="anyone may replace"):
        SQLiteStore(str(path))
    tmp_path.chmod(0o1777)
    SQLiteStore(str(path)).close()
    tmp_path.chmod(0o700)


def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch):
    here = place._remote(path.parent.stat().st_dev)
    assert here == ""
    device = path.parent.stat().st_dev
    with open("/proc/self/mountinfo") as mounts:
        kinds = {
            line.split(" - ")[1].split()[0]
            for line in mounts
            if line.split()[2] == f"{os.major(device)}:{os.minor(device)}"
        }
    monkeypatch.setattr(place, "REMOTE", kinds)
    with pytest.raises(StoreError, match="network file system"):
        SQLiteStore(str(path))


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_database_that_is_removed_in_use_stops_everything(path: Path, store: SQLiteStore, suffix: str):
    store.transact(add)
    file = Path(f"{path}{suffix}")
    aside = path.with_name("aside")
    file.rename(aside)
    for ask in (lambda: store.transact(add), lambda: store.read(lambda r: r.size), lambda: store.alive("x")):
        with pytest.raises(StoreError, match="removed or replaced"):
            ask()
    assert file.exists() is False
    aside.rename(file)
    assert store.transact(add) == 1


def test_a_database_that_is_replaced_in_use_stops_everything(path: Path, store: SQLiteStore):
    store.transact(add)
    other = SQLiteStore(str(path.with_name("other.db")))
    other.close()
    os.replace(path.with_name("other.db"), path)
    for _ in range(2):
        with pytest.raises(StoreError, match="removed or replaced"):
            store.transact(add)


def test_a_damaged_database_is_told(path: Path):
    store = SQLiteStore(str(path))
    for _ in range(50):
        store.transact(lambda tx: [tx.append(os.urandom(400), b"leaf") for _ in range(20)])
    store.close()
    size = path.stat().st_size
    with open(path, "r+b") as file:
        for at in range(4096 * 4, size, 4096):
            file.seek(at)
            file.write(b"\xff" * 64)
    store = SQLiteStore(str(path))
    with pytest.raises(StoreError, match="damaged"):
        store.read(lambda r: list(r.records()))
    with pytest.raises(StoreError):
        store.transact(lambda tx: list(tx.hashes()))
    store.close()


FULL = """
import resource, signal, sys
from corrigible.core.errors import StoreError
from corrigible.guard.store import open_store
store = open_store(sys.argv[1])
def add(tx):
    tx.put("n", "n", (tx.get("n", "n") or 0) + 1)
    return tx.append(b"x" * 2000, b"leaf")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
done = failed = 0
while failed < 5:
    try:
        assert store.transact(add) == done
        done, failed = done + 1, 0
    except StoreError as error:
        failed += 1
print(done)
assert store.read(lambda r: (r.size, r.get("n", "n"))) == (done, done)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert store.transact(add) == done
store.close()
"""


def test_nothing_is_acknowledged_while_files_cannot_grow_and_all_goes_on_when_they_can(path: Path):
    told = subprocess.run(
        [sys.executable, "-c", FULL, f"sqlite:{path}"], capture_output=True, text=True, check=False
    )
    assert told.stderr == ""
    done = told.stdout
    assert int(done) > 10
    store = SQLiteStore(str(path))
    assert store.read(lambda r: r.size) == int(done) + 1
    store.close()


def test_a_full_disk_is_told_and_got_over(path: Path, store: SQLiteStore):
    assert store._db is not None
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count={pages + 5}")
    futures = [store.submit(lambda tx: tx.append(b"x" * 50_000, b"leaf")) for _ in range(3)]
    for future in futures:
        with pytest.raises(StoreError, match="the disk is full"):
            future.result()
    assert store.read(lambda r: r.size) == 0
    assert store.transact(add) == 0  # on a new connection, for which there is room


def test_a_process_that_keeps_the_lock_is_awaited_for_a_while(
    path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
):
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.05, other.execute, ["COMMIT"]).start()
    assert store.transact(add) == 0
    monkeypatch.setattr(commits, "PATIENCE", 0.05)
    other.execute("BEGIN IMMEDIATE")
    assert store.read(lambda r: r.size) == 1
    with pytest.raises(StoreError, match="another process has been writing"):
        store.transact(add)
    other.execute("COMMIT")
    assert store.transact(add) == 1
    other.close()


def test_a_forked_process_must_open_the_store_anew_and_keeps_no_name_alive(path: Path, store: SQLiteStore):
    store.hold("parent")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store.transact(add)
        except StoreError as error:
            os.write(writing, str(error).encode())
        store._presence.forget()
        os.read(reading, 0)
        os._exit(0)
    os.waitpid(child, 0)
    assert "was opened by another process" in os.read(reading, 1000).decode()
    os.close(reading)
    os.close(writing)
    assert store.alive("parent")
    assert store.transact(add) == 0


def test_what_dead_processes_left_is_swept_away(path: Path, store: SQLiteStore):
    for n in range(3):
        subprocess.run(
            [sys.executable, "-c", f"import os; from corrigible.guard.store import open_store as o; o('{store.url}')"
             f".hold('gone {n}'); os._exit(1)"], check=False,
        )  # fmt: skip
    store.hold("here")
    assert [file.name for file in path.parent.glob("guard.db.alive/*")] == ["here.lock"]


def test_a_name_belongs_to_one_process(path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("corrigible.guard.presence.PATIENCE", 0.0)
    store.hold("me")
    other = SQLiteStore(str(path))
    with pytest.raises(StoreError, match="is held by another"):
        other.hold("me")
    other.close()
    assert store.alive("me")


def test_keys_without_bounds_and_texts_without_sense_fail_alone(store: SQLiteStore):
    long = store.submit(lambda tx: tx.put("k", "x" * 5000, 1))
    odd = store.submit(lambda tx: tx.put("k\ud800", "\udfff", "\ud800"))
    with pytest.raises(ValueError, match="longer than"):
        long.result()
    assert odd.result() is None
    assert store.read(lambda r: r.scan("k\ud800")) == [("\udfff", "\ud800")]


def test_what_is_read_after_a_transaction_is_over_is_an_error(store: SQLiteStore):
    store.transact(add)
    for leaked in (store.read(lambda r: r), store.transact(lambda tx: tx)):
        with pytest.raises(StoreError, match="the transaction is over"):
            leaked.get("n", "n")
        with pytest.raises(StoreError, match="the transaction is over"):
            list(leaked.records())


def test_a_transaction_cannot_wait_for_another(store: SQLiteStore):
    with pytest.raises(StoreError, match="cannot wait for another"):
        store.transact(lambda tx: store.transact(add))


def test_work_that_is_cancelled_before_its_turn_is_not_done(store: SQLiteStore):
    go = threading.Event()
    first = store.submit(lambda tx: go.wait(10))
    futures = [store.submit(add) for _ in range(3)]
    while first.running() is False:
        pass
    assert futures[1].cancel() or futures[1].running()
    cancelled = futures[1].cancelled()
    go.set()
    first.result()
    futures[2].result()
    assert store.read(lambda r: r.size) == 3 - cancelled


def test_who_is_alone_commits_in_its_own_thread_and_after_what_was_not_waited_for(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(commits, "QUICK", 60.0)
    monkeypatch.setattr(commits, "LAZY", 60.0)
    store.transact(add)
    threads: list[int] = []

    def note(tx: Any) -> int:
        threads.append(threading.get_ident())
        return add(tx)

    lazy = store.submit(note, lazy=True)
    mine = store.submit(note, here=True)
    assert (lazy.result(), mine.result()) == (1, 2)
    assert threads == [threading.get_ident()] * 2


def test_where_another_process_writes_the_thread_waits_and_who_asked_does_not(
    store: SQLiteStore,
):
    store.transact(add)
    other = sqlite3.connect(str(store.url.removeprefix("sqlite:")), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    lazy = store.submit(add, lazy=True)
    mine = store.submit(add, here=True)
    assert not mine.done()
    other.execute("ROLLBACK")
    assert (lazy.result(5), mine.result(5)) == (1, 2)
    other.close()


def test_closing_waits_for_who_is_committing(store: SQLiteStore):
    store.transact(add)
    inside, go = threading.Event(), threading.Event()

    def slow(tx: Any) -> int:
        inside.set()
        go.wait(10)
        return add(tx)

    done: list[int] = []
    asking = threading.Thread(target=lambda: done.append(store.transact(slow)))
    asking.start()
    inside.wait(10)
    closing = threading.Thread(target=store.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    go.set()
    asking.join(10)
    closing.join(10)
    assert done == [1]


def test_many_are_committed_together(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    store.seal(lambda tx, leaves: sizes.append(len(leaves)))
    go = threading.Event()
    store.submit(lambda tx: go.wait(10))
    futures = [store.submit(add) for _ in range(commits.MOST + 20)]
    go.set()
    assert [future.result() for future in futures] == list(range(commits.MOST + 20))
    assert len(sizes) <= 4
    assert max(sizes) <= commits.MOST
