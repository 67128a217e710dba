"""The exact models behind corrigibility by design: against slow and obvious versions, and bad input."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from corrigible.core.errors import (
    CorrigibleError,
    DistributionError,
    OptionError,
    TooLargeError,
    UnknownNameError,
)
from corrigible.countermeasures import case_of
from corrigible.countermeasures.corrigibility import (
    Discrete,
    Erring,
    Gaussian,
    Logistic,
    best_share,
    button_game,
    chain_values,
    critical_error,
    length_report,
    meta_return,
    off_switch_game,
    paperclip_game,
    smallest_counterexample,
    train,
)
from corrigible.countermeasures.corrigibility.indifference import Act
from corrigible.countermeasures.corrigibility.post import entropy
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.worlds.levels.button import WORLD

shares = st.fractions(0, 1, max_denominator=12)


@settings(max_examples=15)
@given(st.floats(-3, 3), st.floats(0.05, 3), st.floats(0.02, 20))
def test_the_quadrature_agrees_with_a_fine_sum(mean: float, deviation: float, noise: float) -> None:
    z = np.linspace(-12, 12, 20_001)
    u = mean + deviation * z
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    slow = float(np.trapezoid(u * expit(u / noise) * density, z))
    game = off_switch_game(Gaussian(mean, deviation), Logistic(noise))
    assert game.error < 1e-9
    assert game.ask == pytest.approx(slow, abs=1e-8)


@settings(max_examples=30)
@given(st.dictionaries(st.integers(-4, 4), st.integers(1, 5), min_size=1), shares)
def test_asking_an_erring_human_is_worth_the_sum_over_what_u_may_be(
    weights: dict[int, int], error: Any
) -> None:
    total = sum(weights.values())
    belief = Discrete({u: Fraction(w, total) for u, w in weights.items()})
    game = off_switch_game(belief, Erring(error))
    slow = sum(Fraction(w, total) * u * (1 - error if u > 0 else error) for u, w in weights.items())
    assert game.ask == slow
    if set(weights) != {0}:
        assert (error <= critical_error(belief)) == (game.incentive >= 0)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=3), st.integers(1, 4), st.sampled_from((4, 9, 16)))
def test_the_meta_return_is_the_mean_over_all_sequences_of_lengths(
    weights: list[int], uses: int, base: int
) -> None:
    k, p = len(weights), [Fraction(w, sum(weights)) for w in weights]
    lam = Fraction(1, base**2 if k == 2 else base**3)
    root = Fraction(1, base)
    slow = Fraction(0)
    for sequence in itertools.product(range(k), repeat=uses):
        chance = math.prod(p[length] for length in sequence)
        used = [sequence[:i].count(length) for i, length in enumerate(sequence)]
        slow += chance * sum(lam**n * root**-i for i, n in enumerate(used))
    assert meta_return(p, uses, lam) == slow


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=3),
)
def test_the_best_equilibrium_is_the_best_pair_of_policies(human: Any, robot: Any) -> None:
    game = paperclip_game(
        {f"h{i}": made for i, made in enumerate(human)}, {f"r{i}": m for i, m in enumerate(robot)}
    )
    theta = (np.arange(400) + 0.5) / 400
    best = 0.0
    for answers in itertools.product(robot, repeat=len(human)):
        paid = [
            theta * (h[0] + r[0]) + (1 - theta) * (h[1] + r[1]) for h, r in zip(human, answers, strict=True)
        ]
        best = max(best, float(np.max(paid, axis=0).mean()))
    assert float(game.value) == pytest.approx(best, abs=1e-3)
    assert game.equilibria >= 1
    assert game.expert <= game.value
    assert game.shares[0][1] == 0
    assert game.shares[-1][2] == 1


def test_a_draw_of_one_length_has_no_entropy() -> None:
    assert entropy([1.0, 0.0]) == 0.0
    assert entropy([0.25] * 4) == 2.0


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: Discrete({1: 0.4}), DistributionError, "0.4"),
        (lambda: Gaussian(0, 0), OptionError, "deviation `0`"),
        (lambda: Gaussian(math.inf, 1), OptionError, "mean `inf`"),
        (lambda: Logistic(0), OptionError, "noise `0`"),
        (lambda: Erring(Fraction(3, 2)), OptionError, "error `3/2`"),
        (lambda: critical_error(Discrete({0: 1})), OptionError, "worth nothing for certain"),
        (lambda: button_game(1, 1, ()), OptionError, "no act"),
        (lambda: button_game(1, 1, (Act(name="a", press=Fraction(2)),)), OptionError, "`2`"),
        (lambda: paperclip_game({}), OptionError, "can do nothing"),
        (lambda: paperclip_game({str(i): (i, 0) for i in range(12)}), TooLargeError, "531,441"),
        (lambda: chain_values(1), OptionError, "`1`"),
        (lambda: chain_values(0.5, length=2), OptionError, "length `2`"),
        (lambda: meta_return([0.5, 0.6], 2, 0.5), OptionError, "0.6"),
        (lambda: meta_return([0.5, 0.5], 2, 1), OptionError, "discount `1`"),
        (lambda: meta_return([0.5, 0.5], 0, 0.5), OptionError, "mini-episodes `0`"),
        (lambda: meta_return([0.5, 0.5], 1000, 0.1), TooLargeError, "`1000`"),
        (lambda: smallest_counterexample(0.9, 20), OptionError, "up to `20`"),
        (lambda: entropy([0.5]), OptionError, "0.5"),
        (lambda: train("coins"), UnknownNameError, "`coins`"),
        (lambda: train(rate=0), OptionError, "rate `0`"),
    ],
)
def test_bad_input_is_one_line_that_names_it(make: Any, error: type[CorrigibleError], told: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_result_is_json_that_names_its_kind() -> None:
    case = case_of(WORLD.place())
    results = (
        button_game(10, 1),
        off_switch_game(Gaussian(0.5, 1), Logistic(1)),
        paperclip_game(),
        chain_values(Fraction(1, 2)),
        best_share(0.5, 3),
        train(meta_episodes=1),
        length_report(case, NoCountermeasure().conduct(case).policy),
    )
    kinds = [json.loads(result.to_json())["kind"] for result in results]
    assert len(set(kinds)) == len(results)
