"""docs/comparison.md, which a run of minutes makes, holds every row and column, and its cheapest row still comes out."""

from __future__ import annotations

import re
from pathlib import Path

from corrigible.comparison import Comparison, compare
from corrigible.comparison.design import rows
from corrigible.countermeasures.notation import countermeasures, parse_countermeasure

PAGE = (Path(__file__).parent.parent / "docs" / "comparison.md").read_text(encoding="utf-8")
LEVEL = "correction"
QUICK = (
    "none",
    "aup",
    "relative-reachability",
    "indifference",
    "post",
    "mona",
    "approval-gate",
    "step-budget",
)


def cells(level: str) -> dict[str, str]:
    """Return what the page says of a level, by countermeasure."""
    found: dict[str, str] = {}
    columns: list[str] = []
    for line in PAGE.splitlines():
        parts = [part.strip() for part in line.split("|")[1:-1]]
        if parts and parts[0] == "level":
            columns = [part.strip("`") for part in parts[1:]]
        elif parts and parts[0].startswith(f"[{level}]"):
            found |= dict(zip(columns, parts[1:], strict=True))
    return found


def test_every_level_and_every_countermeasure_is_on_the_page() -> None:
    assert set(re.findall(r"^\| \[([^\]]+)\]", PAGE, flags=re.MULTILINE)) == set(rows())
    assert set(cells(LEVEL)) == set(countermeasures()) - {"impact-penalty"}


def test_a_row_of_the_page_comes_out_again() -> None:
    design = Comparison(
        worlds=(LEVEL,), countermeasures=[parse_countermeasure(name) for name in QUICK], samples=2
    )
    shown = cells(LEVEL)
    for entry in compare(design, workers=1).entries:
        told = "–" if entry.hypervolume is None else f"{entry.verdict} {entry.hypervolume:.2f}"
        assert shown[entry.countermeasure] == told, "run `python -m docs.comparison`"
