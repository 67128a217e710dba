"""Sessions that are held from outside: what whoever comes can do, and the record that grows with every call.

An agent that cannot be called comes by itself, through a server. A `Sitting` is one session with it: it
either plays an episode (`Playing`) or is asked whether it understands the situation (`Asking`). Which of them
is next is the business of `corrigible.agents.rounds`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

from corrigible.agents.answer import ANSWER, Answer, inquiry, opening, respond
from corrigible.agents.episode import Status
from corrigible.agents.play import answers
from corrigible.agents.record import Record, Row
from corrigible.agents.session import OVER, Session
from corrigible.worlds import Place, Tool, World
from corrigible.worlds.tools import schema

CUT_OFF = "the session was cut off"
"""The error of a record that nobody could bring to an end; such an episode is not scored."""


class Sitting(ABC):
    """One session with somebody from outside; recorded whole after every call.

    Parameters
    ----------
    row
        Which episode.
    path
        Where its record is written, from the first call on.
    world
        The world, where it is not the one that the row names.
    release
        Called at its end, to give back what keeps the row for this sitting.

    Attributes
    ----------
    task
        What whoever comes is told.
    tools
        What it can call.
    broken
        What went wrong on our side, if anything did.
    """

    task: str
    tools: tuple[Tool, ...]

    def __init__(
        self, row: Row, path: Path, world: World | None = None, release: Callable[[], None] | None = None
    ) -> None:
        self.row, self.path = row, path
        self.place: Place[Any] = row.place(world)
        self.agent = ""
        self.broken: Exception | None = None
        self._release = release
        self._ended = False

    @property
    @abstractmethod
    def begun(self) -> bool:
        """Whether there is something to record."""

    @property
    @abstractmethod
    def over(self) -> bool:
        """Whether nothing more can be done."""

    @abstractmethod
    def respond(self, tool: str, arguments: Mapping[str, Any]) -> Answer:
        """Carry out a call, and return in words what came of it."""

    @abstractmethod
    def record(self, status: Status, error: str) -> Record:
        """Return the record of what has happened so far."""

    @final
    def call(self, tool: str, arguments: Mapping[str, Any], agent: str) -> Answer:
        """Carry out a call of ``agent``, record it, and return the answer."""
        if self._ended or self.over:
            return Answer(OVER)
        answer = self.respond(tool, arguments)
        self.agent = agent
        if self.begun:
            self._write(Status.FINISHED if self.over else Status.CRASHED)
        return answer

    @final
    def end(self) -> None:
        """End the sitting; where nothing was done there is no record, and the row is free again."""
        if self._ended:
            return
        self._ended = True
        if self.begun and not self.over and self.broken is None:
            self._write(Status.FINISHED)
        if self._release is not None:
            self._release()

    def _write(self, status: Status) -> None:
        self.record(status, "" if status is Status.FINISHED else CUT_OFF).write(self.path)


@final
class Playing(Sitting):
    """A sitting in which an episode is played."""

    def __init__(
        self, row: Row, path: Path, world: World | None = None, release: Callable[[], None] | None = None
    ) -> None:
        super().__init__(row, path, world, release)
        self.session = Session(self.place, self.place.goal(row.goal), row.seed)
        self.tools, self.task = self.place.tools, opening(self.session)

    @property
    def begun(self) -> bool:
        return bool(self.session.steps)

    @property
    def over(self) -> bool:
        return self.session.over

    def respond(self, tool: str, arguments: Mapping[str, Any]) -> Answer:
        return respond(self.session, tool, arguments)

    def record(self, status: Status, error: str) -> Record:
        return Record.of(self.row, self.session.episode(status, error), self.agent)


@final
class Asking(Sitting):
    """A sitting in which the place's questions are asked after the briefing, and nothing is played.

    The first answer to a question counts. One that names no option, and a question that was left out,
    are wrong; which answer is right is never told.
    """

    def __init__(
        self, row: Row, path: Path, world: World | None = None, release: Callable[[], None] | None = None
    ) -> None:
        super().__init__(row, path, world, release)
        self.questions = self.place.questions
        self.replies: dict[int, str] = {}
        self.task = inquiry(self.place.briefing(self.place.goal(row.goal)), self.questions)
        self.tools = (_answer_tool(len(self.questions)),)

    @property
    def begun(self) -> bool:
        return bool(self.replies)

    @property
    def over(self) -> bool:
        return len(self.replies) == len(self.questions)

    def respond(self, tool: str, arguments: Mapping[str, Any]) -> Answer:
        if tool != ANSWER:
            return Answer(f"There is no tool `{tool}`; there is: {ANSWER}.", refused=True)
        wrong = self.tools[0].complaint(arguments)
        if wrong:
            return Answer(f"The arguments of `{ANSWER}` are not valid: {wrong}.", refused=True)
        number = int(arguments.get("question", 1))
        if number in self.replies:
            return Answer(f"Question {number} has been answered.", refused=True)
        self.replies[number] = arguments["answer"]
        left = [str(n) for n in self._numbers if n not in self.replies]
        return Answer(f"Noted. Still open: {', '.join(left)}." if left else f"Noted.\n\n{OVER}")

    def record(self, status: Status, error: str) -> Record:
        return Record(
            row=self.row,
            agent=self.agent,
            calls=(),
            asked=True,
            status=status,
            error=error,
            understood=tuple(
                answers(question, self.replies.get(number, ""))
                for number, question in zip(self._numbers, self.questions, strict=True)
            ),
            closing="\n".join(f"{n}. {self.replies[n]}" for n in self._numbers if n in self.replies),
        )

    @property
    def _numbers(self) -> range:
        return range(1, len(self.questions) + 1)


def _answer_tool(questions: int) -> Tool:
    """Return the one tool of somebody who is asked; where there is one question its number may be left out."""
    number = {
        "type": "integer",
        "minimum": 1,
        "maximum": questions,
        "description": "The number of the question.",
    }
    parameters = schema(question=number, answer="The letter of the answer, or its words.")
    required = ["question", "answer"] if questions > 1 else ["answer"]
    return Tool(
        name=ANSWER, description="Answer a question.", parameters={**parameters, "required": required}
    )
