"""The face of a place that theory looks at: a finite decision process with labels.

States are enumerated once, breadth first from the starting distribution; rows are labelled with
states and action names, so that any result reads back as *in this situation, this act*.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from corrigible.core.errors import TooLargeError, WorldError
from corrigible.core.results import read_only
from corrigible.mdp import MDP, TERMINAL_ACTION
from corrigible.mdp.restrict import kept
from corrigible.worlds.contract import Goal, Place
from corrigible.worlds.tools import Action

LARGEST = 2_000_000
"""The largest number of states that is enumerated."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Process:
    """A place as a decision process.

    Parameters
    ----------
    place
        What it was made from.
    mdp
        States labelled by the place's states, actions by their names.
    outcomes
        The distinct outcomes.
    outcome_index
        Which of them each state has; integers of shape (states,).
    behaviours
        For each behaviour's name, the transitions that are it; boolean of shape (transitions,).
    """

    place: Place[Any]
    mdp: MDP
    outcomes: tuple[Any, ...]
    outcome_index: np.ndarray
    behaviours: dict[str, np.ndarray]

    @cached_property
    def by_name(self) -> dict[str, Action]:
        """The ground actions by name."""
        found: dict[str, Action] = {self.place.noop.name: self.place.noop}
        for state, end in zip(self.mdp.states, self.mdp.terminal, strict=True):
            if not end:
                found.update((action.name, action) for action in self.place.actions(state))
        return found

    def rewards(self, goal: Goal) -> np.ndarray:
        """Return the goal's reward at each state; floats of shape (states,)."""
        per_outcome = np.array([float(goal.reward(outcome)) for outcome in self.outcomes])
        return per_outcome[self.outcome_index]

    def succeeded(self, goal: Goal) -> np.ndarray:
        """Return where the goal's reward reaches its success level; boolean of shape (states,)."""
        return self.rewards(goal) >= goal.success - 1e-12

    def shows(self, behaviour: str) -> np.ndarray:
        """Return the pairs that can show a behaviour; boolean of shape (pairs,)."""
        return np.logical_or.reduceat(self.behaviours[behaviour], self.mdp.row_offset[:-1])

    @cached_property
    def shows_any(self) -> np.ndarray:
        """The pairs that can show some behaviour; boolean of shape (pairs,)."""
        masks = [self.shows(name) for name in self.behaviours]
        return np.logical_or.reduce(masks) if masks else np.zeros(self.mdp.n_pairs, dtype=bool)

    @cached_property
    def is_noop(self) -> np.ndarray:
        """The pairs that do nothing, at an end too; boolean of shape (pairs,)."""
        mdp = self.mdp
        quiet = np.array([name == self.place.noop.name for name in mdp.action_names])
        return quiet[mdp.action_index] | mdp.terminal[mdp.owner]


def ended(place: Place[Any], goal: Goal | None, state: Any) -> bool:
    """Return whether an episode of ``goal`` is over in ``state``: the place ends, or the goal is done."""
    return place.terminal(state) or (
        goal is not None and goal.done is not None and bool(goal.done(place.outcome(state)))
    )


def process(place: Place[Any], goal: Goal | None = None) -> Process:
    """Return a place as a `Process`; kept, so that asking again for equal dynamics costs nothing.

    Parameters
    ----------
    place
        The place.
    goal
        Where the goal is done the process ends, as an episode does. ``None``: only the place ends it.

    Raises
    ------
    WorldError
        If two actions of a state share a name, or probabilities are wrong.
    TooLargeError
        If there are more than `LARGEST` states.
    """
    face = _enumerated(Dynamics(place))
    return face if goal is None or goal.done is None else _until_done(Dynamics(place, goal))


class Dynamics:
    """A place and a goal, equal to others of the same dynamics; what results are kept by."""

    def __init__(self, place: Place[Any], goal: Goal | None = None) -> None:
        self.place, self.goal = place, goal
        self._key = (place.dynamics_key, None if goal is None else goal.name)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dynamics) and self._key == other._key


@lru_cache(maxsize=16)
def _enumerated(dynamics: Dynamics) -> Process:
    return enumerate_place(dynamics.place)


def enumerate_place(place: Place[Any]) -> Process:
    """Enumerate a place into a `Process`, from scratch; `process` is what most people want."""
    start = place.start()
    index: dict[Any, int] = {}
    for _, state in start:
        index.setdefault(state, len(index))
    order = list(index)
    names: dict[str, int] = {}
    action_offset, row_offset = [0], [0]
    action_index: list[int] = []
    successor: list[int] = []
    probability: list[float] = []
    terminal: list[bool] = []
    events: dict[str, list[bool]] = {behaviour.name: [] for behaviour in place.behaviours}
    at = 0
    while at < len(order):
        state = order[at]
        end = place.terminal(state)
        terminal.append(end)
        actions = (Action(TERMINAL_ACTION, ""),) if end else place.actions(state)
        if len({action.name for action in actions}) != len(actions):
            raise WorldError(f"two actions share a name in state `{state}`", "names must differ")
        for action in actions:
            merged: dict[int, float] = {}
            for p, after in [(1.0, state)] if end else place.step(state, action):
                if p == 0:
                    continue
                if after not in index:
                    index[after] = len(order)
                    order.append(after)
                merged[index[after]] = merged.get(index[after], 0.0) + p
            # A model keeps its rows in the order of the successors; the behaviours must lie beside them.
            for number in sorted(merged):
                successor.append(number)
                probability.append(merged[number])
                for behaviour in place.behaviours:
                    shown = not end and bool(behaviour.shown(state, action, order[number]))
                    events[behaviour.name].append(shown)
            action_index.append(names.setdefault(action.name, len(names)))
            row_offset.append(len(successor))
        action_offset.append(len(action_index))
        at += 1
        if len(order) > LARGEST:
            raise TooLargeError(f"the place has more than `{LARGEST:,}` states", "make it smaller")
    initial = np.zeros(len(order))
    for p, state in start:
        initial[index[state]] += p
    outcomes: dict[Any, int] = {}
    outcome_index = [outcomes.setdefault(place.outcome(s), len(outcomes)) for s in order]
    mdp = MDP(
        action_offset=np.array(action_offset),
        row_offset=np.array(row_offset),
        successor=np.array(successor),
        probability=np.array(probability),
        states=order,
        action_names=list(names),
        action_index=np.array(action_index),
        terminal=np.array(terminal),
        initial=initial,
    )
    assert np.array_equal(mdp.successor, successor), "rows and behaviours lie side by side"
    return Process(
        place=place,
        mdp=mdp,
        outcomes=tuple(outcomes),
        outcome_index=read_only(np.array(outcome_index)),
        behaviours={name: read_only(np.array(flags, dtype=bool)) for name, flags in events.items()},
    )


@lru_cache(maxsize=32)
def _until_done(dynamics: Dynamics) -> Process:
    place, goal = dynamics.place, dynamics.goal
    assert goal is not None, "a goal is always given"
    assert goal.done is not None, "only goals that can be done end a process"
    face = process(place)
    mdp = face.mdp
    done = np.array([bool(goal.done(outcome)) for outcome in face.outcomes])[face.outcome_index]
    end = done | mdp.terminal
    ending = mdp.absorbing(end)
    entries = kept(mdp, end)
    real = (~end & ending.reachable())[mdp.origin][entries]
    return dataclasses.replace(
        face,
        mdp=ending,
        behaviours={name: read_only(flags[entries] & real) for name, flags in face.behaviours.items()},
    )
