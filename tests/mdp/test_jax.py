"""Values by JAX, on the CPU: within their certified bounds of the exact ones, and of the other solvers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import MissingExtraError
from corrigible.mdp import jax as batched
from corrigible.mdp.jax import Jax
from corrigible.mdp.modified import Modified
from corrigible.power import estimate
from tests.mdp.test_optimal import check, rewards_for, slippery

UNEVEN = MDP.from_edges(
    {
        0: {"a": {0: 0.5, 1: 0.25, 2: 0.25}, "b": 1},
        1: {"a": {2: 0.9, 1: 0.1}, "b": {0: 1 / 3, 1: 1 / 3, 2: 1 / 3}, "c": 3},
        2: {"a": {3: 0.5, 0: 0.5}},
        3: {"a": 3},
    }
)
"""States with one to three actions, of one to three outcomes: several groups, with filling."""


@given(data=st.data(), discount=st.sampled_from([0.3, 0.9, 0.999, 0.999999]))
@settings(max_examples=12, deadline=None)
def test_values_lie_within_their_bound_of_the_exact_ones(data: st.DataObject, discount: float):
    rewards = data.draw(st.composite(rewards_for)(UNEVEN.n_states))[:8]
    check(UNEVEN, rewards, Jax(UNEVEN, discount).solve(rewards), 1.1e-9)


@pytest.mark.parametrize("discount", [0.9, 0.999])
def test_values_are_those_of_the_other_solver_within_both_bounds(discount: float):
    mdp = slippery(9)
    rewards = np.random.default_rng(1).random((5, mdp.n_states))
    ours, theirs = Jax(mdp, discount).solve(rewards), Modified(mdp, discount).solve(rewards)
    assert np.abs(ours.values - theirs.values).max() <= ours.error_bound + theirs.error_bound
    assert ours.error_bound <= 1.1e-9 / (1 - discount)
    assert ours.values.dtype == np.float64


def test_a_reward_is_solved_alike_alone_and_among_others_within_its_bound():
    rewards = np.random.default_rng(2).random((8, UNEVEN.n_states))
    solver = Jax(UNEVEN, 0.99)
    together, alone = solver.solve(rewards), solver.solve(rewards[7])
    bound = (together.residual[7] + alone.residual[0]) / (1 - 0.99)
    assert np.abs(together.values[7] - alone.values[0]).max() <= bound
    again = solver.solve(rewards)
    assert again.values.tobytes() == together.values.tobytes()


def test_what_the_steps_leave_over_is_solved_exactly():
    rewards = np.random.default_rng(3).random((3, UNEVEN.n_states))
    solver = Jax(UNEVEN, 0.99)
    solver._budget = 1
    check(UNEVEN, rewards, solver.solve(rewards), 1.1e-9)


def test_rows_too_long_to_write_out_are_a_loop():
    n = batched.UNROLLED + 6
    chances = np.random.default_rng(4).dirichlet(np.ones(n), size=(n, 2))
    mdp = MDP.from_tensor(chances)
    rewards = np.random.default_rng(5).random((2, n))
    ours, theirs = Jax(mdp, 0.9).solve(rewards), Modified(mdp, 0.9).solve(rewards)
    assert np.abs(ours.values - theirs.values).max() <= ours.error_bound + theirs.error_bound


def test_a_solver_that_is_told_to_stop_stops():
    solver = Jax(UNEVEN, 0.9)
    rewards = np.ones((1, UNEVEN.n_states))
    assert solver._solve(rewards, np.empty_like(rewards), np.empty(1), np.ones(1, dtype=bool)) == -1


def test_double_precision_is_switched_on_for_us_alone():
    import jax

    Jax(UNEVEN, 0.9).solve(np.ones((1, UNEVEN.n_states)))
    assert jax.numpy.ones(1).dtype == np.float32


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtraError, match=r"corrigible\[gpu\]"):
        Jax(UNEVEN, 0.9)


def test_nothing_loads_jax_or_dask_unasked():
    code = "import corrigible.power, corrigible.mdp.jax, corrigible.power.cluster, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"jax", "dask", "distributed"} & set(told.split())


def test_power_can_be_estimated_by_it() -> None:
    mdp = MDP.from_edges({"a": {"go": {"a": 0.2, "b": 0.8}, "stay": "a"}, "b": ["b", "a"]})
    ours, theirs = estimate(mdp, samples=64), estimate(mdp, samples=64, solver=Jax)
    assert "JAX" in theirs.method
    assert abs(ours.power - theirs.power).max() <= ours.error_bound + theirs.error_bound
