"""POWER and optimality probabilities against trying every policy, in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.power import estimate, optimality_probability

from .brute import Model, as_mdp, best_actions, optimal

QUARTERS = [(4,), (1, 3), (2, 2), (1, 1, 2)]


@st.composite
def rows(draw: st.DrawFn, n: int) -> list[tuple[Fraction, int]]:
    shares = draw(st.sampled_from([q for q in QUARTERS if len(q) <= n]))
    targets = draw(st.lists(st.integers(0, n - 1), min_size=len(shares), max_size=len(shares), unique=True))
    return [(Fraction(share, 4), target) for share, target in zip(shares, targets, strict=True)]


@st.composite
def models(draw: st.DrawFn) -> Model:
    n = draw(st.integers(1, 4))
    return [draw(st.lists(rows(n), min_size=1, max_size=3)) for _ in range(n)]


discounts = st.sampled_from([Fraction(1, 10), Fraction(1, 2), Fraction(9, 10), Fraction(99, 100)])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Model, list[list[Fraction]], Fraction]:
    model = draw(models())
    reward = st.integers(-2, 3).map(Fraction)
    table = st.lists(st.lists(reward, min_size=len(model), max_size=len(model)), min_size=1, max_size=5)
    return model, draw(table), draw(discounts)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_power_is_that_of_the_best_of_all_policies(
    case: tuple[Model, list[list[Fraction]], Fraction],
) -> None:
    model, table, g = case
    exact = [
        sum((optimal(model, rewards, g)[s] - rewards[s] for rewards in table), Fraction(0))
        * (1 - g) / g / len(table)
        for s in range(len(model))
    ]  # fmt: skip
    result = estimate(as_mdp(model), np.array(table, dtype=float), discount=float(g))
    np.testing.assert_allclose(
        result.power, [float(x) for x in exact], rtol=0, atol=1e-10 + result.error_bound
    )


@settings(max_examples=60, deadline=None)
@given(cases(), st.data())
def test_optimality_probabilities_count_exact_ties(
    case: tuple[Model, list[list[Fraction]], Fraction], data: st.DataObject
) -> None:
    model, table, g = case
    state = data.draw(st.integers(0, len(model) - 1))
    best = [best_actions(model, state, optimal(model, rewards, g)) for rewards in table]
    each = [sum(row[a] for row in best) / len(best) for a in range(len(model[state]))]
    split = [sum(Fraction(row[a], sum(row)) for row in best) / len(best) for a in range(len(model[state]))]
    mdp, rewards = as_mdp(model), np.array(table, dtype=float)
    found = optimality_probability(mdp, state, rewards, float(g), ties="each")
    np.testing.assert_allclose(found.probability, each, rtol=0, atol=1e-12)
    assert found.tied == sum(sum(row) > 1 for row in best) / len(best)
    found = optimality_probability(mdp, state, rewards, float(g), ties="split")
    np.testing.assert_allclose(found.probability, [float(x) for x in split], rtol=0, atol=1e-12)
    assert abs(found.probability.sum() - 1) < 1e-12
