"""Stochastic models that are small or thinly linked: policy iteration with exact solves, sixteen at once.

The value of a policy, V = R + γ P V, is found by elimination. Write m_ij = γ p_ij for i ≠ j and
w_i = 1 − γ for the sum of row i of I − γ P. Eliminating state j adds, for every i and k after it,

    m_ik += f m_jk,   w_i += f w_j,   R_i += f R_j,   f = m_ij / d_j,   d_j = w_j + Σ_{k > j} m_jk,

and from the last state back V_j = (R_j + Σ_{k > j} m_jk V_k) / d_j. The diagonal is never stored but
summed anew as d_j, so nothing is ever subtracted: the result is as accurate at γ = 0.999999 as at
0.5, where ordinary elimination loses six digits. Which m_ik can differ from zero is the same for all
policies of a model, so it is worked out once, in an order that keeps them few (`Ordering`), and each
reward of a block has its own policy.

In turn: a few sweeps (`backups`), every state takes its best action, which it changes only for a gain
beyond rounding, so that ties cannot go in circles, and the policy is solved. A reward is done when the bounds of MacQueen and Porteus around its values are as narrow as asked, or no action changes.

Notes
-----
*What it costs.* For each policy and reward about 0.3 ns a product: the fill is read from the third cache
or from memory, once for each row that it is added to. A grid of 100×100 takes 950 products a state, so
0.3 µs for each of about a dozen policies, whatever γ is. `Direct.where_cheaper` sets that against
the sweeps of `modified`.

*Source:* Howard (1960); Puterman (1994), section 6.4. Elimination without subtraction: W. Grassmann,
M. Taksar & D. Heyman (1985); for rows with a remainder, A. Alfa, J. Xue & Q. Ye (2002).
"""

from __future__ import annotations

from typing import final

import numpy as np
from numba import njit

from corrigible.mdp.backups import begin, sweep
from corrigible.mdp.lanes import (
    WIDTH,
    add,
    at,
    div,
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
from corrigible.mdp.optimal import Solver, check_discount, check_tolerance
from corrigible.mdp.ordering import Ordering
from corrigible.mdp.rows import PRECISION, UNDERFLOW, Rows

SWEEPS = 16
"""Pairs of sweeps before each policy. An exact solution lets the border between the regions of two goals
move by one state; sweeps carry it as far as it goes."""

ROUNDS = 12
"""Policies that grids with slip were seen to need, the slowest of sixteen rewards."""

LARGEST = 2**19
"""Entries of fill that are worth keeping: 64 MiB for a block of rewards, and a thread."""

POLICIES = 200
"""Policies tried for one reward before giving up; policy iteration rarely needs a dozen."""


@final
class Direct(Solver):
    """Exact values of small stochastic models; the method is told at the top of this file."""

    method = "policy iteration with exact solves"

    def __init__(
        self, mdp: MDP, discount: float, tolerance: float | None = None, ordering: Ordering | None = None
    ) -> None:
        self.discount = check_discount(discount)
        self.n_states = mdp.n_states
        self._goal = check_tolerance(tolerance, self.discount)
        self._share = PRECISION if tolerance is None else 0.0
        self._rows = Rows.of(mdp)
        self._shared = self._rows.shared(self.discount)
        self._ordering = Ordering.of(self._rows) if ordering is None else ordering

    @classmethod
    def where_cheaper(cls, mdp: MDP, discount: float, tolerance: float | None = None) -> Direct | None:
        """Return the solver if elimination is expected to cost less than sweeps until they settle.

        Both in nanoseconds for each reward and state: `ROUNDS` policies of 0.3 ns a product and 45 ns for
        their sweeps, against 15 / √(1 − γ) sweeps (what grids with slip were seen to need, from γ = 0.9 to
        0.999; beyond it is more) of 1 ns and 0.08 ns for each transition.
        """
        n = mdp.n_states
        sweeps = 15 / (1 - discount) ** 0.5 * (1 + 0.08 * mdp.n_transitions / n)
        if sweeps < 45 * ROUNDS:
            return None
        ordering = Ordering.within(Rows.of(mdp), LARGEST)
        if ordering is None or ROUNDS * (45 + 0.3 * ordering.products / n) > sweeps:
            return None
        return cls(mdp, discount, tolerance, ordering)

    def _solve(
        self,
        rewards: np.ndarray,
        values: np.ndarray,
        residual: np.ndarray,
        stop: np.ndarray,
        warm: bool = False,
    ) -> int:
        n, rows, shared, order = self.n_states, self._rows, self._shared, self._ordering
        longest = int(np.diff(rows.action_offset).max())
        return _solve_rows(
            rewards, values, residual, rows.action_offset, rows.row_offset, rows.successor, rows.probability,
            shared.row_offset, shared.successor, shared.factor, shared.scale,
            order.state, order.place, order.lower_offset, order.lower, order.upper_offset, order.upper,
            self.discount, self._share, self._goal, rows.rounding, SWEEPS,
            scratch(n), scratch(n), scratch(n), scratch(n), scratch(len(order.upper)), scratch(n), scratch(n),
            scratch(n), scratch(longest), scratch(5), np.empty((n, WIDTH), dtype=np.int32), stop, warm,
        )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    rewards: np.ndarray, values: np.ndarray, residual: np.ndarray, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, shared_offset: np.ndarray,
    shared_successor: np.ndarray, shared_factor: np.ndarray, scale: np.ndarray, state: np.ndarray,
    place: np.ndarray, lower_offset: np.ndarray, lower: np.ndarray, upper_offset: np.ndarray,
    upper: np.ndarray, discount: float, precision: float, goal: float, rounding: float, sweeps: int,
    reward: np.ndarray, value: np.ndarray, ahead: np.ndarray, row: np.ndarray, filled: np.ndarray,
    rest: np.ndarray, right: np.ndarray, inverse: np.ndarray, worth: np.ndarray, small: np.ndarray,
    policy: np.ndarray, stop: np.ndarray, warm: bool,
) -> int:  # fmt: skip
    """Solve all rows, a block at a time; return how many did not settle, or −1 if stopped."""
    samples, n = rewards.shape
    is_open = np.zeros(WIDTH, dtype=np.bool_)
    changed = np.zeros(WIDTH, dtype=np.bool_)
    span = np.zeros(WIDTH)
    largest = np.zeros(WIDTH)
    failed = 0
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        begin(rewards, values, first, width, warm, discount, reward, value, span, largest)
        policy[:] = -1
        store(small, 3, spread(0.0))
        for lane in range(WIDTH):
            is_open[lane] = lane < width
        left = width
        for _ in range(POLICIES):
            if left == 0:
                break
            if stop[0]:
                return -1
            for half in range(2 * sweeps):
                sweep(
                    reward, value, 0, action_offset, shared_offset, shared_successor, shared_factor, scale,
                    half % 2 == 1,
                )  # fmt: skip
            _improve(
                reward, value, ahead, action_offset, row_offset, successor, probability, discount, policy,
                changed, worth, small,
            )  # fmt: skip
            _evaluate(
                reward, policy, value, state, place, lower_offset, lower, upper_offset, upper, row_offset,
                successor, probability, discount, row, filled, rest, right, inverse, small,
            )  # fmt: skip
            for lane in range(WIDTH):
                small[3, lane] = 4 * rounding * max(small[4, lane], largest[lane])
            _improve(
                reward, value, ahead, action_offset, row_offset, successor, probability, discount, policy,
                changed, worth, small,
            )  # fmt: skip
            for lane in range(width):
                if not is_open[lane]:
                    continue
                shift = discount / (1 - discount) * 0.5 * (small[0, lane] + small[1, lane])
                bound = discount * 0.5 * (small[1, lane] - small[0, lane])
                error = rounding * (largest[lane] + small[2, lane] + abs(shift))
                if changed[lane] and bound > max(goal, precision * span[lane], 4 * error):
                    continue
                is_open[lane] = False
                left -= 1
                residual[first + lane] = bound + error + UNDERFLOW
                for s in range(n):
                    values[first + lane, s] = ahead[s, lane] + shift
        failed += left
    return failed


@njit(nogil=True, cache=True, error_model="numpy")
def _evaluate(
    reward: np.ndarray, policy: np.ndarray, value: np.ndarray, state: np.ndarray, place: np.ndarray,
    lower_offset: np.ndarray, lower: np.ndarray, upper_offset: np.ndarray, upper: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, discount: float,
    row: np.ndarray, filled: np.ndarray, rest: np.ndarray, right: np.ndarray, inverse: np.ndarray,
    small: np.ndarray,
) -> None:  # fmt: skip
    """Solve V = R + γ P V for the policy of each lane; the largest |V| goes to row 4 of ``small``.

    Rows are finished one after another: ``row`` gathers row i, from its own probabilities and from
    the earlier rows that it is linked with, and its part beyond i is kept in ``filled``.
    """
    n = len(state)
    zero = spread(0.0)
    one = spread(1.0)
    for i in range(n):
        s = at(state, i)
        for e in range(at(lower_offset, i), at(lower_offset, i + 1)):
            store(row, at(lower, e), zero)
        for e in range(at(upper_offset, i), at(upper_offset, i + 1)):
            store(row, at(upper, e), zero)
        for lane in range(WIDTH):
            pair = policy[s, lane]
            for j in range(at(row_offset, pair), at(row_offset, pair + 1)):
                row[at(place, at(successor, j)), lane] = discount * at(probability, j)
        remainder = spread(1 - discount)
        known = load(reward, s)
        for e in range(at(lower_offset, i), at(lower_offset, i + 1)):
            j = at(lower, e)
            factor = mul(load(row, j), load(inverse, j))
            remainder = add(remainder, mul(factor, load(rest, j)))
            known = add(known, mul(factor, load(right, j)))
            for u in range(at(upper_offset, j), at(upper_offset, j + 1)):
                k = at(upper, u)
                store(row, k, add(load(row, k), mul(factor, load(filled, u))))
        total = remainder
        for u in range(at(upper_offset, i), at(upper_offset, i + 1)):
            entry = load(row, at(upper, u))
            total = add(total, entry)
            store(filled, u, entry)
        store(rest, i, remainder)
        store(right, i, known)
        store(inverse, i, div(one, total))
    size = zero
    for i in range(n - 1, -1, -1):
        total = load(right, i)
        for u in range(at(upper_offset, i), at(upper_offset, i + 1)):
            total = add(total, mul(load(filled, u), load(value, at(state, at(upper, u)))))
        total = mul(total, load(inverse, i))
        size = maximum(maximum(total, sub(zero, total)), size)
        store(value, at(state, i), total)
    store(small, 4, size)


@njit(nogil=True, cache=True, error_model="numpy")
def _improve(
    reward: np.ndarray, value: np.ndarray, ahead: np.ndarray, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, discount: float,
    policy: np.ndarray, changed: np.ndarray, worth: np.ndarray, small: np.ndarray,
) -> None:  # fmt: skip
    """Give each state its best pair where that is better by more than row 3 of ``small``; T V to ``ahead``.

    ``changed`` tells in which lanes any did; rows 0 to 2 of ``small`` are those of `backups.bellman`.
    """
    n = len(action_offset) - 1
    gamma = spread(discount)
    zero = spread(0.0)
    least = spread(np.inf)
    most = spread(-np.inf)
    size = zero
    changed[:] = False
    for s in range(n):
        low = at(action_offset, s)
        count = at(action_offset, s + 1) - low
        best = spread(-np.inf)
        for a in range(count):
            total = zero
            for j in range(at(row_offset, low + a), at(row_offset, low + a + 1)):
                total = add(total, mul(spread(at(probability, j)), load(value, at(successor, j))))
            store(worth, a, total)
            best = maximum(total, best)
        for lane in range(WIDTH):
            chosen = 0
            for a in range(1, count):
                if worth[a, lane] > worth[chosen, lane]:
                    chosen = a
            now = policy[s, lane] - low
            if now < 0 or worth[chosen, lane] > worth[now, lane] + small[3, lane]:
                policy[s, lane] = low + chosen
                changed[lane] = True
        new = add(load(reward, s), mul(gamma, best))
        change = sub(new, load(value, s))
        least = minimum(change, least)
        most = maximum(change, most)
        size = maximum(maximum(new, sub(zero, new)), size)
        store(ahead, s, new)
    store(small, 0, least)
    store(small, 1, most)
    store(small, 2, size)
