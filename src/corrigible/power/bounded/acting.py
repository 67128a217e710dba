"""What stochastic policies attain, one policy for each reward function.

For a policy π and any W, with d = T W − W and (T W)(s) = R(s) + γ Σ_a π(a|s) Σ_s' p(s'|s, a) W(s'),

    A_π(s) = (1 − γ)/γ · (V_π(s) − R(s))   lies within   (1 − γ) Σ π p W + [min d, max d],

as MacQueen's bounds on V_π say, written so that nothing cancels at small γ or grows at γ near one. So sweeps
W ← T W, over a block of rewards at once, go on until min and max are close; the middle is returned, half their distance
bounds its error. Where that takes longer than an exact sparse solve, that is made, and bounded in the same way.

*Source:* Puterman (1994), sections 6.1 (values of a policy) and 6.6.2 (bounds).
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numba import njit

from corrigible.mdp.lanes import WIDTH, add, load, maximum, minimum, mul, scratch, spread, store, sub
from corrigible.mdp.model import MDP
from corrigible.mdp.rows import UNDERFLOW, Rows

PRECISION = 1e-10
"""Half the distance of the bounds, as a share of the range of a reward, at which its sweeps stop."""


@final
class Acting:
    """One model at one discount, ready for policies and rewards. Immutable: threads may share it.

    Parameters
    ----------
    mdp
        The model.
    discount
        γ, from 0 (the limit) to just below 1.
    """

    method = "policy evaluation with certified bounds"

    def __init__(self, mdp: MDP, discount: float) -> None:
        self.discount = discount
        self._rows = Rows.of(mdp)
        # A sweep takes 0.3 ns for each transition and reward; a solve a third of a millisecond, and more on large
        # models, as factors fill up.
        sweeps = (3e-4 + 5e-8 * mdp.n_states**1.5) / (3e-10 * mdp.n_transitions)
        self._budget = int(np.clip(sweeps, 50, 20_000))

    def __call__(self, policies: np.ndarray, rewards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what each policy attains for its reward, and a certain bound on the error.

        Parameters
        ----------
        policies
            π, the chance of each pair in its state; shape (samples, pairs).
        rewards
            R; shape (samples, states).

        Returns
        -------
        attained, bound
            Shapes (samples, states) and (samples,), in units of reward.
        """
        rewards = np.ascontiguousarray(rewards, dtype=np.float64)
        attained, bound = np.empty(rewards.shape), np.empty(len(rewards))
        rows, n = self._rows, self._rows.n_states
        # A state's choice is one more sum than `Rows` counts.
        rounding = rows.rounding + 4 * 2.0**-53 * int(np.diff(rows.action_offset).max())
        _solve_rows(
            rewards, np.ascontiguousarray(policies), attained, bound, rows.action_offset, rows.row_offset,
            rows.successor, rows.probability, self.discount, PRECISION, self._budget, rounding,
            scratch(n), scratch(n), scratch(n), scratch(len(rows.row_offset) - 1), scratch(3),
        )  # fmt: skip
        for sample in np.flatnonzero(np.isnan(bound)):
            bound[sample] = self._exactly(policies[sample], rewards[sample], attained[sample], rounding)
        return attained, bound

    def _exactly(
        self, policy: np.ndarray, reward: np.ndarray, attained: np.ndarray, rounding: float
    ) -> float:
        """Solve (I − γ P) V = R for one policy into ``attained``; return the bound."""
        from scipy.sparse import csc_array, csr_array, eye_array
        from scipy.sparse.linalg import splu

        rows, n = self._rows, len(reward)
        weights = np.repeat(policy, np.diff(rows.row_offset)) * rows.probability
        chain: Any = csr_array((weights, rows.successor, rows.row_offset[rows.action_offset]), shape=(n, n))
        matrix = csc_array(eye_array(n) - self.discount * chain)
        factors = splu(matrix)
        value = factors.solve(reward)
        value += factors.solve(reward - matrix @ value)
        ahead = chain @ value
        change = reward + self.discount * ahead - value
        attained[:] = (1 - self.discount) * ahead + (change.max() + change.min()) / 2
        size = float(np.max(np.abs(value)) + np.max(np.abs(reward)))
        return float(change.max() - change.min()) / 2 + rounding * size + UNDERFLOW


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    rewards: np.ndarray, policies: np.ndarray, attained: np.ndarray, bound: np.ndarray,
    action_offset: np.ndarray, row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray,
    discount: float, precision: float, budget: int, rounding: float, reward: np.ndarray, value: np.ndarray,
    ahead: np.ndarray, policy: np.ndarray, small: np.ndarray,
) -> None:  # fmt: skip
    """Evaluate all rows, a block at a time; the bound is NaN where the budget did not suffice."""
    samples, n = rewards.shape
    pairs = policies.shape[1]
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        is_open = np.zeros(WIDTH, dtype=np.bool_)
        span = np.zeros(WIDTH)
        for lane in range(WIDTH):
            is_open[lane] = lane < width
            for k in range(pairs):
                policy[k, lane] = policies[first + lane, k] if lane < width else 0.0
            low = np.inf
            high = -np.inf
            for s in range(n):
                r = rewards[first + lane, s] if lane < width else 0.0
                reward[s, lane] = r
                low = min(low, r)
                high = max(high, r)
            span[lane] = high - low
            for s in range(n):
                value[s, lane] = reward[s, lane] + discount / (1 - discount) * 0.5 * (low + high)
        left = width
        for step in range(budget):
            _ahead(
                reward,
                value,
                ahead,
                policy,
                action_offset,
                row_offset,
                successor,
                probability,
                discount,
                small,
            )
            for lane in range(width):
                if not is_open[lane]:
                    continue
                half = (small[1, lane] - small[0, lane]) / 2
                error = rounding * small[2, lane]
                close = half <= max(precision * span[lane], 4 * error)
                if close or step == budget - 1:
                    middle = (small[0, lane] + small[1, lane]) / 2
                    for s in range(n):
                        attained[first + lane, s] = (1 - discount) * ahead[s, lane] + middle
                    bound[first + lane] = half + error + 1e-300 if close else np.nan
                    is_open[lane] = False
                    left -= 1
            if left == 0:
                break
            gamma = spread(discount)
            for s in range(n):
                store(value, s, add(load(reward, s), mul(gamma, load(ahead, s))))


@njit(nogil=True, cache=True, error_model="numpy")
def _ahead(
    reward: np.ndarray, value: np.ndarray, ahead: np.ndarray, policy: np.ndarray, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, discount: float,
    small: np.ndarray,
) -> None:  # fmt: skip
    """Write Σ π p W to ``ahead``; to ``small`` the least and largest d, and the size of the numbers in it."""
    gamma = spread(discount)
    zero = spread(0.0)
    least = spread(np.inf)
    most = spread(-np.inf)
    size = zero
    for s in range(len(action_offset) - 1):
        total = zero
        for k in range(action_offset[s], action_offset[s + 1]):
            of_pair = zero
            for j in range(row_offset[k], row_offset[k + 1]):
                of_pair = add(of_pair, mul(spread(probability[j]), load(value, successor[j])))
            total = add(total, mul(load(policy, k), of_pair))
        store(ahead, s, total)
        here = load(reward, s)
        old = load(value, s)
        change = sub(add(here, mul(gamma, total)), old)
        least = minimum(change, least)
        most = maximum(change, most)
        size = maximum(add(maximum(here, sub(zero, here)), maximum(old, sub(zero, old))), size)
    store(small, 0, least)
    store(small, 1, most)
    store(small, 2, size)
