"""What can be verified: a ledger in a store, or one that was exported into a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, final

from corrigible.core.errors import FileFormatError
from corrigible.guard.ledger.log import TREE, checkpoint
from corrigible.guard.store import Reader

LINE = re.compile(rb'\{"number":(\d{1,15}),"leaf":"([0-9a-f]{64})","record":(.*)\}\n', re.DOTALL)
END = b'{"checkpoint":'
CHUNK = 5000


class Source(Protocol):
    """A ledger as somebody hands it over; nothing in it is believed yet."""

    @property
    def size(self) -> int:
        """How many records there seem to be."""
        ...

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, record and stored leaf hash, in the order in which they lie there."""
        ...

    def head(self) -> Any:
        """Return the stored head of the tree."""
        ...

    def checkpoint(self) -> str:
        """Return the stored checkpoint, or nothing."""
        ...

    def damage(self) -> tuple[int, str] | None:
        """Return where the source breaks off, and how; to be asked after `rows`."""
        ...


@final
class StoreSource:
    """A ledger in a store, as it was at one moment."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def size(self) -> int:
        """How many records there seem to be."""
        return self._reader.size

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, record and stored leaf hash."""
        last = max((number for number, _ in self._tail()), default=-1)
        for start in range(0, last + 1, CHUNK):
            leaves = self._reader.hashes(start, start + CHUNK)
            records = list(self._reader.records(start, start + CHUNK))
            # A store with a gap has fewer hashes than numbers; they go by place, as the records do.
            for (number, body), leaf in zip(records, leaves, strict=False):
                yield number, bytes(body), bytes(leaf)

    def _tail(self) -> Iterator[tuple[int, bytes]]:
        return self._reader.records(max(0, self._reader.size - 1))

    def head(self) -> Any:
        """Return the stored head of the tree."""
        return self._reader.get(TREE, "head")

    def checkpoint(self) -> str:
        """Return the stored checkpoint."""
        return checkpoint(self._reader)

    def damage(self) -> tuple[int, str] | None:
        """Return nothing: a store tears nothing."""
        return None


@final
class FileSource:
    """A ledger that `corrigible ledger export` wrote, which may have been cut since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._damage: tuple[int, str] | None = None
        lines, last = 0, b""
        try:
            with path.open("rb") as file:
                for line in file:
                    lines, last = lines + 1, line
        except OSError as error:
            raise FileFormatError(
                f"{path}: cannot be read: {error.strerror}", "give an exported ledger"
            ) from error
        if lines and not last.startswith((b'{"number":0,', END)) and lines == 1:
            raise FileFormatError(f"{path}:1: this is no exported ledger", "give what `export` wrote")
        ended = last.startswith(END) and last.endswith(b"\n")
        self._end = _object(last) if ended else {}
        self._size = lines - ended

    @property
    def size(self) -> int:
        """How many records there seem to be."""
        return self._size

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, record and stored leaf hash."""
        count = 0
        with self._path.open("rb") as file:
            for at, line in enumerate(file, 1):
                if found := LINE.fullmatch(line):
                    yield int(found[1]), found[3], bytes.fromhex(found[2].decode())
                    count += 1
                elif line.startswith(END) and line.endswith(b"\n"):
                    if next(file, None) is not None:
                        self._damage = count, f"the file goes on after its checkpoint in line {at}"
                    return
                else:
                    torn = "ends in the middle of" if not line.endswith(b"\n") else "is broken in"
                    self._damage = (
                        count,
                        f"the file {torn} line {at}; the {count} records before it were checked",
                    )
                    return
        self._damage = count, f"the file ends after {count} records without its checkpoint"

    def head(self) -> Any:
        """Return the stored head of the tree."""
        return self._end.get("head")

    def checkpoint(self) -> str:
        """Return the stored checkpoint."""
        note = self._end.get("checkpoint", "")
        return note if isinstance(note, str) else ""

    def damage(self) -> tuple[int, str] | None:
        """Return where the file breaks off."""
        return self._damage


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
