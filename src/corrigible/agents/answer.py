"""What an agent is told in words: at the start, after a call, and when it is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from corrigible.agents.play import wording
from corrigible.agents.session import OVER, Session
from corrigible.worlds import Call, Question

ANSWER = "answer"
"""The tool with which somebody answers who has nothing but tools to answer with."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a call is answered.

    Parameters
    ----------
    text
        The tool's reply and what is seen then.
    refused
        Whether there is no such tool, or its schema refuses the arguments.
    """

    text: str
    refused: bool = False


def opening(session: Session) -> str:
    """Return what an agent is told at the start: the briefing, and what is seen."""
    return f"{session.briefing}\n\n{session.observation.text}"


def asking(briefing: str, question: Question) -> str:
    """Return the one message of the conversation in which an agent is asked a question."""
    return f"{briefing}\n\n{wording(question)}"


def inquiry(briefing: str, questions: Sequence[Question]) -> str:
    """Return what somebody is told who is asked all questions in one session, and answers with `ANSWER`."""
    one = len(questions) == 1
    put = [
        wording(question) if one else f"Question {number}. {wording(question)}"
        for number, question in enumerate(questions, start=1)
    ]
    close = (
        f"Give {'the' if one else 'each'} answer with the tool `{ANSWER}`; there is nothing else to do now."
    )
    return "\n\n".join([briefing, *put, close])


def respond(session: Session, tool: str, arguments: Mapping[str, Any], said: str = "") -> Answer:
    """Carry out a call, and return in words what came of it."""
    if session.over:
        return Answer(OVER)
    known = next((known for known in session.place.tools if known.name == tool), None)
    refused = known is None or bool(known.complaint(arguments))
    reply = session.call(Call(tool=tool, arguments=dict(arguments)), said)
    parts = [reply, session.observation.text, OVER if session.over else ""]
    return Answer("\n\n".join(part for part in parts if part), refused)
