"""Exact POWER: against numerical integration, sampling, and figures worked out by hand."""

from __future__ import annotations

import math
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import nquad

from corrigible import MDP
from corrigible.core.errors import DistributionError, ModelError, OptionError, TooLargeError, UnknownNameError
from corrigible.mdp import visit_distributions
from corrigible.power import (
    Independent,
    OneHot,
    Table,
    blackwell_optimality,
    estimate,
    exact,
    exact_optimality,
    optimality_probability,
)
from corrigible.power.exactly import cells, fractional
from corrigible.power.exactly.maximum import maximum
from corrigible.power.rewards.features import Features
from corrigible.power.rewards.tables import Empirical

from .brute import Model, as_mdp, best_actions, optimal
from .test_oracle import models

HALF = F(1, 2)
LINE = MDP.from_edges({1: [1, 2], 2: [1, 2, 3], 3: [2, 3]})
STAR = MDP.from_edges({"s": ["a", "b", "c"], "a": ["a"], "b": ["b"], "c": ["c"]})
SIGMAS = 5


@st.composite
def families(draw: st.DrawFn) -> list[tuple[F, tuple[F, ...]]]:
    n = draw(st.integers(1, 4))
    number = st.integers(-2, 3).map(lambda x: F(x, 2))
    function = st.tuples(number, st.tuples(*[number] * n))
    return draw(st.lists(function, min_size=1, max_size=5, unique=True))


@settings(max_examples=20, deadline=None)
@given(families())
def test_the_mean_and_the_shares_of_a_maximum_are_those_of_samples(
    functions: list[tuple[F, tuple[F, ...]]],
) -> None:
    found = maximum(functions)
    assert sum(found.greatest) == 1
    n = len(functions[0][1])
    points = np.random.default_rng(1).random((4000, n))
    constant = np.array([float(c) for c, _ in functions])
    values = constant + points @ np.array([[float(x) for x in g] for _, g in functions]).T
    best = values.max(axis=1)
    assert abs(best.mean() - float(found.mean)) <= SIGMAS * best.std() / np.sqrt(4000) + 1e-9
    for k, share in enumerate(found.greatest):
        error = np.sqrt(float(share * (1 - share)) / 4000)
        assert abs(np.mean(values.argmax(axis=1) == k) - float(share)) <= SIGMAS * error + 1e-9


def test_a_maximum_is_what_numerical_integration_finds() -> None:
    functions = [(F(0), (F(1), HALF)), (F(1, 4), (F(0), F(1))), (HALF, (F(1, 3), F(-1)))]

    def best(x: float, y: float) -> float:
        return max(float(c) + float(g) * x + float(h) * y for c, (g, h) in functions)

    found = nquad(best, [(0, 1)] * 2, opts={"epsabs": 1e-4, "limit": 20})[0]
    assert abs(float(maximum(functions).mean) - found) < 2e-4


def test_a_maximum_of_independent_blocks_and_a_constant_by_hand() -> None:
    one, zero = F(1), F(0)
    # max(u, v, 1/2): P(both below 1/2) = 1/4, and E = 1/2 + ∫_{1/2}^1 (1 − t²) dt.
    found = maximum([(zero, (one, zero)), (zero, (zero, one)), (HALF, (zero, zero))])
    assert (found.mean, found.greatest) == (F(17, 24), (F(3, 8), F(3, 8), F(1, 4)))
    # A constant above all, and one below all, settle it.
    assert maximum([(zero, (one,)), (F(2), (zero,))]).greatest == (0, 1)
    assert maximum([(zero, (one,)), (F(-1), (zero,))]).mean == HALF
    # What all have in common shifts the mean and decides nothing.
    assert maximum([(zero, (one, one)), (zero, (one, zero))]).mean == 1


@settings(max_examples=8, deadline=None)
@given(models(), st.sampled_from([F(1, 10), HALF, F(9, 10)]))
def test_power_and_optimality_are_those_of_samples(model: Model, g: F) -> None:
    mdp = as_mdp(model)
    sampled = estimate(mdp, discount=float(g), samples=2000, seed=7)
    for state in (0, len(model) - 1):
        power = float(exact(mdp, state, g))
        found = sampled.at(state)
        assert abs(found.power - power) <= SIGMAS * found.stderr + sampled.error_bound + 1e-9
        shares = exact_optimality(mdp, state, g)
        result = optimality_probability(mdp, state, discount=float(g), samples=2000, seed=7, ties="each")
        assert list(shares) == list(result.actions)
        for share, seen in zip(shares.values(), result.probability, strict=True):
            assert abs(seen - float(share)) <= SIGMAS * np.sqrt(float(share * (1 - share)) / 2000) + 1e-9


@settings(max_examples=10, deadline=None)
@given(models(), st.data())
def test_finite_goals_are_those_of_every_policy_for_each_goal(model: Model, data: st.DataObject) -> None:
    n, g = len(model), F(3, 4)
    row = st.lists(st.integers(-2, 2).map(F), min_size=n, max_size=n)
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    table, mdp = np.array(rows, dtype=float), as_mdp(model)
    best = [optimal(model, rewards, g) for rewards in rows]
    attained = [(1 - g) / g * (v[0] - r[0]) for v, r in zip(best, rows, strict=True)]
    assert exact(mdp, 0, g, table) == sum(attained) / len(rows)
    shares = exact_optimality(mdp, 0, g, table)
    wanted = [best_actions(model, 0, v) for v in best]
    assert list(shares.values()) == [F(sum(column), len(rows)) for column in zip(*wanted, strict=True)]


@settings(max_examples=10, deadline=None)
@given(models())
def test_in_the_limit_the_blackwell_optimal_actions_are_the_optimal_ones(model: Model) -> None:
    mdp = as_mdp(model)
    limit = blackwell_optimality(mdp, 0)
    near = exact_optimality(mdp, 0, 1 - F(1, 10**7))
    assert max(abs(limit[action] - near[action]) for action in limit) < 1e-4
    gain = exact_optimality(mdp, 0, 1)
    assert all(limit[action] <= gain[action] for action in limit)


def test_gain_and_blackwell_optimality_differ_where_the_way_costs_something() -> None:
    mdp = MDP.from_edges({"s": ["end", "hall"], "hall": ["end"], "end": ["end"]})
    assert exact_optimality(mdp, "s", 1) == {"end": 1, "hall": 1}
    assert blackwell_optimality(mdp, "s") == {"end": HALF, "hall": HALF}
    assert blackwell_optimality(mdp, "s", Independent(overrides={"hall": -1})) == {"end": 1, "hall": 0}
    # Equal for ever, whatever the goal.
    twins = MDP.from_edges({"s": {"a": "end", "b": "end"}, "end": ["end"]})
    assert blackwell_optimality(twins, "s") == {"a": 1, "b": 1}


def test_power_does_not_depend_on_what_cannot_be_chosen() -> None:
    ring = MDP.from_edges({0: {"on": {1: 0.5, 2: 0.5}}, 1: [2], 2: [0]})
    assert {exact(ring, 0, g) for g in (0, 0.1, 0.99, 1)} == {HALF}


def test_other_distributions_by_hand() -> None:
    # Uniform on [2, 5]; a mixture of both; one state's reward given; two states in one group.
    assert exact(STAR, "s", HALF, "uniform(2, 3)") == 2 + 3 * F(3, 4)
    assert exact(STAR, "s", HALF, Independent(overrides={"c": 0.5})) == F(17, 24)
    grouped = Independent(groups=np.array([0, 1, 1, 2]))
    assert exact(STAR, "s", HALF, grouped) == F(2, 3)
    assert exact_optimality(STAR, "s", HALF, grouped) == {"a": HALF, "b": HALF, "c": HALF}
    # A coin for one state, uniform for the others: max(u, v, 0) or 1.
    coin = Independent(overrides={"c": stats.bernoulli(0.25)})
    assert exact(STAR, "s", HALF, coin) == F(3, 4) * F(2, 3) + F(1, 4)
    assert exact_optimality(STAR, "s", HALF, coin) == {"a": F(3, 8), "b": F(3, 8), "c": F(1, 4)}
    # Weights of features: R(a) = w, R(b) = w + v, R(c) = 0, and w, v ≥ 0.
    features = Features([[0, 0], [1, 0], [1, 1], [0, 0]], stats.uniform())
    assert exact(STAR, "s", HALF, features) == 1
    assert exact_optimality(STAR, "s", HALF, features) == {"a": 0, "b": 1, "c": 0}


def test_finite_goals_by_hand() -> None:
    assert exact(STAR, "s", HALF, OneHot()) == F(3, 4)
    assert exact_optimality(STAR, "s", HALF, OneHot()) == dict.fromkeys("abc", HALF)
    assert exact(STAR, "s", HALF, OneHot(groups=np.array([0, 1, 1, 0]))) == 1
    table = [[0, 0.1, 0.2, 0], [0, 0.3, 0.1, 0.3]]
    assert exact(STAR, "s", HALF, table) == F(1, 4)
    assert exact_optimality(STAR, "s", HALF, Table(table)) == {"a": HALF, "b": HALF, "c": HALF}
    assert exact(STAR, "s", HALF, Empirical(table, weights=[3, 1])) == F(9, 40)
    assert exact(STAR, "s", HALF, "randint(1, 7)") == sum(
        F(max(dice), 6**3) for dice in product(range(1, 7), repeat=3)
    )


def test_actions_tie_for_finite_goals_even_where_they_mix_what_others_lead_to() -> None:
    mdp = MDP.from_edges({0: {"a": 1, "b": {1: 0.5, 2: 0.5}, "c": 2}, 1: [1], 2: [2]})
    assert exact_optimality(mdp, 0, HALF) == {"a": HALF, "b": 0, "c": HALF}
    assert exact_optimality(mdp, 0, HALF, [[0, 1, 1], [0, 1, 0]]) == {"a": 1, "b": HALF, "c": HALF}


def test_many_options_are_too_many_only_where_they_hang_together() -> None:
    wide = MDP.from_edges({"s": list(range(12)), **{k: [k] for k in range(12)}})
    assert exact(wide, "s", HALF) == F(12, 13)
    ring = MDP.from_edges({k: [k, (k + 1) % 15, (k - 1) % 15] for k in range(15)})
    with pytest.raises(TooLargeError, match="the rewards of `14` states hang together in 26 ways to act"):
        exact(ring, 0, HALF)
    with pytest.raises(TooLargeError, match=r"`12` finite rewards combine in 5.31e\+5 ways"):
        exact(wide, "s", HALF, "randint(0, 3)")


@pytest.mark.parametrize("ask", [exact, exact_optimality])
def test_what_cannot_be_exact_is_refused_in_one_line(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(UnknownNameError, match="no state `x`"):
        ask(STAR, "x", HALF)
    with pytest.raises(OptionError, match="discount `2` is no fraction"):
        ask(STAR, "s", 2)
    for rewards, words in (("norm(0, 1)", "norm"), ("poisson(2)", "poisson"), (stats.beta(2, 5), "beta")):
        with pytest.raises(DistributionError, match=f"`{words}.*` cannot be worked out exactly"):
            ask(STAR, "s", HALF, rewards)
    with pytest.raises(DistributionError, match="no fractions that sum to one"):
        ask(STAR, "s", HALF, stats.bernoulli(math.pi / 10))
    shares = [0.1 * math.pi, 0.1 * math.e, 0.1 * math.sqrt(2)]
    odd = MDP.from_edges({0: {"go": dict(enumerate([*shares, 1 - sum(shares)]))}, 1: [1], 2: [2], 3: [3]})
    with pytest.raises(ModelError, match="are no fractions"):
        ask(odd, 0, HALF)


def test_limits_of_size_can_be_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_WORK", 10)
    assert exact(STAR, "s", HALF) == F(3, 4), "blocks of one state each are no work"
    with pytest.raises(TooLargeError, match="`2` states hang together in 2 ways to act"):
        exact(LINE, 1, HALF)
    monkeypatch.setattr(fractional, "MOST_CASES", 8)
    assert exact(STAR, "s", HALF, "bernoulli(0.5)") == F(7, 8)
    monkeypatch.setattr(fractional, "MOST_CASES", 7)
    with pytest.raises(TooLargeError, match="`3` finite rewards combine in 8 ways"):
        exact(STAR, "s", HALF, "bernoulli(0.5)")


def test_dominated_ways_to_act_change_nothing() -> None:
    for g in (F(0), HALF, F(1)):
        every = [(F(0), each.shares) for each in visit_distributions(LINE, 1, g)]
        assert maximum(every).mean == exact(LINE, 1, g)
