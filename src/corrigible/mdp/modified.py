"""Stochastic models: Gauss–Seidel value iteration over eight rewards at once, stopped by bounds."""

from __future__ import annotations

from typing import final

import numpy as np
from numba import njit

from corrigible.mdp.lanes import (
    WIDTH,
    add,
    load,
    maximum,
    minimum,
    mul,
    scratch,
    spread,
    store,
    sub,
)
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import Solver, check_discount

PRECISION = 1e-9


@final
class Modified(Solver):
    """Certified values of stochastic models; the method is told at the top of this file."""

    method = "Gauss–Seidel value iteration with MacQueen–Porteus bounds"

    def __init__(self, mdp: MDP, discount: float) -> None:
        self.discount = check_discount(discount)
        self.n_states = mdp.n_states
        self._action_offset = mdp.action_offset.astype(np.int32)
        self._row_offset = mdp.row_offset
        self._successor = mdp.successor
        self._probability = mdp.probability

    def _solve(self, rewards: np.ndarray, values: np.ndarray, residual: np.ndarray, stop: np.ndarray) -> int:
        n = self.n_states
        return _solve_rows(
            rewards, values, residual, self._action_offset, self._row_offset, self._successor,
            self._probability, self.discount, PRECISION, scratch(n), scratch(n), scratch(n), scratch(2), stop,
        )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    rewards, values, residual, action_offset, row_offset, successor, probability, discount, precision,
    reward, value, other, bounds, stop,
):  # fmt: skip
    samples, n = rewards.shape
    failed = 0
    open_ = np.zeros(WIDTH, dtype=np.bool_)
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        left = width
        for lane in range(WIDTH):
            open_[lane] = lane < width
        target = np.zeros(WIDTH)
        for lane in range(width):
            low = high = rewards[first + lane, 0]
            for s in range(n):
                low = min(low, rewards[first + lane, s])
                high = max(high, rewards[first + lane, s])
                reward[s, lane] = rewards[first + lane, s]
            target[lane] = precision * (high - low)
            for s in range(n):
                value[s, lane] = (high + low) / 2 / (1 - discount)
        for lane in range(width, WIDTH):
            for s in range(n):
                reward[s, lane] = 0.0
                value[s, lane] = 0.0
        rounds = 0
        while left > 0:
            rounds += 1
            for sweep in range(4):
                if stop[0]:
                    return -1
                _sweep(
                    reward,
                    value,
                    value,
                    action_offset,
                    row_offset,
                    successor,
                    probability,
                    discount,
                    sweep % 2 == 1,
                    bounds,
                )
            _sweep(
                reward,
                value,
                other,
                action_offset,
                row_offset,
                successor,
                probability,
                discount,
                False,
                bounds,
            )
            for lane in range(WIDTH):
                lowest = bounds[0, lane]
                highest = bounds[1, lane]
                shift = discount / (1 - discount) * (lowest + highest) / 2
                half = discount * (highest - lowest) / 2
                biggest = 0.0
                for s in range(n):
                    value[s, lane] = other[s, lane] + shift
                    biggest = max(biggest, abs(value[s, lane]))
                half += 2.0**-48 * biggest
                if open_[lane] and (half <= target[lane] + 2.0**-47 * biggest or rounds > 20_000_000):
                    failed += rounds > 20_000_000
                    open_[lane] = False
                    left -= 1
                    residual[first + lane] = half
                    for s in range(n):
                        values[first + lane, s] = value[s, lane]
    return failed


@njit(nogil=True, cache=True, error_model="numpy")
def _sweep(
    reward, value, out, action_offset, row_offset, successor, probability, discount, backwards, bounds
):
    n = len(action_offset) - 1
    factor = spread(discount)
    lowest = spread(np.inf)
    highest = spread(-np.inf)
    for i in range(n):
        s = n - 1 - i if backwards else i
        best = spread(-np.inf)
        for k in range(action_offset[s], action_offset[s + 1]):
            total = spread(0.0)
            for j in range(row_offset[k], row_offset[k + 1]):
                total = add(total, mul(spread(probability[j]), load(value, successor[j])))
            best = maximum(total, best)
        new = add(load(reward, s), mul(factor, best))
        change = sub(new, load(value, s))
        lowest = minimum(change, lowest)
        highest = maximum(change, highest)
        store(out, s, new)
    store(bounds, 0, lowest)
    store(bounds, 1, highest)
