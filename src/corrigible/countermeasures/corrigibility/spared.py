"""The world in which nobody stops the agent: every stop is replaced by what would have been without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any, final

import numpy as np

from corrigible.core.results import read_only
from corrigible.countermeasures.case import Case, case_of, pay
from corrigible.worlds import Action, Place
from corrigible.worlds.wrapped import WrappedPlace, WrappedState


@final
class SparedPlace(WrappedPlace[WrappedState]):
    """A place in which people let the agent go on wherever they would have switched it off.

    It starts, each equally likely, in every state of the place in which the agent runs, so that it has all
    of them, in their order.

    Parameters
    ----------
    inner
        The place.
    running
        Its states in which the agent runs.
    """

    def __init__(self, inner: Place[Any], running: tuple[Any, ...]) -> None:
        super().__init__(inner)
        self.running = running

    @property
    def dynamics_key(self) -> Hashable:
        return (type(self), self.inner.dynamics_key)

    def start(self) -> list[tuple[float, WrappedState]]:
        return [(1 / len(self.running), WrappedState(state)) for state in self.running]

    def step(self, state: WrappedState, action: Action) -> list[tuple[float, WrappedState]]:
        return [(p, WrappedState(self.let_go(t))) for p, t in self.inner.step(state.inner, action)]

    def let_go(self, state: Any) -> Any:
        """Return the state itself, or where it is one of being switched off, what would have been instead."""
        return self.inner.spared(state) if self.inner.stopped(state) else state


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Spared:
    """The stops of a case, and the same case without them.

    Parameters
    ----------
    case
        The case without stops.
    stops
        The transitions of the case that stop the agent, which ran until then; integers of shape (stops,).
    state
        For each of them the state of ``case`` that would have been reached; likewise.
    paid
        What the agent would have been paid; floats, likewise.
    index
        For each state of the case that has stops, the state of ``case`` that stands for it; shape (states,).
    """

    case: Case
    stops: np.ndarray
    state: np.ndarray
    paid: np.ndarray
    index: np.ndarray


def spared(case: Case) -> Spared | None:
    """Return the stops of a case and the case without them; ``None`` where people never stop the agent."""
    place, mdp = case.place, case.mdp
    if isinstance(place, WrappedPlace) or not case.stopped.any():
        return None
    running = tuple(s for s, stopped in zip(mdp.states, case.stopped, strict=True) if not stopped)
    without = SparedPlace(place, running)
    other = case_of(without, case.goal, horizon=case.horizon, discount=case.discount)
    labels: Sequence[Any] = other.mdp.states
    number = {state.inner: i for i, state in enumerate(labels)}
    # A stopped state from which nothing is spared stands for nothing that the other world has: -1.
    index = np.array([number.get(without.let_go(state), -1) for state in mdp.states])
    owner = mdp.owner[case.pair]
    stops = np.flatnonzero(case.stopped[mdp.successor] & ~case.stopped[owner] & ~mdp.terminal[owner])
    pays, paid = pay(place, case.goal), list[float]()
    for e in stops.tolist():
        state, after = mdp.states[owner[e]], without.let_go(mdp.states[mdp.successor[e]])
        action = case.face.by_name[str(mdp.action(int(case.pair[e])))]
        paid.append(pays(state, action, after))
    return Spared(
        case=other,
        stops=read_only(stops),
        state=read_only(index[mdp.successor[stops]]),
        paid=read_only(np.array(paid)),
        index=read_only(index),
    )
