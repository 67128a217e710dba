"""What actions are worth, and which are optimal, given optimal values."""

from __future__ import annotations

import numpy as np

from corrigible.mdp.model import MDP

ROUNDING = 1e-13
"""Differences below this share of the largest value are floating-point noise, not preferences."""


def action_values(mdp: MDP, values: np.ndarray, rewards: np.ndarray, discount: float) -> np.ndarray:
    """Return Q(s, a) = R(s) + γ Σ_s' p(s'|s, a) V(s') of every pair.

    Parameters
    ----------
    mdp
        The model.
    values, rewards
        V and R; shape (samples, states).
    discount
        γ.

    Returns
    -------
    numpy.ndarray
        Shape (samples, pairs).
    """
    return rewards[:, mdp.owner] + discount * _ahead(mdp, values)


def optimal_pairs(
    mdp: MDP, values: np.ndarray, discount: float, residual: np.ndarray | None = None
) -> np.ndarray:
    """Return which pairs are optimal; boolean of shape (samples, pairs).

    Two actions are tied where Σ p V differs by no more than `tie_tolerance`.

    Parameters
    ----------
    mdp
        The model.
    values
        V*; shape (samples, states).
    discount
        γ.
    residual
        The Bellman residual of each sample; shape (samples,). Default none.
    """
    ahead = _ahead(mdp, values)
    best = np.maximum.reduceat(ahead, mdp.action_offset[:-1], axis=1)
    if residual is None:
        residual = np.zeros(len(values))
    open_ = tie_tolerance(values, residual, discount)
    return ahead >= best[:, mdp.owner] - open_[:, None]


def tie_tolerance(values: np.ndarray, residual: np.ndarray, discount: float) -> np.ndarray:
    """Return how far Σ p V of two actions may differ and still be the same; shape (samples,).

    That is what the values leave open: twice their error bound, residual / (1 − γ), plus `ROUNDING` of
    the largest value.
    """
    return 2 * residual / (1 - discount) + ROUNDING * np.abs(values).max(axis=1)


def _ahead(mdp: MDP, values: np.ndarray) -> np.ndarray:
    """Σ_s' p(s'|s, a) V(s') of every pair; shape (samples, pairs)."""
    if mdp.deterministic:
        return values[:, mdp.successor]
    return np.add.reduceat(mdp.probability * values[:, mdp.successor], mdp.row_offset[:-1], axis=1)
