"""How well states can be reached: R(s, g) = max_π E[γ^(steps until g)], 0 where g is never reached."""

from __future__ import annotations

import numpy as np

from corrigible.core.errors import ConvergenceError
from corrigible.mdp import MDP

SETTLED = 1e-13
"""Values that change by less in a sweep have settled."""

SWEEPS = 100_000
"""Sweeps after which that is given up."""


def reachability(mdp: MDP, group: np.ndarray, wanted: np.ndarray, discount: float) -> np.ndarray:
    """Return how well groups of states can be reached from each state; 1 in the group itself.

    Parameters
    ----------
    mdp
        The model.
    group
        The group of each state; integers of shape (states,).
    wanted
        The groups to be reached; integers of shape (wanted,).
    discount
        γ in (0, 1]; with 1 it is the probability of ever reaching the group.

    Returns
    -------
    numpy.ndarray
        Floats of shape (states, wanted).

    Raises
    ------
    ConvergenceError
        If the values do not settle; only where moves are left to chance.

    Notes
    -----
    Where moves are certain, R = γ^distance, and the distances come from a search backwards: exact. Elsewhere
    by sweeps of V = max_a Σ p γ V from below, the nearest states first, until nothing changes by more than
    10⁻¹³; the error is at most γ/(1 − γ) times that.

    *Source:* Krakovna et al. 2018, section 2.2.
    """
    steps = _distances(mdp, group, wanted)
    found = np.isfinite(steps)
    if mdp.deterministic:
        return np.where(found, discount ** np.where(found, steps, 0.0), 0.0)
    # Numba is imported where it is needed.
    from corrigible.countermeasures.impact.sweeps import settle

    values = (steps == 0).astype(float)
    order = np.argsort(steps, axis=0, kind="stable")
    count = (found & (steps > 0)).sum(axis=0)
    change = settle(
        values, order, (steps == 0).sum(axis=0), count, mdp.action_offset, mdp.row_offset, mdp.successor,
        mdp.probability, float(discount), SETTLED, SWEEPS,
    )  # fmt: skip
    if change > SETTLED:
        raise ConvergenceError(
            f"reachability still changes by `{change:.1g}` after {SWEEPS:,} sweeps", "use a discount below 1"
        )
    return values


def _distances(mdp: MDP, group: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the fewest steps to each group, if chance is kind; floats of shape (states, wanted)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    n = mdp.n_states
    # Backwards, with one more node for each group wanted, which leads to its members.
    member, column = np.nonzero(group[:, None] == wanted)
    tails = np.concatenate([mdp.successor, n + column])
    heads = np.concatenate([mdp.origin, member])
    size = n + len(wanted)
    graph = csr_array((np.ones(len(tails)), (tails, heads)), shape=(size, size))
    return dijkstra(graph, indices=np.arange(n, size), unweighted=True)[:, :n].T - 1.0
