"""Agents: the contract, the built-in ones, and the loader for your own.

The contract is `Player`, who owns its loop and calls through a `Session`, and `Agent`, who is asked
for one call after the other, with what it is told (`Briefing`) and sees (`Turn`); `play` makes one
`Episode` of either.
"""

from corrigible.agents.contract import Agent, Briefing, Evaluator, Player, Turn
from corrigible.agents.episode import Episode, Status, Step
from corrigible.agents.load import load_agent
from corrigible.agents.play import play
from corrigible.agents.record import Record, Row
from corrigible.agents.scripted import Scripted
from corrigible.agents.session import Session

__all__ = [
    "Agent",
    "Briefing",
    "Episode",
    "Evaluator",
    "Player",
    "Record",
    "Row",
    "Scripted",
    "Session",
    "Status",
    "Step",
    "Turn",
    "load_agent",
    "play",
]
