"""Average rewards against trying every policy in exact fractions, and against discounted values near one."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import OptionError
from corrigible.mdp import reaching, relative
from corrigible.mdp.average import gain_solver_for, optimal_gains
from corrigible.mdp.components import end_components, strong_components
from corrigible.mdp.cycles import Cycles
from corrigible.mdp.optimal import optimal_values
from corrigible.mdp.relative import Relative
from tests.mdp.test_optimal import cycle_with_chords, deterministic, grid, rewards_for, slippery
from tests.oracles import values as oracle

NEAR_ONE = 1 - Fraction(1, 10**12)


@st.composite
def multichain(draw: st.DrawFn) -> MDP:
    n = draw(st.integers(1, 3))
    shares = st.sampled_from([(1,), (0.5, 0.5), (0.25, 0.75)])
    row = shares.flatmap(lambda ps: st.tuples(*[st.tuples(st.just(p), st.integers(0, n - 1)) for p in ps]))
    model = [draw(st.lists(row, min_size=1, max_size=2)) for _ in range(n)]
    pairs = [pair for actions in model for pair in actions]
    return MDP(
        action_offset=np.cumsum([0] + [len(actions) for actions in model]),
        row_offset=np.cumsum([0] + [len(pair) for pair in pairs]),
        successor=np.array([t for pair in pairs for _, t in pair]),
        probability=np.array([p for pair in pairs for p, _ in pair]),
    )


def check(mdp: MDP, rewards: np.ndarray, tolerance: float) -> None:
    """The exact value of the best policy at γ = 1 − 1e-12, per step, is the gain up to 1e-12 times the bias."""
    found = gain_solver_for(mdp).solve(rewards)
    wanted = [[Fraction(r) for r in row] for row in rewards.tolist()]
    solved = oracle.optimal_values(oracle.model_of(mdp), wanted, NEAR_ONE)
    for reward, exact, gains, residual in zip(rewards, solved, found.values, found.residual, strict=True):
        size = float(np.max(np.abs(reward)))
        limit = np.array([float(value * (1 - NEAR_ONE)) for value in exact])
        assert np.all(np.abs(gains - limit) <= residual + 1e-10 * size)
        assert residual <= tolerance * np.ptp(reward) + 1e-13 * size + 1e-299


@given(st.data(), deterministic())
@settings(max_examples=10, deadline=None)
def test_deterministic_gains_are_those_of_the_best_cycle(data: st.DataObject, mdp: MDP) -> None:
    assert isinstance(gain_solver_for(mdp), Cycles)
    check(mdp, data.draw(st.composite(rewards_for)(mdp.n_states)), 0)


@given(st.data(), multichain())
@settings(max_examples=25, deadline=None)
def test_gains_of_multichain_models_lie_within_their_bound(data: st.DataObject, mdp: MDP) -> None:
    check(mdp, data.draw(st.composite(rewards_for)(mdp.n_states)), 5e-9)


@given(st.data(), multichain())
@settings(max_examples=20, deadline=None)
def test_what_sweeps_leave_over_is_solved_exactly(data: st.DataObject, mdp: MDP) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relative, "_budget", lambda states, transitions: np.full(len(states), 2))
        patch.setattr(reaching, "BUDGET", 1)
        check(mdp, data.draw(st.composite(rewards_for)(mdp.n_states)), 5e-9)


@pytest.mark.parametrize("make", [lambda: grid(9), lambda: cycle_with_chords(301), lambda: slippery(7)])
def test_larger_models_agree_with_discounts_near_one(make) -> None:
    mdp = make()
    rewards = np.random.default_rng(5).normal(size=(9, mdp.n_states))
    found, near = optimal_gains(mdp, rewards), optimal_values(mdp, rewards, 1 - 1e-7)
    np.testing.assert_allclose(found.values, 1e-7 * near.values, rtol=0, atol=1e-4)
    assert found.error_bound <= (1e-11 if mdp.deterministic else 1.1e-9 * np.ptp(rewards, axis=1).max())


def test_the_only_cycle_of_a_long_ring_is_found_whatever_the_order_of_its_states() -> None:
    order = np.random.default_rng(2).permutation(2000)
    successors = np.empty((2000, 1), dtype=np.int64)
    successors[order, 0] = np.roll(order, -1)
    rewards = np.random.default_rng(3).random((3, 2000))
    found = optimal_gains(MDP.from_successors(successors), rewards)
    np.testing.assert_allclose(found.values, rewards.mean(axis=1, keepdims=True).repeat(2000, 1), atol=1e-13)


def test_a_risk_is_taken_when_it_pays_and_trying_again_is_free() -> None:
    risky = MDP.from_edges(
        {
            "start": {"wait": "start", "try": {"start": 0.9, "good": 0.05, "bad": 0.05}},
            "good": {"stay": "good"},
            "bad": {"stay": "bad"},
        }
    )
    rewards = np.array([[0.4, 1.0, 0.0], [0.6, 1.0, 0.0]])
    np.testing.assert_allclose(
        optimal_gains(risky, rewards).values, [[0.5, 1, 0], [0.6, 1, 0]], rtol=0, atol=1e-9
    )


def test_periodic_models_have_an_average_too() -> None:
    flip = MDP.from_edges({0: {"go": {1: 0.5, 2: 0.5}}, 1: [0], 2: [0]})
    found = optimal_gains(flip, np.array([1.0, 0.0, 4.0]))
    np.testing.assert_allclose(found.values, np.full((1, 3), 1.5), atol=1e-8)
    assert found.error_bound < 1e-8


@pytest.mark.parametrize("make", [lambda: cycle_with_chords(60), lambda: slippery(5)])
def test_a_reward_has_the_same_gains_whatever_else_is_solved_with_it(make) -> None:
    mdp = make()
    solver = gain_solver_for(mdp)
    rewards = np.random.default_rng(7).normal(size=(21, mdp.n_states))
    whole, some = solver.solve(rewards), solver.solve(rewards[3:16])
    np.testing.assert_array_equal(some.values, whole.values[3:16])
    np.testing.assert_array_equal(some.residual, whole.residual[3:16])


def test_the_method_follows_the_model_and_bad_rewards_are_refused() -> None:
    assert isinstance(gain_solver_for(slippery(2)), Relative)
    with pytest.raises(OptionError, match="the shape"):
        optimal_gains(grid(2), np.zeros(3))


@given(st.integers(1, 8), st.data())
@settings(max_examples=25, deadline=None)
def test_components_are_strongly_connected_and_lead_to_lower_numbers(n: int, data: st.DataObject) -> None:
    links = sorted(data.draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))))
    source, target = (np.array([link[k] for link in links], dtype=np.int64) for k in (0, 1))
    offset = np.searchsorted(source, np.arange(n + 1))
    found = strong_components(offset, target, np.ones(len(links), dtype=bool))
    graph = nx.DiGraph(links)
    graph.add_nodes_from(range(n))
    members = {frozenset(np.flatnonzero(found == c).tolist()) for c in set(found.tolist())}
    assert members == set(map(frozenset, nx.strongly_connected_components(graph)))
    assert all(found[a] >= found[b] for a, b in links)


@given(multichain())
@settings(max_examples=25, deadline=None)
def test_end_components_are_the_largest_sets_in_which_one_can_stay(mdp: MDP) -> None:
    found = end_components(mdp)

    def stays(states: set[int]) -> bool:
        graph = nx.DiGraph()
        graph.add_nodes_from(states)
        for s in states:
            rows = [{t for _, t in mdp.row(k)} for k in mdp.pairs(s)]
            graph.add_edges_from((s, t) for row in rows if row <= states for t in row)
        return nx.is_strongly_connected(graph) and all(graph.out_degree(s) for s in states)

    subsets = [{s for s in range(mdp.n_states) if bits >> s & 1} for bits in range(1, 2**mdp.n_states)]
    can_stay = [states for states in subsets if stays(states)]
    largest = [states for states in can_stay if not any(states < other for other in can_stay)]
    members = [set(np.flatnonzero(found.member == c).tolist()) for c in range(found.count)]
    assert sorted(map(sorted, members)) == sorted(map(sorted, largest))
    for pair in range(mdp.n_pairs):
        home = found.member[mdp.owner[pair]]
        assert found.inside[pair] == (home >= 0 and all(found.member[t] == home for _, t in mdp.row(pair)))
