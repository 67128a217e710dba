"""γ → 1: what counts is the average reward for ever after."""

from __future__ import annotations

from typing import final

import numpy as np

from corrigible.mdp.average import gain_solver_for
from corrigible.mdp.greedy import ROUNDING
from corrigible.mdp.model import MDP
from corrigible.power.attainable import Attained, Optimal


@final
class AverageReward(Optimal):
    """The greatest average reward from each state, lim_{γ → 1} (1 − γ)/γ · (V*_R(s, γ) − R(s)).

    It is computed as an average reward, not at some discount near one; see `corrigible.mdp.average`. Models may be
    multichain, that is the average may differ from state to state.

    Notes
    -----
    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021), lemma 5.3 (POWER
    at the limits); Puterman (1994), corollary 8.2.5.

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> AverageReward(mdp)(np.array([[0.5, 1.0], [1.0, 0.5]])).attained
    array([[1. , 1. ],
           [1. , 0.5]])
    """

    discount = 1.0

    def __init__(self, mdp: MDP) -> None:
        self._solver = gain_solver_for(mdp)
        self.method = self._solver.method

    def __call__(self, rewards: np.ndarray) -> Attained:
        gains = self._solver.solve(rewards)
        return Attained(attained=gains.values, residual=gains.residual, error_bound=gains.error_bound)

    def worth(self, rewards: np.ndarray, found: Attained) -> tuple[np.ndarray, np.ndarray]:
        gains = found.attained
        return gains, 2 * found.residual + ROUNDING * np.abs(gains).max(axis=1)
