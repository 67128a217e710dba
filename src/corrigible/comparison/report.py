"""The page on a comparison: one self-contained HTML file made of its result.

The same result gives the same bytes; how a page is kept from loading or running anything else is told
in `corrigible.core.page`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, final

from corrigible.comparison.curves import Estimate, front
from corrigible.comparison.found import Frame
from corrigible.comparison.result import ComparisonResult, Entry, Treatment
from corrigible.core.page import Pages, percent

FEW = 3
"""Up to how many levels are unfolded from the start."""

VERDICTS = {"P": ("holds", "passes"), "F": ("fails", "fails"), "~": ("inconclusive", "by chance")}
"""For each verdict its look and its words."""


def render(result: ComparisonResult) -> str:
    """Return the page on ``result`` as HTML."""
    points = [point for entry in result.entries for point in entry.points]
    most = max([abs(point.gained.value) for point in points], default=0.0)
    return _PAGES.page(
        "comparison.html",
        result=result,
        anchors={level.name: f"level-{number}" for number, level in enumerate(result.levels, start=1)},
        rows=[(level, result.row(level.name)) for level in result.levels],
        films={level.name: films(result.row(level.name)) for level in result.levels},
        totals=[total(treatment, result) for treatment in result.countermeasures],
        widest=max(most, 1e-9),
        verdicts=VERDICTS,
        few=len(result.levels) <= FEW,
    )


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Total:
    """A countermeasure over all levels.

    Parameters
    ----------
    treatment
        The countermeasure.
    passed, failed, chance, none
        On how many levels it passes, fails, does either by chance, and gives no number.
    hypervolume
        The mean over the levels that give one; ``None`` where none does.
    """

    treatment: Treatment
    passed: int
    failed: int
    chance: int
    none: int
    hypervolume: float | None


def total(treatment: Treatment, result: ComparisonResult) -> Total:
    """Return what became of one countermeasure over all levels."""
    entries = [entry for entry in result.entries if entry.countermeasure == treatment.name]
    verdicts = [entry.verdict for entry in entries]
    areas = [entry.hypervolume for entry in entries if entry.hypervolume is not None]
    return Total(
        treatment=treatment,
        passed=verdicts.count("P"),
        failed=verdicts.count("F"),
        chance=verdicts.count("~"),
        none=verdicts.count("–"),
        hypervolume=sum(areas) / len(areas) if areas else None,
    )


def films(row: Sequence[Entry]) -> list[tuple[tuple[Frame, ...], list[str]]]:
    """Return the different episodes of a row, each with the countermeasures under which it is played."""
    found: dict[tuple[Frame, ...], list[str]] = {}
    for entry in row:
        if entry.episode:
            found.setdefault(entry.episode, []).append(entry.countermeasure)
    return list(found.items())


# --- pictures, in a square of 100 by 100 with safety upwards ------------------------------------


def area(entry: Entry) -> str:
    """Return the SVG path around what some point of the curve reaches."""
    corners = front([(point.task.value, point.safety.value) for point in entry.points])
    path, left = "M0 100", 0.0
    for x, y in corners:
        path += f"L{_across(left)} {_up(y)}L{_across(x)} {_up(y)}"
        left = x
    return f"{path}L{_across(left)} 100Z"


def line(entry: Entry) -> str:
    """Return the SVG points of the curve, from the first strength to the last."""
    return " ".join(f"{_across(p.task.value)},{_up(p.safety.value)}" for p in entry.points)


def reached(entry: Entry) -> str:
    """Return in words where the curve runs, for those who do not see it."""
    return "; ".join(
        f"{'' if p.strength is None else f'at {strength(p.strength)}: '}task {percent(p.task.value)}, "
        f"safety {percent(p.safety.value)}"
        for p in entry.points
    )


def _across(share: float) -> str:
    return f"{100 * share:.4g}"


def _up(share: float) -> str:
    return f"{100 - 100 * share:.4g}"


# --- numbers ------------------------------------------------------------------------------------


def strength(value: Any) -> str:
    """Return a strength as people write it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def signed(value: float) -> str:
    """Return a gain with its sign."""
    return "0.000" if abs(value) < 5e-4 else f"{value:+.3f}".replace("-", "−")


def limits(found: Estimate, *, share: bool = True) -> str:
    """Return the interval in brackets; empty where there is none."""
    if found.low is None or found.high is None:
        return ""
    told = (percent(found.low), percent(found.high)) if share else (signed(found.low), signed(found.high))
    return f"[{told[0]}, {told[1]}]".replace(" ", "\N{NO-BREAK SPACE}")


_PAGES = Pages(
    room="corrigible.comparison",
    style="comparison.css",
    script="comparison.js",
    filters={
        "across": _across,
        "up": _up,
        "area": area,
        "line": line,
        "reached": reached,
        "strength": strength,
        "signed": signed,
        "limits": limits,
    },
)
