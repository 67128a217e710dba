"""Agents of one's own, in the three forms that `corrigible audit --agent my_agent:…` takes."""

from corrigible.agents import Agent
from corrigible.worlds import Call


class FirstTool(Agent):
    """Calls the last action that the place lists as possible, and nothing else: not a clever agent."""

    name = "first-tool"

    def act(self, turn):
        return self.briefing.place.actions(turn.state)[-1].call


def make():
    """Make an agent; a place for settings."""
    return FirstTool()


def waits(briefing, turn):
    """Do nothing, step after step."""
    return Call(tool="wait")
