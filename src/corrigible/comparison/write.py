"""Put a comparison's files into a folder: the page, the data, and the table for papers."""

from __future__ import annotations

from pathlib import Path

from corrigible.comparison.latex import latex
from corrigible.comparison.report import render
from corrigible.comparison.result import ComparisonResult
from corrigible.core import files
from corrigible.core.files import write_whole

FILES = ("comparison.html", "comparison.json", "comparison.tex")


def write(result: ComparisonResult, folder: Path | str) -> tuple[Path, ...]:
    """Write `FILES` into ``folder``, each of them whole, and return their paths, the page first.

    All three are made before the first is written, so that nothing is left behind if one cannot be.

    Raises
    ------
    OutputError
        If the folder cannot be written; see `check_folder`.
    """
    check_folder(folder)
    told = result.to_json().encode("utf-8", "backslashreplace") + b"\n"
    content = dict(zip(FILES, (render(result), told, latex(result)), strict=True))
    for name, whole in content.items():
        write_whole(Path(folder) / name, whole)
    return tuple(Path(folder) / name for name in content)


def check_folder(folder: Path | str) -> None:
    """Make sure, before a long run, that `write` will be able to write into ``folder``.

    The disk is left as it was.

    Raises
    ------
    OutputError
        If it is not a folder, cannot be made or written, or has a folder where a file should be.
    """
    files.check_folder(folder, FILES)
