"""Where the guard keeps what must outlive every process: the log, and the state that goes with it.

A store is a log of records and a table of values, changed together in transactions that run one after the
other, in every process that shares the store. A transaction is durable before `Store.submit`'s future is
done; one that fails leaves nothing behind. The gate gathers, decides and writes within *one* transaction, so
that between the look at the off-switch and the intent on disk there is no gap for anything to slip through.

Transactions of one process that wait at the same time are committed together (group commit): the disk is
asked once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from corrigible.core.errors import OptionError

T = TypeVar("T")


class Reader(Protocol):
    """The store as it was at one moment."""

    @property
    def size(self) -> int:
        """How many records the log has."""
        ...

    def get(self, kind: str, key: str) -> Any:
        """Return the value (as JSON has it) under ``kind`` and ``key``, or None."""
        ...

    def scan(self, kind: str, prefix: str = "") -> list[tuple[str, Any]]:
        """Return keys and values of a kind whose key begins with ``prefix``, in order of the keys."""
        ...

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield the records from ``start`` up to, and without, ``stop``, with their numbers."""
        ...

    def hashes(self, start: int = 0, stop: int | None = None) -> Sequence[bytes]:
        """Return the leaf hashes of the same records."""
        ...


class Transaction(Reader, Protocol):
    """What a transaction may do; it sees what it wrote, and nobody else does before it is committed."""

    def append(self, body: bytes, leaf: bytes) -> int:
        """Append a record with its leaf hash to the log; return its number, the first being 0."""
        ...

    def put(self, kind: str, key: str, value: Any) -> None:
        """Set a value, which must be what JSON can say and not None."""
        ...

    def delete(self, kind: str, key: str) -> None:
        """Remove a value; nothing happens where there is none."""
        ...


class Store(Protocol):
    """A store; every method raises `corrigible.core.errors.StoreError` where it cannot be reached.

    Every implementation passes `corrigible.testing.check_guard_store`.
    """

    url: str

    def submit(
        self, work: Callable[[Transaction], T], *, lazy: bool = False, here: bool = False
    ) -> Future[T]:
        """Run ``work`` in a transaction, in another thread; the future is done when it is durable.

        What is ``lazy`` nobody waits for: it may be committed together with what comes next, in its place in
        the order, if that comes soon. What may be done ``here`` the calling thread may do itself before it
        returns, where nobody else waits and the store has been quick.

        ``work`` must be quick and must not call the store. If it raises, the transaction is undone, alone
        among those committed with it, and the future raises the same.
        """
        ...

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Do the same and wait for it."""
        ...

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run ``work`` on the store as it is now; it disturbs no transaction and waits for none."""
        ...

    def seal(self, sealing: Callable[[Transaction, Sequence[bytes]], None]) -> None:
        """Have ``sealing`` called before each commit with the leaf hashes appended since the last."""
        ...

    def hold(self, name: str) -> None:
        """Say that this process is alive under ``name``, until it ends, however it ends."""
        ...

    def alive(self, name: str) -> bool:
        """Return whether some process, on any machine that shares the store, holds ``name``."""
        ...

    def close(self) -> None:
        """Finish what was submitted, and let go."""
        ...


def open_store(url: str, *, create: bool = True) -> Store:
    """Return the store at ``sqlite:PATH`` or ``postgresql://…``.

    Parameters
    ----------
    url
        Where it is.
    create
        Whether to make it if it is not there.

    Raises
    ------
    OptionError
        If it is no such address, or a store that is not there is not to be made.
    StoreError
        If it cannot be reached, or is not a store of this version.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest:
        from corrigible.guard.sqlite import SQLiteStore

        return SQLiteStore(rest, create=create)
    if scheme in ("postgresql", "postgres") and rest.startswith("//"):
        from corrigible.guard.postgres import PostgresStore

        return PostgresStore(url, create=create)
    # Only its beginning: what follows may hold a password.
    raise OptionError(
        f"`{url[:12]}…` is no store" if len(url) > 12 else f"`{url}` is no store",
        "give sqlite:PATH or postgresql://USER@HOST/DATABASE",
    )
