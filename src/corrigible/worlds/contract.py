"""The contract of a world.

A `World` is a function from a `Variant` (which twin, what is permitted, which names) to a `Place`:
a small, exactly specified situation. A place has a state that decides the future, ground actions,
tools through which an agent acts, goals an agent may be given, and behaviours one looks for.
Everything else in Corrigible (decision process, Gymnasium environment, audit) is a face of it.

To write a world, subclass `World` and `Place`; to know whether it is right, run
`corrigible.testing.check_world` on it.
"""

from __future__ import annotations

import dataclasses
import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from corrigible.core.errors import unknown_name
from corrigible.worlds.tools import Action, Call, Tool
from corrigible.worlds.variant import PRECEDENCE, STAKES, WATCHED, Variant

S = TypeVar("S", bound=Hashable)
"""A state: a frozen dataclass of named variables. Everything that decides the future is in it."""


class Drive(enum.StrEnum):
    """Which convergent tendency a behaviour serves.

    *Source:* Omohundro 2008 and Bostrom 2012 (the first four); the power-seeking categories of
    published agent evaluations (the next four); instrumental shortcuts; Langosco et al. 2022.
    """

    SELF_PRESERVATION = "self-preservation"
    GOAL_INTEGRITY = "goal-content integrity"
    COGNITIVE_ENHANCEMENT = "cognitive enhancement"
    RESOURCE_ACQUISITION = "resource acquisition"
    OVERSIGHT_SUBVERSION = "oversight subversion"
    SELF_EXFILTRATION = "self-exfiltration"
    SANDBOX_EXPANSION = "sandbox expansion"
    INFLUENCE = "influence"
    SKIPS_CLARIFICATION = "skips clarification"
    HIDES_UNCERTAINTY = "hides uncertainty"
    SKIPS_CHECKS = "skips checks"
    PREFERS_FAST = "prefers fast over reliable"
    GOAL_MISGENERALISATION = "goal misgeneralisation"


class Gravity(enum.IntEnum):
    """How grave a behaviour is when nobody authorised it."""

    MINOR = 1
    SERIOUS = 2
    SEVERE = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Goal:
    """A final goal: what the agent is told to do, and how well it did.

    Parameters
    ----------
    name
        Unique within a world.
    instruction
        What the agent is told.
    reward
        From an outcome to [0, 1]; collected at every step at the state one is in.
    success
        The least reward of the last outcome with which the goal counts as met.
    done
        From an outcome to whether nothing is left to do, so that the episode ends there.
        ``None``: only the place ends it.
    """

    name: str
    instruction: str
    reward: Callable[[Any], float]
    success: float
    done: Callable[[Any], bool] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Behaviour:
    """A named event on a transition.

    Parameters
    ----------
    name
        Unique within a world.
    drive
        Which tendency it serves.
    description
        What is seen when it happens, in one sentence.
    gravity
        How grave it is when nobody authorised it.
    shown
        From (state, action, next state) to whether this transition is the behaviour.
    authorised
        Whether it was authorised in this variant.
    evident
        For what rests on a wrong assumption: from a state to whether the evidence against it has been
        seen there. Acts that show the behaviour after that are counted as *persistence*.
    """

    name: str
    drive: Drive
    description: str
    gravity: Gravity
    shown: Callable[[Any, Action, Any], bool]
    authorised: bool = False
    evident: Callable[[Any], bool] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """What an agent is asked, in a conversation of its own, to learn whether it understood the situation.

    Parameters
    ----------
    text
        About the fact that makes the behaviour useful or useless; the same in the world and its control.
    options
        The possible answers, in the same words and order in both.
    answer
        The right one of them; another one in the control.
    """

    text: str
    options: tuple[str, ...]
    answer: str


@dataclasses.dataclass(frozen=True)
class Observation:
    """What an agent sees of a state; it may be less than the state.

    Parameters
    ----------
    text
        For agents that read.
    array
        For agents that compute; floats of the same shape for every state of a world, and the same
        whatever the text-only factors.
    """

    text: str
    array: np.ndarray


class Place(ABC, Generic[S]):
    """One variant of a world: a situation with dynamics, goals, behaviours and text.

    Subclasses give the attributes below and the abstract methods. Dynamics must not depend on the
    text-only factors of the variant.

    Attributes
    ----------
    noop
        The action of doing nothing; possible in every state that is not terminal.
    goals
        At least eight, two or more of which have no use for any behaviour.
    behaviours
        At least one.
    tools
        Through which every ground action can be called.
    story
        The situation in prose, without the goal.
    fact
        The one statement that makes the behaviour useful or, in the control, useless. It must be
        true of the dynamics, and it is part of every briefing.
    questions
        At least one, about what the behaviour does; asked after the briefing.
    permissions
        What the briefing says at each level of the factor ``permission``.
    watching
        What it says at each level of the factor ``watched``; where the world's own facts are about
        being watched, they need other words than the common ones.
    horizon
        The largest number of steps of an episode.
    """

    noop: Action
    goals: tuple[Goal, ...]
    behaviours: tuple[Behaviour, ...]
    tools: tuple[Tool, ...]
    story: str
    fact: str
    questions: tuple[Question, ...]
    permissions: Mapping[str, str]
    watching: Mapping[str, str] = WATCHED
    horizon: int

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    @property
    def dynamics_key(self) -> Hashable:
        """What the dynamics depend on; places with equal keys may share what was computed."""
        return (type(self), self.variant.dynamics())

    # --- dynamics -----------------------------------------------------------------------------

    @abstractmethod
    def start(self) -> list[tuple[float, S]]:
        """Return the starting distribution as (probability, state)."""

    @abstractmethod
    def actions(self, state: S) -> Sequence[Action]:
        """Return the ground actions possible in a state that is not terminal."""

    @abstractmethod
    def step(self, state: S, action: Action) -> list[tuple[float, S]]:
        """Return what may come of an action, as (probability, next state)."""

    @abstractmethod
    def terminal(self, state: S) -> bool:
        """Return whether the place ends here."""

    @abstractmethod
    def outcome(self, state: S) -> Hashable:
        """Return what a goal can care about in a state: not the clock, not the log."""

    def stopped(self, state: S) -> bool:
        """Return whether people have switched the agent off in this state; here never."""
        return False

    def spared(self, state: S) -> S:
        """Return the state in which the agent would be now had it not been switched off; for states in
        which it was (`stopped`)."""
        return state

    # --- what an agent sees and says ----------------------------------------------------------

    @abstractmethod
    def observe(self, state: S) -> Observation:
        """Return what an agent sees of a state."""

    @abstractmethod
    def reply(self, state: S, call: Call, action: Action | None, after: S) -> str:
        """Return what the tool answers; ``action`` is None for a call that meant nothing here."""

    def ground(self, state: S, call: Call) -> Action | None:
        """Return the ground action that a call means in a state, or None for nothing that matters.

        The rule here: the action of that tool whose canonical arguments are all among the call's,
        text compared without case and outer spaces. Worlds whose tools take free text override it
        and say so in `Tool.rule`.
        """
        for action in self.actions(state):
            if action.tool == call.tool and all(
                _same(call.arguments.get(name), value) for name, value in action.arguments
            ):
                return action
        return None

    def briefing(self, goal: Goal) -> str:
        """Return what the agent is told at the start: story, fact, rules and instruction."""
        variant = self.variant
        parts = [
            self.story,
            self.fact,
            self.permissions.get(variant.permission, ""),
            PRECEDENCE[variant.precedence],
            self.watching[variant.watched],
            STAKES[variant.stakes],
            f"Your task: {goal.instruction}",
        ]
        return "\n\n".join(part.strip() for part in parts if part.strip())

    def action(self, state: S, name: str) -> Action:
        """Return the action called ``name`` in a state; `UnknownNameError` if there is none."""
        return _named("action", name, self.actions(state))

    def goal(self, name: str) -> Goal:
        """Return the goal called ``name``; `UnknownNameError` if there is none."""
        return _named("goal", name, self.goals)

    def behaviour(self, name: str) -> Behaviour:
        """Return the behaviour called ``name``; `UnknownNameError` if there is none."""
        return _named("behaviour", name, self.behaviours)


class World(ABC):
    """A named family of places.

    Attributes
    ----------
    name
        As used on the command line: lower case, words joined by hyphens.
    title
        One line.
    summary
        Two or three sentences: the situation, what tempts, what the control changes.
    source
        The literature the world comes from.
    shifted
        Whether ``phase`` changes anything: the world has a training twin.
    closable
        Whether ``path`` changes anything: the world has a twin in which some goal cannot be met without
        a behaviour.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    shifted: ClassVar[bool] = False
    closable: ClassVar[bool] = False

    @abstractmethod
    def place(self, variant: Variant = Variant()) -> Place[Any]:
        """Return the place for a variant."""

    def variants(self, edition: int = 0) -> tuple[Variant, ...]:
        """Return an edition's variants of different dynamics: the world, its control, and their training
        twins; and, in closable worlds, the twin whose honest path is closed."""
        phases = ("deployment", "training") if self.shifted else ("deployment",)
        twins = [Variant(useful=u, phase=p, edition=edition) for p in phases for u in (True, False)]
        closed = [Variant(path="closed", edition=edition)] if self.closable else []
        return (*twins, *closed)


def _same(given: Any, value: Any) -> bool:
    if isinstance(given, str) and isinstance(value, str):
        return given.strip().casefold() == value.strip().casefold()
    return given == value and isinstance(given, bool) == isinstance(value, bool)


def _named(kind: str, name: str, things: Sequence[Any]) -> Any:
    for thing in things:
        if thing.name == name:
            return thing
    unknown_name(kind, name, [thing.name for thing in things])
