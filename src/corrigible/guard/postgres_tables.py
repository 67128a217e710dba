"""The tables of a store in Postgres, and what one connection sees in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, final

import psycopg

from corrigible.core.errors import OptionError, StoreError
from corrigible.guard.batch import Rows, beyond, decoded, encoded

Connection = psycopg.Connection[tuple[Any, ...]]

VERSION = "1"
"""Of the tables; those of another are refused."""

SCHEMA = (
    "CREATE TABLE corrigible_meta (name text PRIMARY KEY, value text NOT NULL)",
    "CREATE TABLE corrigible_records (number bigint PRIMARY KEY, leaf bytea NOT NULL, body bytea NOT NULL)",
    "CREATE TABLE corrigible_state (kind bytea, key bytea, value text NOT NULL, PRIMARY KEY (kind, key))",
    "CREATE TABLE corrigible_writers (writer text PRIMARY KEY, batch bigint NOT NULL,"
    " at timestamptz NOT NULL DEFAULT now())",
    "CREATE FUNCTION corrigible_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'records are never changed or removed'; END $$",
    "CREATE TRIGGER records_are_kept BEFORE UPDATE OR DELETE ON corrigible_records"
    " FOR EACH ROW EXECUTE FUNCTION corrigible_refuse()",
    "CREATE TRIGGER records_are_all_kept BEFORE TRUNCATE ON corrigible_records"
    " FOR EACH STATEMENT EXECUTE FUNCTION corrigible_refuse()",
    f"INSERT INTO corrigible_meta VALUES ('version', '{VERSION}')",
)


SIZE = "SELECT coalesce(max(number) + 1, 0) FROM corrigible_records"


@final
class PostgresRows(Rows):
    """What one connection sees in its transaction."""

    def __init__(self, db: Connection, failure: Callable[[psycopg.Error], StoreError], size: int) -> None:
        self._db = db
        self._failure = failure
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def value(self, kind: str, key: str) -> str | None:
        found = self._ask(
            "SELECT value FROM corrigible_state WHERE kind = %b AND key = %b", encoded(kind), encoded(key)
        )
        return found[0][0] if found else None

    def values(self, kind: str, prefix: str) -> list[tuple[str, str]]:
        first = encoded(prefix)
        after = beyond(first)
        question = "SELECT key, value FROM corrigible_state WHERE kind = %b AND key >= %b"
        if after is None:
            found = self._ask(f"{question} ORDER BY key", encoded(kind), first)
        else:
            found = self._ask(f"{question} AND key < %b ORDER BY key", encoded(kind), first, after)
        return [(decoded(key), text) for key, text in found]

    def page(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        found = self._ask(
            "SELECT number, body FROM corrigible_records WHERE number >= %s AND number < %s ORDER BY number",
            *(start, stop),
        )
        return [(number, bytes(body)) for number, body in found]

    def leaves(self, start: int, stop: int) -> list[bytes]:
        found = self._ask(
            "SELECT leaf FROM corrigible_records WHERE number >= %s AND number < %s ORDER BY number",
            start,
            stop,
        )
        return [bytes(leaf) for (leaf,) in found]

    def held(self, number: int) -> bool:
        """Return whether some session holds an advisory lock."""
        return bool(
            self._ask(
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND (classid::bigint << 32) | objid::bigint = %s",
                number,
            )
        )

    def end(self) -> None:
        """End the transaction."""
        try:
            self._db.execute("COMMIT")
        except psycopg.Error as error:
            raise self._failure(error) from error

    def _ask(self, question: Any, *values: Any) -> list[Any]:
        try:
            return self._db.execute(question, values, binary=True).fetchall()
        except psycopg.Error as error:
            raise self._failure(error) from error


def number_of(*words: str) -> int:
    """Return the number of an advisory lock: 64 bits, signed, as Postgres has them."""
    text = encoded("\0".join(("corrigible", *words)))
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big", signed=True)


def prepare(db: Connection, url: str, schema: str, *, create: bool) -> None:
    """Make the tables if there are none; refuse those of another version."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (number_of("write", schema),))
        if db.execute("SELECT to_regclass('corrigible_meta') IS NOT NULL").fetchone() != (True,):
            if not create:
                raise OptionError(f"there is no store at `{url}`", "a guard makes it when it starts")
            for statement in SCHEMA:
                db.execute(statement.encode())
        found = db.execute("SELECT value FROM corrigible_meta WHERE name = 'version'").fetchone()
        if found != (VERSION,):
            version = found[0] if found else "unknown"
            raise StoreError(
                f"`{url}` is a store of version {version}",
                "use the release of Corrigible that made it",
            )
        db.execute("DELETE FROM corrigible_writers WHERE at < now() - interval '30 days'")
