"""Choosers against what they are defined as, and their tendencies over permuted utilities."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import DistributionError, OptionError, TooLargeError, UnknownNameError
from corrigible.power.tendency.choosers import (
    Argmax,
    Argmin,
    BestOf,
    Boltzmann,
    Chooser,
    DecisionRule,
    IsOptimal,
    Nearest,
    Quantiliser,
    Satisficer,
    Uniform,
)
from corrigible.power.tendency.retargetability import retargetability

THIRD = Fraction(1, 3)

CHOOSERS: list[Chooser] = [
    Argmax(), Argmin(), Nearest(2), Satisficer(2), Uniform(), BestOf(3), Quantiliser(THIRD), Boltzmann(2),
]  # fmt: skip

UTILITIES = st.lists(st.integers(0, 4).map(Fraction), min_size=3, max_size=5)


def name(chooser: DecisionRule) -> str:
    return chooser.describe()


@pytest.mark.parametrize("chooser", CHOOSERS, ids=name)
@settings(max_examples=15, deadline=None)
@given(utilities=UTILITIES, data=st.data())
def test_probabilities_sum_to_one_follow_the_options_and_skip_what_never_comes_to_mind(
    chooser: Chooser, utilities: list[Fraction], data: st.DataObject
) -> None:
    base = data.draw(
        st.lists(st.integers(0, 3), min_size=len(utilities), max_size=len(utilities)).filter(any)
    )
    chance = chooser.probabilities(utilities, base)
    assert sum(chance) == pytest.approx(1, abs=1e-12)
    assert all(p == 0 for p, weight in zip(chance, base, strict=True) if weight == 0)
    turned = chooser.probabilities(utilities[::-1], base[::-1])
    assert turned[::-1] == pytest.approx(chance, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(utilities=UTILITIES, draws=st.integers(1, 3))
def test_the_best_of_k_is_what_every_way_to_draw_k_gives(utilities: list[Fraction], draws: int) -> None:
    n = len(utilities)
    expected: Counter[int] = Counter()
    for drawn in itertools.product(range(n), repeat=draws):
        top = max(utilities[i] for i in drawn)
        best = [i for i in drawn if utilities[i] == top]
        for i in best:
            expected[i] += Fraction(1, n**draws * len(best))  # pyright: ignore[reportArgumentType]
    assert BestOf(draws).probabilities(utilities) == [expected[i] for i in range(n)]


def test_a_quantiliser_never_makes_anything_more_than_1_over_q_times_as_probable() -> None:
    base = [Fraction(5, 10), Fraction(2, 10), Fraction(3, 10)]
    chance = Quantiliser(Fraction(2, 5)).probabilities([0, 7, 7], base)
    assert chance == [0, Fraction(2, 5), Fraction(3, 5)]
    assert Quantiliser(Fraction(3, 5)).probabilities([0, 7, 9], base) == [
        Fraction(1, 6), THIRD, Fraction(1, 2)
    ]  # fmt: skip
    assert Quantiliser(1).probabilities([0, 7, 9], base) == base


def test_a_satisficer_takes_a_best_option_where_none_is_good_enough() -> None:
    assert Satisficer(8).probabilities([1, 5, 5]) == [0, Fraction(1, 2), Fraction(1, 2)]


def test_an_option_that_is_equal_to_the_target_is_taken() -> None:
    assert Nearest(5).probabilities([4, 5, 6]) == [0, 1, 0]
    assert Nearest(5).probabilities([4, 9, 6]) == [Fraction(1, 2), 0, Fraction(1, 2)]


def test_boltzmann_tells_the_sign_where_floats_cannot_and_finds_ties() -> None:
    # exp(u) against 1 + 1, with u beside ln 2 by less than 1e-60.
    ln2 = Fraction(
        "0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863"
    )
    hair = Fraction(1, 10**60)
    assert Boltzmann(1).compare([ln2 + hair, 0, 0], [0], [1, 2]) == 1
    assert Boltzmann(1).compare([ln2 - hair, 0, 0], [0], [1, 2]) == -1
    assert Boltzmann(1).compare([3, 1, 1, 3], [0, 1], [2, 3]) == 0
    assert Boltzmann(1).compare([10**7, 10**7, 1, 0], [0, 2], [1, 3]) == 1
    assert Boltzmann(Fraction(1, 10**6)).probabilities([0, 1])[1] == 1.0


def permuted(
    utilities: list[Any], larger: list[int], smaller: list[int], rule: DecisionRule
) -> tuple[int, ...]:
    signs = Counter(rule.compare(u, larger, smaller) for u in set(itertools.permutations(utilities)))
    return signs[1], signs[-1], signs[0]


@pytest.mark.parametrize("rule", [*CHOOSERS, IsOptimal()], ids=name)
@settings(max_examples=6, deadline=None)
@given(utilities=UTILITIES)
def test_counts_are_those_of_all_permutations_and_copies_foretell_them(
    rule: DecisionRule, utilities: list[Fraction]
) -> None:
    n = len(utilities)
    larger, smaller = list(range(1, n - 1)), [0]
    result = retargetability(utilities, larger, smaller, rule)
    lotteries = {i: {i: 1} for i in range(n)}
    general = retargetability(utilities, larger, smaller, rule, lotteries)
    votes = result.tendency
    assert (votes.more, votes.less, votes.equal) == permuted(utilities, larger, smaller, rule)
    assert general.tendency == votes
    assert general.copies == result.copies == n - 2
    assert result.holds()


@settings(max_examples=10, deadline=None)
@given(utilities=st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_lotteries_that_are_copies_are_preferred_by_every_chooser(utilities: list[int]) -> None:
    # Surely 0, against surely 1, 2 or 3; and an even chance of 0 and 1, that may be kept as it is by none.
    sure = {f"sure {i}": {i: 1} for i in range(4)}
    even = {
        f"{i} or {k}": {i: Fraction(1, 2), k: Fraction(1, 2)} for i, k in itertools.combinations(range(4), 2)
    }
    for rule in CHOOSERS:
        result = retargetability(utilities, ["sure 1", "sure 2", "sure 3"], ["sure 0"], rule, sure | even)
        assert result.copies == 3
        assert result.holds()


def test_options_without_a_copy_foretell_nothing() -> None:
    lotteries = {"a": {0: 1}, "b": {0: Fraction(1, 2), 1: Fraction(1, 2)}, "c": {1: 1}}
    result = retargetability([0, 1], ["b"], ["a"], Argmax(), lotteries)
    assert result.copies == 0
    assert result.exhaustive
    assert result.tendency.less > 0


def test_many_outcomes_are_counted_where_order_does_not_matter_and_sampled_where_it_does() -> None:
    result = retargetability(range(40), list(range(1, 40)), [0], Argmax())
    assert result.tendency.holds(39)
    assert result.tendency.less * 40 == result.orbit_size == result.tendency.goals
    sampled = retargetability(range(40), list(range(20, 40)), list(range(10)), BestOf(2), samples=100)
    assert sampled.tendency.sampled
    assert sampled.tendency.goals == 100
    assert sampled.copies == 2


def test_a_result_can_be_read_in_every_form() -> None:
    result = retargetability({"x": 1, "y": 2, "z": 3}, ["x", "y"], ["z"], BestOf(2), samples=30, seed=4)
    told = json.loads(result.to_json())
    assert told["kind"] == "retargetability"
    assert told["tendency"]["sampled"] is True
    assert told["larger"] == ["x", "y"]
    assert told["provenance"]["seed"] == 4
    assert "best of 2" in repr(result)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: retargetability([1, 2], ["2"], [0], Argmax()), UnknownNameError, "`2`"),
        (lambda: retargetability([1, 2], [0], [0], Argmax()), OptionError, "common"),
        (lambda: retargetability([1, 2], [], [0], Argmax()), OptionError, "empty"),
        (lambda: retargetability([1, float("inf")], [1], [0], Argmax()), DistributionError, "`inf`"),
        (
            lambda: retargetability([1, 2], ["a"], ["b"], Argmax(), {"a": [1, 0], "b": [0.5, 0.4]}),
            DistributionError,
            "`b`",
        ),
        (
            lambda: retargetability([1, 2], ["a"], ["b"], Argmax(), {"a": [1, 0], "b": [1, 0]}),
            OptionError,
            "same lottery",
        ),
        (
            lambda: retargetability(range(12), [0], [1], Argmax(), {i: {i: 1} for i in range(12)}),
            TooLargeError,
            "`479,001,600`",
        ),
        (
            lambda: retargetability(range(30), range(15), range(15, 30), Argmax()),
            TooLargeError,
            "`155,117,520`",
        ),
        (lambda: retargetability([1, 2], [0], [1], Argmax(), samples=0), OptionError, "`0`"),
        (lambda: Boltzmann(0), OptionError, "`0`"),
        (lambda: BestOf(0), OptionError, "`0`"),
        (lambda: Quantiliser(1.5), OptionError, "`1.5`"),
        (lambda: Argmax().probabilities([]), OptionError, "no options"),
        (lambda: Argmax().probabilities([1, 2], [1]), OptionError, "`1`"),
        (lambda: Argmax().probabilities([1, 2], [1, -1]), OptionError, "below 0"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    call: Callable[[], Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
