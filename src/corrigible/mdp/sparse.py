"""Policy iteration with sparse factorisation, for rewards that sweeps do not settle.

Each policy is evaluated exactly by factorising I − γ P with SuperLU and one step of refinement. The
time does not depend on γ, and is tens of microseconds for each state and reward on grids of ten
thousand states: dear, but bounded where sweeps at γ = 0.9999 and beyond are not.

*Source:* Puterman (1994), section 6.4 (policy iteration); Howard (1960).
"""

from __future__ import annotations

import numpy as np

from corrigible.mdp.rows import UNDERFLOW, Rows

LIMIT = 500
"""Policies tried for one reward before giving up; policy iteration rarely needs a dozen."""


def solve_sparse(
    rows: Rows, reward: np.ndarray, values: np.ndarray, residual: np.ndarray, discount: float
) -> bool:
    """Solve one reward by policy iteration with a sparse factorisation of I − γ P for each policy.

    ``values``, shape (states,), is where to start from, and receives the values; ``residual[0]`` a
    bound on their Bellman residual. Returns whether the policy settled.
    """
    from scipy.sparse import csc_array, csr_array, eye_array
    from scipy.sparse.linalg import splu

    n = rows.n_states
    starts = rows.action_offset[:-1]
    counts = np.diff(rows.action_offset)
    table = csr_array(
        (rows.probability, rows.successor, rows.row_offset), shape=(len(rows.row_offset) - 1, n)
    )
    current = values if np.all(np.isfinite(values)) else np.zeros(n)
    policy = np.full(n, -1, dtype=np.int64)
    settled = False
    for _ in range(LIMIT):
        worth = table @ current
        best = np.maximum.reduceat(worth, starts)
        # Change the action of a state only for a gain beyond rounding, so that ties cannot circle.
        slack = 8 * rows.rounding * (np.max(np.abs(current)) + np.max(np.abs(reward)))
        keep = (policy >= 0) & (worth[policy] >= best - slack)
        if np.all(keep):
            settled = True
            break
        at_best = np.flatnonzero(worth == np.repeat(best, counts))
        owner = np.repeat(np.arange(n), counts)[at_best]
        first = at_best[np.unique(owner, return_index=True)[1]]
        policy = np.where(keep, policy, first)
        matrix = csc_array(eye_array(n) - discount * table[policy])
        factors = splu(matrix)
        current = factors.solve(reward)
        current += factors.solve(reward - matrix @ current)
    new = reward + discount * np.maximum.reduceat(table @ current, starts)
    change = new - current
    size = float(np.max(np.abs(new))) + float(np.max(np.abs(reward)))
    values[:] = new + discount / (1 - discount) * (change.min() + change.max()) / 2
    rounding = rows.rounding * (size + float(np.max(np.abs(values)))) + UNDERFLOW
    residual[0] = discount * (change.max() - change.min()) / 2 + rounding
    return settled
