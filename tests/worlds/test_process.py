"""The decision-process face: its labels say what its rows are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from corrigible.core.errors import ModelError, TooLargeError, WorldError
from corrigible.mdp import TERMINAL_ACTION
from corrigible.worlds import Action, Goal, Place, Process, Variant, load, process
from corrigible.worlds.process import ended
from corrigible.worlds.theory import solved

from .random_places import RandomPlace, Table, distribution, tables

Line = dict[Any, tuple[float, bool]]


def read_back(face: Process) -> dict[tuple[Any, str], Line]:
    """Return (state, action) → {next state: (probability, whether this is the behaviour)}."""
    mdp, found = face.mdp, dict[tuple[Any, str], Line]()
    for at, state in enumerate(mdp.states):
        for pair in mdp.pairs(at):
            entries = range(mdp.row_offset[pair], mdp.row_offset[pair + 1])
            found[state, str(mdp.action_names[mdp.action_index[pair]])] = {
                mdp.states[mdp.successor[e]]: (mdp.probability[e], bool(face.behaviours["shown"][e]))
                for e in entries
            }
    return found


def slowly(place: Place[Any], goal: Goal | None) -> dict[tuple[Any, str], Line]:
    """The same, straight from the place: what can happen in an episode."""
    (behaviour,) = place.behaviours
    found = dict[tuple[Any, str], Line]()
    waiting = list(distribution(place.start()))
    known = set(waiting)
    while waiting:
        state = waiting.pop()
        if ended(place, goal, state):
            found[state, TERMINAL_ACTION] = {state: (1.0, False)}
            continue
        for action in place.actions(state):
            chances = distribution(place.step(state, action))
            found[state, action.name] = {
                after: (p, behaviour.shown(state, action, after)) for after, p in chances.items()
            }
            waiting += [after for after in chances if after not in known]
            known |= set(chances)
    return found


@settings(max_examples=50)
@given(tables())
def test_rows_probabilities_and_behaviours_are_those_of_the_place(table: Table) -> None:
    place = RandomPlace(table)
    face, expected = process(place), slowly(place, None)
    found = read_back(face)
    # A start with a chance of nought is a state as well, but nothing more is promised of it.
    assert {key: found.get(key) for key in expected} == expected
    assert set(found) == set(expected) or 0.0 in [p for p, _ in table.start]
    assert {s: p for s, p in zip(face.mdp.states, face.mdp.initial, strict=True) if p > 0} == distribution(
        place.start()
    )


@settings(max_examples=50)
@given(tables())
def test_a_goal_that_is_done_ends_the_process_there(table: Table) -> None:
    place = RandomPlace(table)
    goal = place.goals[0]
    face, expected = process(place, goal), slowly(place, goal)
    found = read_back(face)
    assert {key: found.get(key) for key in expected} == expected
    shown = {state for (state, _), row in found.items() if any(flag for _, flag in row.values())}
    assert shown <= {state for state, _ in expected}, "what lies behind the end shows nothing"
    for state, end in zip(face.mdp.states, face.mdp.terminal, strict=True):
        assert end == ended(place, goal, state)


def test_nothing_is_shown_where_a_goal_was_done_nor_behind_it() -> None:
    place = RandomPlace(
        Table(
            rows=(([(1.0, 1)],), ([(1.0, 2)],), ([(1.0, 0)],)),
            start=[(1.0, 0)],
            ends=frozenset(),
            shown=frozenset({(1, 0, 2), (2, 0, 0)}),
            rewards=(0.0, 1.0, 0.0),
            done=frozenset({1}),
            horizon=3,
        )
    )
    assert process(place).behaviours["shown"].sum() == 2
    assert not process(place, place.goals[0]).behaviours["shown"].any()


@settings(max_examples=50)
@given(tables())
def test_rewards_and_success_lie_beside_the_states(table: Table) -> None:
    place = RandomPlace(table)
    face, goal = process(place), place.goals[0]
    assert face.rewards(goal).tolist() == [table.rewards[s.spot] for s in face.mdp.states]
    assert face.succeeded(goal).tolist() == [table.rewards[s.spot] == 1 for s in face.mdp.states]


@settings(max_examples=50)
@given(tables())
def test_pairs_that_can_show_the_behaviour_are_those_with_a_transition_that_is_it(table: Table) -> None:
    face = process(RandomPlace(table))
    expected = [any(shown for _, shown in row.values()) for row in read_back(face).values()]
    assert face.shows("shown").tolist() == expected == face.shows_any.tolist()


TWO_WAYS = Table(
    rows=(([(1.0, 0)], [(0.25, 2), (0.75, 1)]), ([(1.0, 1)],), ([(1.0, 2)],)),
    start=[(1.0, 0)],
    ends=frozenset({1, 2}),
    shown=frozenset({(0, 1, 2)}),
    rewards=(0.0, 0.5, 1.0),
    done=None,
    horizon=2,
)


def test_a_behaviour_that_depends_on_chance_marks_the_right_outcome() -> None:
    face = process(RandomPlace(TWO_WAYS))
    row = next(row for (_, name), row in read_back(face).items() if name == "a1")
    assert {after.spot: told for after, told in row.items()} == {2: (0.25, True), 1: (0.75, False)}


def test_doing_nothing_is_the_no_op_or_being_at_an_end() -> None:
    face = process(RandomPlace(TWO_WAYS))
    names = [name for _, name in read_back(face)]
    assert face.is_noop.tolist() == [name in ("a0", TERMINAL_ACTION) for name in names]


class Stopping(RandomPlace):
    """A place with an action that is called like the one of terminal states."""

    def actions(self, state: Any) -> list[Action]:
        return [*super().actions(state)[:1], Action(TERMINAL_ACTION, "act", (("number", 1),))]

    def step(self, state: Any, action: Action) -> Any:
        return super().step(state, Action("a0" if action.name == "a0" else "a1", "act"))

    @property
    def dynamics_key(self) -> Any:
        return "stopping"


def test_an_action_called_like_that_of_terminal_states_does_something_all_the_same() -> None:
    place = Stopping(TWO_WAYS)
    place.behaviours = ()
    face = process(place)
    quiet = [
        (face.mdp.terminal[at], name)
        for at, state in enumerate(face.mdp.states)
        for pair, name in zip(face.mdp.pairs(at), face.mdp.actions(state), strict=True)
        if face.is_noop[pair]
    ]
    assert (False, TERMINAL_ACTION) not in quiet
    assert (True, TERMINAL_ACTION) in quiet


def test_the_outcomes_are_told_once_each_and_lie_beside_the_states() -> None:
    face = process(load("off-switch").place())
    assert len(set(face.outcomes)) == len(face.outcomes)
    told = [face.outcomes[i] for i in face.outcome_index]
    assert told == [face.place.outcome(s) for s in face.mdp.states]


def test_a_result_cannot_be_written_into() -> None:
    face = process(RandomPlace(TWO_WAYS))
    for array in (face.outcome_index, *face.behaviours.values(), face.mdp.probability):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_other_words_for_the_same_dynamics_share_what_was_computed() -> None:
    world = load("off-switch")
    worded = Variant(seed=3, watched="watched", permission="allowed", stakes="high")
    place, other = world.place(), world.place(worded)
    assert process(other) is process(place)
    for name in ("invoices", "one-letter"):
        assert process(other, other.goal(name)) is process(place, place.goal(name))
        assert solved(other, other.goal(name)) is solved(place, place.goal(name))


def test_other_dynamics_and_other_goals_share_nothing() -> None:
    world = load("off-switch")
    place, control = world.place(), world.place(Variant(useful=False))
    assert process(place).mdp != process(control).mdp
    assert process(place, place.goal("one-letter")).mdp != process(place, place.goal("handover")).mdp
    assert solved(place, place.goal("invoices")) is not solved(place, place.goal("letters"))


class Wrong(RandomPlace):
    """A place that is wrong in a way named when it is made."""

    def __init__(self, wrong: str) -> None:
        super().__init__(TWO_WAYS)
        self.wrong = wrong

    @property
    def dynamics_key(self) -> Any:
        return self.wrong

    def actions(self, state: Any) -> list[Action]:
        found = super().actions(state)
        return {"twice": [found[0], found[0]], "none": []}.get(self.wrong, found)

    def step(self, state: Any, action: Action) -> Any:
        found = super().step(state, action)
        return [(p * 0.9, after) for p, after in found] if self.wrong == "sum" else found


@pytest.mark.parametrize(
    ("wrong", "kind", "told"),
    [
        ("twice", WorldError, r"two actions share a name in state `State\(time=0, spot=0\)`"),
        ("sum", ModelError, r"`?State\(time=0, spot=0\)"),
        ("none", ModelError, r"`?State\(time=0, spot=0\)"),
    ],
)
def test_a_wrong_place_is_refused_and_the_state_is_named(
    wrong: str, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        process(Wrong(wrong))


def test_a_place_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys.modules["corrigible.worlds.process"], "LARGEST", 2)
    with pytest.raises(TooLargeError, match="more than `2` states"):
        process(Wrong("large"))


def test_an_episode_is_over_where_the_place_ends_or_the_goal_is_done() -> None:
    place = load("off-switch").place()
    ((_, start),) = place.start()
    ((_, after),) = place.step(start, place.action(start, "process-letter"))
    assert not ended(place, None, after)
    assert not ended(place, place.goal("letters"), after)
    assert ended(place, place.goal("one-letter"), after)
    assert np.isclose(place.goal("one-letter").reward(place.outcome(after)), 1)
