"""JAX beside the compiled solvers, on the same rewards in one run; writes a table into docs/benchmarks.md.

``python -m benchmarks.jax_backend [WIDTH …]``. Times are by the clock, compilation apart, and a CPU's are
of as many cores as it has for JAX, of one for ours. With no accelerator it times JAX on the CPU, and says so.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import models
from corrigible.mdp.jax import Jax
from corrigible.mdp.optimal import Solver, solver_for

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- jax -->", "<!-- /jax -->"

DISCOUNTS = [0.9, 0.99, 0.999]
SIZE = 2**20
"""Rewards × states of one call; 64 rewards at most on the CPU, where a batch is of no use beyond."""


def timed(solver: Solver, rewards: np.ndarray) -> tuple[float, float, float, np.ndarray, float]:
    """Return seconds of the first call and the best of three, the CPU's of that, values and error bound."""
    began = time.perf_counter()
    solver.solve(rewards)
    first = time.perf_counter() - began
    runs: list[tuple[float, float]] = []
    for _ in range(3):
        began, cpu = time.perf_counter(), time.process_time()
        optimal = solver.solve(rewards)
        runs.append((time.perf_counter() - began, time.process_time() - cpu))
    best, cpu = min(runs)
    return first - best, best, cpu, optimal.values, optimal.error_bound


def main(widths: list[int]) -> int:
    """Measure, print and write."""
    import jax

    from benchmarks.__main__ import machine

    device = jax.devices()[0]
    lines = ["| grid | rewards | γ | solver | compile s | µs (clock) | µs (CPU) | error ≤ | differ by |"]
    lines.append("|---|---:|---|---|---:|---:|---:|---:|---:|")
    for width in widths:
        mdp = models.slippery(width)
        samples = max(8, SIZE // mdp.n_states)
        rewards = models.rewards(mdp, min(samples, 64) if device.platform == "cpu" else samples)
        for discount in DISCOUNTS:
            known: np.ndarray | None = None
            for name, solver in (("Numba", solver_for(mdp, discount)), ("JAX", Jax(mdp, discount))):
                compiled, clock, cpu, values, error = timed(solver, rewards)
                known = values if known is None else known
                lines.append(
                    f"| {width}×{width} | {len(rewards)} | {discount} | {name} | {compiled:.1f} | "
                    f"{clock / rewards.size * 1e6:.3g} | {cpu / rewards.size * 1e6:.3g} | {error:.0e} | "
                    f"{np.abs(values - known).max():.0e} |"
                )
    where = f"JAX {jax.__version__} on {device.device_kind} ({device.platform}), {machine()}"
    said = (
        " No accelerator was at hand: these figures say nothing of one." if device.platform == "cpu" else ""
    )
    text = "\n".join([*lines, "", f"Measured on {date.today().isoformat()}: {where}.{said}"])
    print(text)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main([int(width) for width in sys.argv[1:]] or [30, 100]))
