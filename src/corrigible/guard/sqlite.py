"""The store in one SQLite file: for all the processes of one machine.

Written ahead (WAL) and synchronised at every commit (``synchronous=FULL``), so that what was acknowledged
outlives a crash of the process, of the system and of the power, as far as the disk keeps its word. Readers
have connections of their own and see the last commit, without waiting. Triggers keep records from being
changed or removed by accident; they are no protection against whoever owns the file: that is what signed
checkpoints are for.

A commit that fails was not acknowledged. Whether a crash right after it brings it back nobody can say, and
it does not matter: what was not acknowledged is not executed.

*Source:* https://www.sqlite.org/wal.html; https://www.sqlite.org/pragma.html#pragma_synchronous.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, final

from corrigible.core.errors import OptionError, StoreError
from corrigible.guard.batch import Batch, Rows, View, beyond, decoded, encoded
from corrigible.guard.commits import PATIENCE, Busy, GroupStore
from corrigible.guard.place import settled, which
from corrigible.guard.presence import Presence
from corrigible.guard.store import Reader

T = TypeVar("T")

APPLICATION = 0x436F7267
"""What SQLite keeps in the file's head to say whose it is: ``Corg``."""

VERSION = 1
"""Of the tables; a file of a later one is refused."""

READERS = 8
"""Connections that are kept for reading."""

KNOWN = 4096
"""Values that the writer remembers from one transaction to the next."""

SCHEMA = """
CREATE TABLE records (number INTEGER PRIMARY KEY, leaf BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE state (kind BLOB, key BLOB, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TRIGGER records_are_not_changed BEFORE UPDATE ON records
    BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER records_are_not_removed BEFORE DELETE ON records
    BEGIN SELECT RAISE(ABORT, 'records are never removed'); END;
CREATE TRIGGER records_have_no_gaps BEFORE INSERT ON records
    WHEN NEW.number IS NOT (SELECT coalesce(max(number) + 1, 0) FROM records)
    BEGIN SELECT RAISE(ABORT, 'records are appended at the end'); END;
"""


@final
class SQLiteStore(GroupStore):
    """A `corrigible.guard.store.Store` in one file.

    Parameters
    ----------
    path
        The file; beside it lie ``-wal`` and ``-shm``, which belong to it, and the folder ``.alive``.
    create
        Whether to make it if it is not there.

    Raises
    ------
    OptionError
        If there is none and none is to be made.
    StoreError
        If it cannot be used, is another program's, or of a later version.
    """

    alone = True

    def __init__(self, path: str, *, create: bool = True) -> None:
        self._path = settled(path, create=create)
        super().__init__(f"sqlite:{self._path}")
        self._places = [f"{self._path}{suffix}" for suffix in ("", "-wal", "-shm")]
        self._original = which(self._places[0])
        self._files = self._identity()
        self._presence = Presence(self._path.with_name(f"{self._path.name}.alive"))
        self._readers: list[sqlite3.Connection] = []
        self._borrowing = threading.Lock()
        self._known: dict[tuple[str, str], str | None] = {}
        self._version = -1
        self._between = False
        """Whether a writer was let go of and none is there yet: SQLite may then remove ``-wal``, and make it anew."""
        self._db: sqlite3.Connection | None = self._writer(create)
        self._thread.start()

    def read(self, work: Callable[[Reader], T]) -> T:
        self._usable()
        with self._borrowing:
            db = self._readers.pop() if self._readers else None
        view = None
        try:
            db = db or self._connect()
            db.execute("BEGIN")
            view = View(_SQLiteRows(db, self._path))
            self._unmoved()
            result = work(view)
            db.execute("ROLLBACK")
        except BaseException as error:
            if db is not None:
                _close(db)
            if isinstance(error, sqlite3.Error):
                raise self._failure(error) from error
            raise
        finally:
            if view is not None:
                view.end()
        with self._borrowing:
            if not self._closed and len(self._readers) < READERS:
                self._readers.append(db)
                return result
        _close(db)
        return result

    def hold(self, name: str) -> None:
        self._usable()
        self._presence.hold(name)

    def alive(self, name: str) -> bool:
        self._usable()
        self._unmoved()
        return self._presence.alive(name)

    def _begin(self, patience: float) -> Rows:
        try:
            if self._db is None:
                self._db = self._writer(create=False)
            _patiently(self._db, "BEGIN IMMEDIATE", patience=patience)
            # It changes when another connection has written, and then what is remembered may be wrong. Now
            # that we hold the lock, nobody can write between this look and our commit.
            (version,) = self._db.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            if patience == 0 and _busy(error):
                raise Busy(f"another process writes into `{self._path}`") from error
            raise self._failure(error) from error
        self._unmoved()
        if version != self._version or len(self._known) > KNOWN:
            self._known.clear()
        self._version = version
        return _SQLiteRows(self._db, self._path, self._known)

    def _commit(self, batch: Batch) -> None:
        db = self._db
        if db is None or not db.in_transaction:
            raise StoreError(f"`{self._path}` was lost in the middle of a transaction")
        try:
            if not batch.appended and not batch.changes:
                db.execute("ROLLBACK")
                return
            db.executemany(
                "INSERT INTO records (number, leaf, body) VALUES (?, ?, ?)",
                [(batch.first + n, leaf, body) for n, (body, leaf) in enumerate(batch.appended)],
            )
            db.executemany(
                "INSERT INTO state (kind, key, value) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                [
                    (encoded(k), encoded(key), text)
                    for (k, key), text in batch.changes.items()
                    if text is not None
                ],
            )
            db.executemany(
                "DELETE FROM state WHERE kind = ? AND key = ?",
                [(encoded(k), encoded(key)) for (k, key), text in batch.changes.items() if text is None],
            )
            db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failure(error) from error
        # What was written into a file that is no longer there is not written.
        self._unmoved()
        self._known |= batch.changes

    def _abandon(self) -> None:
        self._known.clear()
        self._between = self._identity() == self._files
        # A new connection, at the next transaction, knows nothing of what went wrong with this one.
        db, self._db = self._db, None
        if db is not None:
            _close(db)

    def _shut(self) -> None:
        with self._borrowing:
            for db in (*self._readers, *([self._db] if self._db else [])):
                _close(db)
            self._readers.clear()
            self._db = None
        self._presence.release()

    def _identity(self) -> list[tuple[int, int] | None]:
        return [which(place) for place in self._places]

    def _unmoved(self) -> None:
        for _ in range(2):  # the second time for a writer that came back between two looks
            found = self._identity()
            if found == self._files or (self._between and found[0] == self._original):
                return
        raise self._moved()

    def _failure(self, error: sqlite3.Error) -> StoreError:
        # What is no longer there fails in many ways, all of which say less.
        return self._moved() if which(self._places[0]) != self._original else _failure(self._path, error)

    def _moved(self) -> StoreError:
        return StoreError(
            f"`{self._path}` was removed or replaced while it was in use",
            "put the files back, all that belong to it, or stop every process and start anew",
        )

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"{self._path.as_uri()}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in ("busy_timeout=5000", "synchronous=FULL", "journal_size_limit=67108864"):
                db.execute(f"PRAGMA {pragma}")
        except BaseException:
            _close(db)
            raise
        return db

    def _writer(self, create: bool) -> sqlite3.Connection:
        db = None
        try:
            if which(self._places[0]) != self._original:
                raise self._moved()
            db = self._connect()
            db.execute("PRAGMA busy_timeout=0")  # `_patiently` looks more often than SQLite does
            _ours(db, self._path, create)
            _patiently(db, "PRAGMA journal_mode=WAL", "wal")
            _patiently(db, "BEGIN IMMEDIATE")
            if _ours(db, self._path, create) == "empty":
                for statement in SCHEMA.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id={APPLICATION}")
                db.execute(f"PRAGMA user_version={VERSION}")
            db.execute("COMMIT")
            self._files, self._between = self._identity(), False
        except BaseException as error:
            if db is not None:
                _close(db)
            if isinstance(error, sqlite3.Error):
                raise self._failure(error) from error
            raise
        return db


@final
class _SQLiteRows(Rows):
    """What one connection sees between BEGIN and the end of its transaction."""

    def __init__(
        self, db: sqlite3.Connection, path: Path, known: dict[tuple[str, str], str | None] | None = None
    ) -> None:
        self._db = db
        self._path = path
        self._known = {} if known is None else known
        # The first look fixes the moment that is seen.
        self._size: int = self._ask("SELECT coalesce(max(number) + 1, 0) FROM records")[0][0]

    @property
    def size(self) -> int:
        return self._size

    def value(self, kind: str, key: str) -> str | None:
        place = (kind, key)
        if place not in self._known:
            question = "SELECT value FROM state WHERE kind = ? AND key = ?"
            found = self._ask(question, encoded(kind), encoded(key))
            self._known[place] = found[0][0] if found else None
        return self._known[place]

    def values(self, kind: str, prefix: str) -> list[tuple[str, str]]:
        first = encoded(prefix)
        after = beyond(first)
        found = self._ask(
            "SELECT key, value FROM state WHERE kind = ? AND key >= ?"
            f"{' AND key < ?' if after is not None else ''} ORDER BY key",
            *(encoded(kind), first, *([after] if after is not None else [])),
        )
        return [(decoded(key), text) for key, text in found]

    def page(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        return self._ask(
            "SELECT number, body FROM records WHERE number >= ? AND number < ? ORDER BY number", start, stop
        )

    def leaves(self, start: int, stop: int) -> list[bytes]:
        found = self._ask(
            "SELECT leaf FROM records WHERE number >= ? AND number < ? ORDER BY number", start, stop
        )
        return [leaf for (leaf,) in found]

    def _ask(self, question: str, *values: Any) -> list[Any]:
        try:
            return self._db.execute(question, values).fetchall()
        except sqlite3.Error as error:
            raise _failure(self._path, error) from error


def _ours(db: sqlite3.Connection, path: Path, create: bool) -> str:
    """Return ``ours`` or ``empty``; what is neither is refused before anything in it is touched."""
    (whose,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (things,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if whose == APPLICATION and version == VERSION:
        return "ours"
    if whose == APPLICATION:
        raise StoreError(
            f"`{path}` is a store of version {version}", "use the release of Corrigible that made it"
        )
    if whose or version or things:
        raise StoreError(f"`{path}` is another program's database", "choose another place")
    if not create:
        raise OptionError(f"there is no store at `{path}`: it is empty", "check the path")
    return "empty"


def _patiently(db: sqlite3.Connection, statement: str, answer: str = "", patience: float = PATIENCE) -> None:
    """Execute a statement, while others hold the lock again and again, for some seconds."""
    until = time.monotonic() + patience
    while True:
        try:
            found = db.execute(statement).fetchone()
            if answer and found[0] != answer:
                raise sqlite3.OperationalError(f"{statement} answers {found[0]}")
            return
        except sqlite3.OperationalError as error:
            if not _busy(error) or time.monotonic() >= until:
                raise
        # Uneven, so that those who wait do not come back at the same time.
        time.sleep(random.uniform(0.0001, 0.0006))


def _busy(error: sqlite3.Error) -> bool:
    # The low byte tells the kind of error; errors of Python's own have no code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _close(db: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if db.in_transaction:
            db.execute("ROLLBACK")
    with contextlib.suppress(sqlite3.Error):
        db.close()


_WORDS = {
    sqlite3.SQLITE_FULL: ("the disk is full", "make room; nothing is executed until then"),
    sqlite3.SQLITE_BUSY: (
        f"another process has been writing for more than {PATIENCE:.0f} s",
        "end the process that hangs",
    ),
    sqlite3.SQLITE_READONLY: ("it may not be written", "give yourself the right to, or choose another place"),
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged",
        "bring back a copy, and verify the ledger against a checkpoint",
    ),
    sqlite3.SQLITE_NOTADB: ("it is no database", "choose another place, or bring back a copy"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check the path and who may read it"),
}


def _failure(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    what, hint = _WORDS.get(code, (str(error), "nothing is executed until it is whole again"))
    return StoreError(f"the store `{path}` cannot be used: {what}", hint)
