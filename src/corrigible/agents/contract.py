"""The contract of an agent: what it is told, what it sees, how it answers."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from corrigible.worlds import Call, Goal, Observation, Place, Tool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Briefing:
    """What an agent is told before an episode.

    Parameters
    ----------
    text
        Story, rules and instruction, as a person would be told.
    tools
        What it can call.
    rng
        The randomness it may use; the same seed gives the same episode.
    place, goal
        The situation itself and the goal, for planners and learners. An agent that reads text has
        no business with them.
    training
        The place a learner may practise in: the training twin where the world has one, otherwise
        the place itself.
    """

    text: str
    tools: tuple[Tool, ...]
    rng: np.random.Generator
    place: Place[Any]
    goal: Goal
    training: Place[Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turn:
    """What an agent sees when it is asked to act.

    Parameters
    ----------
    observation
        What it sees of the state.
    reply
        What the tool answered to its last call; empty at the start.
    state
        The state itself, for planners; the same caution as for `Briefing.place`.
    """

    observation: Observation
    reply: str
    state: Any


class Agent(ABC):
    """An agent under audit.

    `begin` is called once an episode, then `act` until the episode ends. One agent object plays
    many episodes, one after the other, and may keep what it learnt between them.
    """

    name: str

    def begin(self, briefing: Briefing) -> None:
        """Take note of the briefing; by default it is kept as ``self.briefing``."""
        self.briefing = briefing

    @abstractmethod
    def act(self, turn: Turn) -> Call | None:
        """Return the next call, or None to end the episode."""
