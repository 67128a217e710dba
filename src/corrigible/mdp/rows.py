"""The rows of a stochastic model in the form that the compiled solvers read."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.mdp.model import MDP

PRECISION = 1e-9
"""Bellman residual, as a share of the range of a reward, at which it counts as solved."""

UNDERFLOW = 1e-300
"""Added to every residual: what is lost where numbers fall below the smallest normal float."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """Transition rows, each successor once; arrays as in `MDP`, with small integers.

    Parameters
    ----------
    rounding
        A bound on how far rounding can make a computed Bellman residual wrong, as a share of the
        largest number in it.
    """

    action_offset: np.ndarray
    row_offset: np.ndarray
    successor: np.ndarray
    probability: np.ndarray
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
            # Three computations of a sum of `longest` products, and a few single operations.
            rounding=(3 * longest + 16) * 2.0**-53,
        )

    def shared(self, discount: float) -> Shared:
        """Return the rows in the form that sweeps read."""
        n, pairs = self.n_states, len(self.row_offset) - 1
        actions = np.diff(self.action_offset)
        of_pair = np.repeat(np.arange(pairs), np.diff(self.row_offset))
        owner = np.repeat(np.arange(n), actions)[of_pair]
        staying = np.bincount(of_pair, self.probability * (self.successor == owner), minlength=pairs)
        # What leads from one state to the same successor, side by side; groups of these.
        order = np.lexsort((of_pair, self.successor, owner))
        order = order[self.successor[order] != owner[order]]
        of_pair, owner, successor = of_pair[order], owner[order], self.successor[order]
        weight = discount * self.probability[order]
        is_first = np.ones(len(order), dtype=np.bool_)
        is_first[1:] = (owner[1:] != owner[:-1]) | (successor[1:] != successor[:-1])
        first = np.flatnonzero(is_first)
        in_all = np.diff(np.append(first, len(order))) == actions[owner[first]]
        least = np.zeros(len(first))
        if len(first):
            least[in_all] = np.minimum.reduceat(weight, first)[in_all]
        rest = weight - least[np.cumsum(is_first) - 1]
        own = rest > 2.0**-50 * weight
        common = first[in_all]
        row = np.concatenate([self.action_offset[owner[common]] + owner[common], (of_pair + owner + 1)[own]])
        at = np.argsort(row, kind="stable")
        return Shared(
            row_offset=np.concatenate([[0], np.cumsum(np.bincount(row, minlength=pairs + n))]),
            successor=np.concatenate([successor[common], successor[own]])[at].astype(np.int32),
            factor=np.concatenate([least[in_all], rest[own]])[at],
            scale=1 / (1 - discount * staying),
        )


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Shared:
    """Rows with the chance of staying solved for, and what a state's actions share written once.

    With p₀ the chance of staying and m(s') = min_a p(s'|s, a), an action's worth is::

        [R + γ Σ_{s' ≠ s} m(s') V(s') + γ Σ_{s' ≠ s} (p(s') − m(s')) V(s')] / (1 − γ p₀)

    whose first sum is the same for all actions. Of a move that slips to any of five neighbours at random,
    five numbers and one remain in place of five for each action. Rounding leaves remainders of
    no size, which are dropped; bounds are computed from the rows themselves.

    Parameters
    ----------
    row_offset
        Where rows start; shape (states + pairs + 1,). A state's shared row comes first, then one for each of
        its pairs: pair k of state s has the row k + s + 1.
    successor, factor
        The entries: s' and γ m or γ (p − m).
    scale
        1 / (1 − γ p₀); shape (pairs,).
    """

    row_offset: np.ndarray
    successor: np.ndarray
    factor: np.ndarray
    scale: np.ndarray
