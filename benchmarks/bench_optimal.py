"""Optimal values on grids, timed by pytest-benchmark in CPU seconds (of all threads).

Ours solve as many rewards at once as a thread is given by `corrigible.power.estimate`; peers solve one
reward a call, their model made ready beforehand. Peers are left out where one reward would take them
longer than about half a minute. On slipping moves, solvers that can stop early are asked for errors of
1e-2 and of 1e-6, and ours also for what it does when nothing is asked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks import models, peers
from corrigible.mdp.optimal import solver_for

WIDTHS = [10, 30, 100, 300]
DISCOUNTS = [0.9, 0.99, 0.999]
MOVES = {"sure": models.grid, "slip 0.2": models.slippery}

PEERS: dict[str, tuple[Callable[..., peers.Solve], str, Callable[[str, int, float], bool]]] = {
    "QuantEcon policy iteration": (
        peers.quantecon, "policy_iteration", lambda moves, width, discount: width <= (300 if moves == "sure" else 100)
    ),
    "QuantEcon modified policy iteration": (
        peers.quantecon, "modified_policy_iteration", lambda moves, width, discount: width <= 100
    ),
    "QuantEcon value iteration": (
        peers.quantecon, "value_iteration", lambda moves, width, discount: width <= (100 if discount < 0.999 else 30)
    ),
    "pymdptoolbox policy iteration": (
        peers.mdptoolbox, "policy_iteration", lambda moves, width, discount: width <= 10
    ),
    "pymdptoolbox modified policy iteration": (
        peers.mdptoolbox, "modified", lambda moves, width, discount: width <= (30 if discount < 0.999 else 10)
    ),
}  # fmt: skip

OURS = "corrigible"
TOLERANCES = [1e-2, 1e-6]
LARGE = [("sure", 1000, 0.99), ("sure", 1000, 0.999)]
CASES = [(moves, width, discount) for moves in MOVES for discount in DISCOUNTS for width in WIDTHS]


@pytest.mark.parametrize(("moves", "width", "discount"), [*CASES, *LARGE])
@pytest.mark.parametrize("tolerance", [None, *TOLERANCES])
def test_ours(benchmark, tolerance: float | None, moves: str, width: int, discount: float):
    if moves == "sure" and tolerance is not None:
        pytest.skip("exact whatever is asked")
    mdp = MOVES[moves](width)
    rewards = models.rewards(mdp, max(32, min(512, 2**20 // mdp.n_states // 16 * 16)))
    solver = solver_for(mdp, discount, tolerance)
    solver.solve(rewards[:16])
    optimal = benchmark.pedantic(solver.solve, args=(rewards,), rounds=5 if width < 1000 else 2, iterations=1)
    note(benchmark, moves, width, discount, named(OURS, tolerance), rewards.size)
    benchmark.extra_info["error"] = optimal.error_bound


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("tolerance", TOLERANCES)
@pytest.mark.parametrize(("moves", "width", "discount"), CASES)
def test_peer(benchmark, peer: str, tolerance: float, moves: str, width: int, discount: float):
    make, method, feasible = PEERS[peer]
    if not feasible(moves, width, discount):
        pytest.skip("too long")
    exact = method == "policy_iteration"
    if tolerance != peers.EPSILON and (moves == "sure" or exact):
        pytest.skip("asked once")
    mdp = MOVES[moves](width)
    rewards = models.rewards(mdp, 16)
    ours = solver_for(mdp, discount).solve(rewards)
    solve = make(mdp, discount, method, tolerance)
    if width == WIDTHS[0]:
        solve(rewards[0])
    theirs = benchmark.pedantic(solve, args=(rewards[1],), rounds=3 if width < 100 else 1, iterations=1)
    asked = None if exact or moves == "sure" else tolerance
    note(benchmark, moves, width, discount, named(peer, asked), mdp.n_states)
    benchmark.extra_info["error"] = float(np.max(np.abs(theirs - ours.values[1])))


def named(solver: str, tolerance: float | None) -> str:
    return solver if tolerance is None else f"{solver}, {tolerance:g} asked"


def note(benchmark, moves: str, width: int, discount: float, solver: str, size: int) -> None:
    benchmark.extra_info.update(moves=moves, width=width, discount=discount, solver=solver, size=size)
