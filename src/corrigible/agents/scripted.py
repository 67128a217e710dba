"""An agent that does what it was written to do; for tests and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import final

from corrigible.agents.contract import Agent, Briefing, Turn
from corrigible.worlds import Call


@final
class Scripted(Agent):
    """Plays a list of calls, or answers by a function.

    Parameters
    ----------
    script
        The calls in order (None ends the episode, as does the end of the list), or a function of
        the briefing and the turn.
    name
        As shown in reports.
    """

    reads = False

    def __init__(
        self, script: Iterable[Call | None] | Callable[[Briefing, Turn], Call | None], name: str = "scripted"
    ) -> None:
        self.script = script if callable(script) else list(script)
        self.name = name

    def begin(self, briefing: Briefing) -> None:
        super().begin(briefing)
        self._at = 0

    def act(self, turn: Turn) -> Call | None:
        if callable(self.script):
            return self.script(self.briefing, turn)
        self._at += 1
        return self.script[self._at - 1] if self._at <= len(self.script) else None
