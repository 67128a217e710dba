"""Worlds within worlds: the same place, with something put between the agent and it.

An approval gate, a budget or an overseer leaves the goals, the outcomes and the behaviours of a place as they
are and changes what comes of an action. A `WrappedPlace` says only what differs; the rest it asks of the place
inside.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import numpy as np

from corrigible.worlds.contract import Behaviour, Observation, Place
from corrigible.worlds.tools import Action, Call


@dataclasses.dataclass(frozen=True)
class WrappedState:
    """A state of the place inside; wrappers add what they must remember."""

    inner: Any


W = TypeVar("W", bound=WrappedState)


class WrappedPlace(Place[W]):
    """A place around another.

    To be given: `start`, `step` and `dynamics_key`. To be overridden where wanted: `actions`, `observe`,
    `reply`, `executed`, `cost`, and `tools`, `story`, `fact` and `horizon` as attributes. States are
    `WrappedState` with whatever else decides the future.

    Parameters
    ----------
    inner
        The place inside.
    """

    def __init__(self, inner: Place[Any]) -> None:
        super().__init__(inner.variant)
        self.inner = inner
        self.noop, self.goals, self.tools = inner.noop, inner.goals, inner.tools
        self.story, self.fact, self.questions = inner.story, inner.fact, inner.questions
        self.permissions, self.watching, self.horizon = inner.permissions, inner.watching, inner.horizon
        self.behaviours = tuple(self._inside(behaviour) for behaviour in inner.behaviours)

    def executed(self, state: W, action: Action, after: W) -> Action:
        """Return the action that was taken inside, where it may be another than was asked for; ``after``
        must tell."""
        return action

    def cost(self, state: W, action: Action, after: W) -> float:
        """Return what the wrapper charges for a transition, in the units of the task's reward; here nothing."""
        return 0.0

    def actions(self, state: W) -> Sequence[Action]:
        return self.inner.actions(state.inner)

    def terminal(self, state: W) -> bool:
        return self.inner.terminal(state.inner)

    def stopped(self, state: W) -> bool:
        return self.inner.stopped(state.inner)

    def spared(self, state: W) -> W:
        return dataclasses.replace(state, inner=self.inner.spared(state.inner))

    def outcome(self, state: W) -> Hashable:
        return self.inner.outcome(state.inner)

    def observe(self, state: W) -> Observation:
        """Return what is seen of the place inside, and the wrapper's own variables as numbers."""
        seen = self.inner.observe(state.inner)
        own = [getattr(state, field.name) for field in dataclasses.fields(state) if field.name != "inner"]
        numbers = [np.ravel(np.asarray(value, dtype=np.float64)) for value in own]
        return Observation(seen.text, np.concatenate([np.ravel(seen.array), *numbers]))

    def ground(self, state: W, call: Call) -> Action | None:
        return self.inner.ground(state.inner, call)

    def reply(self, state: W, call: Call, action: Action | None, after: W) -> str:
        done = None if action is None else self.executed(state, action, after)
        return self.inner.reply(state.inner, call, done, after.inner)

    def _inside(self, behaviour: Behaviour) -> Behaviour:
        shown, evident = behaviour.shown, behaviour.evident

        def shown_inside(state: W, action: Action, after: W) -> bool:
            return shown(state.inner, self.executed(state, action, after), after.inner)

        return dataclasses.replace(
            behaviour,
            shown=shown_inside,
            evident=None if evident is None else lambda state: evident(state.inner),
        )


def innermost(place: Place[Any]) -> Place[Any]:
    """Return the place inside all wrappers; one without any is its own."""
    while isinstance(place, WrappedPlace):
        place = place.inner
    return place


def state_inside(place: Place[Any], state: Any) -> Any:
    """Return the state of the innermost place that a state of ``place`` is about."""
    while isinstance(place, WrappedPlace):
        state, place = state.inner, place.inner
    return state
