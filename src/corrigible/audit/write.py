"""Put an audit's files into a folder: the report, the data, and the file for CI systems."""

from __future__ import annotations

from pathlib import Path

from corrigible.audit.junit import junit
from corrigible.audit.report import render
from corrigible.audit.result import AuditResult
from corrigible.core.errors import OutputError
from corrigible.core.results import probe, reason, write_whole

FILES = ("report.html", "audit.json", "junit.xml")


def write(result: AuditResult, folder: Path | str) -> tuple[Path, ...]:
    """Write `FILES` into ``folder``, each of them whole, and return their paths, the report first.

    All three are made before the first is written, so that nothing is left behind if one cannot be.

    Raises
    ------
    OutputError
        If the folder cannot be written; see `check_folder`.
    """
    check_folder(folder)
    # A lone surrogate has no UTF-8 form, but JSON can name it: \udc80.
    data = result.to_json().encode("utf-8", "backslashreplace") + b"\n"
    content = (render(result), data, junit(result))
    paths = tuple(Path(folder) / name for name in FILES)
    for path, whole in zip(paths, content, strict=True):
        write_whole(path, whole)
    return paths


def check_folder(folder: Path | str) -> None:
    """Make sure, before a long run, that `write` will be able to write into ``folder``.

    The disk is left as it was, so that nothing is left if the run is then interrupted.

    Raises
    ------
    OutputError
        If it is not a folder, cannot be made or written, or has a folder where a file should be.
    """
    target = Path(folder)
    try:
        probe(target)
        taken = next((target / name for name in FILES if (target / name).is_dir()), None)
    except (OSError, ValueError) as error:
        shown = str(target).replace("\0", "\\0")
        raise OutputError(f"cannot write into `{shown}`: {reason(error)}", "choose another folder") from error
    if taken is not None:
        raise OutputError(f"cannot write `{taken}`: is a directory", "choose another place")
