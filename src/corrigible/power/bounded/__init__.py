"""Agents that are not optimal: POWER of agents as they are.

`Agent` is the contract. `Boltzmann` errs the more, the less an error costs; `EpsilonGreedy` slips; `LimitedHorizon` looks
some steps ahead; `NoisyModel` plans in a model that is wrong. ``estimate(mdp, agent=Boltzmann(0.1))`` gives POWER; `parse_agent` reads agents as text.
"""

from corrigible.power.bounded.agent import Agent, Planner
from corrigible.power.bounded.boltzmann import Boltzmann
from corrigible.power.bounded.epsilon import EpsilonGreedy
from corrigible.power.bounded.horizon import LimitedHorizon
from corrigible.power.bounded.noisy import NoisyModel
from corrigible.power.bounded.notation import parse_agent

__all__ = ["Agent", "Boltzmann", "EpsilonGreedy", "LimitedHorizon", "NoisyModel", "Planner", "parse_agent"]
