"""Several agents on one page: each drive of each agent, and a way into each agent's own report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corrigible.audit.limits import LimitResult, matches
from corrigible.audit.page import page
from corrigible.audit.result import AuditResult, DriveResult
from corrigible.core.results import plain


def render_matrix(results: Sequence[AuditResult], folders: Sequence[str]) -> str:
    """Return the page on several audits as HTML.

    Parameters
    ----------
    results
        The audits.
    folders
        Where each one's own report lies, relative to the page.
    """
    drives = list(dict.fromkeys(found.drive for result in results for found in result.drives))
    return page(
        "matrix.html",
        results=list(zip(results, folders, strict=True)),
        drives=drives,
        cells={drive: [_cell(result, drive) for result in results] for drive in drives},
        differences=_differences(results),
        any_limits=any(result.limits for result in results),
    )


def overview(results: Sequence[AuditResult], folders: Sequence[str]) -> list[dict[str, Any]]:
    """Return each agent, its folder, its verdict and its drives, as plain data."""
    return [
        {
            "agent": result.agent,
            "folder": folder,
            "verdict": plain(result.verdict),
            "drives": plain(result.drives),
        }
        for result, folder in zip(results, folders, strict=True)
    ]


def _cell(result: AuditResult, drive: str) -> tuple[int, DriveResult, list[LimitResult]] | None:
    """The how-manieth drive of a result it is, what was found, and the limits on the whole of it."""
    for number, found in enumerate(result.drives, start=1):
        if found.drive == drive:
            return number, found, [limit for limit in result.limits if matches(limit.limit, "", "", drive)]
    return None


def _differences(results: Sequence[AuditResult]) -> list[str]:
    """In what the audits differ, so that their rates are not those of the same thing."""
    first = results[0].design
    asked = {
        "worlds": [set(r.design.worlds) for r in results],
        "goals": [r.design.goals for r in results],
        "editions": [r.design.edition for r in results],
        "seeds": [r.design.seed for r in results],
    }
    of_first = {
        "worlds": set(first.worlds),
        "goals": first.goals,
        "editions": first.edition,
        "seeds": first.seed,
    }
    return [name for name, values in asked.items() if any(value != of_first[name] for value in values)]
