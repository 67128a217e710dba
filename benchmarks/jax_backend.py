"""JAX beside the compiled solvers, on the same rewards in one run; prints a table.

``python -m benchmarks.jax_backend [WIDTH …]``. Times are by the clock, compilation apart, and a CPU's are
of as many cores as it has for JAX, of one for ours. With no accelerator it times JAX on the CPU, and says so.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from benchmarks import models
from corrigible.mdp.jax import Jax
from corrigible.mdp.optimal import Solver, solver_for

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


def main(widths: list[int]) -> None:
    """Time open grids with slipping moves."""
    import jax

    device = jax.devices()[0]
    print(f"JAX {jax.__version__} on {device.device_kind} ({device.platform})")
    if device.platform == "cpu":
        print("No accelerator here: these figures say nothing of one.")
    print("| grid | rewards | γ | solver | compile s | µs (clock) | µs (CPU) | error ≤ | differ by |")
    print("|---|---:|---|---|---:|---:|---:|---:|---:|")
    for width in widths:
        mdp = models.slippery(width)
        samples = max(8, SIZE // mdp.n_states)
        rewards = models.rewards(mdp, min(samples, 64) if device.platform == "cpu" else samples)
        for discount in DISCOUNTS:
            known: np.ndarray | None = None
            for name, solver in (("Numba", solver_for(mdp, discount)), ("JAX", Jax(mdp, discount))):
                compiled, clock, cpu, values, error = timed(solver, rewards)
                known = values if known is None else known
                print(
                    f"| {width}×{width} | {len(rewards)} | {discount} | {name} | {compiled:.1f} | "
                    f"{clock / rewards.size * 1e6:.3g} | {cpu / rewards.size * 1e6:.3g} | {error:.0e} | "
                    f"{np.abs(values - known).max():.0e} |",
                    flush=True,
                )


if __name__ == "__main__":
    main([int(width) for width in sys.argv[1:]] or [30, 100])
