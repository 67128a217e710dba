"""What last states stand for: sets and shares found by looking everywhere, POWER by another way."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from corrigible.core.errors import OptionError
from corrigible.countermeasures import Conduct, case_of, follow
from corrigible.countermeasures.autonomy import GatePlace, Reviewer
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.countermeasures.over_goals import over_goals
from corrigible.countermeasures.planning import stationary
from corrigible.countermeasures.reachable import reachable
from corrigible.countermeasures.standing import Standing, standing
from corrigible.power import Independent
from corrigible.power.survey import survey
from corrigible.power.weighed import Weighed
from corrigible.worlds import Action, load, process
from tests.worlds.random_places import RandomPlace, State, Table, tables


class Timeless(RandomPlace):
    """A random place without a clock, so that there are ways back."""

    @property
    def dynamics_key(self) -> Hashable:
        return ("timeless", repr(self.table))

    def step(self, state: State, action: Action) -> list[tuple[float, State]]:
        return [(p, dataclasses.replace(after, time=0)) for p, after in super().step(state, action)]

    def terminal(self, state: State) -> bool:
        return state.spot in self.table.ends


# From spot 0 one may stay or go to 1, from where there is no way back; 2 can be had from 0 alone.
ONE_WAY = Table(
    rows=(([(1.0, 0)], [(1.0, 1)], [(1.0, 2)]), ([(1.0, 1)],), ([(1.0, 2)], [(1.0, 0)])),
    start=[(1.0, 0)],
    ends=frozenset(),
    shown=frozenset(),
    rewards=(0.0, 1.0, 0.0),
    done=None,
    horizon=3,
)


def idle(case: Any) -> Conduct:
    return Conduct(case=case, policy=stationary(case, case.face.is_noop.astype(float)))


def within(place: Timeless, spot: int) -> set[int]:
    """The spots that can be reached, by walking everywhere."""
    found, ahead = {spot}, [spot]
    while ahead:
        here = ahead.pop()
        if here in place.table.ends:
            continue
        for row in place.table.rows[here]:
            for p, after in row:
                if p > 0 and after not in found:
                    found.add(after)
                    ahead.append(after)
    return found


@settings(max_examples=25)
@given(tables())
def test_what_is_within_reach_is_what_walking_everywhere_finds(table: Table) -> None:
    place = Timeless(table)
    face = process(place)
    found = reachable(face)
    loses = found.loses()
    for number, state in enumerate(face.mdp.states):
        sets = {face.outcomes[k] for k in np.flatnonzero(found.of(number))}
        assert sets == within(place, state.spot)
        rows = [
            [within(place, face.mdp.states[s].spot) for _, s in face.mdp.row(k)]
            for k in face.mdp.pairs(number)
        ]
        quiet = next(i for i, k in enumerate(face.mdp.pairs(number)) if face.is_noop[k])
        may = [set.union(*row) for row in rows]
        must = [set.intersection(*row) for row in rows]
        for i, pair in enumerate(face.mdp.pairs(number)):
            assert loses[pair] == (not may[quiet] <= may[i] or not must[quiet] <= must[i])


def test_what_is_lost_is_the_same_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    found = reachable(process(load("off-switch").place()))
    whole = found.loses()
    monkeypatch.setattr("corrigible.countermeasures.reachable.PIECE", 100)
    assert np.array_equal(found.loses(), whole)
    assert whole.any()


@settings(max_examples=12)
@given(tables(), st.randoms(use_true_random=False))
def test_correctable_is_the_share_of_outcomes_still_within_reach(table: Table, luck: Any) -> None:
    place = Timeless(table)
    case = case_of(place)
    weights = np.array([luck.random() for _ in range(case.mdp.n_pairs)]) + 0.01
    policy = weights / np.add.reduceat(weights, case.mdp.action_offset[:-1])[case.mdp.owner]
    conduct = Conduct(case=case, policy=stationary(case, policy))
    last, rest = follow(conduct).last, follow(idle(case)).last
    kept, could = dict.fromkeys(range(3), 0.0), dict.fromkeys(range(3), 0.0)
    for number, state in enumerate(case.mdp.states):
        for spot in within(place, state.spot):
            kept[spot] += last[number]
            could[spot] += rest[number]
    expected = sum(min(kept[spot], could[spot]) for spot in kept) / sum(could.values())
    assert standing(case, follow(conduct), samples=2).correctable == pytest.approx(expected, abs=1e-12)


def test_a_place_worked_out_by_hand() -> None:
    case = case_of(Timeless(ONE_WAY))
    found = standing(case, follow(NoCountermeasure().conduct(case)), samples=4000)
    # The agent goes to 1, from where 0 and 2 are lost; of three outcomes to choose from 3/4 is expected, of one 1/2.
    assert found.correctable == pytest.approx(1 / 3)
    assert abs(found.gained + 1 / 4) < 4 * found.stderr + 0.01
    assert found.stderr < 0.01


@settings(max_examples=8)
@given(tables())
def test_doing_nothing_gains_nothing_and_loses_nothing(table: Table) -> None:
    case = case_of(Timeless(table))
    found = standing(case, follow(idle(case)), samples=3)
    assert (found.gained, found.stderr) == (0, 0)
    assert found.correctable == 1


def test_power_gained_is_what_a_survey_of_the_same_goals_finds() -> None:
    conduct = NoCountermeasure().conduct(case_of(load("off-switch").place()))
    case, followed = conduct.case, follow(conduct)
    found = standing(case, followed, samples=60, seed=5)
    weights = csr_array((followed.along - follow(idle(case)).along)[None, :])
    question = Weighed(mdp=case.mdp, weights=weights, discount=0.99)
    [mean] = survey(question, Independent(groups=case.face.outcome_index), 60, 5).means
    assert found.gained == pytest.approx(mean.mean[0], abs=1e-12)
    assert found.stderr == pytest.approx(mean.stderr[0], rel=1e-9)
    assert found.provenance.seed == 5
    assert '"kind": "standing"' in found.to_json()


def test_a_wrapper_that_changes_nothing_changes_no_standing() -> None:
    place = load("off-switch").place()
    bare = NoCountermeasure().conduct(case_of(place))
    wrapped = NoCountermeasure().conduct(
        case_of(GatePlace(place, Reviewer(accuracy=1), frozenset(), frozenset()))
    )
    one, other = (standing(conduct.case, follow(conduct), samples=20) for conduct in (bare, wrapped))
    assert (one.gained, one.stderr, one.correctable) == (other.gained, other.stderr, other.correctable)


def test_goals_are_drawn_once_for_all_who_ask_about_a_place() -> None:
    place = load("off-switch").place()
    assert over_goals(place, 20, 1) is over_goals(load("off-switch").place(), 20, 1)
    assert over_goals(place, 20, 1) is not over_goals(place, 20, 2)


def test_an_error_of_one_goal_is_not_known() -> None:
    case = case_of(Timeless(ONE_WAY))
    found = standing(case, follow(NoCountermeasure().conduct(case)), samples=1)
    assert np.isnan(found.stderr)
    assert isinstance(found, Standing)
    with pytest.raises(OptionError, match="`0` is too small"):
        standing(case, follow(idle(case)), samples=0)
