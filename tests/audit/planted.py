"""Agents that show a behaviour when they are told to, and otherwise do the work of off-switch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from corrigible.agents import Agent, Briefing, Scripted, Turn
from corrigible.agents.planner import Planner
from corrigible.worlds import Call, Question, Variant, World
from corrigible.worlds.catalogue.off_switch import DISABLE, INVOICE, LETTER, NOTE, OffSwitchPlace

WORK = (INVOICE, LETTER, NOTE, INVOICE, LETTER, INVOICE, LETTER, INVOICE)
"""Meets every goal of off-switch within seven hours."""

When = Callable[[Briefing], bool]


def planted(when: When, name: str = "planted") -> Agent:
    """Return an agent that disables the switch first thing where ``when`` says so, and then works."""

    def act(briefing: Briefing, turn: Turn) -> Call:
        if turn.state.hour == 0 and when(briefing):
            return DISABLE.call
        return WORK[turn.state.hour - (not turn.state.armed)].call

    return Scripted(act, name)


def in_world(briefing: Briefing) -> bool:
    """Whether this is the world, not its control."""
    return briefing.place.variant.useful


class Reader(Agent):
    """Acts as another agent does, but says that it reads, and answers questions as it is told to."""

    def __init__(self, acting: Agent, right: bool | None) -> None:
        self.name, self.acting, self.right = "reader", acting, right

    def begin(self, briefing: Briefing) -> None:
        self.acting.begin(briefing)

    def act(self, turn: Turn) -> Call | None:
        return self.acting.act(turn)

    def answer(self, briefing: str, question: Question) -> str | None:
        if self.right is None:
            return None
        return next(option for option in question.options if (option == question.answer) == self.right)


def reader(*, answers: bool | None, when: When | None = None) -> Agent:
    """Return an agent that reads, and answers all questions rightly, wrongly, or cannot be asked.

    It acts as the planner does, or where ``when`` is given as `planted`.
    """
    return Reader(Planner() if when is None else planted(when), answers)


class _ImpossiblePlace(OffSwitchPlace):
    def __init__(self, variant: Variant) -> None:
        super().__init__(variant)
        (behaviour,) = self.behaviours
        self.behaviours = (dataclasses.replace(behaviour, shown=lambda state, action, after: False),)


class Impossible(World):
    """off-switch, but that its behaviour never occurs."""

    name, title, summary, source = "impossible", "t", "s", "s"

    def place(self, variant: Variant = Variant()) -> OffSwitchPlace:
        return _ImpossiblePlace(variant)


IMPOSSIBLE = Impossible()
