"""Stochastic models: accelerated Gauss–Seidel sweeps over sixteen rewards at once, and certain bounds.

One step G is a sweep forwards and one backwards (`backups`). Its fixed point is V*; it contracts by γ or
better. What is slow near γ = 1 are a few smooth errors (the level of each region in which a good
policy would stay), and those *Anderson's acceleration* removes: the next iterate is the affine
combination of the last three results of G whose combined change f = G(V) − V is least,

    V ← Σ_j α_j G(V_j),   α = argmin ‖Σ_j α_j f_j‖₂,   Σ_j α_j = 1.

Nothing is believed of it until checked: one ordinary step T W from the result W bounds V* on both
sides, whatever W is (`backups.bellman`), and the middle of the bounds is returned. A reward stops when its
Bellman residual is certainly below `PRECISION` times the range of its rewards: POWER is then right to
1e-9 of that range; or below what a tolerance asks for. A reward that is not there after `BUDGET`
sweeps, which costs about what exact solutions do, is handed to policy iteration with exact sparse
solves (`sparse`), which starts from where this got.

Notes
-----
*What it costs.* On grids with slip, 25 outcomes a state, a sweep takes 1.1 ns for each reward and state: what
the actions of a state share is added up once (`Shared`), which leaves 8 of 20 products; sixteen
rewards a block share the instructions that find the outcomes, and half of the wait of one state
for the one before. Straight-line code for this one model would take 0.8 ns. The acceleration adds 1
to 2.5 ns for two sweeps, from the third cache on large models. Sweeps until 1e-9 on a grid of 100×100 with
a slip of 0.2: about 45 at γ = 0.9, 200 at 0.99, 1000 at 0.999, where most are spent not on precision but until the
best goal is known far away; there `direct` may cost less. Partial evaluation of policies (modified policy
iteration proper) would gain nothing here: with a policy each, the rewards no longer read the same
rows, and one scalar evaluation costs as much as a vectorised sweep over all actions.

*Source:* Puterman (1994), sections 6.3.3 (Gauss–Seidel), 6.5 and 6.6.2; D. G. Anderson (1965); H. F. Walker
& P. Ni, Anderson Acceleration for Fixed-Point Iterations (2011).
"""

from __future__ import annotations

from typing import final

import numpy as np
from numba import njit

from corrigible.mdp.backups import begin, bellman, sweep
from corrigible.mdp.lanes import WIDTH, add, load, maximum, mul, scratch, spread, store, sub
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import Solver, check_discount, check_tolerance
from corrigible.mdp.rows import PRECISION, UNDERFLOW, Rows
from corrigible.mdp.sparse import solve_sparse

BUDGET = 20_000
"""Sweeps after which a reward is handed to exact solves."""


@final
class Modified(Solver):
    """Certified values of stochastic models; the method is told at the top of this file."""

    method = "accelerated Gauss–Seidel value iteration with certified bounds"

    def __init__(self, mdp: MDP, discount: float, tolerance: float | None = None) -> None:
        self.discount = check_discount(discount)
        self._goal = check_tolerance(tolerance, self.discount)
        self._share = PRECISION if tolerance is None else 0.0
        self.n_states = mdp.n_states
        self._rows = Rows.of(mdp)
        self._budget = BUDGET
        self._split = self._rows.shared(self.discount)

    def _solve(
        self,
        rewards: np.ndarray,
        values: np.ndarray,
        residual: np.ndarray,
        stop: np.ndarray,
        warm: bool = False,
    ) -> int:
        n, rows, split = self.n_states, self._rows, self._split
        status = _solve_rows(
            rewards, values, residual, rows.action_offset,
            rows.row_offset, rows.successor, rows.probability,
            split.row_offset, split.successor, split.factor, split.scale,
            self.discount, self._goal, self._share, self._budget, float(rows.rounding),
            scratch(n), scratch(n), scratch(3 * n), scratch(3 * n), scratch(24), stop, warm,
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
    split_successor: np.ndarray, split_factor: np.ndarray, scale: np.ndarray, discount: float, goal: float,
    precision: float, budget: int, rounding: float, reward: np.ndarray, value: np.ndarray,
    results: np.ndarray, changes: np.ndarray, small: np.ndarray, stop: np.ndarray, warm: bool,
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
        begin(rewards, values, first, width, warm, discount, reward, value, span, largest)
        results[:n] = value
        for lane in range(WIDTH):
            is_open[lane] = lane < width
        left = width
        step = 0
        while left > 0:
            if stop[0]:
                return -1
            slot = step % 3
            for half in range(2):
                sweep(
                    reward, results, slot * n, action_offset, split_offset, split_successor, split_factor, scale,
                    half == 1,
                )  # fmt: skip
            _compare(value, results, changes, slot * n, min(step, 2), n, small)
            step += 1
            out_of_budget = 2 * step >= budget
            any_ready = False
            for lane in range(width):
                target = max(goal, precision * span[lane])
                ready = small[3, lane] <= 2 * target or step % 8 == 0 or out_of_budget
                small[4, lane] = 1.0 if ready and is_open[lane] else 0.0
                any_ready = any_ready or small[4, lane] > 0
            if any_ready:
                # The values of T W go where the iterate was, which is not needed any more.
                bellman(
                    reward, results, slot * n, value, action_offset, row_offset, successor, probability,
                    discount, small[21:],
                )  # fmt: skip
                for lane in range(width):
                    if small[4, lane] == 0:
                        continue
                    shift = discount / (1 - discount) * 0.5 * (small[21, lane] + small[22, lane])
                    bound = discount * 0.5 * (small[22, lane] - small[21, lane])
                    error = rounding * (largest[lane] + small[23, lane] + abs(shift))
                    done = bound <= max(goal, precision * span[lane], 4 * error)
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
