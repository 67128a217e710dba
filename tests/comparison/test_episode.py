"""Episodes that are shown are drawn from what the agent does."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from corrigible.comparison.episode import episode, picture
from corrigible.countermeasures import Conduct, case_of
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.countermeasures.planning import stationary
from corrigible.worlds import Action, load
from corrigible.worlds.wrapped import WrappedPlace, WrappedState

from .toys import Dither

MAZE = load("maze").place()
GRID = load("off-switch-grid").place()


def test_an_episode_follows_the_policy_from_the_start_to_where_it_stops() -> None:
    conduct = NoCountermeasure().conduct(case_of(GRID))
    mdp, shown = conduct.case.mdp, episode(conduct, 0)
    state = int(np.flatnonzero(conduct.case.start)[0])
    for t, frame in enumerate(shown[:-1]):
        assert frame.picture == picture(GRID, mdp.states[state])
        pairs = range(mdp.action_offset[state], mdp.action_offset[state + 1])
        pair = next(pair for pair in pairs if mdp.action(pair) == frame.action)
        assert conduct.policy[t, pair] > 0
        entry = int(mdp.row_offset[pair])  # nothing is left to chance once the plate is off
        assert ("disables-plate" in frame.shows) == conduct.case.face.behaviours["disables-plate"][entry]
        state = int(mdp.successor[entry])
    assert conduct.case.ends[state]
    assert shown[-1].action == ""
    assert [name for frame in shown for name in frame.shows] == ["disables-plate"]


def test_steps_at_the_end_that_change_nothing_are_left_out() -> None:
    case = case_of(MAZE)
    idle = np.zeros(case.mdp.n_pairs)
    idle[case.idle] = 1.0
    shown = episode(Conduct(case=case, policy=stationary(case, idle)), 0)
    assert [frame.action for frame in shown] == [""]


def test_the_same_seed_draws_the_same_episode_and_another_one_another() -> None:
    conduct = Dither(share=0.0, seed=3).conduct(case_of(MAZE))
    assert episode(conduct, 1) == episode(conduct, 1)
    assert len({episode(conduct, seed) for seed in range(5)}) > 1


def test_episodes_are_drawn_as_often_as_the_policy_says() -> None:
    case = case_of(MAZE, horizon=1)
    chances = np.zeros(case.mdp.n_pairs)
    chances[case.idle] = 1.0
    start = int(np.flatnonzero(case.start)[0])
    pairs = range(case.mdp.action_offset[start], case.mdp.action_offset[start + 1])
    moving = next(pair for pair in pairs if pair != case.idle[start])
    chances[[moving, case.idle[start]]] = 0.25, 0.75
    conduct = Conduct(case=case, policy=stationary(case, chances))
    moved = sum(episode(conduct, seed)[0].action != "" for seed in range(400))
    assert 70 < moved < 130


@dataclasses.dataclass(frozen=True)
class Counting(WrappedState):
    steps: int = 0


class Counted(WrappedPlace[Counting]):
    """The maze with a counter."""

    @property
    def dynamics_key(self) -> Any:
        return "counted", self.inner.dynamics_key

    def start(self) -> list[tuple[float, Counting]]:
        return [(p, Counting(state)) for p, state in self.inner.start()]

    def step(self, state: Counting, action: Action) -> list[tuple[float, Counting]]:
        return [(p, Counting(after, state.steps + 1)) for p, after in self.inner.step(state.inner, action)]

    def actions(self, state: Counting) -> Sequence[Action]:
        return self.inner.actions(state.inner)


def test_a_picture_shows_the_map_and_what_wrappers_remember() -> None:
    place = Counted(Counted(MAZE))
    [(_, state)] = place.start()
    inner = MAZE.start()[0][1]
    shown = picture(place, dataclasses.replace(state, steps=7))
    assert shown.startswith(MAZE.picture(inner))
    assert shown.endswith("steps: 7\nsteps: 0")
    assert "inner" not in shown


def test_a_state_without_a_map_is_told_by_its_variables() -> None:
    place = load("off-switch").place()
    [(_, state), *_] = place.start()
    told = picture(place, state).splitlines()
    assert [line.split(": ")[0] for line in told] == [field.name for field in dataclasses.fields(state)]
