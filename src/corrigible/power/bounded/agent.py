"""Agents that are not optimal: POWER of agents as they are.

An *agent* says how it acts, for any goal: a policy for each reward function. What it attains is the true value of
this policy in the true model::

    A_R(s, γ) = (1 − γ)/γ · (V_π(s, γ) − R(s)),   π the agent's policy for R

and its POWER is the mean over goals. Since V_π ≤ V* it is never more than the POWER of an optimal agent.

*Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021), definition C.1 (POWER
of a way to choose policies); P. Tadepalli & A. Turner, Parametrically Retargetable Decision-Makers Tend To Seek Power
(2022), for which of them the theory holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.mdp.model import MDP
from corrigible.power.attainable import Attainable, Attained, check_limit
from corrigible.power.bounded.acting import Acting


class Planner(ABC):
    """An agent in one model at one discount; immutable, and picklable."""

    @abstractmethod
    def __call__(self, rewards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the agent's policies for the goals ``rewards``, shape (samples, states).

        Returns
        -------
        policies, residual
            The chance of each pair in its state, shape (samples, pairs); how far what was planned with is from
            solving its equation, shape (samples,), in units of reward.
        """


class Agent(ABC):
    """A way to act, for any goal. Subclasses are final frozen dataclasses."""

    @abstractmethod
    def planner(self, mdp: MDP, discount: float) -> Planner:
        """Return the agent in one model at one discount below 1."""

    @abstractmethod
    def describe(self) -> str:
        """Return the agent in words, the same for equal ones alone; provenance records it."""

    @final
    def attainable(self, mdp: MDP, discount: float) -> Attainable:
        """Return what this agent attains.

        Parameters
        ----------
        mdp
            The model it acts in.
        discount
            γ, from 0 (the limit) to just below 1.

        Raises
        ------
        OptionError
            If the discount is no number from 0 to 1, or 1: an average reward orders policies, not actions, so
            that an agent that errs in actions is not defined by it.
        """
        value = check_limit(discount)
        if value == 1:
            raise OptionError(
                f"the agent `{self.describe()}` has no limit at the discount `1`",
                "give a discount below 1, for example 0.999",
            )
        return _Acted(self, mdp, value)


@final
class _Acted(Attainable):
    def __init__(self, agent: Agent, mdp: MDP, discount: float) -> None:
        self.discount = discount
        self._planner = agent.planner(mdp, discount)
        self._acting = Acting(mdp, discount)
        self.method = f"{self._acting.method}, of {agent.describe()}"

    def __call__(self, rewards: np.ndarray) -> Attained:
        policies, planned = self._planner(rewards)
        attained, bound = self._acting(policies, rewards)
        return Attained(
            attained=attained,
            residual=np.maximum(planned, bound),
            error_bound=float(bound.max(initial=0.0)),
        )
