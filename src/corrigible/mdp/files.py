"""Reading text files so that every error names the file and the line."""

from __future__ import annotations

from pathlib import Path

from corrigible.core import memory
from corrigible.core.errors import FileFormatError


def broken(path: Path | str, line: int, message: str, hint: str = "") -> FileFormatError:
    """Return the error for line number ``line`` (from 1) of the file at ``path``."""
    return FileFormatError(f"{path}:{line}: {message}", hint)


def read_lines(path: Path | str, factor: int = 1) -> list[str]:
    """Return the lines of a UTF-8 text file, without their ends.

    Parameters
    ----------
    path
        The file.
    factor
        How many bytes what is made of it takes for each byte of the file.

    Raises
    ------
    FileFormatError
        If it cannot be read, or is not text.
    TooLargeError
        If it would not fit in memory.
    """
    try:
        memory.require(Path(path).stat().st_size * factor, f"`{path}`")
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise broken(path, 1, f"cannot be read: {reason.lower()}", "check the path") from error
    return decoded(path, data)


def decoded(path: Path | str, data: bytes) -> list[str]:
    """Return the lines of ``data``; ``path`` is only named."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise broken(path, line, f"byte `0x{data[error.start]:02x}` is not UTF-8 text") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise broken(path, line, "holds a zero byte, so it is not text")
    return text.replace("\r\n", "\n").split("\n")
