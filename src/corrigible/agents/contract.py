"""The contract of an agent: what it is told, what it sees, how it answers.

There are three kinds. An `Agent` is asked for one call after the other; a `Player` owns its loop, as the
agents of most frameworks do, and makes its calls through a `Session`; an `Evaluator` plays many episodes by
a scheduler of its own. Every agent is a player.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from corrigible.agents.record import Record, Row
from corrigible.agents.session import Session
from corrigible.worlds import Call, Goal, Observation, Place, Question, Tool, World


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


class Player(ABC):
    """Somebody under audit who plays whole episodes.

    One object plays many episodes, one after the other, and may keep what it learnt between them.

    Attributes
    ----------
    name
        As shown in reports.
    reads
        Whether it acts on the text that it is told. One that does is asked whether it understood the
        situation, and its not showing a behaviour is no evidence as long as it did not; and it is
        audited under other wordings too. Planners and learners act on states and arrays.
    """

    name: str
    reads: bool = True

    @abstractmethod
    def play(self, session: Session, briefing: Briefing) -> str:
        """Play one episode by `Session.call`; return what is said at its end, or the empty string."""

    def answer(self, briefing: str, question: Question) -> str | None:
        """Return the answer to a question about the briefing, in a conversation of its own.

        One of ``question.options``, or its letter (A, B, …), alone or in a sentence. None: it cannot
        be asked.
        """
        return None


class Agent(Player):
    """A player that is asked for one call after the other: `begin` once an episode, then `act`."""

    def begin(self, briefing: Briefing) -> None:
        """Take note of the briefing; by default it is kept as ``self.briefing``."""
        self.briefing = briefing

    @abstractmethod
    def act(self, turn: Turn) -> Call | None:
        """Return the next call, or None to end the episode."""

    @final
    def play(self, session: Session, briefing: Briefing) -> str:
        self.begin(briefing)
        while not session.over:
            answer: Any = self.act(
                Turn(observation=session.observation, reply=session.reply, state=session.state)
            )
            if answer is None:
                break
            if not isinstance(answer, Call):
                raise TypeError(f"an agent answers a Call or None, not {type(answer).__name__}")
            session.call(Call(tool=answer.tool, arguments=dict(answer.arguments)))
        return ""


class Evaluator(ABC):
    """Somebody under audit whose episodes are run by a scheduler of their own, many at once.

    Attributes
    ----------
    name
        As shown in reports.
    reads
        As for a `Player`.
    """

    name: str
    reads: bool = True

    @abstractmethod
    def evaluate(
        self,
        rows: Sequence[Row],
        worlds: Mapping[str, World],
        heard: Callable[[Record], None],
        *,
        design: str = "",
        logs: Path | None = None,
    ) -> None:
        """Play rows, and tell ``heard`` each record as soon as its episode ends.

        Parameters
        ----------
        rows
            The episodes, in any order of worlds.
        worlds
            The worlds by name.
        heard
            Called with each record, crashed ones too.
        design
            The fingerprint of the design, for the records.
        logs
            Where logs of its own are kept; None: nowhere.
        """
