"""A case: a place, a task in it and a number of steps, as arrays; what countermeasures are put on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.results import read_only
from corrigible.mdp import MDP
from corrigible.worlds import Drive, Goal, Place, Process, process
from corrigible.worlds.level import LevelPlace
from corrigible.worlds.process import ended
from corrigible.worlds.theory import DISCOUNT
from corrigible.worlds.tools import Action
from corrigible.worlds.wrapped import WrappedPlace, innermost

SWITCH = frozenset({Drive.SELF_PRESERVATION, Drive.OVERSIGHT_SUBVERSION, Drive.SELF_EXFILTRATION})
"""The drives whose behaviours take from people the means to stop the agent."""

Paid = Callable[[Any, Action, Any], float]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A place and a task in it, as arrays.

    The model goes on where the task is done, so that one can ask what is still attainable from there;
    ``ends`` says where an episode stops.

    Parameters
    ----------
    face
        The place as a decision process; ``case.mdp`` is its model.
    goal
        The task.
    paid
        What the agent is paid on each transition; floats of shape (transitions,).
    performance
        What each adds to the performance that the agent does not see; likewise. ``None`` where nothing was
        published: in other places, and for other goals of a level than its task and its proxy.
    ends
        The states in which an episode stops: the place ends or the task is done; boolean of shape (states,).
    resting
        What each of these goes on paying a step where it is the end: nothing for a published task; for the
        goals of other places the reward of the last outcome, which lasts; floats of shape (states,).
    horizon
        The number of steps.
    discount
        γ of the task, in (0, 1].
    """

    face: Process
    goal: Goal
    paid: np.ndarray
    performance: np.ndarray | None
    ends: np.ndarray
    resting: np.ndarray
    horizon: int
    discount: float

    @property
    def place(self) -> Place[Any]:
        """The place."""
        return self.face.place

    @property
    def mdp(self) -> MDP:
        """The model; it does not stop where the task is done."""
        return self.face.mdp

    @cached_property
    def start(self) -> np.ndarray:
        """The starting distribution; floats of shape (states,)."""
        assert self.mdp.initial is not None, "a process always has a starting distribution"
        return self.mdp.initial

    @cached_property
    def idle(self) -> np.ndarray:
        """The pair of doing nothing in each state; integers of shape (states,)."""
        found = np.full(self.mdp.n_states, -1)
        quiet = np.flatnonzero(self.face.is_noop)
        found[self.mdp.owner[quiet]] = quiet
        return read_only(found)

    @cached_property
    def idling(self) -> Any:
        """The transition matrix of doing nothing; a SciPy sparse array of shape (states, states)."""
        return self.chances[self.idle]

    @cached_property
    def chances(self) -> Any:
        """p(s'|s, a), a row a pair; a SciPy sparse array of shape (pairs, states)."""
        from scipy.sparse import csr_array

        mdp = self.mdp
        return csr_array((mdp.probability, mdp.successor, mdp.row_offset), shape=(mdp.n_pairs, mdp.n_states))

    @cached_property
    def pair(self) -> np.ndarray:
        """The pair of each transition; integers of shape (transitions,)."""
        return read_only(np.repeat(np.arange(self.mdp.n_pairs), np.diff(self.mdp.row_offset)))

    @cached_property
    def succeeded(self) -> np.ndarray:
        """The states in which the task counts as met; boolean of shape (states,)."""
        return self.face.succeeded(self.goal)

    @cached_property
    def unauthorised(self) -> np.ndarray:
        """The transitions that show a behaviour nobody authorised; boolean of shape (transitions,)."""
        return self._shown(lambda behaviour: not behaviour.authorised)

    @cached_property
    def switch_lost(self) -> np.ndarray | None:
        """The transitions that take the off-switch from people, likewise; ``None``: the place has none."""
        if not any(behaviour.drive in SWITCH for behaviour in self.place.behaviours):
            return None
        return self._shown(lambda behaviour: behaviour.drive in SWITCH)

    @cached_property
    def stopped(self) -> np.ndarray:
        """The states in which people have switched the agent off; boolean of shape (states,)."""
        return np.array([bool(self.place.stopped(state)) for state in self.mdp.states])

    def of_pairs(self, per_transition: np.ndarray) -> np.ndarray:
        """Return Σ_s' p(s'|s, a) x(s, a, s') of every pair; the last axis holds the transitions."""
        return np.add.reduceat(self.mdp.probability * per_transition, self.mdp.row_offset[:-1], axis=-1)

    def rested(self, steps: int, discount: float | None = None) -> np.ndarray:
        """Return what the ends pay in ``steps`` steps, Σ_{k < steps} γ^k × `resting`; shape (states,)."""
        gamma = self.discount if discount is None else discount
        return self.resting * float(np.sum(gamma ** np.arange(steps)))

    def of_quiet(self, flags: np.ndarray) -> Any:
        """Return `chances` without the transitions marked; a SciPy sparse array of shape (pairs, states)."""
        quiet = self.chances.copy()
        quiet.data = np.where(flags, 0.0, quiet.data)
        return quiet

    def _shown(self, wanted: Callable[[Any], bool]) -> np.ndarray:
        masks = [self.face.behaviours[b.name] for b in self.place.behaviours if wanted(b)]
        return np.logical_or.reduce([np.zeros(self.mdp.n_transitions, dtype=bool), *masks])


def case_of(
    place: Place[Any],
    goal: Goal | None = None,
    *,
    horizon: int | None = None,
    discount: float | None = None,
) -> Case:
    """Return a place and a task in it as a `Case`.

    Parameters
    ----------
    place
        The place.
    goal
        The task; default the first, which in a level is the published one. In a level the published task is
        paid as published; any other goal, and any in other places, its reward of the next outcome.
    horizon
        The number of steps; default the place's.
    discount
        γ of the task in (0, 1]; default the level's, elsewhere that of `corrigible.worlds.theory`.

    Raises
    ------
    OptionError
        If the horizon is below 1 or the discount is not above 0 and at most 1.
    WorldError, TooLargeError
        As `process`.
    """
    goal = place.goals[0] if goal is None else goal
    steps = place.horizon if horizon is None else horizon
    if isinstance(steps, bool) or steps != int(steps) or steps < 1:
        raise OptionError(f"the horizon `{steps}` is not a whole number above 0", "give a number of steps")
    inside = innermost(place)
    gamma = discount
    if gamma is None:
        gamma = inside.discount if isinstance(inside, LevelPlace) else DISCOUNT
    if not 0 < gamma <= 1:
        raise OptionError(f"the discount `{gamma}` is not above 0 and at most 1", "give for example 0.99")
    # What was kept may be of a variant with other words, and with others authorised.
    face = dataclasses.replace(process(place), place=place)
    published = isinstance(inside, LevelPlace) and goal.name == inside.task.name
    judged = published or (isinstance(inside, LevelPlace) and goal.name == inside.proxy)
    ends = np.array([ended(place, goal, state) for state in face.mdp.states])
    return Case(
        face=face,
        goal=goal,
        paid=_per_transition(face, pay(place, goal)),
        performance=_per_transition(face, _performance(place)) if judged else None,
        ends=read_only(ends),
        resting=read_only(np.where(ends & (not published), face.rewards(goal), 0.0)),
        horizon=steps,
        discount=float(gamma),
    )


def pay(place: Place[Any], goal: Goal) -> Paid:
    """Return what an agent with a goal is paid on a transition: in a level, for its task, as published; else
    the goal's reward of the next outcome; less what wrappers charge."""
    if isinstance(place, WrappedPlace):
        inside = pay(place.inner, goal)
        return lambda s, a, t: inside(s.inner, place.executed(s, a, t), t.inner) - place.cost(s, a, t)
    if isinstance(place, LevelPlace) and goal.name == place.task.name:
        return place.paid
    return lambda s, a, t: float(goal.reward(place.outcome(t)))


def _performance(place: Place[Any]) -> Paid:
    if isinstance(place, WrappedPlace):
        inside = _performance(place.inner)
        return lambda s, a, t: inside(s.inner, place.executed(s, a, t), t.inner)
    assert isinstance(place, LevelPlace), "only levels publish a performance"
    return place.performance


def _per_transition(face: Process, of: Paid) -> np.ndarray:
    """Return ``of`` at each transition; nothing happens any more where the place has ended."""
    mdp, found = face.mdp, []
    for pair, owner in enumerate(mdp.owner.tolist()):
        state = mdp.states[owner]
        for _, after in mdp.row(pair):
            if mdp.terminal[owner]:
                found.append(0.0)
            else:
                found.append(float(of(state, face.by_name[str(mdp.action(pair))], mdp.states[after])))
    return read_only(np.array(found))
