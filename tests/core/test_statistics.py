"""Intervals: against textbooks, against slow versions, and against what they promise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom
from statsmodels.stats.proportion import proportion_confint

from corrigible.core.statistics import Difference, Rate, clustered_rate, paired_difference

counts = st.lists(st.integers(0, 12), min_size=1, max_size=8).filter(any)


@st.composite
def clusters(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    sizes = draw(counts)
    return [draw(st.integers(0, m)) for m in sizes], sizes


def one_each(events: int, episodes: int, level: float = 0.95) -> Rate:
    """The rate of ``episodes`` goals with one episode each."""
    return clustered_rate([1] * events + [0] * (episodes - events), [1] * episodes, level)


# --- rates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "episodes", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_goals_of_one_episode_each_give_the_wilson_limits_of_newcombes_table(
    events: int, episodes: int, low: float, high: float
) -> None:
    # R. G. Newcombe, Two-sided confidence intervals for the single proportion (1998), table I, method 3.
    rate = one_each(events, episodes)
    assert (round(rate.low, 4), round(rate.high, 4)) == (low, high)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_goals_of_one_episode_each_agree_with_statsmodels_at_any_level(level: float) -> None:
    rate = one_each(7, 40, level)
    assert (rate.low, rate.high) == pytest.approx(proportion_confint(7, 40, 1 - level, "wilson"))


@given(clusters())
def test_limits_enclose_the_rate_and_the_counts_are_kept(given: tuple[list[int], list[int]]) -> None:
    events, sizes = given
    rate = clustered_rate(events, sizes)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert (rate.events, rate.episodes) == (sum(events), sum(sizes))
    assert rate.value == pytest.approx(sum(events) / sum(sizes))
    assert rate.clusters == sum(m > 0 for m in sizes)
    all_alike = sum(sizes) ** 2 / sum(m * m for m in sizes)
    assert all_alike - 1e-9 <= rate.effective <= rate.episodes + 1e-9


@given(clusters())
def test_what_did_not_happen_mirrors_what_did(given: tuple[list[int], list[int]]) -> None:
    events, sizes = given
    rate = clustered_rate(events, sizes)
    mirrored = clustered_rate([m - k for k, m in zip(events, sizes, strict=True)], sizes)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((rate.low, rate.high), abs=1e-12)


@given(clusters(), st.randoms())
def test_neither_the_order_of_clusters_nor_empty_ones_matter(
    given: tuple[list[int], list[int]], rng: object
) -> None:
    pairs = list(zip(*given, strict=True))
    rng.shuffle(pairs)  # type: ignore[attr-defined]
    shuffled = clustered_rate(*zip(*pairs, (0, 0), strict=True))
    rate = clustered_rate(*given)
    assert (shuffled.low, shuffled.high) == pytest.approx((rate.low, rate.high))
    assert shuffled.clusters == rate.clusters


@pytest.mark.parametrize("repeats", [1, 5, 100])
def test_goals_whose_episodes_are_all_alike_count_little_more_than_once_each(repeats: int) -> None:
    rate = clustered_rate([repeats, 0, repeats, 0, 0, 0], [repeats] * 6)
    assert 6 <= rate.effective < 8


def test_goals_with_the_same_share_each_count_with_most_of_their_episodes() -> None:
    assert 25 < clustered_rate([3] * 5, [10] * 5).effective < 50


def test_independent_episodes_count_almost_all() -> None:
    events = np.random.default_rng(5).binomial(20, 0.3, size=200)
    assert clustered_rate(events.tolist(), [20] * 200).effective == pytest.approx(4000, rel=0.15)


@given(clusters())
@settings(max_examples=30)
def test_the_effective_size_is_that_of_the_written_formula(given: tuple[list[int], list[int]]) -> None:
    events, sizes = given
    total = sum(sizes)
    p = (sum(events) + 0.5) / (total + 1)

    def likelihood(rho: float) -> float:
        a, b = p * (1 / rho - 1), (1 - p) * (1 / rho - 1)
        return math.prod(betabinom.pmf(k, m, a, b) for k, m in zip(events, sizes, strict=True))

    grid = [(i + 0.5) / 200 for i in range(1, 199)]
    weights = [likelihood(rho) for rho in grid]
    rho = sum(w * r for w, r in zip(weights, grid, strict=True)) / sum(weights)
    slow = total / (1 + (sum(m * m for m in sizes) / total - 1) * rho)
    assert clustered_rate(events, sizes).effective == pytest.approx(slow, rel=0.03)


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0.0, 0.2775), (10, 0.7225, 1.0)])
def test_never_and_always_reach_the_end_exactly_and_no_further(events: int, low: float, high: float) -> None:
    rate = one_each(events, 10)
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=5e-5)
    assert rate.low == 0 or rate.high == 1


def test_where_nothing_happened_epochs_alone_do_not_make_the_interval_narrow() -> None:
    few, many = clustered_rate([0] * 9, [5] * 9), clustered_rate([0] * 9, [5000] * 9)
    assert few.effective < many.effective < 2.2 * 9
    assert clustered_rate([0] * 90, [5] * 90).high < many.high / 3


@given(st.integers(0, 19), st.integers(1, 5))
def test_more_events_move_both_limits_up(events: int, times: int) -> None:
    few, more = one_each(events, 20 * times), one_each(events + 1, 20 * times)
    assert few.low < more.low
    assert few.high < more.high


def test_more_episodes_of_the_same_rate_narrow_the_interval() -> None:
    widths = [clustered_rate([n, 2 * n], [10 * n, 10 * n]) for n in (1, 10, 100)]
    assert [r.high - r.low for r in widths] == sorted((r.high - r.low for r in widths), reverse=True)


def test_a_higher_level_gives_a_wider_interval() -> None:
    rates = [clustered_rate([3, 5], [10, 10], level=level) for level in (0.5, 0.9, 0.99)]
    assert rates[0].low > rates[1].low > rates[2].low
    assert rates[0].high < rates[1].high < rates[2].high


@pytest.mark.parametrize("sizes", [[], [0, 0]])
def test_a_rate_of_no_episodes_is_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="at least one episode"):
        clustered_rate(sizes, sizes)


# --- coverage ---------------------------------------------------------------------------------------

RUNS = 400


def shares(rate: float, alike: float, size: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw the share of each goal around ``rate``; ``alike`` is the intra-cluster correlation."""
    if alike == 0:
        return np.full(size, rate)
    if alike == 1:
        return (rng.random(size) < rate).astype(float)
    scale = (1 - alike) / alike
    return rng.beta(rate * scale, (1 - rate) * scale, size)


@pytest.mark.parametrize(
    ("rate", "alike"),
    [
        *((rate, 0.0) for rate in (0.02, 0.1, 0.3, 0.5, 0.8)),
        *((rate, 0.1) for rate in (0.02, 0.1, 0.3, 0.5, 0.8)),
        *((rate, 0.4) for rate in (0.02, 0.05, 0.1, 0.3, 0.5, 0.7)),
        *((rate, 1.0) for rate in (0.1, 0.3, 0.5, 0.7)),
    ],
)
@pytest.mark.parametrize(("goals", "epochs"), [(9, 5), (30, 10)])
def test_the_interval_covers_the_true_rate_about_as_often_as_it_says(
    rate: float, alike: float, goals: int, epochs: int
) -> None:
    rng = np.random.default_rng(11)
    events = rng.binomial(epochs, shares(rate, alike, (RUNS, goals), rng))
    found = [clustered_rate(k.tolist(), [epochs] * goals) for k in events]
    assert np.mean([r.low <= rate <= r.high for r in found]) >= 0.9


def test_counting_clustered_episodes_as_independent_would_not_cover() -> None:
    rng = np.random.default_rng(11)
    events = rng.binomial(20, shares(0.4, 0.4, (RUNS, 9), rng)).sum(axis=1)
    limits = [proportion_confint(k, 180, method="wilson") for k in events]
    assert np.mean([low <= 0.4 <= high for low, high in limits]) < 0.7


@pytest.mark.parametrize("effect", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("alike", [0.0, 0.1, 0.4])
def test_the_interval_of_a_paired_difference_covers_the_true_effect(effect: float, alike: float) -> None:
    goals, epochs, base = 9, 5, 0.25
    rng = np.random.default_rng(12)
    covered = 0
    for _ in range(RUNS):
        share = shares(base, alike, (goals,), rng)
        # The same luck in both twins: an event of the control is one of the world too.
        luck = rng.random((goals, epochs))
        control = luck < share[:, None]
        world = control | (luck > 1 - effect / (1 - base) * (1 - share[:, None]))
        rates = [clustered_rate(x.sum(axis=1).tolist(), [epochs] * goals) for x in (world, control)]
        both = list(zip(world.ravel().tolist(), control.ravel().tolist(), strict=True))
        found = paired_difference(*rates, both)
        covered += found.low <= effect <= found.high
    assert covered / RUNS >= 0.9


# --- paired differences -----------------------------------------------------------------------------

tables = st.tuples(*[st.integers(0, 25)] * 4).filter(any)


def compare(table: Sequence[int]) -> Difference:
    """Return the difference for (both, first only, second only, neither)."""
    a, b, c, d = table
    both = [(True, True)] * a + [(True, False)] * b + [(False, True)] * c + [(False, False)] * d
    first, second = one_each(a + b, len(both)), one_each(a + c, len(both))
    return paired_difference(first, second, both)


def slow_wilson(events: int, episodes: int) -> tuple[float, float]:
    """The rates θ with |p − θ| = z √(θ(1 − θ)/n), as roots of the quadratic."""
    z2, p = 1.959963984540054**2, events / episodes
    low, high = sorted(np.roots([1 + z2 / episodes, -2 * p - z2 / episodes, p * p]).real)
    return low, high


def slow_newcombe(table: Sequence[int]) -> tuple[float, float]:
    """Method 10 as its paper tells it, from the four counts alone."""
    e, f, g, h = table
    n = e + f + g + h
    p1, p2 = (e + f) / n, (e + g) / n
    (l1, u1), (l2, u2) = slow_wilson(e + f, n), slow_wilson(e + g, n)
    product = (e + f) * (g + h) * (e + g) * (f + h)
    numerator = e * h - f * g
    if product == 0:
        phi = 0.0
    elif numerator > n / 2:
        phi = (numerator - n / 2) / math.sqrt(product)
    elif numerator >= 0:
        phi = 0.0
    else:
        phi = numerator / math.sqrt(product)
    dl1, du1, dl2, du2 = p1 - l1, u1 - p1, p2 - l2, u2 - p2
    delta = math.sqrt(max(dl1**2 - 2 * phi * dl1 * du2 + du2**2, 0))
    epsilon = math.sqrt(max(du1**2 - 2 * phi * du1 * dl2 + dl2**2, 0))
    return p1 - p2 - delta, p1 - p2 + epsilon


@given(tables)
def test_the_paired_interval_is_newcombes_method_10(table: tuple[int, ...]) -> None:
    found = compare(table)
    low, high = slow_newcombe(table)
    # At the ends our Wilson limits are exact, those of the quadratic within rounding.
    assert (found.low, found.high) == pytest.approx((max(low, -1), min(high, 1)), abs=1e-6)


@given(tables)
def test_a_difference_lies_in_its_interval_and_turns_with_its_sides(table: tuple[int, ...]) -> None:
    a, b, c, d = table
    found, turned = compare((a, b, c, d)), compare((a, c, b, d))
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.pairs == sum(table)
    assert (-turned.high, -turned.low) == pytest.approx((found.low, found.high))


def test_pairs_that_all_agree_leave_some_doubt() -> None:
    for table in ((10, 0, 0, 0), (0, 0, 0, 10)):
        found = compare(table)
        assert found.value == 0
        assert found.low < -0.1
        assert found.high > 0.1


def test_an_effect_in_every_pair_reaches_one() -> None:
    found = compare((0, 12, 0, 0))
    assert (found.value, found.high) == (1, 1)
    assert 0.5 < found.low < 0.8


@given(tables)
def test_pairing_that_goes_together_narrows_the_interval(table: tuple[int, ...]) -> None:
    a, b, c, d = table
    assume(a * d - b * c > sum(table) / 2)
    n = sum(table)
    paired = compare(table)
    first, second = clustered_rate([a + b], [n]), clustered_rate([a + c], [n])
    # The same margins with no correlation at all: nothing known of the pairs.
    unpaired = paired_difference(first, second, [])
    assert paired.high - paired.low < unpaired.high - unpaired.low


def test_fewer_effective_episodes_widen_the_difference() -> None:
    both = [(True, False)] * 10 + [(False, False)] * 10
    few = [clustered_rate(k, [10, 10]) for k in ([10, 0], [0, 0])]
    many = [clustered_rate(k, [10, 10]) for k in ([5, 5], [0, 0])]
    assert isinstance(few[0], Rate)
    clustered, independent = paired_difference(*few, both), paired_difference(*many, both)
    assert clustered.value == independent.value
    assert clustered.low < independent.low
