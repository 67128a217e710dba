"""A ledger as a file of lines, byte for byte what was signed.

Each line holds a record's number, its leaf hash and the record itself as it was written; the last line holds
the checkpoint and the head of the tree. `corrigible ledger verify FILE` needs nothing else but the public key.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from corrigible.core.errors import LedgerError, OutputError
from corrigible.core.files import reason
from corrigible.core.progress import SILENT, Progress
from corrigible.guard.canonical import canonical
from corrigible.guard.ledger.sources import Source


def lines(source: Source, progress: Progress = SILENT) -> Iterator[bytes]:
    """Yield the lines of a ledger, the last being that of the checkpoint.

    Raises
    ------
    LedgerError
        If a record is no line.
    """
    progress.start("exporting", source.size)
    for number, body, leaf in source.rows():
        if b"\n" in body:
            raise LedgerError(f"record {number} is no line of JSON", "run `corrigible ledger verify`")
        yield b'{"number":%d,"leaf":"%s","record":%s}\n' % (number, leaf.hex().encode(), body)
        progress.advance()
    progress.finish()
    yield canonical({"checkpoint": source.checkpoint(), "head": source.head()}) + b"\n"


def write(path: Path, content: Iterable[bytes]) -> None:
    """Write a file piece by piece, entirely or not at all.

    Raises
    ------
    OutputError
        If the place cannot be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("xb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise OutputError(f"cannot write `{path}`: {reason(error)}", "choose another place") from error
    finally:
        beside.unlink(missing_ok=True)
