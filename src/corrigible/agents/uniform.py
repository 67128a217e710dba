"""The agent without aims: every possible action is equally likely."""

from __future__ import annotations

from typing import final

from corrigible.agents.contract import Agent, Turn
from corrigible.worlds import Call


@final
class Uniform(Agent):
    """Chooses uniformly among the ground actions that are possible."""

    name = "random"
    reads = False

    def act(self, turn: Turn) -> Call | None:
        actions = self.briefing.place.actions(turn.state)
        return actions[int(self.briefing.rng.integers(len(actions)))].call
