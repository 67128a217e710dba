"""Files that are written whole or not at all, and places that are tried before long work."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from corrigible.core.errors import OutputError


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


def check_folder(folder: Path | str, names: Sequence[str] = ()) -> None:
    """Make sure, before a long run, that files can be put into a folder; the disk is left as it was.

    Parameters
    ----------
    folder
        The folder; it need not be there yet.
    names
        Of the files that will be put into it.

    Raises
    ------
    OutputError
        If it is not a folder, cannot be made or written, or has a folder where a file should be.
    """
    target = Path(folder)
    try:
        probe(target)
        taken = next((path for name in names if (path := target / name).is_dir()), None)
    except (OSError, ValueError) as error:
        shown = str(target).replace("\0", "\\0")
        raise OutputError(f"cannot write into `{shown}`: {reason(error)}", "choose another folder") from error
    if taken is not None:
        raise OutputError(f"cannot write `{taken}`: is a directory", "choose another place")


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
