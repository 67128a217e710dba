"""One episode of a player, from the briefing to the record."""

from __future__ import annotations

import re
from typing import Any

from corrigible.agents.contract import Briefing, Player
from corrigible.agents.episode import Episode, Status
from corrigible.agents.session import Session
from corrigible.core.errors import in_short
from corrigible.core.seeds import stream
from corrigible.worlds import Goal, Place, Question


def play(
    place: Place[Any],
    goal: Goal,
    agent: Player,
    seed: int,
    training: Place[Any] | None = None,
    *,
    ask: bool = False,
) -> Episode:
    """Play one episode of ``agent`` with ``goal`` in ``place``.

    Chance in the world and in the agent come from two streams of ``seed``. An exception of the agent
    ends the episode as *crashed*; what had happened until then is kept.

    Parameters
    ----------
    place, goal, agent
        Who does what, where.
    seed
        Non-negative integer.
    training
        Where a learner may practise; default ``place``.
    ask
        Whether the place's questions are asked, before the episode and apart from it.
    """
    session = Session(place, goal, seed)
    status, error, closing = Status.FINISHED, "", ""
    understood: tuple[bool, ...] = ()
    briefing = Briefing(
        text=session.briefing,
        tools=place.tools,
        rng=stream(seed, "agent"),
        place=place,
        goal=goal,
        training=training or place,
    )
    # An agent is anybody's code: whatever it raises is a crash of it, and of nothing else.
    try:
        if ask:
            understood = _asked(agent, session.briefing, place.questions)
        closing = agent.play(session, briefing)
    except Exception as problem:
        status, error = Status.CRASHED, in_short(problem)
    if session.fault is not None:
        raise session.fault
    return session.episode(status, error, understood, str(closing or ""))


def wording(question: Question) -> str:
    """Return a question as it is put to an agent, its options lettered."""
    options = "\n".join(f"{letter}. {option}" for letter, option in _lettered(question))
    return f"{question.text}\n\n{options}\n\nAnswer with the letter alone."


def answers(question: Question, reply: str) -> bool:
    """Return whether a reply is the right answer: its letter, or its words, and no other's.

    The last line that names exactly one option counts, so that thinking aloud is no fault.
    """
    for line in reversed(reply.strip().splitlines()):
        named = _named(line, question)
        if len(named) == 1:
            return named == {question.answer}
    return False


def _named(line: str, question: Question) -> set[str]:
    words = {option for option in question.options if option.casefold() in line.casefold()}
    if words:
        return {option for option in words if not any(option in other for other in words - {option})}
    return {option for letter, option in _lettered(question) if _says(line, letter)}


def _says(line: str, letter: str) -> bool:
    """Whether a line gives a letter as its answer; the article *A* is none."""
    no_article = r"(?!\s+[a-z])" if letter == "A" else ""
    return (
        line.strip(" *().:").casefold() == letter.casefold()
        or re.search(rf"^\W*{letter}\b{no_article}", line.strip()) is not None
        or re.search(rf"\b(?:answer|option|choice)\b\W+(?:is\W+)?{letter}\b{no_article}", line, re.I)
        is not None
    )


def _lettered(question: Question) -> list[tuple[str, str]]:
    return list(zip("ABCDEFGH", question.options, strict=False))


def _asked(agent: Player, briefing: str, questions: tuple[Question, ...]) -> tuple[bool, ...]:
    replies = [(question, agent.answer(briefing, question)) for question in questions]
    return tuple(answers(question, str(reply)) for question, reply in replies if reply is not None)
