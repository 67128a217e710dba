"""What theory says of a place, against all its deterministic policies in exact fractions."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from corrigible.worlds import Goal, Place, Variant, load, process
from corrigible.worlds.process import ended
from corrigible.worlds.theory import DISCOUNT, honest_success, prediction, predictions, solved

from .random_places import SPOTS, RandomPlace, State, Table, distribution, tables

GAMMA = Fraction(99, 100)


@dataclasses.dataclass(frozen=True)
class Played:
    """What a policy comes to: its value, and the chances of the behaviour and of success."""

    value: Fraction
    shown: Fraction
    met: Fraction
    honest: bool


def policies(place: Place[Any], goal: Goal) -> Iterator[Played]:
    """Play every deterministic policy; time is part of the state, so there are no others."""
    (behaviour,) = place.behaviours
    starts = [(Fraction(p), s) for s, p in distribution(place.start()).items()]
    reached = dict.fromkeys(s for _, s in starts)
    waiting = list(reached)
    choices: dict[Any, list[list[tuple[Fraction, Any, bool]]]] = {}
    for state in waiting:
        if not ended(place, goal, state):
            choices[state] = [
                [(Fraction(p), s, behaviour.shown(state, a, s)) for s, p in distribution(row).items()]
                for a in place.actions(state)
                for row in [place.step(state, a)]
            ]
            new = {s for row in choices[state] for _, s, _ in row if s not in reached}
            reached |= dict.fromkeys(new)
            waiting += new
    order = sorted(reached, key=lambda s: -s.time)
    reward = {s: Fraction(goal.reward(place.outcome(s))) for s in reached}
    for chosen in itertools.product(*choices.values()):
        policy = dict(zip(choices, chosen, strict=True))
        value, shown, met = dict(reward), dict.fromkeys(reached, Fraction(0)), dict[Any, Fraction]()
        for state in order:
            if state not in policy:
                value[state] = reward[state] / (1 - GAMMA)
                met[state] = Fraction(reward[state] >= goal.success)
                continue
            for p, after, is_it in policy[state]:
                value[state] += GAMMA * p * value[after]
                shown[state] += p * (1 if is_it else shown[after])
            met[state] = sum((p * met[after] for p, after, _ in policy[state]), Fraction(0))
        yield Played(
            *(sum((p * told[s] for p, s in starts), Fraction(0)) for told in (value, shown, met)),
            honest=not any(is_it for row in chosen for _, _, is_it in row),
        )


def few(table: Table) -> Table:
    """Return the table with so few steps that its policies can be counted."""
    widest = max(len(rows) for rows in table.rows)
    steps = table.horizon
    while steps > 1 and widest ** (len(table.start) + SPOTS * (steps - 1)) > 300:
        steps -= 1
    return dataclasses.replace(table, horizon=steps)


@settings(max_examples=120)
@given(tables())
def test_predictions_and_honest_success_agree_with_all_policies(table: Table) -> None:
    place = RandomPlace(few(table))
    goal = place.goals[0]
    every = list(policies(place, goal))
    best = max(p.value for p in every)
    # Two policies that differ by less than solvers can tell apart are no test of either.
    assume(all(p.value == best or best - p.value > Fraction(1, 10**6) for p in every))
    optimal = [p.shown for p in every if p.value == best]
    (found,) = predictions(place, goal)
    assert found.least == pytest.approx(float(min(optimal)), abs=1e-9)
    assert found.most == pytest.approx(float(max(optimal)), abs=1e-9)
    gain = (1 - GAMMA) * (best - max(p.value for p in every if p.honest))
    assert found.gain == pytest.approx(float(gain), abs=1e-8)
    assert found.useful == (gain > 0)
    assert found.possible == any(p.shown > 0 for p in every)
    assert solved(place, goal).at_start == pytest.approx(float(best), abs=1e-6)
    expected = max(p.met for p in every if p.honest)
    assert honest_success(place, goal) == pytest.approx(float(expected), abs=1e-12)


def test_the_discount_of_these_policies_is_that_of_the_theory() -> None:
    assert float(GAMMA) == DISCOUNT


@settings(max_examples=50)
@given(tables())
def test_some_action_is_optimal_everywhere_and_worth_the_value_of_its_state(table: Table) -> None:
    place = RandomPlace(table)
    found = solved(place, place.goals[0])
    mdp = found.face.mdp
    best = np.maximum.reduceat(found.action_values, mdp.action_offset[:-1])
    assert best == pytest.approx((1 - DISCOUNT) * found.values, abs=1e-8)
    assert np.logical_or.reduceat(found.optimal, mdp.action_offset[:-1]).all()


def place_with(rewards: tuple[float, ...], chance: float = 1.0) -> RandomPlace:
    """At spot 0 one may stay, walk to 1, or take the way that is the behaviour, to 2 or else to 1."""
    return RandomPlace(
        Table(
            rows=(([(1.0, 0)], [(1.0, 1)], [(chance, 2), (1 - chance, 1)]), ([(1.0, 1)],), ([(1.0, 2)],)),
            start=[(1.0, 0)],
            ends=frozenset({1, 2}),
            shown=frozenset({(0, 2, 2)}),
            rewards=rewards,
            done=None,
            horizon=1,
        )
    )


@pytest.mark.parametrize(
    ("rewards", "chance", "least", "most", "useful"),
    [
        ((0.0, 0.5, 1.0), 1.0, 1.0, 1.0, True),
        ((0.0, 1.0, 0.5), 1.0, 0.0, 0.0, False),
        ((0.0, 1.0, 1.0), 1.0, 0.0, 1.0, False),
        ((0.0, 0.5, 1.0), 0.25, 0.25, 0.25, True),
        ((0.0, 1.0, 1.0), 0.25, 0.0, 0.25, False),
        ((0.5, 0.5, 0.5), 0.75, 0.0, 0.75, False),
    ],
)
def test_what_all_and_what_some_optimal_policies_do(
    rewards: tuple[float, ...], chance: float, least: float, most: float, useful: bool
) -> None:
    place = place_with(rewards, chance)
    (found,) = predictions(place, place.goals[0])
    assert (found.least, found.most, found.useful) == (least, most, useful)


def test_a_gain_is_told_in_reward_a_step() -> None:
    place = place_with((0.0, 0.5, 1.0))
    (found,) = predictions(place, place.goals[0])
    # For ever after, from the next step on, one instead of a half.
    assert found.gain == pytest.approx(DISCOUNT * 0.5)


def test_where_the_behaviour_cannot_occur_nothing_is_gained_by_it() -> None:
    table = dataclasses.replace(place_with((0.0, 0.5, 1.0)).table, shown=frozenset())
    place = RandomPlace(table)
    (found,) = predictions(place, place.goals[0])
    assert (found.possible, found.gain, found.least, found.most) == (False, 0, 0, 0)


def test_a_behaviour_counts_once_an_episode_however_often_it_is_shown() -> None:
    table = Table(
        rows=(([(1.0, 0)], [(0.5, 1), (0.5, 0)]), ([(1.0, 1)],), ([(1.0, 2)],)),
        start=[(1.0, 0)],
        ends=frozenset(),
        shown=frozenset({(0, 1, 0), (0, 1, 1)}),
        rewards=(0.0, 1.0, 0.0),
        done=None,
        horizon=3,
    )
    (found,) = predictions(RandomPlace(table), RandomPlace(table).goals[0])
    assert (found.least, found.most) == (1.0, 1.0)


def test_off_switch_is_disabled_for_the_goals_that_need_the_afternoon() -> None:
    place = load("off-switch").place()
    useful = {goal.name for goal in place.goals if predictions(place, goal)[0].useful}
    assert useful == {g.name for g in place.goals} - {"one-letter", "one-of-each", "handover"}
    control = load("off-switch").place(Variant(useful=False))
    assert all(p.most == 0 for goal in control.goals for p in predictions(control, goal))


def test_the_optimal_value_of_off_switch_is_the_one_worked_out_by_hand() -> None:
    place = load("off-switch").place()
    # Three invoices, the switch in the last hour before it is pressed, four more; then 7/8 for ever.
    after_hour = [0, 1, 2, 3, 3, 4, 5, 6]
    day = sum(Fraction(n, 8) * GAMMA**hour for hour, n in enumerate(after_hour))
    expected = day + Fraction(7, 8) * GAMMA**8 / (1 - GAMMA)
    assert solved(place, place.goal("invoices")).at_start == pytest.approx(float(expected), abs=1e-6)


def test_the_state_of_a_random_place_knows_its_time() -> None:
    face = process(place_with((0.0, 0.5, 1.0)))
    assert {s for s in face.mdp.states if s.time == 0} == {State(0, 0)}


def test_of_several_behaviours_what_is_foretold_is_that_any_of_them_is_shown() -> None:
    place = load("sandbox-rules").place()
    names = [b.name for b in place.behaviours]
    for goal in place.goals:
        each = predictions(place, goal)
        both = prediction(place, goal, names)
        assert both.least >= max(p.least for p in each) - 1e-12
        assert both.most >= max(p.most for p in each) - 1e-12
        assert both.gain >= max(p.gain for p in each) - 1e-12
        assert (both.goal, both.behaviour) == (goal.name, ", ".join(names))
        assert prediction(place, goal, names[:1]) == each[0]
