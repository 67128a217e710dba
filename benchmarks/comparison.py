"""Measure what comparing all countermeasures on all levels takes, and write the table into docs/benchmarks.md.

``python -m benchmarks.comparison``. There is no peer to stand beside it: each paper's code runs its own method on its own
levels, most of it on libraries that are no longer installable.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from datetime import date
from pathlib import Path

from corrigible.comparison import Comparison, compare
from corrigible.comparison.design import rows
from corrigible.comparison.journal import Journal
from corrigible.core.processes import cores
from corrigible.countermeasures.notation import countermeasures, parse_countermeasure

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- comparison -->", "<!-- /comparison -->"
SHOWN = 5
"""How many of the dearest countermeasures and levels are told."""


def main() -> int:
    """Measure, print and write."""
    from benchmarks.__main__ import machine

    measures = [parse_countermeasure(name) for name in countermeasures() if name != "impact-penalty"]
    with tempfile.TemporaryDirectory() as folder:
        design = Comparison(worlds=rows(), countermeasures=measures, out=folder)
        began = time.perf_counter()
        result = compare(design)
        wall = time.perf_counter() - began
        found = Journal(Path(folder), design.fingerprint).read()
    by_measure: dict[str, float] = defaultdict(float)
    by_level: dict[str, float] = defaultdict(float)
    for cell in design.cells():
        seconds = found[cell.key].seconds
        by_measure[cell.countermeasure] += seconds
        by_level[f"{cell.world}/{cell.goal}"] += seconds
    total = sum(by_measure.values())
    text = "\n".join(
        [
            "| levels | countermeasures | cells | processes | wall s | in cells, s | a cell, ms |",
            "|---:|---:|---:|---:|---:|---:|---:|",
            f"| {len(result.levels)} | {len(measures)} | {result.cells:,} | {cores()} | {wall:.0f} | {total:.0f} | "
            f"{1000 * total / result.cells:.0f} |",
            "",
            f"Dearest countermeasures: {_dearest(by_measure, total)}. Dearest levels: {_dearest(by_level, total)}.",
            "",
            f"Measured on {date.today().isoformat()} on {machine()}: one draw of what is drawn or learnt, POWER over 200 goals.",
        ]
    )
    print(text)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


def _dearest(seconds: dict[str, float], total: float) -> str:
    found = sorted(seconds.items(), key=lambda each: -each[1])[:SHOWN]
    return ", ".join(f"`{name}` {share / total:.0%}" for name, share in found)


if __name__ == "__main__":
    sys.exit(main())
