"""Optimal values for many reward functions at once: the contract, and the choice of method.

With reward on states, collected at the state one is in, the optimal value is the fixed point of

    V(s) = R(s) + γ · max_a Σ_s' p(s'|s, a) V(s')

and it is wanted for thousands of rewards R on one model.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from corrigible.core.progress import SILENT, Progress
from corrigible.mdp.model import MDP


@dataclasses.dataclass(frozen=True, kw_only=True)
class Optimal:
    """Optimal values of many reward functions.

    Parameters
    ----------
    values
        V*; shape (samples, states).
    residual
        Largest Bellman residual max_s |V(s) − (T V)(s)| of each sample; shape (samples,).
    discount
        γ.
    method
        The solver that was chosen.
    """

    values: np.ndarray
    residual: np.ndarray
    discount: float
    method: str

    @property
    def error_bound(self) -> float:
        """A certain bound on |V − V*| over all samples and states: residual / (1 − γ)."""
        return float(self.residual.max(initial=0.0)) / (1 - self.discount)


def optimal_values(
    mdp: MDP,
    rewards: np.ndarray,
    discount: float,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Optimal:
    """Return the optimal values of ``rewards``, shape (samples, states) or (states,), at ``discount``."""
    raise NotImplementedError
