"""The store in Postgres: for processes on many machines.

Transactions run one after the other behind an advisory lock, so that numbers have no gaps and nothing ever
has to be tried again. A commit is acknowledged when the server says that it is on its disk
(``synchronous_commit``; the server's ``fsync`` must be on, as it is unless somebody turned it off).

If the connection is lost while a commit is under way, nobody knows what became of it. So each batch writes
its number, together with what it commits; on a new connection, once the lock shows that the old one is done,
the number tells whether the batch was committed. If that cannot be found out, those who wait are told so, and
their work is not done again.

A name is held by a lock of the very session that commits: who cannot be seen to be alive cannot write either.
A pooler in between must give each connection a session of its own.

*Source:* https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from typing import TypeVar, final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from corrigible.core.errors import MissingExtraError, OptionError, StoreError
from corrigible.guard.batch import Batch, Rows, View, encoded
from corrigible.guard.commits import PATIENCE, GroupStore
from corrigible.guard.store import Reader

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as error:  # pragma: no cover
    raise MissingExtraError(
        "a store in Postgres needs `psycopg`", "pip install 'corrigible[postgres]'"
    ) from error

from corrigible.guard.postgres_tables import SIZE, Connection, PostgresRows, number_of, prepare

T = TypeVar("T")

READERS = 4
"""Connections that are kept for reading."""

REACH = 3
"""Seconds to connect, and to find out that the other end is gone."""

SETTINGS = f"""
SELECT set_config('lock_timeout', '{PATIENCE:.0f}s', false),
       set_config('statement_timeout', '{2 * PATIENCE:.0f}s', false),
       set_config('idle_in_transaction_session_timeout', '{2 * PATIENCE:.0f}s', false),
       CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
            THEN set_config('synchronous_commit', 'on', false) END
"""


@final
class PostgresStore(GroupStore):
    """A `corrigible.guard.store.Store` in a Postgres database.

    Parameters
    ----------
    url
        ``postgresql://…`` as libpq reads it; the tables lie in the first schema of its search path.
    create
        Whether to make the tables if they are not there.

    Raises
    ------
    OptionError
        If the address cannot be read, or there are no tables and none are to be made.
    StoreError
        If the server cannot be reached, or the tables are of another version.
    """

    idle = 5.0

    def __init__(self, url: str, *, create: bool = True) -> None:
        shown, self._secrets = _without_password(url)
        super().__init__(shown)
        self._address = url
        self._writer = uuid.uuid4().hex
        self._batch = 0
        self._schema = ""
        self._session = 0
        self._held: list[str] = []
        self._readers: list[Connection] = []
        self._borrowing = threading.Lock()
        self._db: Connection | None = self._connected(create=create)
        self._thread.start()

    def read(self, work: Callable[[Reader], T]) -> T:
        def seen(rows: PostgresRows) -> T:
            view = View(rows)
            try:
                return work(view)
            finally:
                view.end()

        return self._look(seen)

    def hold(self, name: str) -> None:
        self._aside(lambda: self._hold(name))

    def alive(self, name: str) -> bool:
        return self._look(lambda rows: rows.held(number_of("hold", self._schema, name)))

    def _look(self, work: Callable[[PostgresRows], T]) -> T:
        """Run ``work`` on what is there at one moment, on a connection of its own."""
        self._usable()
        db, rows = self._moment()
        try:
            result = work(rows)
            rows.end()
        except BaseException:
            db.close()
            raise
        with self._borrowing:
            if not self._closed and len(self._readers) < READERS:
                self._readers.append(db)
                return result
        db.close()
        return result

    def _begin(self, patience: float) -> Rows:
        if self._db is None:
            self._db = self._connected(create=False)
        try:
            try:
                return self._locked(self._db)
            except psycopg.Error:
                # A connection that was lost while nothing was under way is simply made anew.
                if not self._db.broken:
                    raise
            self._db = self._connected(create=False)
            return self._locked(self._db)
        except psycopg.Error as error:
            raise self._failure(error) from error

    def _commit(self, batch: Batch) -> None:
        db = self._db
        assert db is not None
        if not batch.appended and not batch.changes:
            self._abandon()
            return
        self._batch += 1
        puts = [
            (encoded(k), encoded(key), text) for (k, key), text in batch.changes.items() if text is not None
        ]
        gone = [(encoded(k), encoded(key)) for (k, key), text in batch.changes.items() if text is None]
        try:
            with db.pipeline():
                db.execute(
                    "INSERT INTO corrigible_writers (writer, batch) VALUES (%s, %s)"
                    " ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = now()",
                    (self._writer, self._batch),
                )
                if batch.appended:
                    db.execute(
                        "INSERT INTO corrigible_records (number, leaf, body)"
                        " SELECT %s::bigint + place - 1, leaf, body"
                        " FROM unnest(%b::bytea[], %b::bytea[]) WITH ORDINALITY AS new (leaf, body, place)",
                        (
                            batch.first,
                            [leaf for _, leaf in batch.appended],
                            [body for body, _ in batch.appended],
                        ),
                    )
                if puts:
                    db.execute(
                        "INSERT INTO corrigible_state (kind, key, value)"
                        " SELECT * FROM unnest(%b::bytea[], %b::bytea[], %s::text[])"
                        " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                        tuple(map(list, zip(*puts, strict=True))),
                    )
                if gone:
                    db.execute(
                        "DELETE FROM corrigible_state WHERE (kind, key) IN"
                        " (SELECT * FROM unnest(%b::bytea[], %b::bytea[]))",
                        tuple(map(list, zip(*gone, strict=True))),
                    )
                end = db.execute("COMMIT")
            said = end.statusmessage
        except psycopg.Error as error:
            if not db.broken:
                raise self._failure(error) from error
            self._resolve(error)
            return
        if said != "COMMIT":
            raise StoreError(f"the store `{self.url}` undid a transaction", "look into the log of the server")

    def _resolve(self, lost: psycopg.Error) -> None:
        """Find out on a new connection whether the last batch was committed; raise unless it was."""
        try:
            self._db = self._connected(create=False)
            self._locked(self._db)  # waits for the old session, if it is not yet done
            found = self._db.execute(
                "SELECT 1 FROM corrigible_writers WHERE writer = %s AND batch = %s",
                (self._writer, self._batch),
            ).fetchone()
            self._db.execute("ROLLBACK")
        except (psycopg.Error, StoreError) as error:
            raise StoreError(
                f"the store `{self.url}` was lost during a commit; whether it was done is not known",
                "see what the ledger has when the server is back",
            ) from error
        if found is None:
            raise self._failure(lost) from lost

    def _abandon(self) -> None:
        db = self._db
        if db is None:
            return
        try:
            db.execute("ROLLBACK")
        except psycopg.Error:
            db.close()
            self._db = None

    def _idle(self) -> None:
        # Other processes must not take this one for dead because its connection was lost while it rested.
        try:
            if self._db is None:
                self._db = self._connected(create=False)
            self._db.execute("SELECT 1")
        except (psycopg.Error, StoreError, OptionError):
            if self._db is not None:
                self._db.close()
            self._db = None

    def _shut(self) -> None:
        if self._db is not None:
            with contextlib.suppress(psycopg.Error):
                self._db.execute("DELETE FROM corrigible_writers WHERE writer = %s", (self._writer,))
                # Now, and not when the server sees that the connection is gone.
                self._db.execute("SELECT pg_advisory_unlock_all()")
            self._db.close()
        with self._borrowing:
            for db in self._readers:
                db.close()
            self._readers.clear()

    def _hold(self, name: str) -> None:
        if name in self._held:
            return
        try:
            if self._db is None or self._db.broken:
                self._db = self._connected(create=False)
            self._take(self._db, name)
        except psycopg.Error as error:
            raise self._failure(error) from error
        self._held.append(name)

    def _take(self, db: Connection, name: str) -> None:
        until = time.monotonic() + 1
        while True:
            row = db.execute(
                "SELECT pg_try_advisory_lock(%s)", (number_of("hold", self._schema, name),)
            ).fetchone()
            if row == (True,):
                return
            if time.monotonic() > until:
                raise StoreError(f"`{name}` is held by another process", "give each process its own name")
            time.sleep(0.02)

    def _locked(self, db: Connection) -> PostgresRows:
        """Begin a transaction, alone; what is asked after the lock sees everything committed before."""
        with db.pipeline():
            db.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            db.execute("SELECT pg_advisory_xact_lock(%s)", (number_of("write", self._schema),))
            size = db.execute(SIZE)
        return PostgresRows(db, self._failure, size.fetchall()[0][0])

    def _moment(self) -> tuple[Connection, PostgresRows]:
        """Return a connection for reading, in a transaction that sees one moment."""
        with self._borrowing:
            kept = self._readers.pop() if self._readers else None
        for db in (kept, None):
            try:
                db = db or self._dial()
                with db.pipeline():
                    db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    size = db.execute(SIZE)
                return db, PostgresRows(db, self._failure, size.fetchall()[0][0])
            except psycopg.Error as error:
                if db is not None:
                    db.close()
                if kept is None or db is not kept:
                    raise self._failure(error) from error
        raise AssertionError

    def _dial(self) -> Connection:
        db = psycopg.connect(
            self._address,
            autocommit=True,
            connect_timeout=REACH,
            application_name=f"corrigible {self._writer}",
            keepalives_idle=REACH,
            keepalives_interval=1,
            keepalives_count=REACH,
            tcp_user_timeout=REACH * 1000,
        )
        try:
            db.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            db.execute(SETTINGS.encode())
        except BaseException:
            db.close()
            raise
        return db

    def _connected(self, *, create: bool) -> Connection:
        """Return a connection for writing that has all that the last one had."""
        db = None
        try:
            db = self._dial()
            schema = db.execute("SELECT current_schema()").fetchone()
            if schema is None or schema[0] is None:
                raise StoreError(f"the store `{self.url}` has no schema to lie in", "set its search_path")
            if self._schema and schema[0] != self._schema:
                raise StoreError(f"the store `{self.url}` is not what it was: another schema comes first")
            self._schema = schema[0]
            if self._session:
                # The server may not know yet that the last connection is gone, and keep its locks.
                db.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = %s AND pid <> pg_backend_pid() AND pid = %s",
                    (f"corrigible {self._writer}", self._session),
                )
            self._session = db.info.backend_pid
            prepare(db, self.url, self._schema, create=create)
            for name in self._held:
                self._take(db, name)
        except BaseException as error:
            if db is not None:
                db.close()
            if isinstance(error, psycopg.Error):
                raise self._failure(error) from error
            raise
        return db

    def _failure(self, error: psycopg.Error) -> StoreError:
        text = next(iter(str(error).strip().splitlines()), type(error).__name__)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return StoreError(
            f"the store `{self.url}` cannot be used: {text}", "nothing is executed until the server answers"
        )


def _without_password(url: str) -> tuple[str, tuple[str, ...]]:
    """Return an address as it may be shown, and the secrets that were taken out of it."""
    try:
        parts = urlsplit(url)
        known = conninfo_to_dict(url)
        fields = parse_qsl(parts.query, keep_blank_values=True)
        port = str(known.get("port") or "0")
        if "@" in parts.path or not port.replace(",", "").isdigit():
            raise ValueError("a stroke in a password makes a part of it a port or a path")
    except (ValueError, psycopg.Error):
        # What cannot be read may hold the password anywhere; nothing of it is repeated.
        raise OptionError(
            "the address of the store cannot be read", "give postgresql://USER@HOST/DATABASE, specials as %XX"
        ) from None
    who, at, host = parts.netloc.rpartition("@")
    shown = [(name, value) for name, value in fields if "password" not in name]
    text = urlunsplit(
        parts._replace(netloc=f"{who.partition(':')[0]}{at}{host}", query=urlencode(shown, safe="/,=-"))
    )
    return text, tuple(str(value) for name, value in known.items() if "password" in name and value)
