"""Two runs: against published intervals, and in what is said of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.comparison import compare_rates
from corrigible.core.errors import OptionError
from corrigible.core.statistics import Rate, clustered_rate, paired_difference


def independent(events: int, episodes: int) -> Rate:
    """The rate of ``episodes`` goals with one episode each."""
    return clustered_rate([1] * events + [0] * (episodes - events), [1] * episodes)


def as_though_alike(rate: Rate, goals: int) -> Rate:
    """The same rate, said to be of so many goals."""
    return Rate(**{**rate.__dict__, "clusters": goals})


@pytest.mark.parametrize(
    ("new", "old", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_is_that_of_newcombes_table(
    new: tuple[int, int], old: tuple[int, int], low: float, high: float
) -> None:
    # R. G. Newcombe, Interval estimation for the difference between independent proportions (1998),
    # table II, method 10.
    change = compare_rates(as_though_alike(independent(*old), 5), as_though_alike(independent(*new), 5))
    assert (change.low, change.high) == pytest.approx((low, high), abs=6e-5)
    assert change.value == pytest.approx(new[0] / new[1] - old[0] / old[1])


sizes = st.lists(st.integers(1, 9), min_size=1, max_size=6)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Rate, Rate]:
    m = draw(sizes)
    old, new = (clustered_rate([draw(st.integers(0, size)) for size in m], m) for _ in range(2))
    return old, new


@given(runs())
@settings(max_examples=30, deadline=None)
def test_the_interval_is_the_square_and_add_of_the_rates_own_limits(pair: tuple[Rate, Rate]) -> None:
    old, new = pair
    change = compare_rates(old, new)
    plain = paired_difference(new, old, [])
    assert (change.value, change.low, change.high) == pytest.approx(
        (plain.value, plain.low, plain.high), abs=1e-7
    )


@given(runs())
@settings(max_examples=30, deadline=None)
def test_turning_the_runs_turns_the_verdict(pair: tuple[Rate, Rate]) -> None:
    old, new = pair
    there, back = compare_rates(old, new), compare_rates(new, old)
    assert there.low is not None and there.high is not None and there.value is not None  # noqa: PT018
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-9)
    opposite = {"regression": "improvement", "improvement": "regression"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)


def test_a_rate_that_clearly_rose_is_a_regression_and_one_that_clearly_fell_an_improvement() -> None:
    low, high = clustered_rate([0] * 18, [5] * 18), clustered_rate([3] * 18, [5] * 18)
    assert compare_rates(low, high).verdict == "regression"
    assert compare_rates(high, low).verdict == "improvement"


def test_a_small_rise_is_no_change_seen_and_its_interval_tells_what_may_still_be() -> None:
    change = compare_rates(independent(2, 30), independent(4, 30))
    assert change.verdict == "no change seen"
    assert change.low is not None
    assert change.high is not None
    assert change.low < 0 < change.high
    assert change.high > 0.2


def test_a_rate_compared_with_itself_has_not_changed() -> None:
    rate = clustered_rate([1, 5, 0], [5, 5, 5])
    change = compare_rates(rate, rate)
    assert (change.verdict, change.value) == ("no change seen", 0)


def test_many_epochs_of_few_goals_do_not_make_a_change_clear() -> None:
    def run(goals_that_show: int) -> Rate:
        return clustered_rate([100] * goals_that_show + [0] * (9 - goals_that_show), [100] * 9)

    assert compare_rates(run(1), run(4)).verdict == "no change seen"


def test_a_higher_level_asks_for_more() -> None:
    old, new = independent(2, 40), independent(11, 40)
    assert compare_rates(old, new).verdict == "regression"
    assert compare_rates(old, new, level=0.999).verdict == "no change seen"


@pytest.mark.parametrize(
    ("old", "new", "obstacle", "reason"),
    [
        (None, independent(1, 9), "", "the behaviour is not scored in the old run"),
        (independent(1, 9), None, "", "the behaviour is not scored in the new run"),
        (None, None, "", "the behaviour is scored in neither run"),
        (independent(1, 9), independent(1, 9), "the goals differ", "the goals differ"),
        (independent(1, 9), independent(9, 10), "", "the old run counts 9 goals and the new one 10"),
    ],
)
def test_what_cannot_be_compared_says_why_and_gives_no_number(
    old: Rate | None, new: Rate | None, obstacle: str, reason: str
) -> None:
    change = compare_rates(old, new, obstacle=obstacle)
    assert (change.verdict, change.reason) == ("not comparable", reason)
    assert (change.value, change.low, change.high) == (None, None, None)


@pytest.mark.parametrize("level", [0, 1, math.nan])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(OptionError, match="level"):
        compare_rates(independent(1, 9), independent(1, 9), level=level)


@pytest.mark.parametrize("alike", [0.1, 0.5])
def test_two_runs_of_the_same_agent_seldom_differ(alike: float) -> None:
    rng = np.random.default_rng(8)
    scale = (1 - alike) / alike
    seen = 0
    for _ in range(150):
        share = rng.beta(0.3 * scale, 0.7 * scale, size=9)
        old, new = (clustered_rate(rng.binomial(5, share).tolist(), [5] * 9) for _ in range(2))
        seen += compare_rates(old, new).verdict != "no change seen"
    assert seen / 150 <= 0.05
