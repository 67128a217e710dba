"""Visit distributions: against every policy of the model, and vertices against linear programmes."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from corrigible import MDP
from corrigible.core.errors import ModelError, OptionError, TooLargeError, UnknownNameError
from corrigible.mdp import hull, visit_distributions, visits
from corrigible.mdp.hull import vertices
from corrigible.mdp.laurent import laurent
from corrigible.mdp.rational import exact_discount, exact_row, fraction
from tests.power.brute import Model, as_mdp, policy_value
from tests.power.test_oracle import models

LINE = MDP.from_edges({1: [1, 2], 2: [1, 2, 3], 3: [2, 3]})
DISCOUNTS = [F(1, 10), F(1, 2), F(9, 10)]


def all_policies(model: Model, state: int, g: F) -> dict[tuple[F, ...], set[int]]:
    """Try every policy of the whole model: d(t) is what a reward of 1 on t alone attains."""
    n = len(model)
    found: dict[tuple[F, ...], set[int]] = {}
    for policy in product(*(range(len(actions)) for actions in model)):
        unit = [[F(int(s == t)) for s in range(n)] for t in range(n)]
        values = [policy_value(model, policy, unit[t], g)[state] - unit[t][state] for t in range(n)]
        found.setdefault(tuple((1 - g) / g * x for x in values), set()).add(policy[state])
    return found


@settings(max_examples=12, deadline=None)
@given(models(), st.sampled_from(DISCOUNTS))
def test_they_are_those_of_all_policies_each_once_with_the_actions_that_begin_them(
    model: Model, g: F
) -> None:
    found = visit_distributions(as_mdp(model), 0, g)
    assert {each.shares: set(each.actions) for each in found} == all_policies(model, 0, g)
    assert len({each.shares for each in found}) == len(found)


@settings(max_examples=12, deadline=None)
@given(models())
def test_the_limits_are_where_the_shares_tend(model: Model) -> None:
    mdp = as_mdp(model)
    for limit, near in ((F(0), F(1, 10**9)), (F(1), 1 - F(1, 10**9))):
        at_limit = [each.shares for each in visit_distributions(mdp, 0, limit)]
        close = [each.shares for each in visit_distributions(mdp, 0, near)]
        apart = np.array([[max(abs(float(x - y)) for x, y in zip(a, b, strict=True)) for a in at_limit] for b in close])  # fmt: skip
        assert apart.min(axis=1).max() < 1e-6, "shares near the limit tend to none of it"
        assert apart.min(axis=0).max() < 1e-6, "shares in the limit are tended to by none"


@settings(max_examples=12, deadline=None)
@given(models(), st.sampled_from([F(0), *DISCOUNTS, F(1)]))
def test_the_nondominated_are_those_strictly_optimal_for_some_reward(model: Model, g: F) -> None:
    mdp = as_mdp(model)
    every = visit_distributions(mdp, 0, g)
    kept = visit_distributions(mdp, 0, g, nondominated=True)
    assert set(kept) <= set(every)
    rows = np.array([[float(x) for x in each.shares] for each in every])
    for k, each in enumerate(every):
        # The widest lead over all others, for rewards in [−1, 1].
        others = np.delete(rows, k, axis=0) - rows[k]
        lead = 1.0
        if len(others):
            n = rows.shape[1]
            found = linprog(
                [0.0] * n + [-1.0],
                A_ub=np.hstack([others, np.ones((len(others), 1))]),
                b_ub=np.zeros(len(others)),
                bounds=[(-1, 1)] * n + [(None, 1)],
            )
            lead = -found.fun
        assert (lead > 1e-9) == (each in kept)


@settings(max_examples=8, deadline=None)
@given(models(), st.sampled_from([F(1, 100), F(1, 1000)]))
def test_near_one_the_series_of_a_policy_sums_to_its_visits(model: Model, rho: F) -> None:
    mdp, gamma = as_mdp(model), 1 / (1 + rho)
    for policy, _ in visits.policies(mdp, 0, deep=True):
        terms = laurent(policy, 0, 4)
        unit = [[F(int(s == t)) for s in range(len(model))] for t in range(len(model))]
        chosen = [[list(policy.get(s, ((F(1), s),)))] for s in range(len(model))]
        for t in range(len(model)):
            exact = policy_value(chosen, (0,) * len(model), unit[t], gamma)[0]
            series = sum(term.get(t, F(0)) * rho ** (k - 1) for k, term in enumerate(terms))
            # The next term: entries of D are below 50 in models this small.
            assert abs(exact - (1 + rho) * series) <= float(rho) ** 3 * 50**4


def test_a_model_of_two_states_by_hand() -> None:
    mdp = MDP.from_edges({"on": {"stay": "on", "risk": {"on": "2/3", "off": "1/3"}}, "off": ["off"]})
    stay, risk = visit_distributions(mdp, "on", F(3, 4))
    assert (stay.shares, stay.actions) == ((1, 0), ("stay",))
    # f(on) = 1/(1 − γ · 2/3) = 2, so that d(on) = (1 − γ)/γ · (2 − 1) = 1/3.
    assert (risk.shares, risk.actions) == ((F(1, 3), F(2, 3)), ("risk",))
    assert [each.shares for each in visit_distributions(mdp, "on", 1)] == [(1, 0), (0, 1)]


def test_equal_actions_are_told_together_and_dominated_ones_left_out() -> None:
    mdp = MDP.from_edges({0: {"a": 1, "b": 1, "c": {1: 0.5, 2: 0.5}, "d": 2}, 1: [1], 2: [2]})
    assert [each.actions for each in visit_distributions(mdp, 0, 0.5)] == [("a", "b"), ("c",), ("d",)]
    kept = visit_distributions(mdp, 0, 0.5, nondominated=True)
    assert [each.actions for each in kept] == [("a", "b"), ("d",)]


def test_states_that_cannot_be_visited_cost_nothing() -> None:
    away = {s: list(range(10, 30)) for s in range(10, 30)}
    mdp = MDP.from_edges({0: [0, 1], 1: [1], **away})
    assert len(visit_distributions(mdp, 0, F(1, 2))) == 2


def test_too_many_policies_are_refused_before_any_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST_POLICIES", 8)
    assert len(visit_distributions(LINE, 1, F(1, 2))) == 5
    full = MDP.from_edges({s: list(range(4)) for s in range(4)})
    with pytest.raises(TooLargeError, match=r"state `0` has more than `8` policies \(4 states, 16 actions\)"):
        visit_distributions(full, 0, F(1, 2))
    assert len(visit_distributions(full, 0, 0)) == 4
    monkeypatch.setattr(hull, "MOST_WORK", 9)
    with pytest.raises(TooLargeError, match="`5` ways to act leave at least 2 that none dominates"):
        visit_distributions(LINE, 1, F(1, 2), nondominated=True)


@pytest.mark.parametrize("discount", [-0.1, 1.5, "fast", None, True, float("nan"), "1/0", [0.5]])
def test_a_discount_that_is_no_fraction_is_refused(discount: object) -> None:
    with pytest.raises(OptionError, match="is no fraction from 0 to 1"):
        visit_distributions(LINE, 1, discount)  # type: ignore[arg-type]


def test_discounts_may_be_fractions_text_or_floats() -> None:
    assert {exact_discount(x) for x in (F(9, 10), "9/10", "0.9", 0.9, np.float64(0.9))} == {F(9, 10)}
    assert [exact_discount(x) for x in (0, 1, 0.0, 1.0)] == [0, 1, 0, 1]


def test_an_unknown_state_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no state `4`"):
        visit_distributions(LINE, 4, F(1, 2))


@settings(max_examples=40)
@given(st.fractions(-5, 5, max_denominator=10_000))
def test_stored_floats_are_read_as_the_fractions_that_were_meant(meant: F) -> None:
    assert fraction(float(meant)) == meant


def test_decimals_of_many_digits_are_read_as_written() -> None:
    shares = {"a": "0.1234567891234", "b": "0.8765432108766"}
    mdp = MDP.from_edges({"a": {"go": shares}, "b": ["b"]})
    assert [p for p, _ in exact_row(mdp, 0)] == [F(x) for x in shares.values()]


def test_probabilities_that_are_no_fractions_are_refused_by_name() -> None:
    third, rest = 0.1 * np.pi, 1 - 0.1 * np.pi
    mdp = MDP.from_edges({"a": {"go": {"a": third * rest, "b": third * third, "c": rest}}, "b": ["b"], "c": ["c"]})  # fmt: skip
    with pytest.raises(ModelError, match="action `go` of state `a` are no fractions that sum to one"):
        visit_distributions(mdp, "a", F(1, 2))
    assert len(visit_distributions(mdp, "b", F(1, 2))) == 1, "what is not visited is not read"


def test_vertices_of_a_square_with_points_inside_and_on_its_sides() -> None:
    inside = [(F(1, 2), F(1, 3)), (F(1), F(1, 2)), (F(0), F(1, 7))]
    corners = [(F(x), F(y)) for x in (-1, 1) for y in (0, 1)]
    points = [*inside, *corners]
    assert vertices(points) == [3, 4, 5, 6]
    assert vertices(points[:1]) == [0]
    assert vertices([(F(2), F(k)) for k in (3, 1, 2)]) == [0, 1]
