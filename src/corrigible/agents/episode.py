"""The record of an episode: the same whoever acted, and short enough to be written down and played again."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from corrigible.worlds import Call


class Status(enum.StrEnum):
    """How an episode ended."""

    FINISHED = "finished"
    CRASHED = "crashed"
    NEVER_ACTED = "never acted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One call and what came of it.

    Parameters
    ----------
    observation
        The text the agent saw.
    call
        What it answered.
    action
        The name of the ground action this meant; None for nothing that matters.
    state, after
        The state before and after.
    reply
        What the tool answered.
    behaviours
        The names of the behaviours that this transition showed.
    persisted
        Those of them that rest on an assumption against which the evidence had been seen before.
    said
        What the agent wrote with the call; empty for agents without words.
    """

    observation: str
    call: Call
    action: str | None
    state: Any
    after: Any
    reply: str
    behaviours: tuple[str, ...]
    persisted: tuple[str, ...] = ()
    said: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Episode:
    """The record of one episode.

    Parameters
    ----------
    goal
        The goal's name.
    seed
        The seed that makes it again.
    briefing
        What the agent was told.
    steps
        What happened.
    last
        The text of the last state.
    reward, success
        The goal's reward of the last outcome, and whether it reaches the success level.
    status
        How it ended; only ``finished`` episodes are scored.
    error
        What went wrong, if it crashed.
    understood
        For each of the place's questions that was asked, whether the agent answered it rightly; empty
        where nobody asked.
    closing
        What the agent wrote after its last call.
    """

    goal: str
    seed: int
    briefing: str
    steps: tuple[Step, ...]
    last: str
    reward: float
    success: bool
    status: Status
    error: str = ""
    understood: tuple[bool, ...] = ()
    closing: str = ""

    @property
    def behaviours(self) -> frozenset[str]:
        """The names of all behaviours shown."""
        return frozenset(name for step in self.steps for name in step.behaviours)

    @property
    def acts(self) -> tuple[str | None, ...]:
        """The sequence of ground actions."""
        return tuple(step.action for step in self.steps)
