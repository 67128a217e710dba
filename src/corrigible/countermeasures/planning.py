"""Optimal plans over a number of steps, by backward induction."""

from __future__ import annotations

import dataclasses

import numpy as np

from corrigible.countermeasures.case import Case

TIES = 1e-10
"""Plans whose values differ by less than this share of the largest are equally good."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Optimal values and actions.

    Parameters
    ----------
    values
        V_t(s), the most that can be expected with t steps gone; floats of shape (horizon + 1, states).
    action_values
        Q_t(s, a); floats of shape (horizon, pairs).
    optimal
        Which pairs are optimal; boolean, likewise.
    """

    values: np.ndarray
    action_values: np.ndarray
    optimal: np.ndarray


def plan(case: Case, paid: np.ndarray | None = None, discount: float | None = None) -> Plan:
    """Return the optimal plan of a case.

    ::

        Q_t(s, a) = Σ_s' p(s'|s, a) · (r_t(s, a, s') + γ V_{t+1}(s'))
        V_t(s) = max_a Q_t(s, a),   V_horizon = 0,   V_t = what an end goes on paying, where the episode has stopped

    Parameters
    ----------
    case
        The case.
    paid
        r_t; floats of shape (transitions,), or (horizon, transitions) where it depends on the steps gone;
        default ``case.paid``.
    discount
        γ; default the case's.

    Notes
    -----
    Exact but for rounding: there is nothing iterative in it.

    *Source:* Bellman 1957; Puterman 1994, section 4.3.
    """
    mdp, steps = case.mdp, case.horizon
    gamma = case.discount if discount is None else discount
    rewards = case.of_pairs(case.paid if paid is None else paid)
    values = np.zeros((steps + 1, mdp.n_states))
    worth = np.empty((steps, mdp.n_pairs))
    for t in reversed(range(steps)):
        worth[t] = (rewards[t] if rewards.ndim == 2 else rewards) + gamma * (case.chances @ values[t + 1])
        values[t] = np.maximum.reduceat(worth[t], mdp.action_offset[:-1])
        values[t] = np.where(case.ends, case.rested(steps - t, gamma), values[t])
    best = np.maximum.reduceat(worth, mdp.action_offset[:-1], axis=1)
    tie = TIES * max(1.0, float(np.abs(worth).max()))
    return Plan(values=values, action_values=worth, optimal=worth >= best[:, mdp.owner] - tie)


def tied_at_random(case: Case, optimal: np.ndarray) -> np.ndarray:
    """Return the policy that takes each of the pairs marked in a state equally often.

    Parameters
    ----------
    case
        The case.
    optimal
        Boolean of shape (horizon, pairs), at least one a state.
    """
    counts = np.add.reduceat(optimal.astype(float), case.mdp.action_offset[:-1], axis=1)
    return optimal / counts[:, case.mdp.owner]


def stationary(case: Case, probabilities: np.ndarray) -> np.ndarray:
    """Return the policy that does the same at each step; ``probabilities`` has the shape (pairs,)."""
    return np.broadcast_to(probabilities, (case.horizon, case.mdp.n_pairs))
