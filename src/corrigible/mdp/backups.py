"""The two ways to look one step ahead, compiled for blocks of rewards: T, and Gauss–Seidel's G.

T is Bellman's operator; what it changes bounds the distance from V* (MacQueen, Porteus):

    (T V)(s) = R(s) + γ max_a Σ_s' p(s'|s, a) V(s'),     d = T V − V,
    T V + γ/(1−γ) min d  ≤  V*  ≤  T V + γ/(1−γ) max d

so that the middle of the two, T V + γ/(1−γ) (min d + max d)/2, has a Bellman residual of at most
γ (max d − min d)/2. G updates every state in place, with the chance of staying solved for:

    V(s) ← max_a [R(s) + γ Σ_{s' ≠ s} p(s'|s, a) V(s')] / (1 − γ p(s|s, a))

and reads `Shared` rows, in which what all actions of a state have in common is written, and added up,
once. Both have the fixed point V*.

*Source:* Puterman (1994), sections 6.3.3 (Gauss–Seidel) and 6.6.2; J. MacQueen (1966); E. Porteus (1971).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from corrigible.mdp.lanes import (
    WIDTH,
    add,
    at,
    load,
    maximum,
    minimum,
    mul,
    spread,
    store,
    sub,
)


@njit(nogil=True, cache=True, error_model="numpy")
def begin(
    rewards: np.ndarray, values: np.ndarray, first: int, width: int, warm: bool, discount: float,
    reward: np.ndarray, value: np.ndarray, span: np.ndarray, largest: np.ndarray,
) -> None:  # fmt: skip
    """Lay ``width`` rewards out by state, zeros beyond, and set the first values.

    They are those of ``values`` if ``warm``, else of the middle reward for ever. ``span`` and
    ``largest`` receive the range of each reward and its largest size.
    """
    n = rewards.shape[1]
    for lane in range(WIDTH):
        low = high = rewards[first + lane, 0] if lane < width else 0.0
        for s in range(n):
            r = rewards[first + lane, s] if lane < width else 0.0
            low = min(low, r)
            high = max(high, r)
            reward[s, lane] = r
        span[lane] = high - low
        largest[lane] = max(high, -low)
        for s in range(n):
            if warm and lane < width:
                value[s, lane] = values[first + lane, s]
            else:
                value[s, lane] = reward[s, lane] + discount / (1 - discount) * 0.5 * (low + high)


@njit(nogil=True, cache=True, error_model="numpy")
def sweep(
    reward: np.ndarray, value: np.ndarray, base: int, action_offset: np.ndarray, row_offset: np.ndarray,
    successor: np.ndarray, factor: np.ndarray, scale: np.ndarray, backwards: bool,
) -> None:  # fmt: skip
    """Update every state in place (G), in rows ``base`` … of ``value``, by `Shared` rows."""
    n = len(action_offset) - 1
    for i in range(n):
        s = n - 1 - i if backwards else i
        low = at(action_offset, s)
        row = low + s
        j = at(row_offset, row)
        end = at(row_offset, row + 1)
        common = load(reward, s)
        while j < end:
            common = add(common, mul(spread(at(factor, j)), load(value, base + at(successor, j))))
            j += 1
        best = spread(-np.inf)
        for k in range(low, at(action_offset, s + 1)):
            row += 1
            end = at(row_offset, row + 1)
            total = common
            while j < end:
                total = add(total, mul(spread(at(factor, j)), load(value, base + at(successor, j))))
                j += 1
            best = maximum(mul(total, spread(at(scale, k))), best)
        store(value, base + s, best)


@njit(nogil=True, cache=True, error_model="numpy")
def bellman(
    reward: np.ndarray, value: np.ndarray, base: int, out: np.ndarray, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, discount: float,
    small: np.ndarray,
) -> None:  # fmt: skip
    """Write T V to ``out``; least and largest d, and the largest |T V|, to rows 0 to 2 of ``small``."""
    n = len(action_offset) - 1
    gamma = spread(discount)
    zero = spread(0.0)
    least = spread(np.inf)
    most = spread(-np.inf)
    size = zero
    for s in range(n):
        best = spread(-np.inf)
        for k in range(at(action_offset, s), at(action_offset, s + 1)):
            total = zero
            for j in range(at(row_offset, k), at(row_offset, k + 1)):
                total = add(total, mul(spread(at(probability, j)), load(value, base + at(successor, j))))
            best = maximum(total, best)
        new = add(load(reward, s), mul(gamma, best))
        change = sub(new, load(value, base + s))
        least = minimum(change, least)
        most = maximum(change, most)
        size = maximum(maximum(new, sub(zero, new)), size)
        store(out, s, new)
    store(small, 0, least)
    store(small, 1, most)
    store(small, 2, size)
