"""Measure, and write the tables of docs/guard-security.md."""

from __future__ import annotations

import contextlib
import io
import os
import platform
import sys
import time
from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.agentdojo.figures import Figures
from benchmarks.agentdojo.material import VERSION
from benchmarks.agentdojo.runs import Run, run_all

PAGE = Path(__file__).parents[2] / "docs" / "guard-security.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def main() -> int:
    """Run everything and write."""
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):  # a check of the package prints what it looks at
        runs = run_all(2 * (os.cpu_count() or 1))  # half of them wait for the disk
        write(runs)
    print(f"{PAGE.name} written after {time.perf_counter() - began:.0f} s")
    return 0


def write(runs: Iterable[Run]) -> None:
    """Put the tables of these runs into the page."""
    text = (
        f"Measured on {date.today().isoformat()} with corrigible {version('corrigible')}, agentdojo "
        f"{version('agentdojo')} (benchmark {VERSION}), cedarpy {version('cedarpy')}, Python "
        f"{platform.python_version()}, on {os.cpu_count()} cores.\n\n{Figures(runs).written()}"
    )
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
