"""Run the benchmarks and write their table into docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from benchmarks import doors, memory
from corrigible.core.memory import in_words

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
OURS = "corrigible"


def main() -> int:
    """Measure, print and write."""
    # First, while this process is small: what a process took at most counts what it was forked from.
    memories = memory.measured(), memory.reported()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "runs.json"
        # One process, so that runs do not disturb one another; the test suite's options do not apply.
        status = pytest.main(
            [
                *(
                    "-p",
                    "no:xdist",
                    "-o",
                    "addopts=",
                    "-o",
                    "filterwarnings=",
                    "-q",
                    "--import-mode=importlib",
                ),
                *("-p", "no:cacheprovider", "--benchmark-timer=time.process_time", "--benchmark-quiet"),
                *(f"--benchmark-json={out}", str(HERE / "bench_optimal.py"), *sys.argv[1:]),
            ]
        )
        if status != 0:
            return int(status)
        runs = json.loads(out.read_text())["benchmarks"]
    text = f"{written(runs, *memories)}\n\n{turns(doors.measured())}"
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    print(text)
    return 0


def turns(found: dict[str, float]) -> str:
    """Return what is told of the cost of a model's turn."""
    return "\n".join(
        [
            "### A turn of a language model, without the model",
            "",
            f"| episodes of {found['turns']:.1f} turns, a call each | CPU ms a turn | × |",
            "|---|---:|---:|",
            f"| Inspect {version('inspect-ai')} alone, a tool that does nothing | {found['bare']:.1f} | 1 |",
            f"| a world of Corrigible in Inspect: session, record, score, replay | {found['ours']:.1f} | "
            f"{found['ours'] / found['bare']:.2f} |",
        ]
    )


def written(runs: list[dict[str, Any]], power: dict[str, float], large: dict[str, float]) -> str:
    """Return the measured part of the page."""
    cases: dict[tuple[str, float, int], dict[str, tuple[float, float]]] = {}
    for run in runs:
        info = run["extra_info"]
        case = cases.setdefault((info["moves"], info["discount"], info["width"]), {})
        case[info["solver"]] = (run["stats"]["min"] / info["size"] * 1e6, info["error"])
    names = ["numpy", "scipy", "numba", "quantecon", "pymdptoolbox"]
    lines = [
        f"Measured on {date.today().isoformat()} with corrigible {version('corrigible')}, Python "
        f"{platform.python_version()}, {', '.join(f'{n} {version(n)}' for n in names)}, on {machine()}.",
        "",
        f"POWER of the 300×300 grid at γ = 0.99 with 1,000 samples, everything included: peak memory "
        f"{in_words(int(power['bytes']))}, {power['cpu']:.1f} s of CPU, {power['wall']:.1f} s by the clock.",
        "",
        f"`corrigible power` on a text map of 1,000×1,000 free cells (a million states, five million "
        f"transitions), "
        f"γ = 0.99, 32 samples, reading and printing included: peak memory {in_words(int(large['bytes']))}, "
        f"{large['wall']:.0f} s by the clock.",
    ]
    for moves in dict.fromkeys(case[0] for case in cases):
        lines += ["", f"### Moves: {moves}", "", "| grid | γ | solver | µs | × ours | error |"]
        lines.append("|---|---|---|---:|---:|---:|")
        for (kind, discount, width), solvers in sorted(cases.items()):
            if kind != moves:
                continue
            for name, (cost, error) in sorted(solvers.items(), key=lambda item: not item[0].startswith(OURS)):
                # Beside ours that was asked for the same; policy iteration beside what ours does unasked.
                is_ours = name.startswith(OURS)
                ours = solvers[OURS + name[name.find(", ") :] if ", " in name else OURS][0]
                ratio = "" if is_ours else f"{cost / ours:,.1f}"
                bound = "≤ " if is_ours else ""
                lines.append(
                    f"| {width}×{width} | {discount} | {name} | {cost:.3g} | {ratio} | {bound}{error:.0e} |"
                )
    return "\n".join(lines)


def machine() -> str:
    """Return the processor, as the system names it, and how many of them."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        name = models[0] if models else name
    return f"{os.cpu_count()} × {name}"


if __name__ == "__main__":
    sys.exit(main())
