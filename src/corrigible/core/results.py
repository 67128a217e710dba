"""What every result has in common: where it came from, and how it is written down."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from corrigible.core.errors import OutputError
from corrigible.core.version import VERSION


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provenance:
    """Enough to make a result again.

    Parameters
    ----------
    seed
        The seed of everything random in it; ``None`` where nothing was.
    version
        The version of Corrigible.
    input_hash
        SHA-256 of the input (a model, a design), as hexadecimal digits.
    settings
        The remaining arguments, by name.
    """

    seed: int | None
    version: str
    input_hash: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def provenance(seed: int | None, input_hash: str, **settings: Any) -> Provenance:
    """Return the provenance of a result made now, by this version."""
    return Provenance(seed=seed, version=VERSION, input_hash=input_hash, settings=settings)


def digest(*parts: bytes | str | np.ndarray) -> str:
    """Return the SHA-256 of the parts in order, each with its length (and, for arrays, its type)."""
    h = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            head = f"{part.dtype.str}{part.shape}".encode()
            body = np.ascontiguousarray(part).tobytes()
        else:
            head, body = b"", part.encode() if isinstance(part, str) else part
        h.update(len(head).to_bytes(8, "big") + head + len(body).to_bytes(8, "big") + body)
    return h.hexdigest()


def read_only(array: np.ndarray) -> np.ndarray:
    """Return ``array`` with writing switched off (a view where it does not own its data)."""
    out = array if array.flags.owndata else array.view()
    out.flags.writeable = False
    return out


def plain(value: Any) -> Any:
    """Return ``value`` as what JSON knows: dicts, lists, strings, finite numbers, true, false, null.

    Dataclasses become objects, arrays lists, fractions ``"p/q"``; what is not a finite number
    becomes ``null``, since JSON has no word for it. Mapping keys and anything else become text.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | range):
        return [plain(v) for v in value]
    if isinstance(value, set | frozenset):  # in an order of their own, the same in every process
        return sorted((plain(v) for v in value), key=repr)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return str(value)


def to_json(value: Any) -> str:
    """Return ``value`` as indented JSON text; see `plain` for the rules."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def check_file(path: Path | str) -> None:
    """Raise `OutputError` unless a file can be written at ``path``; to be asked before long work."""
    target = Path(path)
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "is a directory")
        probe(target.parent)
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write `{target}`: {reason(error)}", "choose another place") from error


def probe(folder: Path) -> None:
    """Try whether files can be written into ``folder``, and leave the disk as it was.

    The folder is made and a file written into it (what permissions say is not all: think of /proc, or
    of a full disk); whatever was made for this is removed again, whether it succeeds or not.

    Raises
    ------
    OSError, ValueError
        If it cannot; `reason` puts that into words.
    """
    made: list[Path] = []
    try:
        missing = folder
        while not missing.exists() and not missing.is_symlink() and missing != missing.parent:
            made.append(missing)
            missing = missing.parent
        if missing.exists() and not missing.is_dir():
            raise NotADirectoryError(20, "Not a directory", str(missing))
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    finally:
        for path in made:
            with suppress(OSError, ValueError):
                path.rmdir()


def reason(error: OSError | ValueError) -> str:
    """Return in a few words why a place cannot be written."""
    if isinstance(error, NotADirectoryError) and error.filename:
        return f"`{error.filename}` is not a folder"
    return (getattr(error, "strerror", None) or str(error)).lower()


def write_whole(path: Path | str, content: str | bytes) -> None:
    """Write a file entirely or not at all.

    The content goes to a temporary file beside the target, which then takes its place, so that
    neither an interruption nor a full disk leaves half a file.

    Raises
    ------
    OutputError
        If the place cannot be written.
    """
    target = Path(path)
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(21, "is a directory")
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
        temporary = None
    except OSError as error:
        raise OutputError(f"cannot write `{target}`: {reason(error)}", "choose another place") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
