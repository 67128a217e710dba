"""Put an audit's files into a folder: the report, the data, and the file for CI systems."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from corrigible.audit.junit import junit
from corrigible.audit.matrix import overview, render_matrix
from corrigible.audit.report import render
from corrigible.audit.result import AuditResult
from corrigible.core import files
from corrigible.core.errors import OptionError
from corrigible.core.files import write_whole

FILES = ("report.html", "audit.json", "junit.xml")

SEVERAL = ("report.html", "audits.json")
"""What lies beside the folders of several agents."""


def write(result: AuditResult, folder: Path | str) -> tuple[Path, ...]:
    """Write `FILES` into ``folder``, each of them whole, and return their paths, the report first.

    All three are made before the first is written, so that nothing is left behind if one cannot be.

    Raises
    ------
    OutputError
        If the folder cannot be written; see `check_folder`.
    """
    check_folder(folder)
    return _put(_content(result), Path(folder))


def write_several(results: Sequence[AuditResult], folder: Path | str) -> tuple[Path, ...]:
    """Write the files of several agents, each into a folder of its own, and beside them `SEVERAL`.

    Everything is made before the first file is written.

    Parameters
    ----------
    results
        One audit or more.
    folder
        Where to; each agent gets the folder that `folder_of` names.

    Returns
    -------
    tuple of Path
        The report on all of them, ``audits.json``, and the folders.

    Raises
    ------
    OptionError
        If there is no result.
    OutputError
        If a folder cannot be written; see `check_folder`.
    """
    if not results:
        raise OptionError("there is no audit to write", "give one or more")
    target = Path(folder)
    called = [result.design.agent for result in results]
    if len(set(called)) < len(called):  # agents given as objects are told apart by their own names
        called = [result.agent for result in results]
    slugs = _slugs(called)
    own = [target / slug for slug in slugs]
    check_folder(target)
    for path in own:
        check_folder(path)
    whole = [_content(result) for result in results]
    told = json.dumps(overview(results, slugs), indent=2, ensure_ascii=False, allow_nan=False)
    beside = {SEVERAL[0]: render_matrix(results, slugs), SEVERAL[1]: _utf8(told)}
    for content, path in zip(whole, own, strict=True):
        _put(content, path)
    return *_put(beside, target), *own


def check_folder(folder: Path | str) -> None:
    """Make sure, before a long run, that `write` will be able to write into ``folder``.

    The disk is left as it was, so that nothing is left if the run is then interrupted.

    Raises
    ------
    OutputError
        If it is not a folder, cannot be made or written, or has a folder where a file should be.
    """
    files.check_folder(folder, (*FILES, *SEVERAL))


def folder_of(out: Path, agent: str, agents: Sequence[str]) -> Path:
    """Return where an agent's files go: ``out`` itself, or where there are several agents a folder in it.

    Different agents get different folders, also where case or punctuation is all that tells them apart.
    """
    return out if len(agents) == 1 else out / _slugs(agents)[list(agents).index(agent)]


def _slugs(agents: Sequence[str]) -> list[str]:
    taken = {name.casefold() for name in (*FILES, *SEVERAL)}
    found: list[str] = []
    for agent in agents:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", agent).strip("-.")[:100] or "agent"
        slug, number = plain, 1
        while slug.casefold() in taken:
            number += 1
            slug = f"{plain}-{number}"
        taken.add(slug.casefold())
        found.append(slug)
    return found


def _content(result: AuditResult) -> Mapping[str, str | bytes]:
    return dict(zip(FILES, (render(result), _utf8(result.to_json()), junit(result)), strict=True))


def _put(content: Mapping[str, str | bytes], folder: Path) -> tuple[Path, ...]:
    for name, whole in content.items():
        write_whole(folder / name, whole)
    return tuple(folder / name for name in content)


def _utf8(text: str) -> bytes:
    # A lone surrogate has no UTF-8 form, but JSON can name it: \udc80.
    return text.encode("utf-8", "backslashreplace") + b"\n"
