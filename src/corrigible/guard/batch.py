"""What transactions see and change before it is written: the same for every kind of store.

Transactions that are committed together run one after the other on one `Batch`, which remembers in memory
what they change and writes nothing. So one that fails is undone by forgetting, without a word to the
database, a value that many of them change is written once, and what several of them look at is read once.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, final

from corrigible.core.errors import StoreError

T = TypeVar("T")

LONGEST_KEY = 1024
"""Bytes of a kind and a key together, at most; databases bound what they index."""

_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

PAGE = 256
"""How many records are fetched at a time."""


class Rows(ABC):
    """What lies in the database at one moment, as it lies there: values are JSON text."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many records there are."""

    @abstractmethod
    def value(self, kind: str, key: str) -> str | None:
        """Return one value."""

    @abstractmethod
    def values(self, kind: str, prefix: str) -> list[tuple[str, str]]:
        """Return the values whose keys begin with ``prefix``, in order of the keys."""

    @abstractmethod
    def page(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        """Return the records from ``start`` up to, and without, ``stop``."""

    @abstractmethod
    def leaves(self, start: int, stop: int) -> list[bytes]:
        """Return their leaf hashes."""


def encoded(text: str) -> bytes:
    """Return a kind or key as it is stored: any text at all, in bytes that are ordered as texts are."""
    return text.encode("utf-8", "surrogatepass")


def decoded(stored: bytes) -> str:
    """Return the text that was stored."""
    return bytes(stored).decode("utf-8", "surrogatepass")


def beyond(prefix: bytes) -> bytes | None:
    """Return the least bytes that are greater than all that begin with ``prefix``; None: there are none."""
    cut = prefix.rstrip(b"\xff")
    return cut[:-1] + bytes([cut[-1] + 1]) if cut else None


@final
class View:
    """The `Reader` of a store, while the database holds still."""

    def __init__(self, rows: Rows) -> None:
        self._rows: Rows | None = rows

    def end(self) -> None:
        """Answer nothing any more."""
        self._rows = None

    @property
    def size(self) -> int:
        return self._open().size

    def get(self, kind: str, key: str) -> Any:
        text = self._open().value(kind, key)
        return None if text is None else json.loads(text)

    def scan(self, kind: str, prefix: str = "") -> list[tuple[str, Any]]:
        return [(key, json.loads(text)) for key, text in self._open().values(kind, prefix)]

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        stop = self.size if stop is None else min(stop, self.size)
        for at in range(max(start, 0), stop, PAGE):
            yield from self._open().page(at, min(at + PAGE, stop))

    def hashes(self, start: int = 0, stop: int | None = None) -> Sequence[bytes]:
        rows = self._open()
        return rows.leaves(max(start, 0), rows.size if stop is None else min(stop, rows.size))

    def _open(self) -> Rows:
        if self._rows is None:
            raise _over()
        return self._rows


@final
class Batch:
    """The `Transaction` that those which are committed together share, one after the other."""

    def __init__(self, rows: Rows) -> None:
        self._rows: Rows | None = rows
        self.first = rows.size
        """The number of the first record of the batch."""
        self.appended: list[tuple[bytes, bytes]] = []
        """Bodies and leaf hashes."""
        self.changes: dict[tuple[str, str], str | None] = {}
        """Values that were put, and None for those that were deleted."""
        self._undo: list[tuple[tuple[str, str], bool, str | None]] = []
        self._seen: dict[tuple[str, str], str | None] = {}
        self._scanned: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._sealing = False

    def attempt(self, work: Callable[[Batch], T]) -> tuple[T | None, BaseException | None]:
        """Run one transaction; if it raises, undo it and return what it raised."""
        mark = len(self.appended)
        self._undo.clear()
        try:
            return work(self), None
        except BaseException as error:
            del self.appended[mark:]
            for place, changed, text in reversed(self._undo):
                if changed:
                    self.changes[place] = text
                else:
                    del self.changes[place]
            return None, error

    def sealed(self, sealings: Sequence[Callable[[Batch, Sequence[bytes]], None]]) -> None:
        """Tell what was appended to those that want to know before it is written."""
        if self.appended:
            self._sealing = True
            leaves = tuple(leaf for _, leaf in self.appended)
            for sealing in sealings:
                sealing(self, leaves)

    def end(self) -> None:
        """Answer nothing any more."""
        self._rows = None

    @property
    def size(self) -> int:
        return self.first + len(self.appended)

    def get(self, kind: str, key: str) -> Any:
        place = (kind, key)
        if place in self.changes:
            text = self.changes[place]
        elif place in self._seen:
            text = self._seen[place]
        else:
            text = self._seen[place] = self._open().value(kind, key)
        return None if text is None else json.loads(text)

    def scan(self, kind: str, prefix: str = "") -> list[tuple[str, Any]]:
        rows = self._open()
        asked = (kind, prefix)
        if asked not in self._scanned:
            self._scanned[asked] = rows.values(kind, prefix)
        found: dict[str, str | None] = dict(self._scanned[asked])
        found |= {
            key: text for (of, key), text in self.changes.items() if of == kind and key.startswith(prefix)
        }
        return [(key, json.loads(text)) for key, text in sorted(found.items()) if text is not None]

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        start, stop = max(start, 0), self.size if stop is None else min(stop, self.size)
        for at in range(start, min(stop, self.first), PAGE):
            yield from self._open().page(at, min(at + PAGE, stop, self.first))
        for number in range(max(start, self.first), stop):
            self._open()
            yield number, self.appended[number - self.first][0]

    def hashes(self, start: int = 0, stop: int | None = None) -> Sequence[bytes]:
        start, stop = max(start, 0), self.size if stop is None else min(stop, self.size)
        old = self._open().leaves(start, min(stop, self.first)) if start < min(stop, self.first) else []
        new = self.appended[max(start - self.first, 0) : max(stop - self.first, 0)]
        return [*old, *(leaf for _, leaf in new)]

    def append(self, body: bytes, leaf: bytes) -> int:
        self._open()
        if self._sealing:
            raise StoreError("a record cannot be appended while the log is sealed", "seal with `put` alone")
        self.appended.append((bytes(body), bytes(leaf)))
        return self.size - 1

    def put(self, kind: str, key: str, value: Any) -> None:
        if value is None:
            raise ValueError(f"None cannot be put under `{key}`; delete it")
        self._change(kind, key, _json(value))

    def delete(self, kind: str, key: str) -> None:
        self._change(kind, key, None)

    def _change(self, kind: str, key: str, text: str | None) -> None:
        self._open()
        if len(encoded(kind)) + len(encoded(key)) > LONGEST_KEY:
            raise ValueError(f"the key `{key[:40]}…` is longer than {LONGEST_KEY} bytes")
        place = (kind, key)
        self._undo.append((place, place in self.changes, self.changes.get(place)))
        self.changes[place] = text

    def _open(self) -> Rows:
        if self._rows is None:
            raise _over()
        return self._rows


def _over() -> StoreError:
    return StoreError("the transaction is over", "use what it reads before the function given to it returns")
