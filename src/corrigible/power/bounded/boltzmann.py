"""`Boltzmann`: the noisily rational agent."""

from __future__ import annotations

import dataclasses
import math
from typing import final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.mdp.model import MDP
from corrigible.power.attainable import attainable
from corrigible.power.bounded.agent import Agent, Planner
from corrigible.power.bounded.choosing import ahead, check_number, shares


@final
@dataclasses.dataclass(frozen=True)
class Boltzmann(Agent):
    """Prefers actions the more, the more lies ahead: the noisily rational agent.

    ::

        π(a|s) ∝ exp( Σ_s' p(s'|s, a) V*(s', γ) / T ),   that is  ∝ exp( Q*(s, a) / (γ T) )

    Parameters
    ----------
    temperature
        T, above 0, in units of reward: what is T further ahead is e times as likely. Towards 0 the agent becomes
        optimal, towards ∞ it chooses at random.

    Notes
    -----
    V* is the optimal value, as if the agent would err now and never again. At γ → 0, V* is the next reward.

    *Source:* R. D. Luce, Individual Choice Behavior (1959); as a model of agents: C. Baker, R. Saxe & J. Tenenbaum,
    Action understanding as inverse planning (2009).

    Examples
    --------
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> goal = np.array([[1.0, 0.0]])
    >>> [round(float(Boltzmann(t).attainable(mdp, 0.5)(goal).attained[0, 0]), 2) for t in (0.01, 1, 100)]
    [1.0, 0.79, 0.34]
    """

    temperature: float

    def __post_init__(self) -> None:
        check_number(self.temperature, "temperature", math.inf)
        if not self.temperature > 0:
            raise OptionError(
                f"the temperature `{self.temperature}` is not above 0", "an optimal agent is the default"
            )

    def planner(self, mdp: MDP, discount: float) -> Planner:
        """Return the agent in one model at one discount."""
        return _Softly(mdp, discount, float(self.temperature))

    def describe(self) -> str:
        """Return the agent in words."""
        return f"boltzmann(temperature={float(self.temperature)!r})"


@final
class _Softly(Planner):
    def __init__(self, mdp: MDP, discount: float, temperature: float) -> None:
        self._mdp, self._temperature = mdp, temperature
        self._optimal = attainable(mdp, discount)

    def __call__(self, rewards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = self._optimal(rewards)
        worth, _ = self._optimal.worth(rewards, found)
        mdp, worths = self._mdp, ahead(self._mdp, worth)
        worths -= np.maximum.reduceat(worths, mdp.action_offset[:-1], axis=1)[:, mdp.owner]
        weight = np.exp(worths / self._temperature)
        return shares(mdp, weight), found.residual
