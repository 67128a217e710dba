"""The loop of `reaching`: sweeps over states until nothing changes, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(nogil=True, cache=True)
def settle(
    values: np.ndarray, order: np.ndarray, first: np.ndarray, count: np.ndarray, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, discount: float, settled: float,
    sweeps: int,
) -> float:  # fmt: skip
    """Sweep each column of ``values`` (states, targets) in place; return the largest last change.

    ``order`` has the states of each target, the nearest first; ``first`` says how many of them are the target, and
    ``count`` how many after them can reach it. The other arrays are those of the model.
    """
    worst = 0.0
    for target in range(values.shape[1]):
        value = values[:, target].copy()
        change = np.inf
        for _ in range(sweeps):
            change = 0.0
            for at in range(first[target], first[target] + count[target]):
                state = order[at, target]
                best = 0.0
                for pair in range(action_offset[state], action_offset[state + 1]):
                    worth = 0.0
                    for entry in range(row_offset[pair], row_offset[pair + 1]):
                        worth += probability[entry] * value[successor[entry]]
                    best = max(best, worth)
                change = max(change, abs(discount * best - value[state]))
                value[state] = discount * best
            if change <= settled:
                break
        values[:, target] = value
        worst = max(worst, change)
    return float(worst)
