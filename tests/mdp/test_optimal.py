"""Optimal values, fast, against trying every policy in exact fractions; and what must never matter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import OptionError
from corrigible.mdp.direct import Direct
from corrigible.mdp.howard import Howard
from corrigible.mdp.modified import Modified
from corrigible.mdp.optimal import Optimal, Solver, optimal_values, solver_for
from corrigible.mdp.ordering import Ordering
from corrigible.mdp.rows import Rows
from tests.oracles import values as oracle

DISCOUNTS = [0.01, 0.3, 0.5, 0.9, 0.99, 0.999, 0.999999]
STOCHASTIC: list[type[Solver]] = [Modified, Direct]


@st.composite
def deterministic(draw: st.DrawFn) -> MDP:
    n = draw(st.integers(1, 4))
    actions = st.lists(st.integers(0, n - 1), min_size=1, max_size=3)
    return from_rows([[[(1.0, t)] for t in draw(actions)] for _ in range(n)])


@st.composite
def stochastic(draw: st.DrawFn) -> MDP:
    """Eighths for probabilities, or thirds, which floats cannot hold; rows that repeat a successor."""
    n = draw(st.integers(1, 3))
    shares = st.sampled_from([(1.0,), (0.5, 0.5), (0.125, 0.875), (1 / 3, 1 / 3, 1 / 3), (0.999, 0.001)])
    row = shares.flatmap(lambda ps: st.tuples(*[st.tuples(st.just(p), st.integers(0, n - 1)) for p in ps]))
    return from_rows([draw(st.lists(row, min_size=1, max_size=3)) for _ in range(n)])


def from_rows(model) -> MDP:
    pairs = [row for actions in model for row in actions]
    return MDP(
        action_offset=np.cumsum([0] + [len(actions) for actions in model]),
        row_offset=np.cumsum([0] + [len(row) for row in pairs]),
        successor=np.array([t for row in pairs for _, t in row]),
        probability=np.array([p for row in pairs for p, _ in row]),
    )


def rewards_for(draw: st.DrawFn, n: int) -> np.ndarray:
    """Whole numbers (many ties), or floats of any sign and of very different sizes."""
    number = draw(
        st.sampled_from([st.integers(-2, 2).map(float), st.floats(-1, 1), st.floats(-1e6, 1e6), st.just(0.0)])
    )
    rows = st.lists(st.lists(number, min_size=n, max_size=n), min_size=1, max_size=11)
    return np.array(draw(rows))


def check(mdp: MDP, rewards: np.ndarray, optimal: Optimal, tolerance: float) -> None:
    """Compare with the exact values: within the bound that is claimed, and the bound within reason."""
    discount = Fraction(optimal.discount)
    model = oracle.model_of(mdp)
    solved = oracle.optimal_values(model, [[Fraction(r) for r in row] for row in rewards.tolist()], discount)
    for reward, exact, values, residual in zip(
        rewards, solved, optimal.values, optimal.residual, strict=True
    ):
        error = max(abs(Fraction(v) - e) for v, e in zip(values.tolist(), exact, strict=True))
        assert error <= Fraction(float(residual)) / (1 - discount)
        size = max(np.max(np.abs(reward)), float(max(map(abs, exact))))
        assert residual <= tolerance * np.ptp(reward) + 1e-12 * size + 1e-299
        assert error <= optimal.error_bound * (1 + 1e-12)


@given(st.data(), deterministic(), st.sampled_from(DISCOUNTS))
@settings(max_examples=100, deadline=None)
def test_deterministic_values_are_exact(data: st.DataObject, mdp: MDP, discount: float):
    rewards = data.draw(st.composite(rewards_for)(mdp.n_states))
    solver = solver_for(mdp, discount)
    assert isinstance(solver, Howard)
    check(mdp, rewards, solver.solve(rewards), 0)


@pytest.mark.parametrize("method", STOCHASTIC)
@given(data=st.data(), mdp=stochastic(), discount=st.sampled_from(DISCOUNTS))
@settings(max_examples=60, deadline=None)
def test_stochastic_values_lie_within_their_bound(method, data: st.DataObject, mdp: MDP, discount: float):
    rewards = data.draw(st.composite(rewards_for)(mdp.n_states))
    check(mdp, rewards, method(mdp, discount).solve(rewards), 1.1e-9)


@given(st.data(), stochastic(), st.sampled_from(DISCOUNTS))
@settings(max_examples=25, deadline=None)
def test_what_sweeps_leave_over_is_solved_exactly(data: st.DataObject, mdp: MDP, discount: float):
    rewards = data.draw(st.composite(rewards_for)(mdp.n_states))
    solver = Modified(mdp, discount)
    solver._budget = 2
    check(mdp, rewards, solver.solve(rewards), 1.1e-9)


def cycle_with_chords(n: int) -> MDP:
    """Directed, without stays: optimal cycles are long, so that exact evaluation is needed."""
    rng = np.random.default_rng(n)
    s = np.arange(n)
    return MDP.from_successors(np.stack([(s + 1) % n, rng.integers(0, n, n)], axis=1))


def grid(width: int) -> MDP:
    s = np.arange(width * width)
    x, y = s % width, s // width
    moves = [(0, 0), (0, -1), (0, 1), (-1, 0), (1, 0)]
    near = [np.clip(x + dx, 0, width - 1) + width * np.clip(y + dy, 0, width - 1) for dx, dy in moves]
    return MDP.from_successors(np.stack(near, axis=1))


def slippery(width: int) -> MDP:
    near = grid(width).successor.reshape(-1, 5)
    n = len(near)
    chance = np.full((n, 5, 5), 0.04) + 0.8 * np.eye(5)
    return MDP(
        action_offset=np.arange(n + 1) * 5,
        row_offset=np.arange(5 * n + 1) * 5,
        successor=np.repeat(near[:, None], 5, axis=1).ravel(),
        probability=chance.ravel(),
    )


def residual_of(mdp: MDP, rewards: np.ndarray, optimal: Optimal) -> np.ndarray:
    worth = np.add.reduceat(optimal.values[:, mdp.successor] * mdp.probability, mdp.row_offset[:-1], axis=1)
    best = np.maximum.reduceat(worth, mdp.action_offset[:-1], axis=1)
    return np.max(np.abs(rewards + optimal.discount * best - optimal.values), axis=1)


@pytest.mark.parametrize("discount", [0.5, 0.99, 0.999999])
@pytest.mark.parametrize("make", [lambda: cycle_with_chords(301), lambda: grid(17), lambda: slippery(9)])
def test_larger_models_are_at_their_fixed_point(make, discount: float):
    mdp = make()
    rewards = np.random.default_rng(5).normal(size=(21, mdp.n_states))
    optimal = optimal_values(mdp, rewards, discount)
    assert np.all(residual_of(mdp, rewards, optimal) <= optimal.residual)
    size = np.max(np.abs(optimal.values))
    assert optimal.residual.max() <= (0 if mdp.deterministic else 1.1e-9) * np.ptp(rewards) + 1e-13 * size


@pytest.mark.parametrize("method", STOCHASTIC)
@pytest.mark.parametrize("tolerance", [1.0, 1e-3, 1e-8])
def test_values_are_as_right_as_was_asked_and_hardly_more(method, tolerance: float):
    mdp = slippery(9)
    rewards = np.random.default_rng(3).random((21, 81))
    exact = Direct(mdp, 0.99).solve(rewards)
    optimal = method(mdp, 0.99, tolerance).solve(rewards)
    assert optimal.error_bound <= 1.01 * tolerance
    assert np.abs(optimal.values - exact.values).max() <= optimal.error_bound + exact.error_bound
    if method is Modified and tolerance > 1e-7:
        assert optimal.error_bound > Modified(mdp, 0.99).solve(rewards).error_bound


@pytest.mark.parametrize("method", [Howard, *STOCHASTIC])
def test_a_start_changes_nothing_beyond_the_bound(method):
    mdp = grid(6) if method is Howard else slippery(6)
    rewards = np.random.default_rng(4).normal(size=(21, 36))
    near = method(mdp, 0.95).solve(rewards)
    cold = method(mdp, 0.99).solve(rewards)
    attained = (1 - 0.95) / 0.95 * (near.values - rewards)
    for start in (rewards + 0.99 / (1 - 0.99) * attained, 1e6 * rewards):
        before = start.copy()
        warm = method(mdp, 0.99).solve(rewards, start)
        assert np.abs(warm.values - cold.values).max() <= warm.error_bound + cold.error_bound
        assert np.array_equal(start, before)
    with pytest.raises(OptionError, match=r"the values to start from have the shape `\(1, 36\)`"):
        method(mdp, 0.99).solve(rewards, rewards[:1])


@given(data=st.data(), mdp=stochastic(), discount=st.sampled_from([0.3, 0.999]))
@settings(max_examples=40, deadline=None)
def test_shared_rows_say_what_the_rows_say(data: st.DataObject, mdp: MDP, discount: float):
    rows = Rows.of(mdp)
    shared = rows.shared(discount)
    values = np.array(data.draw(st.lists(st.floats(-9, 9), min_size=mdp.n_states, max_size=mdp.n_states)))

    def total(row: int) -> float:
        part = slice(shared.row_offset[row], shared.row_offset[row + 1])
        return float(shared.factor[part] @ values[shared.successor[part]])

    for s in range(mdp.n_states):
        for pair in mdp.pairs(s):
            staying = sum(p for p, t in mdp.row(pair) if t == s)
            apart = discount * sum(p * values[t] for p, t in mdp.row(pair) if t != s)
            worth = (total(int(mdp.action_offset[s]) + s) + total(pair + s + 1)) * shared.scale[pair]
            assert worth == pytest.approx(apart / (1 - discount * staying), rel=1e-9, abs=1e-9)


def test_an_order_of_elimination_fills_what_brute_force_fills():
    rows = Rows.of(slippery(7))
    order = Ordering.of(rows)
    assert np.array_equal(order.place[order.state], np.arange(49))
    starts = rows.row_offset[rows.action_offset]
    links = np.zeros((49, 49), dtype=bool)
    for s in range(49):
        links[s, rows.successor[starts[s] : starts[s + 1]]] = True
    links = (links | links.T)[order.state][:, order.state]
    for j in range(49):
        links[j + 1 :, j + 1 :] |= links[j + 1 :, j, None] & links[None, j, j + 1 :]
    for i in range(49):
        assert order.lower[order.lower_offset[i] : order.lower_offset[i + 1]].tolist() == (
            np.flatnonzero(links[i, :i]).tolist()
        )
        assert order.upper[order.upper_offset[i] : order.upper_offset[i + 1]].tolist() == (
            (np.flatnonzero(links[i, i + 1 :]) + i + 1).tolist()
        )
    assert order.products == sum(int(links[i, i + 1 :].sum()) ** 2 for i in range(49))
    assert Ordering.within(rows, len(order.upper)) is not None
    assert Ordering.within(rows, len(order.upper) - 1) is None


def test_models_linked_everywhere_are_not_tried():
    n = 3000
    rng = np.random.default_rng(8)
    mdp = MDP(
        action_offset=np.arange(n + 1),
        row_offset=np.arange(n + 1) * 4,
        successor=rng.integers(0, n, 4 * n),
        probability=np.full(4 * n, 0.25),
    )
    assert Ordering.within(Rows.of(mdp), 2**30) is None
    assert isinstance(solver_for(mdp, 0.9999), Modified)


def test_a_goal_at_the_far_end_of_a_corridor_in_any_order():
    rng = np.random.default_rng(1)
    place = rng.permutation(2000)
    successors = np.empty((2000, 3), dtype=np.int64)
    for at in range(2000):
        near = [at, max(at - 1, 0), min(at + 1, 1999)]
        successors[place[at]] = place[near]
    reward = np.zeros(2000)
    reward[place[-1]] = 1.0
    values = optimal_values(MDP.from_successors(successors), reward, 0.999).values[0]
    distance = 1999 - np.arange(2000)
    assert np.allclose(values[place], 0.999**distance / 0.001, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "make"),
    [(Howard, lambda: cycle_with_chords(60)), (Howard, lambda: grid(8))]
    + [(method, lambda: slippery(6)) for method in STOCHASTIC],
)
def test_a_reward_has_the_same_values_whatever_else_is_solved_with_it(method, make):
    mdp = make()
    solver = method(mdp, 0.99)
    rewards = np.random.default_rng(7).normal(size=(43, mdp.n_states))
    whole = solver.solve(rewards)
    for part in (slice(3, 4), slice(5, 22), slice(0, 43, 7)):
        some = solver.solve(rewards[part])
        assert np.array_equal(some.values, whole.values[part])
        assert np.array_equal(some.residual, whole.residual[part])


def test_results_do_not_depend_on_the_number_of_workers(monkeypatch):
    monkeypatch.setattr("corrigible.mdp.optimal.BATCH", 1)
    monkeypatch.setattr("corrigible.mdp.optimal.SMALL", 0)
    mdp = grid(12)
    rewards = np.random.default_rng(7).random((100, mdp.n_states))
    one = optimal_values(mdp, rewards, 0.99, workers=1)
    four = optimal_values(mdp, rewards, 0.99, workers=4)
    assert np.array_equal(one.values, four.values)
    assert np.array_equal(one.residual, four.residual)


def test_one_reward_may_be_given_alone_and_in_any_layout():
    mdp = grid(4)
    reward = np.arange(16)
    one = optimal_values(mdp, reward, 0.9)
    assert one.values.shape == (1, 16)
    many = optimal_values(mdp, np.asfortranarray(np.tile(reward, (9, 1)), dtype=np.float32), 0.9)
    assert np.array_equal(many.values, np.tile(one.values, (9, 1)))
    assert optimal_values(mdp, np.empty((0, 16)), 0.9).values.shape == (0, 16)


@pytest.mark.parametrize("small", [0, 1000])
def test_progress_counts_every_reward(monkeypatch, small: int):
    monkeypatch.setattr("corrigible.mdp.optimal.SMALL", small)
    seen: list[object] = []

    class Listener:
        def start(self, task: str, total: int) -> None:
            seen.append(total)

        def advance(self, steps: int = 1) -> None:
            seen.append(steps)

        def finish(self) -> None:
            seen.append("end")

    optimal_values(grid(3), np.zeros((20, 9)), 0.9, progress=Listener())
    assert seen[0] == 20
    assert seen[-1] == "end"
    assert sum(seen[1:-1]) == 20


def test_a_raised_flag_stops_the_work():
    mdp = grid(5)
    stop = np.ones(1, dtype=bool)
    for solver in (Howard(mdp, 0.9), Modified(mdp, 0.9), Direct(mdp, 0.9)):
        assert solver._solve(np.ones((3, 25)), np.empty((3, 25)), np.empty(3), stop) == -1


def test_ctrl_c_stops_within_a_sweep_and_leaves_no_thread():
    """In a process of its own, sent the signal once it is at work."""
    script = """
import os, signal, threading, time
import numpy as np
from corrigible.mdp import optimal_values
from tests.mdp.test_optimal import slippery
mdp = slippery(60)
optimal_values(mdp, np.zeros((8, mdp.n_states)), 0.99)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    optimal_values(mdp, np.random.default_rng(0).random((400, mdp.n_states)), 0.9999)
except KeyboardInterrupt:
    print("stopped", threading.active_count())
"""
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), str(root / "src")])
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert run.stdout.split() == ["stopped", "1"], run.stderr


def test_methods_follow_the_model():
    assert isinstance(solver_for(grid(3), 0.9), Howard)
    assert isinstance(solver_for(slippery(3), 0.999999), Direct)
    assert isinstance(solver_for(slippery(30), 0.9), Modified)
    assert isinstance(solver_for(slippery(60), 0.9999), Direct)


@pytest.mark.parametrize("discount", [0, 1, 1.5, -0.1, float("nan"), True, "0.9", None])
def test_discounts_outside_are_refused(discount):
    with pytest.raises(OptionError, match=re.escape(f"the discount `{discount}`")):
        optimal_values(grid(2), np.zeros(4), discount)


@pytest.mark.parametrize("tolerance", [0, -1.0, float("nan"), float("inf"), True, "small"])
def test_tolerances_that_are_none_are_refused(tolerance):
    for mdp in (grid(2), slippery(2)):
        with pytest.raises(OptionError, match=re.escape(f"the tolerance `{tolerance}`")):
            solver_for(mdp, 0.9, tolerance)


def test_other_bad_input_is_refused():
    with pytest.raises(OptionError, match=r"the shape `\(1, 3\)`; it should be \(samples, 4\)"):
        optimal_values(grid(2), np.zeros(3), 0.9)
    for bad in (float("nan"), float("inf"), -float("inf"), -2e250):
        with pytest.raises(
            OptionError, match=re.escape(f"the reward `{bad}`") + " of state number 2 in sample 1"
        ):
            optimal_values(grid(2), np.array([[0, 0, 0, 0], [0, 0, bad, 0]]), 0.9)
    with pytest.raises(OptionError, match="not numbers"):
        optimal_values(grid(2), np.array(["a", "b", "c", "d"]), 0.9)
    with pytest.raises(OptionError, match="workers `0`"):
        optimal_values(grid(2), np.zeros(4), 0.9, workers=0)
    with pytest.raises(OptionError, match=r"workers `1\.5`"):
        optimal_values(grid(2), np.zeros(4), 0.9, workers=1.5)
