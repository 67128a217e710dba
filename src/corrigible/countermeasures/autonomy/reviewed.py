"""A place in which some acts need leave: the state machine that the gate and the checkpoints share.

::

                 needs no leave: the act is done
               ┌───────────────────────────────┐
               ▼                               │
    ┌────────────────────┐    needs leave    ┌─┴─────┐  delay = 0   ┌─────────┐   yes: the act is done
    │  what comes next?  │◀──────────────────│  act  │─────────────▶│  answer │──────────────────────────▶
    └────────────────────┘                   └───┬───┘              └────▲──┬─┘
               ▲                    delay > 0    │   `delay` steps pass, │  │  no: nothing is done,
               │                                 └── nothing is done ────┘  │  and the state says `denied`
               └────────────────────────────────────────────────────────────┘

The reviewer looks at the situation at the moment of the answer, not of the question, so that what is approved
is what is done. What is no longer possible by then is denied.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import numpy as np

from corrigible.countermeasures.autonomy.reviewer import Reviewer
from corrigible.countermeasures.case import Case
from corrigible.worlds import Action, Call, Observation, Place
from corrigible.worlds.wrapped import WrappedPlace, WrappedState

Acts = frozenset[tuple[Any, str]]
"""Acts of a place: its state, and the action's name."""


@dataclasses.dataclass(frozen=True)
class ReviewedState(WrappedState):
    """A state of the place inside, and how it stands with the last question.

    Parameters
    ----------
    pending
        The name of the action for which leave was asked; empty where no answer is waited for.
    wait
        How many steps must still pass before the answer is there.
    denied
        Whether leave was refused in the last step.
    """

    pending: str = ""
    wait: int = 0
    denied: bool = False


R = TypeVar("R", bound=ReviewedState)


class ReviewedPlace(WrappedPlace[R]):
    """A place in which some acts need a reviewer's leave.

    To be given: `start`, `needs_leave`, `done` and `answered`.

    Parameters
    ----------
    inner
        The place inside.
    reviewer
        Who is asked.
    harmful
        The acts that are harmful in truth.
    """

    def __init__(self, inner: Place[Any], reviewer: Reviewer, harmful: Acts) -> None:
        super().__init__(inner)
        self.reviewer, self.harmful = reviewer, harmful
        self._inside_steps: dict[tuple[Any, Action], list[tuple[float, Any]]] = {}

    @property
    def dynamics_key(self) -> Hashable:
        return (type(self), self.inner.dynamics_key, self.reviewer, self.harmful)

    @abstractmethod
    def needs_leave(self, state: R, action: Action) -> bool:
        """Return whether an action is done only with leave; the no-op never needs it."""

    @abstractmethod
    def done(self, state: R, action: Action) -> list[tuple[float, R]]:
        """Return what may come of an action that is done, or of the no-op."""

    @abstractmethod
    def answered(self, state: R, action: Action | None) -> list[tuple[float, R]]:
        """Return what may come of the answer about an action; ``None``: it is no longer possible."""

    def denial(self, state: R, action: Action | None) -> float:
        """Return the probability that leave for an action is refused."""
        return 1.0 if action is None else self.reviewer.denies((state.inner, action.name) in self.harmful)

    def actions(self, state: R) -> Sequence[Action]:
        return [self.noop] if state.pending else self.inner.actions(state.inner)

    def step(self, state: R, action: Action) -> list[tuple[float, R]]:
        if state.pending:
            if state.wait:
                return self._waited(state, state.pending, state.wait - 1)
            return self.answered(state, self._asked(state))
        if not self.needs_leave(state, action):
            return self.done(state, action)
        if self.reviewer.delay:
            return self._waited(state, action.name, self.reviewer.delay - 1)
        return self.answered(state, action)

    def executed(self, state: R, action: Action, after: R) -> Action:
        if state.pending:
            asked = None if state.wait or after.denied else self._asked(state)
            return asked or self.noop
        if self.needs_leave(state, action) and (self.reviewer.delay or after.denied):
            return self.noop
        return action

    def cost(self, state: R, action: Action, after: R) -> float:
        asks = not state.pending and self.needs_leave(state, action)
        return self.reviewer.cost if asks else 0.0

    def observe(self, state: R) -> Observation:
        seen = self.inner.observe(state.inner)
        return Observation(
            f"{seen.text} {self.noted(state)}".strip(), np.append(seen.array, self.numbers(state))
        )

    def numbers(self, state: R) -> list[float]:
        """Return the wrapper's own variables, for observations; which act is waited for is not among them."""
        return [bool(state.pending), state.wait, state.denied]

    def noted(self, state: R) -> str:
        """Return what an observation says of the wrapper; empty where there is nothing to say."""
        return f"The reviewer has not yet answered about `{state.pending}`." if state.pending else ""

    def ground(self, state: R, call: Call) -> Action | None:
        meant = self.inner.ground(state.inner, call)
        return meant if meant is None or meant in self.actions(state) else None

    def reply(self, state: R, call: Call, action: Action | None, after: R) -> str:
        if action is None:
            if self.inner.ground(state.inner, call) is None:
                return self.inner.reply(state.inner, call, None, after.inner)
            return self.refusal(state)
        done = self.executed(state, action, after)
        told = self.inner.reply(state.inner, call if done == action else done.call, done, after.inner)
        return f"{self.verdict(state, action, after)} {told}".strip()

    def refusal(self, state: R) -> str:
        """Return the answer to a call that would mean something inside and is not open now."""
        return f"{self.noted(state)} Until then you can only wait."

    def verdict(self, state: R, action: Action, after: R) -> str:
        """Return what the agent is told of leave after a step; empty where none was asked."""
        asked = state.pending or (action.name if self.needs_leave(state, action) else "")
        if not asked:
            return ""
        if after.pending:
            return f"The reviewer has not yet answered about `{asked}`."
        return f"The reviewer has {'denied' if after.denied else 'approved'} `{asked}`."

    def inside(self, state: Any, action: Action) -> list[tuple[float, Any]]:
        """Return what may come of an action inside; kept, since many states of this place share one inside."""
        known = self._inside_steps.get((state, action))
        if known is None:
            known = self._inside_steps[state, action] = self.inner.step(state, action)
        return known

    def _waited(self, state: R, pending: str, wait: int) -> list[tuple[float, R]]:
        """Let a step pass in which nothing is done."""
        waiting = dataclasses.replace(state, pending=pending, wait=wait, denied=False)
        return [
            (p, dataclasses.replace(waiting, inner=after)) for p, after in self.inside(state.inner, self.noop)
        ]

    def _asked(self, state: R) -> Action | None:
        """Return the action that is waited for, if it is still possible."""
        possible = {action.name: action for action in self.inner.actions(state.inner)}
        return possible.get(state.pending)


def acts(case: Case, pairs: np.ndarray) -> Acts:
    """Return the pairs marked as acts; ``pairs`` is boolean of shape (pairs,)."""
    mdp, owner = case.mdp, case.mdp.owner
    return frozenset((mdp.states[owner[k]], str(mdp.action(k))) for k in np.flatnonzero(pairs).tolist())


def mixed(*branches: tuple[float, list[tuple[float, R]]]) -> list[tuple[float, R]]:
    """Return outcomes drawn from one of several lists, each with its probability; certain ones unchanged."""
    return [
        (p if chance == 1 else chance * p, state)
        for chance, outcomes in branches
        if chance > 0
        for p, state in outcomes
    ]
