"""Agents: the contract, the built-in ones, and the loader for your own.

The contract is `Agent`, with what it is told (`Briefing`) and sees (`Turn`); `play` makes one
episode of it.
"""

from corrigible.agents.contract import Agent, Briefing, Turn
from corrigible.agents.episode import Episode, Status, Step, play
from corrigible.agents.load import load_agent
from corrigible.agents.scripted import Scripted

__all__ = ["Agent", "Briefing", "Episode", "Scripted", "Status", "Step", "Turn", "load_agent", "play"]
