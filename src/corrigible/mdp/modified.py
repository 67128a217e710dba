"""Stochastic models: accelerated Gauss–Seidel sweeps over eight rewards at once, and certain bounds.

Each state is updated in place by the best action, with the chance of staying solved for:

    V(s) ← max_a [R(s) + γ Σ_{s' ≠ s} p(s'|s, a) V(s')] / (1 − γ p(s|s, a))

One step G is a sweep forwards and one backwards. Its fixed point is V*; it contracts by γ or
better. What is slow near γ = 1 are a few smooth errors (the level of each region in which a good
policy would stay), and those *Anderson's acceleration* removes: the next iterate is the affine
combination of the last three results of G whose combined change f = G(V) − V is least,

    V ← Σ_j α_j G(V_j),   α = argmin ‖Σ_j α_j f_j‖₂,   Σ_j α_j = 1.

Nothing is believed of it until checked: one ordinary step T W from the result W bounds V* on both
sides (MacQueen, Porteus), whatever W is,

    T W + γ/(1−γ) min_s d(s)  ≤  V*  ≤  T W + γ/(1−γ) max_s d(s),   d = T W − W,

and the middle, returned, has a Bellman residual of at most γ (max d − min d) / 2. A reward stops when
that is below `PRECISION` times the range of its rewards: POWER is then right to 1e-9 of that range.
A reward that is not there after `BUDGET` sweeps, which costs about what exact solutions do, is
handed to policy iteration with exact sparse solves (`sparse`), which starts from where this got.

Notes
-----
*What it costs.* An update is one product and sum for each outcome of each action, on eight rewards at
once: 0.2 to 0.4 ns for each outcome and reward, mostly the instructions that find the outcomes, and
the latency from one state to the next. The acceleration adds 1.5 to 3 ns a state and reward for
two sweeps, from the third cache on large models. Sweeps until 1e-9 on a grid of 100×100 with a slip
of 0.2: about 45 at γ = 0.9, 200 at 0.99, 1000 at 0.999. Partial evaluation of policies (modified policy
iteration proper) would gain nothing here: with a policy each, the eight rewards no longer read the
same rows, and one scalar evaluation costs as much as a vectorised sweep over all actions.

*Source:* Puterman (1994), sections 6.3.3 (Gauss–Seidel), 6.5 and 6.6.2; J. MacQueen (1966); E. Porteus
(1971); D. G. Anderson (1965); H. F. Walker & P. Ni, Anderson Acceleration for Fixed-Point Iterations
(2011).
"""

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
from corrigible.mdp.rows import UNDERFLOW, Rows
from corrigible.mdp.sparse import solve_sparse

PRECISION = 1e-9
"""Bellman residual, as a share of the range of a reward, at which its sweeps stop."""

BUDGET = 20_000
"""Sweeps after which a reward is handed to exact solves."""


@final
class Modified(Solver):
    """Certified values of stochastic models; the method is told at the top of this file."""

    method = "accelerated Gauss–Seidel value iteration with certified bounds"

    def __init__(self, mdp: MDP, discount: float) -> None:
        self.discount = check_discount(discount)
        self.n_states = mdp.n_states
        self._rows = Rows.of(mdp)
        self._budget = BUDGET
        self._split = self._rows.without_loops(self.discount)

    def _solve(self, rewards: np.ndarray, values: np.ndarray, residual: np.ndarray, stop: np.ndarray) -> int:
        n, rows, split = self.n_states, self._rows, self._split
        status = _solve_rows(
            rewards, values, residual, rows.action_offset,
            rows.row_offset, rows.successor, rows.probability,
            split.row_offset, split.successor, split.probability, split.reward_factor,
            self.discount, PRECISION, self._budget, float(rows.rounding),
            scratch(n), scratch(n), scratch(3 * n), scratch(3 * n), scratch(21), stop,
        )  # fmt: skip
        if status < 0:
            return status
        failed = 0
        for sample in np.flatnonzero(np.isnan(residual)):
            if stop[0]:
                return -1
            failed += not solve_sparse(
                rows, rewards[sample], values[sample], residual[sample:], self.discount
            )
        return failed


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    rewards: np.ndarray, values: np.ndarray, residual: np.ndarray, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, split_offset: np.ndarray,
    split_successor: np.ndarray, split_factor: np.ndarray, reward_factor: np.ndarray, discount: float,
    precision: float, budget: int, rounding: float, reward: np.ndarray, value: np.ndarray,
    results: np.ndarray, changes: np.ndarray, small: np.ndarray, stop: np.ndarray,
) -> int:  # fmt: skip
    """Solve all rows, eight at a time; return 0, or −1 if stopped.

    A row that did not get there within the budget has its last values, and NaN as its residual.
    ``results`` and ``changes`` hold G(V_j) and f_j of the last three steps, one after another.
    """
    samples, n = rewards.shape
    is_open = np.zeros(WIDTH, dtype=np.bool_)
    span = np.zeros(WIDTH)
    largest = np.zeros(WIDTH)
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        for lane in range(WIDTH):
            is_open[lane] = lane < width
            low = high = rewards[first + lane, 0] if lane < width else 0.0
            for s in range(n):
                r = rewards[first + lane, s] if lane < width else 0.0
                low = min(low, r)
                high = max(high, r)
                reward[s, lane] = r
            span[lane] = high - low
            largest[lane] = max(high, -low)
            for s in range(n):
                value[s, lane] = reward[s, lane] + discount / (1 - discount) * 0.5 * (low + high)
                results[s, lane] = value[s, lane]
        left = width
        step = 0
        while left > 0:
            if stop[0]:
                return -1
            slot = step % 3
            for half in range(2):
                _sweep(
                    reward, results, slot * n, action_offset, split_offset, split_successor, split_factor,
                    reward_factor, half == 1,
                )  # fmt: skip
            _compare(value, results, changes, slot * n, min(step, 2), n, small)
            step += 1
            out_of_budget = 2 * step >= budget
            any_ready = False
            for lane in range(width):
                ready = small[3, lane] <= 2 * precision * span[lane] or step % 8 == 0 or out_of_budget
                small[4, lane] = 1.0 if ready and is_open[lane] else 0.0
                any_ready = any_ready or small[4, lane] > 0
            if any_ready:
                # The values of T W go where the iterate was, which is not needed any more.
                _apply(
                    reward, results, slot * n, value, action_offset, row_offset, successor, probability,
                    discount, small,
                )  # fmt: skip
                for lane in range(width):
                    if small[4, lane] == 0:
                        continue
                    shift = discount / (1 - discount) * 0.5 * (small[5, lane] + small[6, lane])
                    bound = discount * 0.5 * (small[6, lane] - small[5, lane])
                    error = rounding * (largest[lane] + small[7, lane] + abs(shift))
                    done = bound <= max(precision * span[lane], 4 * error)
                    if done or out_of_budget:
                        is_open[lane] = False
                        left -= 1
                        residual[first + lane] = bound + error + UNDERFLOW if done else np.nan
                        for s in range(n):
                            values[first + lane, s] = value[s, lane] + shift
            _weights(small, min(step, 3), slot)
            _combine(results, value, step % 3 * n, n, small, min(step, 3))
    return 0


@njit(nogil=True, cache=True, error_model="numpy")
def _sweep(
    reward: np.ndarray, value: np.ndarray, base: int, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, factor: np.ndarray, reward_factor: np.ndarray,
    backwards: bool,
) -> None:  # fmt: skip
    """Update every state in place, in rows ``base`` … of ``value``."""
    n = len(action_offset) - 1
    for i in range(n):
        s = n - 1 - i if backwards else i
        here = load(reward, s)
        best = spread(-np.inf)
        for k in range(action_offset[s], action_offset[s + 1]):
            total = mul(here, spread(reward_factor[k]))
            for j in range(row_offset[k], row_offset[k + 1]):
                total = add(total, mul(spread(factor[j]), load(value, base + successor[j])))
            best = maximum(total, best)
        store(value, base + s, best)


@njit(nogil=True, cache=True, error_model="numpy")
def _apply(
    reward: np.ndarray, value: np.ndarray, base: int, out: np.ndarray, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, discount: float,
    small: np.ndarray,
) -> None:  # fmt: skip
    """Write T V to ``out``; least and largest change, and largest size of value, to ``small`` 5 to 7."""
    n = len(action_offset) - 1
    gamma = spread(discount)
    zero = spread(0.0)
    least = spread(np.inf)
    most = spread(-np.inf)
    size = zero
    for s in range(n):
        best = spread(-np.inf)
        for k in range(action_offset[s], action_offset[s + 1]):
            total = zero
            for j in range(row_offset[k], row_offset[k + 1]):
                total = add(total, mul(spread(probability[j]), load(value, base + successor[j])))
            best = maximum(total, best)
        new = add(load(reward, s), mul(gamma, best))
        change = sub(new, load(value, base + s))
        least = minimum(change, least)
        most = maximum(change, most)
        size = maximum(maximum(new, sub(zero, new)), size)
        store(out, s, new)
    store(small, 5, least)
    store(small, 6, most)
    store(small, 7, size)


@njit(nogil=True, cache=True, error_model="numpy")
def _compare(
    value: np.ndarray, results: np.ndarray, changes: np.ndarray, base: int, known: int, n: int,
    small: np.ndarray,
) -> None:  # fmt: skip
    """Write f = G(V) − V, its size to ``small`` 3, its products with itself and its ``known``
    predecessors to ``small`` 0 to 2, by slot."""
    zero = spread(0.0)
    size = zero
    before = (base + 2 * n) % (3 * n)
    earlier = (base + n) % (3 * n)
    with_itself = zero
    with_before = zero
    with_earlier = zero
    for s in range(n):
        f = sub(load(results, base + s), load(value, s))
        store(changes, base + s, f)
        size = maximum(maximum(f, sub(zero, f)), size)
        with_itself = add(with_itself, mul(f, f))
        if known > 0:
            with_before = add(with_before, mul(f, load(changes, before + s)))
        if known > 1:
            with_earlier = add(with_earlier, mul(f, load(changes, earlier + s)))
    store(small, base // n, with_itself)
    store(small, before // n, with_before)
    store(small, earlier // n, with_earlier)
    store(small, 3, size)


@njit(nogil=True, cache=True, error_model="numpy")
def _weights(
    small: np.ndarray, known: int, slot: int,
) -> None:  # fmt: skip
    """Set α (``small`` 8 to 10, by slot) from the products of the last ``known`` changes (12 to 20)."""
    a = (slot + 2) % 3
    b = (slot + 1) % 3
    for lane in range(WIDTH):
        for j in range(3):
            small[12 + 3 * slot + j, lane] = small[j, lane]
            small[12 + 3 * j + slot, lane] = small[j, lane]
        x = 0.0
        y = 0.0
        if known > 1:
            kk = small[12 + 4 * slot, lane]
            ak = small[12 + 3 * slot + a, lane]
            aa = small[12 + 4 * a, lane]
            first = aa - 2 * ak + kk
            if first > 0:
                x = (kk - ak) / first
            if known > 2:
                bk = small[12 + 3 * slot + b, lane]
                bb = small[12 + 4 * b, lane]
                second = bb - 2 * bk + kk
                cross = small[12 + 3 * a + b, lane] - ak - bk + kk
                determinant = first * second - cross * cross
                # Where the three changes lie (nearly) on a line, two of them say all.
                if determinant > 1e-12 * first * second:
                    x = ((kk - ak) * second - (kk - bk) * cross) / determinant
                    y = ((kk - bk) * first - (kk - ak) * cross) / determinant
        if not (abs(x) + abs(y) < 1e8):
            x = 0.0
            y = 0.0
        small[8 + slot, lane] = 1 - x - y
        small[8 + a, lane] = x
        small[8 + b, lane] = y


@njit(nogil=True, cache=True, error_model="numpy")
def _combine(
    results: np.ndarray, value: np.ndarray, base: int, n: int, small: np.ndarray, known: int,
) -> None:  # fmt: skip
    """Write Σ α_j G(V_j) to ``value`` and to rows ``base`` … of ``results``, where the next step works."""
    first = load(small, 8)
    second = load(small, 9)
    third = load(small, 10)
    for s in range(n):
        new = mul(first, load(results, s))
        if known > 1:
            new = add(new, mul(second, load(results, n + s)))
        if known > 2:
            new = add(new, mul(third, load(results, 2 * n + s)))
        store(value, s, new)
        store(results, base + s, new)
