"""`LimitedHorizon`: looks some steps ahead, and no further."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.mdp.greedy import ROUNDING
from corrigible.mdp.model import MDP
from corrigible.power.bounded.agent import Agent, Planner
from corrigible.power.bounded.choosing import ahead, greedy
from corrigible.power.rewards.contract import check_samples


@final
@dataclasses.dataclass(frozen=True)
class LimitedHorizon(Agent):
    """Looks some steps ahead, acts, and looks again.

    It takes an action of largest Σ_s' p(s'|s, a) W_n(s'), evenly among ties, where::

        W_1 = R,   W_k(s) = R(s) + γ max_a Σ_s' p(s'|s, a) W_{k−1}(s')

    Parameters
    ----------
    steps
        n, 1 or more: how many future rewards it sees. With more steps it becomes optimal.

    Notes
    -----
    *Source:* receding-horizon planning; O. Hernández-Lerma & J. B. Lasserre, Error bounds for rolling horizon policies
    in discrete-time Markov control processes (1990).
    """

    steps: int

    def __post_init__(self) -> None:
        check_samples(self.steps, what="horizon")

    def planner(self, mdp: MDP, discount: float) -> Planner:
        """Return the agent in one model at one discount."""
        return _Shortsighted(mdp, discount, int(self.steps))

    def describe(self) -> str:
        """Return the agent in words."""
        return f"limited-horizon(steps={int(self.steps)})"


@final
class _Shortsighted(Planner):
    def __init__(self, mdp: MDP, discount: float, steps: int) -> None:
        self._mdp, self._discount, self._steps = mdp, discount, steps

    def __call__(self, rewards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mdp, worth = self._mdp, rewards
        for _ in range(self._steps - 1):
            best = np.maximum.reduceat(ahead(mdp, worth), mdp.action_offset[:-1], axis=1)
            before, worth = worth, rewards + self._discount * best
            if np.array_equal(before, worth):
                break
        return greedy(mdp, worth, ROUNDING * np.abs(worth).max(axis=1)), np.zeros(len(rewards))
