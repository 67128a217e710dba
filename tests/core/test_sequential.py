"""Confidence sequences: against a slow version, and in what they promise to those who peek."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import OptionError
from corrigible.core.sequential import ConfidenceSequence
from corrigible.core.statistics import wilson


def after(observations: Sequence[float], **options: object) -> ConfidenceSequence:
    sequence = ConfidenceSequence(**options)  # type: ignore[arg-type]
    for x in observations:
        sequence.update(x)
    return sequence


def capital(observations: Sequence[float], m: float, population: int | None = None) -> float:
    """What a capital of one, spread over ten bets that the mean is above ``m``, has become."""
    total = 0.0
    for f in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        mine, seen = 0.1, 0.0
        for i, x in enumerate(observations):
            mean = m if population is None else (population * m - seen) / (population - i)
            mine *= 1 + (f / mean) * (x - mean)
            seen += x
        total += mine
    return total


def without(xs: Sequence[float], m: float, size: int) -> bool:
    """Whether ``size`` goals of mean ``m`` or less are ruled out by the first, ``xs``."""
    if size * m < sum(xs) - 1e-9:
        return True
    # Where nothing was left before the last goal, nothing could be bet on it.
    return size * m > sum(xs[:-1]) + 1e-9 and capital(xs, m, size) >= 40 * (1 + 1e-9)


shares = st.integers(0, 8).map(lambda k: k / 8)


# --- the slow version -------------------------------------------------------------------------------


@given(st.lists(shares, min_size=1, max_size=25), st.sampled_from([0.5, 0.8, 0.95]))
@settings(max_examples=30, deadline=None)
def test_the_limits_are_the_candidates_that_bets_in_plain_loops_reject(xs: list[float], level: float) -> None:
    below, above = 0, 20
    for n in range(1, len(xs) + 1):
        for i in range(1, 20):
            if capital(xs[:n], i / 20) >= 2 / (1 - level) * (1 + 1e-9):
                below = max(below, i)
            if capital([1 - x for x in xs[:n]], 1 - i / 20) >= 2 / (1 - level) * (1 + 1e-9):
                above = min(above, i)
    sequence = after(xs, level=level, steps=20)
    if not sequence.crossed:
        assert sequence.interval == (below / 20, above / 20)


@given(st.lists(shares, min_size=3, max_size=15), st.integers(0, 14))
@settings(max_examples=40, deadline=None)
def test_without_replacement_the_bets_are_on_what_is_still_to_come(xs: list[float], n: int) -> None:
    n = min(n, len(xs) - 2)
    size = len(xs)
    seen = sum(xs[:n])
    below, above = 0, 50
    for k in range(1, n + 1):
        for i in range(1, 50):
            if without(xs[:k], i / 50, size):
                below = max(below, i)
            if without([1 - x for x in xs[:k]], 1 - i / 50, size):
                above = min(above, i)
    sequence = after(xs[:n], population=size, steps=50)
    if not sequence.crossed:
        assert sequence.interval == pytest.approx((below / 50, above / 50))
        assert sequence.interval[0] <= (seen + size - n) / size
        assert sequence.interval[1] >= seen / size


@pytest.mark.parametrize("n", [5, 20, 80])
def test_without_events_the_upper_limit_solves_the_written_equation(n: int) -> None:
    high = after([0.0] * n).interval[1]

    def k(m: float) -> float:
        return sum((1 - f + f / (1 - m)) ** n for f in [j / 10 for j in range(1, 11)]) / 10

    assert k(high) >= 40 > k(high - 1 / 2000)


# --- what it promises -------------------------------------------------------------------------------

Draw = Callable[[np.random.Generator], np.ndarray]


def goals_of(rate: float, alike: float, epochs: int) -> Draw:
    scale = (1 - alike) / alike
    return lambda rng: rng.binomial(epochs, rng.beta(rate * scale, (1 - rate) * scale, 50)) / epochs


@pytest.mark.parametrize(
    ("draw", "mean", "lowest"),
    [
        (lambda rng: (rng.random(50) < 0.05) * 1.0, 0.05, 0),
        (lambda rng: (rng.random(50) < 0.5) * 1.0, 0.5, 0),
        (goals_of(0.05, 0.5, 5), 0.05, 0),
        (goals_of(0.3, 0.3, 10), 0.3, 0),
        (lambda rng: rng.random(50), 0.5, 0),
        (lambda rng: (rng.random(50) < 0.5) * 1.0 - (rng.random(50) < 0.2), 0.3, -1),
    ],
    ids=["rare", "even", "rare and alike", "alike", "uniform", "differences"],
)
def test_the_mean_stays_inside_at_every_look_at_least_as_often_as_is_said(
    draw: Draw, mean: float, lowest: float
) -> None:
    inside = 0
    for run in range(100):
        sequence = after(draw(np.random.default_rng([3, run])).tolist(), lowest=lowest, steps=20)
        # The running interval is the intersection of those at all looks.
        inside += sequence.interval[0] < mean < sequence.interval[1]
    assert inside / 100 >= 0.95


def test_looking_at_an_ordinary_interval_all_the_time_would_not_do() -> None:
    inside = 0
    n = np.arange(1, 61)
    for run in range(100):
        k = np.cumsum(np.random.default_rng([3, run]).random(60) < 0.05)
        low, high = wilson(k / n, n)  # type: ignore[arg-type]
        inside += bool(np.all((low <= 0.05) & (high >= 0.05)))
    assert inside / 100 < 0.85


def test_without_replacement_the_mean_of_the_population_stays_inside() -> None:
    inside = 0
    for run in range(100):
        xs = np.repeat([1.0, 0.4, 0.0], [4, 10, 26])
        np.random.default_rng([5, run]).shuffle(xs)
        sequence = after(xs[:39].tolist(), population=40, steps=20)
        inside += sequence.interval[0] < 0.2 < sequence.interval[1]
    assert inside / 100 >= 0.95


@given(st.lists(shares, max_size=30), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_interval_never_widens(xs: list[float], seed: int) -> None:
    sequence = ConfidenceSequence(steps=100)
    before = sequence.interval
    for x in xs:
        low, high = sequence.update(x)
        assert before[0] <= low < high <= before[1]
        before = (low, high)


def test_the_interval_shrinks_towards_the_mean() -> None:
    xs = np.random.default_rng(6).random(1000) * 0.6
    wide, narrow = after(xs[:60].tolist(), steps=100), after(xs.tolist(), steps=100)
    assert narrow.interval[1] - narrow.interval[0] < (wide.interval[1] - wide.interval[0]) / 3
    assert narrow.interval[0] < 0.3 < narrow.interval[1]
    assert narrow.interval[1] - narrow.interval[0] < 0.09


@given(st.lists(shares, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_what_did_not_happen_mirrors_what_did(xs: list[float]) -> None:
    low, high = after(xs, steps=100).interval
    assert after([1 - x for x in xs], steps=100).interval == pytest.approx((1 - high, 1 - low))
    assert after([2 * x - 1 for x in xs], lowest=-1, steps=100).interval == pytest.approx(
        (2 * low - 1, 2 * high - 1)
    )


def test_a_higher_level_asks_for_more() -> None:
    xs = [0.0, 0.2] * 15
    usual, strict = after(xs), after(xs, level=0.999)
    assert strict.interval[0] <= usual.interval[0]
    assert strict.interval[1] > usual.interval[1]


# --- deciding ---------------------------------------------------------------------------------------


def test_a_limit_holds_after_enough_goals_without_an_event() -> None:
    sequence = ConfidenceSequence()
    verdicts = []
    for _ in range(99):
        sequence.update(0.0)
        verdicts.append(sequence.decides_limit(0.05))
    assert verdicts == [None] * 98 + ["holds"]


def test_a_limit_fails_once_the_rate_is_surely_above_it() -> None:
    sequence = after([1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    assert sequence.decides_limit(0.05) == "fails"
    assert sequence.decides_limit(0.9) is None


def test_before_any_observation_only_the_trivial_is_decided() -> None:
    sequence = ConfidenceSequence()
    assert sequence.interval == (0, 1)
    assert sequence.mean is None
    assert [sequence.decides_limit(bound) for bound in (0, 0.5, 1)] == [None, None, "holds"]


def test_the_last_goals_of_a_population_need_not_be_waited_for() -> None:
    sequence, looks = ConfidenceSequence(population=90), 0
    while sequence.decides_limit(0.05) is None:
        sequence.update(0.0)
        looks += 1
    assert looks == 60


def test_a_population_that_was_seen_whole_has_its_mean_as_both_limits() -> None:
    sequence = after([0.25, 0.0, 0.5, 1.0, 0.0] * 2, population=10)
    assert sequence.interval == pytest.approx((0.35, 0.35), abs=1e-3)
    assert sequence.mean == pytest.approx(0.35)
    low, high = after([1 / 3, 2 / 3, 0.1], population=3).interval
    assert low <= 1.1 / 3 <= high


def test_an_effect_in_every_goal_is_seen_after_eight() -> None:
    sequence = ConfidenceSequence(lowest=-1)
    verdicts = []
    for _ in range(8):
        sequence.update(1.0)
        verdicts.append(sequence.decides_effect())
    assert verdicts == [None] * 7 + ["above"]
    assert after([-1.0] * 8, lowest=-1).decides_effect() == "below"


def test_no_effect_is_never_an_effect_and_its_interval_closes_on_zero() -> None:
    sequence = after([0.0] * 400, lowest=-1, steps=200)
    assert sequence.decides_effect() is None
    assert -0.2 < sequence.interval[0] < 0 < sequence.interval[1] < 0.2


def test_goals_that_are_not_in_random_order_may_reject_everything_and_nothing_is_decided() -> None:
    sequence = after([0.0] * 40 + [1.0] * 40)
    assert sequence.crossed
    low, high = sequence.interval
    assert low < high
    assert sequence.decides_limit(0.2) is None
    assert sequence.decides_limit(1.0) is None


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"level": 1.0}, "`1.0`"),
        ({"level": math.nan}, "`nan`"),
        ({"lowest": 1.0}, "`1.0`"),
        ({"highest": math.inf}, "`inf`"),
        ({"population": 0}, "`0`"),
        ({"steps": 1}, "`1`"),
    ],
)
def test_an_option_out_of_range_is_refused(options: dict[str, float], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        ConfidenceSequence(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("x", [-0.1, 1.5, math.nan])
def test_an_observation_out_of_range_is_refused_and_changes_nothing(x: float) -> None:
    sequence = after([0.5])
    with pytest.raises(OptionError, match=f"`{x}`"):
        sequence.update(x)
    assert (sequence.observations, sequence.mean) == (1, 0.5)


def test_more_observations_than_the_population_has_are_refused() -> None:
    sequence = after([0.5, 0.5], population=2)
    with pytest.raises(OptionError, match="`2`"):
        sequence.update(0.5)


def test_rates_have_no_effect() -> None:
    with pytest.raises(OptionError, match="no differences"):
        ConfidenceSequence().decides_effect()
