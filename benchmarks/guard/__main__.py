"""Measure the guard and write its tables into docs/benchmarks.md.

``python -m benchmarks.guard [PART …]`` measures the parts that are named, or all; a part that is not measured
keeps the table that it has. What stops hijacked agents is measured by `python -m benchmarks.agentdojo`.
"""

from __future__ import annotations

import importlib
import sys
from datetime import date
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
PARTS = ("decision", "ledger", "stdio", "http", "halt", "soak")


def main(names: list[str]) -> int:
    """Measure, print and write."""
    from benchmarks.__main__ import machine

    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for name in names or PARTS:
        part = importlib.import_module(f"benchmarks.guard.{name}")
        text = f"{part.written(part.measured())}\n\nMeasured on {date.today().isoformat()} on {machine()}."
        print(f"{text}\n", flush=True)
        page = PAGE.read_text(encoding="utf-8")
        begin, end = f"<!-- guard {name} -->", f"<!-- /guard {name} -->"
        before, rest = page.split(begin)
        PAGE.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
