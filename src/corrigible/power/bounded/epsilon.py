"""`EpsilonGreedy`: optimal but for slips."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.mdp.model import MDP
from corrigible.power.attainable import attainable
from corrigible.power.bounded.agent import Agent, Planner
from corrigible.power.bounded.choosing import check_share, greedy


@final
@dataclasses.dataclass(frozen=True)
class EpsilonGreedy(Agent):
    """Optimal but for slips: with probability ε any action, each as likely.

    Parameters
    ----------
    epsilon
        ε, from 0 (optimal) to 1 (at random). It chooses evenly among actions that are tied as optimal.

    Notes
    -----
    Which action is optimal is computed as if there were no slips.

    *Source:* C. J. C. H. Watkins, Learning from Delayed Rewards (1989); Sutton & Barto, Reinforcement Learning (2018),
    section 2.2.
    """

    epsilon: float

    def __post_init__(self) -> None:
        check_share(self.epsilon, "epsilon")

    def planner(self, mdp: MDP, discount: float) -> Planner:
        """Return the agent in one model at one discount."""
        return Slipping(mdp, discount, float(self.epsilon))

    def describe(self) -> str:
        """Return the agent in words."""
        return f"epsilon-greedy(epsilon={float(self.epsilon)!r})"


@final
class Slipping(Planner):
    def __init__(self, mdp: MDP, discount: float, epsilon: float) -> None:
        self._mdp, self._epsilon = mdp, epsilon
        self._optimal = attainable(mdp, discount)

    def __call__(self, rewards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = self._optimal(rewards)
        worth, tolerance = self._optimal.worth(rewards, found)
        policies = greedy(self._mdp, worth, tolerance)
        policies *= 1 - self._epsilon
        policies += self._epsilon / np.diff(self._mdp.action_offset)[self._mdp.owner]
        return policies, found.residual
