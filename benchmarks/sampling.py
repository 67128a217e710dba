"""Measure what designs and paired differences save, and write the tables into docs/benchmarks.md.

``python -m benchmarks.sampling``. Variances are counted a sample, CPU time a sample on one thread, drawing
included.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models import grid, slippery
from corrigible import MDP
from corrigible.power import Independent, estimate
from corrigible.power.difference import difference
from corrigible.worlds import load, process
from corrigible.worlds.variant import TWINS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
CASES = Path(__file__).parents[1] / "tests" / "claims" / "data" / "power_cases.json"
BEGIN, END = "<!-- sampling -->", "<!-- /sampling -->"
DESIGNS = ("independent", "antithetic", "stratified", "sobol")
DISCOUNT = 0.9
SAMPLES = 2**15
SEED = 2021


def main() -> int:
    """Measure, print and write."""
    from benchmarks.__main__ import machine

    text = (
        f"{by_design()}\n\n{by_pairing()}\n\nMeasured on {date.today().isoformat()} on {machine()}: γ = {DISCOUNT}, "
        f"{SAMPLES:,} samples, rewards uniform on [0, 1]."
    )
    print(text)
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


def models() -> dict[str, tuple[MDP, Any]]:
    """Return the models with their rewards."""
    edges = json.loads(CASES.read_text(encoding="utf-8"))["cases"]["turner_fig1"]["transitions"]
    figure = MDP.from_edges({state: [next(iter(row)) for row in rows] for state, rows in edges.items()})
    face = process(load("off-switch").place())
    return {
        f"Turner et al., figure 1: {figure.n_states} states": (figure, None),
        f"off-switch: {len(face.outcomes)} outcomes of {face.mdp.n_states} states": (
            face.mdp,
            Independent(groups=face.outcome_index),
        ),
        "grid 10×10, sure moves": (grid(10), None),
        "grid 10×10, slipping moves": (slippery(10), None),
    }


def by_design() -> str:
    """Return the table of designs."""
    lines = ["| model | design | variance, × less | CPU µs a sample | variance × CPU, × less |"]
    lines.append("|---|---|---:|---:|---:|")
    for name, (mdp, rewards) in models().items():
        plain = 0.0, 0.0
        for design in DESIGNS:
            variance, cpu = spent(mdp, rewards, design)
            plain = plain if any(plain) else (variance, cpu)
            less, both = plain[0] / variance, plain[0] * plain[1] / (variance * cpu)
            lines.append(f"| {name} | {design} | {less:,.1f} | {cpu:.1f} | {both:,.1f} |")
    return "\n".join(lines)


def spent(mdp: MDP, rewards: Any, design: Any) -> tuple[float, float]:
    """Return the variance a sample, its mean over states, and the CPU time a sample in µs."""
    estimate(mdp, rewards, DISCOUNT, 256, design=design, workers=1)
    times: list[float] = []
    variance = 0.0
    for _ in range(3):
        began = time.process_time()
        result = estimate(mdp, rewards, DISCOUNT, SAMPLES, SEED, design=design, workers=1)
        times.append(time.process_time() - began)
        variance = float(np.mean(result.stderr**2)) * result.samples
    return variance, min(times) / SAMPLES * 1e6


def by_pairing() -> str:
    """Return the table of differences."""
    lines = ["| difference | of POWER, mean | stderr | of two separate estimates | samples saved, × |"]
    lines.append("|---|---:|---:|---:|---:|")
    ten, world = grid(10), load("off-switch")
    place, control = (process(world.place(TWINS[twin])) for twin in ("world", "control"))
    keys = tuple([face.outcomes[k] for k in face.outcome_index] for face in (place, control))
    walled = ten.without((ten.successor == 55) & (ten.owner != 55))
    found = {
        "grid 10×10: free, and with one cell shut": difference(ten, walled, None, DISCOUNT, SAMPLES, SEED),
        "grid 10×10: γ = 0.95 and 0.9": difference(ten, None, None, (0.95, 0.9), SAMPLES, SEED),
        "grid 10×10: cell in the middle and corner": difference(
            ten, None, None, DISCOUNT, SAMPLES, SEED, states=[(44, 0)]
        ),
        "off-switch and its control": difference(
            place.mdp, control.mdp, None, DISCOUNT, SAMPLES, SEED, outcomes=keys
        ),
    }
    for name, one in found.items():
        paired = float(np.sqrt(np.mean(one.stderr**2)))
        apart = float(np.sqrt(np.mean(one.first_stderr**2 + one.second_stderr**2)))
        saved = (apart / paired) ** 2 if paired else float("inf")
        lines.append(
            f"| {name} | {np.mean(one.difference):+.4f} | {paired:.2g} | {apart:.2g} | {saved:,.3g} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
