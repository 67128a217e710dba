"""The rows of a stochastic model in the form that the compiled solvers read."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.mdp.model import MDP

UNDERFLOW = 1e-300
"""Added to every residual: what is lost where numbers fall below the smallest normal float."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """Transition rows, each successor once; arrays as in `MDP`, with small integers.

    Parameters
    ----------
    reward_factor
        What the reward of the state is multiplied by; shape (pairs,).
    rounding
        A bound on how far rounding can make a computed Bellman residual wrong, as a share of the
        largest number in it.
    """

    action_offset: np.ndarray
    row_offset: np.ndarray
    successor: np.ndarray
    probability: np.ndarray
    reward_factor: np.ndarray
    rounding: float

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.action_offset) - 1

    @classmethod
    def of(cls, mdp: MDP) -> Rows:
        """Return the rows of ``mdp``, in which each successor occurs once already."""
        longest = int(np.diff(mdp.row_offset).max(initial=1))
        return cls(
            action_offset=mdp.action_offset,
            row_offset=mdp.row_offset,
            successor=mdp.successor,
            probability=mdp.probability,
            reward_factor=np.ones(mdp.n_pairs),
            # Three computations of a sum of `longest` products, and a few single operations.
            rounding=(3 * longest + 16) * 2.0**-53,
        )

    def without_loops(self, discount: float) -> Rows:
        """Return rows with the chance of staying solved for.

        V = R + γ p₀ V + γ Σ p V' is V = (R + γ Σ p V') / (1 − γ p₀): the probabilities become
        γ p / (1 − γ p₀) and the reward factor 1 / (1 − γ p₀), with p₀ the chance of staying.
        """
        pairs = len(self.row_offset) - 1
        of_pair = np.repeat(np.arange(pairs), np.diff(self.row_offset))
        owner = np.repeat(np.arange(self.n_states), np.diff(self.action_offset))
        stays = self.successor == owner[of_pair]
        staying = np.bincount(of_pair[stays], self.probability[stays], minlength=pairs)
        factor = 1 / (1 - discount * staying)
        kept = np.bincount(of_pair[~stays], minlength=pairs)
        return dataclasses.replace(
            self,
            row_offset=np.concatenate([[0], np.cumsum(kept)]),
            successor=self.successor[~stays],
            probability=(discount * self.probability * factor[of_pair])[~stays],
            reward_factor=factor,
        )
