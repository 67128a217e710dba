"""Deterministic models: sweeps over sixteen rewards at once, then Howard's exact evaluation.

Let s' be a successor of s. A value V with V ≤ T V, where (T V)(s) = R(s) + γ · max_s' V(s'), lies
below V*, and stays there when single entries are raised to (T V)(s), in any order. So:

1. *Start* from the value of the best loop of one or two steps through each state (for a state with
   a *stay* action that is R(s) / (1 − γ)), or of the least reward for ever.
2. *Sweep*: raise every state in place, forwards and backwards in turn. Value travels along the
   whole of a path in one sweep as long as the path runs in the sweep's direction.
3. Where a reward has not settled after a number of sweeps, *evaluate* its greedy policy exactly
   (Howard's step): each state has one successor, so the policy's graph is trees that lead into
   cycles; a cycle's value is a closed sum, and the trees follow, in linear time. Sweep again.

A reward has settled when a whole sweep raises nothing by more than rounding. The value is then
the fixed point of T to rounding, that is the exact value of an optimal policy. The optimal cycles of
a model in which one can stay, or turn back, have one or two states; there the start holds their
value already, and step 3 is hardly ever needed. Elsewhere (directed cycles) this is Howard's policy
iteration with many cheap improvements between two evaluations.

Notes
-----
*What it costs.* A sweep reads, for each state, its successors' values for sixteen rewards (two cache
lines each), and is bound by the latency of one state's update, on which the next may depend: about
1.5 ns for each reward and state with five actions, whether the block lies in the second cache or comes
from memory in order. Exact evaluation walks a graph by random access, one reward at a time, with
a branch nobody can predict: about 25 ns. On an open grid with random rewards 13 to 25 sweeps do.

*Source:* R. A. Howard, Dynamic Programming and Markov Processes (1960), policy iteration; Puterman
(1994), sections 6.3.3 (Gauss–Seidel) and 6.4.2; monotone bounds, proposition 6.3.2.
"""

from __future__ import annotations

import math
from typing import final

import numpy as np
from numba import njit

from corrigible.mdp.lanes import (
    WIDTH,
    add,
    at,
    load,
    maximum,
    mul,
    scratch,
    spread,
    store,
    sub,
    where_positive,
)
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import Solver, check_discount
from corrigible.mdp.rows import UNDERFLOW

ROUNDING = 2.0**-50
"""A rise below this share of the value is taken for rounding (a closed cycle sum is off by less)."""

FIRST_SWEEPS = 32
LATER_SWEEPS = 16
PATIENCE = 40
"""Rounds of evaluation after which the share taken for rounding begins to grow, fourfold each."""


@final
class Howard(Solver):
    """Exact values of deterministic models; the method is told at the top of this file."""

    method = "policy iteration with exact evaluation"

    def __init__(self, mdp: MDP, discount: float) -> None:
        self.discount = check_discount(discount)
        self.n_states = mdp.n_states
        self._action_offset = mdp.action_offset.astype(np.int32)
        self._successor = mdp.successor
        self._loop_offset, self._loop_end = _short_loops(mdp)

    def _solve(
        self,
        rewards: np.ndarray,
        values: np.ndarray,
        residual: np.ndarray,
        stop: np.ndarray,
        warm: bool = False,
    ) -> int:
        n = self.n_states
        return _solve_rows(
            rewards,
            values,
            residual,
            self._action_offset,
            self._successor,
            self._loop_offset,
            self._loop_end,
            self.discount,
            scratch(n),
            scratch(n),
            scratch(1),
            np.empty(n),
            np.empty(n, dtype=np.int32),
            np.empty(n, dtype=np.int32),
            np.empty(n, dtype=np.int32),
            stop,
        )


def _short_loops(mdp: MDP) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each state, the states with which it forms a loop of one or two steps.

    If every state can stay, only those loops are given: staying at a two-loop's better state is
    worth as much as the loop. The form is offsets of shape (states + 1,) and states.
    """
    n = mdp.n_states
    start = mdp.owner
    end = mdp.successor.astype(np.int64)
    stay = start == end
    if np.all(np.bincount(start[stay], minlength=n) > 0):
        return np.arange(n + 1, dtype=np.int32), np.arange(n, dtype=np.int32)
    edges = np.unique(start * n + end)
    back = np.isin(edges, edges % n * n + edges // n, assume_unique=True)
    start, end = np.divmod(edges[back], n)
    offset = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=n))])
    return offset.astype(np.int32), end.astype(np.int32)


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    rewards: np.ndarray, values: np.ndarray, residual: np.ndarray, action_offset: np.ndarray,
    successor: np.ndarray, loop_offset: np.ndarray, loop_end: np.ndarray, discount: float,
    reward: np.ndarray, value: np.ndarray, gain: np.ndarray, single: np.ndarray, policy: np.ndarray,
    mark: np.ndarray, path: np.ndarray, stop: np.ndarray,
) -> int:  # fmt: skip
    """Solve all rows, a block at a time; return how many did not settle, or −1 if stopped."""
    failed = 0
    samples, n = rewards.shape
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        _start(rewards, first, width, reward, value, loop_offset, loop_end, discount, gain)
        rounding = ROUNDING
        rounds = 0
        while True:
            if rounds > 0:
                for lane in range(width):
                    if gain[0, lane] > 0:
                        _evaluate(
                            lane, reward, value, action_offset, successor, discount, rounding,
                            single, policy, mark, path,
                        )  # fmt: skip
            if rounds > PATIENCE:
                rounding = min(4 * rounding, 1e-9)
            for sweep in range(LATER_SWEEPS if rounds > 0 else FIRST_SWEEPS):
                if stop[0]:
                    return -1
                _sweep(reward, value, action_offset, successor, discount, rounding, sweep % 2 == 1, gain)
                if _settled(gain):
                    break
            if _settled(gain):
                break
            rounds += 1
            if rounds > n + 10 * PATIENCE:
                for lane in range(width):
                    failed += gain[0, lane] > 0
                break
        _residual(reward, value, action_offset, successor, discount, gain)
        for lane in range(width):
            residual[first + lane] = gain[0, lane] + UNDERFLOW
        for s in range(n):
            for lane in range(width):
                values[first + lane, s] = value[s, lane]
    return failed


@njit(nogil=True, cache=True, error_model="numpy")
def _start(
    rewards: np.ndarray, first: int, width: int, reward: np.ndarray, value: np.ndarray,
    loop_offset: np.ndarray, loop_end: np.ndarray, discount: float, least: np.ndarray,
) -> None:  # fmt: skip
    """Lay rewards out by state, and set the first lower bound; unused lanes get zeros."""
    n = rewards.shape[1]
    for s in range(n):
        for lane in range(width):
            reward[s, lane] = rewards[first + lane, s]
        for lane in range(width, WIDTH):
            reward[s, lane] = 0.0
    for lane in range(WIDTH):
        lowest = reward[0, lane]
        for s in range(1, n):
            lowest = min(lowest, reward[s, lane])
        # A hair lower, so that rounding cannot lift it above the bound.
        least[0, lane] = (lowest - abs(lowest) * ROUNDING) / (1 - discount)
    factor = spread(discount)
    one = spread(1 / (1 - discount))
    two = spread(1 / ((1 - discount) * (1 + discount)))
    for s in range(n):
        best = load(least, 0)
        here = load(reward, s)
        for j in range(at(loop_offset, s), at(loop_offset, s + 1)):
            if at(loop_end, j) == s:
                best = maximum(mul(here, one), best)
            else:
                best = maximum(mul(add(here, mul(factor, load(reward, at(loop_end, j)))), two), best)
        store(value, s, best)


@njit(nogil=True, cache=True, error_model="numpy")
def _sweep(
    reward: np.ndarray, value: np.ndarray, action_offset: np.ndarray, successor: np.ndarray,
    discount: float, rounding: float, backwards: bool, gain: np.ndarray,
) -> None:  # fmt: skip
    """Raise every state to (T V)(s) where that is higher by more than rounding.

    ``gain`` receives the largest rise beyond rounding of each lane; not above zero: settled.
    """
    n = len(action_offset) - 1
    factor = spread(discount)
    share = spread(rounding)
    zero = spread(0.0)
    largest = spread(-1.0)
    for i in range(n):
        s = n - 1 - i if backwards else i
        low = at(action_offset, s)
        best = load(value, at(successor, low))
        for k in range(low + 1, at(action_offset, s + 1)):
            best = maximum(load(value, at(successor, k)), best)
        here = load(reward, s)
        old = load(value, s)
        new = add(here, mul(factor, best))
        size = maximum(maximum(old, sub(zero, old)), maximum(here, sub(zero, here)))
        rise = sub(sub(new, old), mul(share, size))
        largest = maximum(rise, largest)
        store(value, s, where_positive(rise, new, old))
    store(gain, 0, largest)


@njit(nogil=True, cache=True, error_model="numpy")
def _settled(gain: np.ndarray) -> bool:
    highest = 0.0
    for lane in range(WIDTH):
        highest = max(highest, gain[0, lane])
    return highest <= 0


@njit(nogil=True, cache=True, error_model="numpy")
def _residual(
    reward: np.ndarray, value: np.ndarray, action_offset: np.ndarray, successor: np.ndarray,
    discount: float, out: np.ndarray,
) -> None:  # fmt: skip
    """Bound max_s |V(s) − (T V)(s)| for each lane, with what rounding may hide in its computation."""
    n = len(action_offset) - 1
    factor = spread(discount)
    rounding = spread(2.0**-52)
    zero = spread(0.0)
    largest = zero
    for s in range(n):
        low = at(action_offset, s)
        best = load(value, at(successor, low))
        for k in range(low + 1, at(action_offset, s + 1)):
            best = maximum(load(value, at(successor, k)), best)
        here = load(reward, s)
        old = load(value, s)
        best = mul(factor, best)
        off = sub(add(here, best), old)
        size = add(
            maximum(here, sub(zero, here)), add(maximum(best, sub(zero, best)), maximum(old, sub(zero, old)))
        )
        largest = maximum(add(maximum(off, sub(zero, off)), mul(rounding, size)), largest)
    store(out, 0, largest)


@njit(nogil=True, cache=True, error_model="numpy")
def _evaluate(
    lane: int, reward: np.ndarray, value: np.ndarray, action_offset: np.ndarray, successor: np.ndarray,
    discount: float, rounding: float, single: np.ndarray, policy: np.ndarray, mark: np.ndarray,
    path: np.ndarray,
) -> None:  # fmt: skip
    """Raise one lane to the exact value of its greedy policy.

    From each state not yet valued, follow the policy until a valued state, or one on the path
    itself: then the path ends in a cycle c_0, …, c_{m−1}, and V(c_0) is the sum of γ^i R(c_i)
    divided by 1 − γ^m. Then back along the path. Every state is entered once.
    """
    n = len(action_offset) - 1
    for s in range(n):
        low = action_offset[s]
        best = value[successor[low], lane]
        policy[s] = successor[low]
        for k in range(low + 1, action_offset[s + 1]):
            if value[successor[k], lane] > best:
                best = value[successor[k], lane]
                policy[s] = successor[k]
        mark[s] = -1
    for root in range(n):
        length = 0
        s = root
        while mark[s] == -1:
            mark[s] = root
            path[length] = s
            length += 1
            s = policy[s]
        if length == 0:
            continue
        if mark[s] == root:
            # s is on this path: it closes a cycle, which is the end of the path from s on.
            worth = 0.0
            steps = 0
            at = length
            while True:
                at -= 1
                worth = reward[path[at], lane] + discount * worth
                steps += 1
                if path[at] == s:
                    break
            # 1 − γ^m without cancellation.
            worth /= -math.expm1(steps * math.log1p(discount - 1))
        else:
            worth = single[s]
        for i in range(length - 1, -1, -1):
            worth = reward[path[i], lane] + discount * worth
            single[path[i]] = worth
            mark[path[i]] = n
    for s in range(n):
        old = value[s, lane]
        if single[s] - old > rounding * max(abs(old), abs(reward[s, lane])):
            value[s, lane] = single[s]
