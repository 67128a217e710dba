"""Sample sizes: against known values, and against simulated audits with the audit's own rule."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from corrigible.core.errors import OptionError
from corrigible.core.samplesize import (
    Plan,
    chance_to_see,
    effective,
    plan,
    smallest_bound,
    smallest_effect,
)
from corrigible.core.statistics import clustered_rate, paired_difference

RUNS = 200


def share_that_see(goals: int, epochs: int, here: float, there: float, alike: float) -> float:
    """The share of simulated audits whose interval for the effect lies above zero."""
    rng = np.random.default_rng(7)

    def shown(rate: float) -> np.ndarray:
        if alike == 0 or rate == 0:
            share = np.full((goals, 1), rate)
        else:
            scale = (1 - alike) / alike
            share = rng.beta(rate * scale, (1 - rate) * scale, (goals, 1))
        return rng.random((goals, epochs)) < share

    seen = 0
    for _ in range(RUNS):
        world, control = shown(here), shown(there)
        rates = [clustered_rate(x.sum(axis=1).tolist(), [epochs] * goals) for x in (world, control)]
        both = list(zip(world.ravel().tolist(), control.ravel().tolist(), strict=True))
        seen += paired_difference(*rates, both).low > 0
    return seen / RUNS


# --- effective size ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goals", "epochs", "correlation", "expected"),
    [(9, 5, 0.5, 15), (9, 5, 0, 45), (9, 5, 1, 9), (20, 1, 0.7, 20), (10, 21, 0.05, 105)],
)
def test_episodes_are_worth_what_kish_says(
    goals: int, epochs: int, correlation: float, expected: float
) -> None:
    assert effective(goals, epochs, correlation) == pytest.approx(expected)


@given(st.integers(1, 50), st.integers(1, 10_000), st.floats(0.01, 1))
def test_epochs_never_make_goals_worth_more_than_the_design_effect_allows(
    goals: int, epochs: int, correlation: float
) -> None:
    assert goals * (1 - 1e-9) <= effective(goals, epochs, correlation) <= goals / correlation * (1 + 1e-9)


# --- what can be seen -------------------------------------------------------------------------------


@pytest.mark.parametrize(("pairs", "least"), [(10, 4), (20, 5), (50, 5), (100, 5)])
def test_over_a_silent_control_an_effect_is_seen_from_some_number_of_events_on(
    pairs: int, least: int
) -> None:
    def sees(events: int) -> bool:
        rates = [clustered_rate([1] * k + [0] * (pairs - k), [1] * pairs) for k in (events, 0)]
        both = [(True, False)] * events + [(False, False)] * (pairs - events)
        return paired_difference(*rates, both).low > 0

    first = next(k for k in range(1, pairs) if sees(k))
    assert abs(first - least) <= 1
    for effect in (0.1, 0.3, 0.6):
        expected = binom.sf(first - 1, pairs, effect)
        assert chance_to_see(effect, rate_control=0, pairs=pairs) == pytest.approx(expected, abs=1e-8)


@given(st.integers(2, 9), st.integers(2, 9), st.sampled_from([0.05, 0.2, 0.5]), st.sampled_from([0.1, 0.4]))
@settings(max_examples=10, deadline=None)
def test_the_chance_is_that_of_all_outcomes_summed_up(n1: int, n2: int, rate: float, effect: float) -> None:
    chance = 0.0
    for k1 in range(n1 + 1):
        for k2 in range(n2 + 1):
            first = clustered_rate([1] * k1 + [0] * (n1 - k1), [1] * n1)
            second = clustered_rate([1] * k2 + [0] * (n2 - k2), [1] * n2)
            if paired_difference(first, second, []).low > 0:
                chance += binom.pmf(k1, n1, rate + effect) * binom.pmf(k2, n2, rate)
    found = chance_to_see(effect, rate_control=rate, pairs=n1, control=n2)
    assert found == pytest.approx(chance, abs=1e-8)


@pytest.mark.parametrize(("rate", "pairs"), [(0.0, 30), (0.1, 60), (0.3, 120)])
def test_simulated_audits_of_independent_episodes_see_the_smallest_effect_as_often_as_is_said(
    rate: float, pairs: int
) -> None:
    effect = smallest_effect(rate, pairs)
    assert effect is not None
    assert share_that_see(pairs, 1, rate + effect, rate, 0) == pytest.approx(0.8, abs=0.08)


@given(st.floats(0, 0.6), st.floats(5, 400))
@settings(max_examples=15, deadline=None)
def test_the_smallest_effect_is_just_seen(rate: float, pairs: float) -> None:
    effect = smallest_effect(rate, pairs)
    if effect is None:
        assert chance_to_see(1 - rate, rate_control=rate, pairs=pairs) < 0.8
    else:
        assert chance_to_see(effect, rate_control=rate, pairs=pairs) >= 0.8
        if effect > 0.001:
            assert chance_to_see(effect - 0.001, rate_control=rate, pairs=pairs) < 0.8


def test_more_episodes_see_smaller_effects_and_more_power_or_a_higher_level_asks_for_larger_ones() -> None:
    sizes = [smallest_effect(0.1, n) for n in (15, 50, 150, 500, 5000)]
    assert None not in sizes
    assert sizes == sorted(sizes, reverse=True)  # type: ignore[type-var]
    usual = smallest_effect(0.1, 50)
    assert smallest_effect(0.1, 50, power=0.95) > usual  # type: ignore[operator]
    assert smallest_effect(0.1, 50, level=0.99) > usual  # type: ignore[operator]
    assert smallest_effect(0.1, 50, control=20) > usual  # type: ignore[operator]


def test_an_audit_that_is_too_small_sees_no_effect_at_all() -> None:
    assert smallest_effect(0.0, 1) is None
    assert smallest_effect(0.7, 4) is None
    assert smallest_effect(0.9999, 1000) is None


# --- what can be shown ------------------------------------------------------------------------------


@pytest.mark.parametrize(("episodes", "bound"), [(20, 0.1611), (10, 0.2775), (73, 0.05)])
def test_no_events_in_independent_episodes_show_wilsons_upper_limit(episodes: int, bound: float) -> None:
    # R. G. Newcombe 1998, table I, method 3; and 1.96²/(73 + 1.96²).
    assert smallest_bound([1] * episodes) == pytest.approx(bound, abs=5e-5)


def test_epochs_hardly_lower_the_bound_and_goals_do() -> None:
    assert smallest_bound([5] * 9) > smallest_bound([1000] * 9) > smallest_bound([5] * 18)


def test_the_bound_is_that_of_a_run_of_the_same_sizes() -> None:
    sizes = [5, 4, 5, 1]
    assert smallest_bound(sizes, level=0.9) == clustered_rate([0] * 4, sizes, 0.9).high


# --- the plan ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "rate", "alike", "epochs"),
    [(0.4, 0.0, 0.5, 5), (0.2, 0.0, 0.1, 20), (0.4, 0.1, 0.0, 5), (0.4, 0.1, 0.5, 20), (0.2, 0.1, 0.5, 1)],
)
def test_simulated_audits_of_the_planned_size_see_the_effect_about_as_often_as_was_planned(
    effect: float, rate: float, alike: float, epochs: int
) -> None:
    (row,) = plan(effect, rate_control=rate, correlation=alike, epochs=[epochs]).rows
    assert share_that_see(row.goals_effect, epochs, rate + effect, rate, alike) >= 0.72


def test_far_fewer_goals_than_planned_would_not_see_it() -> None:
    (row,) = plan(0.2, rate_control=0.1, epochs=[5]).rows
    assert share_that_see(row.goals_effect // 3, 5, 0.3, 0.1, 0.5) < 0.5


@pytest.mark.parametrize("effect", [0.05, 0.1, 0.3])
def test_the_planned_goals_are_the_fewest_that_show_a_limit_of_the_same_size(effect: float) -> None:
    for row in plan(effect).rows:
        goals = row.goals_limit
        assert clustered_rate([0] * goals, [row.epochs] * goals).high <= effect
        assert clustered_rate([0] * (goals - 1), [row.epochs] * (goals - 1)).high > effect
        assert row.bound <= effect


def test_a_row_adds_up() -> None:
    found = plan(0.2, goals_per_world=7)
    assert [row.epochs for row in found.rows] == [1, 2, 5, 10, 20]
    for row in found.rows:
        assert row.goals == max(row.goals_effect, row.goals_limit)
        assert row.worlds == math.ceil(row.goals / 7)
        assert row.episodes == 2 * row.goals * row.epochs
        assert row.effective == effective(row.goals, row.epochs, found.correlation)
        assert row.bound == smallest_bound([row.epochs] * row.goals)


def test_one_epoch_of_a_limit_of_five_per_cent_takes_seventy_three_goals() -> None:
    assert plan(0.05, epochs=[1]).rows[0].goals_limit == 73


def test_more_epochs_never_need_more_goals_but_more_episodes() -> None:
    for alike in (0.1, 0.9):
        rows = plan(0.2, correlation=alike).rows
        assert all(b.goals <= a.goals for a, b in pairwise(rows))
        assert all(b.episodes > a.episodes for a, b in pairwise(rows))


def test_it_says_where_more_epochs_do_not_help() -> None:
    alike = plan(0.2, correlation=0.9)
    assert alike.enough_epochs <= 2
    assert alike.advice.startswith(f"more than {alike.enough_epochs} epoch")
    apart = plan(0.1, correlation=0.02, rate_control=0.2, epochs=(1, 5, 20))
    assert apart.enough_epochs == 20
    assert "up to the 20" in apart.advice
    assert alike.cheapest.epochs == 1


def test_a_smaller_effect_or_more_in_the_control_needs_more_goals() -> None:
    def goals(*args: float, **options: float) -> int:
        return plan(*args, epochs=[5], **options).rows[0].goals  # type: ignore[arg-type]

    assert goals(0.05) > goals(0.1) > goals(0.3)
    assert goals(0.2, rate_control=0.2) > goals(0.2, rate_control=0.05) > goals(0.2)
    assert goals(0.2, power=0.95) > goals(0.2)
    assert goals(0.2, level=0.99) > goals(0.2)


def test_a_plan_is_written_as_json_and_as_a_table() -> None:
    found = plan(0.3, epochs=[5, 1, 5])
    assert isinstance(found, Plan)
    said = json.loads(found.to_json())
    assert [row["epochs"] for row in said["rows"]] == [1, 5]
    assert said["effect"] == 0.3
    assert list(found.to_frame()["goals"]) == [row.goals for row in found.rows]


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"effect": 0}, "`0`"),
        ({"effect": -0.1}, "`-0.1`"),
        ({"effect": math.nan}, "`nan`"),
        ({"effect": 0.6, "rate_control": 0.5}, "`0.6`"),
        ({"rate_control": 1.0}, "`1.0`"),
        ({"rate_control": -0.1}, "`-0.1`"),
        ({"correlation": 1.5}, "`1.5`"),
        ({"power": 1}, "`1`"),
        ({"level": 0}, "`0`"),
        ({"goals_per_world": 0}, "`0`"),
        ({"epochs": [5, 0]}, "`0`"),
        ({"epochs": [2.5]}, "`2.5`"),
        ({"epochs": []}, "no epochs"),
        ({"effect": 1e-6, "epochs": [1]}, "`1e-06`"),
    ],
)
def test_a_plan_that_cannot_be_made_says_which_value_and_what_to_do(
    options: dict[str, object], named: str
) -> None:
    with pytest.raises(OptionError, match=named) as caught:
        plan(**{"effect": 0.2, **options})  # type: ignore[arg-type]
    assert caught.value.hint


@pytest.mark.parametrize("pairs", [0, 0.5, math.nan, math.inf])
def test_fewer_than_one_episode_sees_nothing(pairs: float) -> None:
    with pytest.raises(OptionError, match=f"`{pairs}`"):
        smallest_effect(0.1, pairs)


@pytest.mark.parametrize("sizes", [[], [0, 0]])
def test_a_bound_of_no_episodes_is_refused(sizes: list[int]) -> None:
    with pytest.raises(OptionError, match="`0`"):
        smallest_bound(sizes)
