"""Average rewards of stochastic models: relative values with certain bounds in each end component.

Within an end component every state can reach every other, so that its gain g is one number, and any h whatever
bounds it on both sides (Odoni):

    min_s d(s)  ≤  g  ≤  max_s d(s),   d(s) = R(s) + max_a Σ_s' p(s'|s, a) h(s') − h(s),

with the actions that stay in the component. So h is improved until the two are close, over a block of rewards at once:

    h  ←  h + τ (d − the middle of the two bounds)

with τ below one, since full steps would go round in circles on periodic models. Then `reaching` finds the best
components to end up in. A reward whose bounds are not close after a number of sweeps (where mixing is slow) is handed to policy iteration with exact sparse solves, bounded in the same way.

*Source:* D. White, Dynamic programming, Markov chains, and the method of successive approximations (1963); A. Odoni,
On finding the maximal gain for Markov decision processes (1969); P. Schweitzer's transformation to aperiodic models
(1971); Puterman (1994), sections 8.5.5 and 9.5 (communicating models).
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numba import njit

from corrigible.mdp.average import GainSolver
from corrigible.mdp.components import end_components, strong_components
from corrigible.mdp.lanes import WIDTH, add, load, maximum, minimum, mul, scratch, spread, store, sub
from corrigible.mdp.model import MDP
from corrigible.mdp.reaching import Reaching
from corrigible.mdp.rows import UNDERFLOW

PRECISION = 1e-9
"""Half the distance of the bounds, as a share of the range of a reward, at which its sweeps stop."""

STEP = 0.9
"""τ."""

LIMIT = 500
"""Policies tried for one reward before giving up."""


@final
class Relative(GainSolver):
    """Certified gains of stochastic models; the method is told at the top of this file."""

    method = "relative values with certified bounds in each end component"

    def __init__(self, mdp: MDP) -> None:
        self.n_states = mdp.n_states
        parts = end_components(mdp)
        self._reaching = Reaching(mdp, parts)
        counts = np.bincount(parts.member[parts.member >= 0], minlength=parts.count)
        self._offset = np.concatenate([[0], np.cumsum(counts)])
        order = np.argsort(np.where(parts.member < 0, parts.count, parts.member), kind="stable")
        self._states = order[: self._offset[-1]]
        place = np.empty(mdp.n_states, dtype=np.int64)
        place[order] = np.arange(mdp.n_states)
        # The pairs that stay, in the order of the states above; successors counted from their component's first.
        inside = np.flatnonzero(parts.inside)
        owner = place[mdp.owner[inside]]
        pairs = inside[np.argsort(owner, kind="stable")]
        lengths = np.diff(mdp.row_offset)[pairs]
        base = np.repeat(self._offset[parts.member[mdp.owner[pairs]]], lengths)
        self._action_offset = np.searchsorted(np.sort(owner), np.arange(len(self._states) + 1))
        self._row_offset = np.concatenate([[0], np.cumsum(lengths)])
        entries = np.arange(lengths.sum()) + np.repeat(mdp.row_offset[pairs] - self._row_offset[:-1], lengths)
        self._successor = place[mdp.successor[entries]] - base
        self._probability = mdp.probability[entries]
        self._budget = _budget(counts, np.add.reduceat(lengths, self._action_offset[self._offset[:-1]]))
        self._rounding = (3 * int(lengths.max()) + 16) * 2.0**-53

    def _solve(self, rewards: np.ndarray, values: np.ndarray, residual: np.ndarray) -> int:
        kept, off = (np.empty((len(rewards), len(self._offset) - 1)) for _ in range(2))
        largest = int(np.diff(self._offset).max())
        relative = np.empty((len(rewards), len(self._states)))
        _solve_rows(
            np.ascontiguousarray(rewards[:, self._states]), relative, kept, off, self._offset, self._action_offset,
            self._row_offset, self._successor, self._probability, PRECISION, self._budget, self._rounding,
            scratch(largest), scratch(largest), scratch(largest), scratch(2), np.zeros(WIDTH),
        )  # fmt: skip
        for sample, component in np.argwhere(np.isnan(off)):
            low, high = self._offset[component], self._offset[component + 1]
            reward = rewards[sample, self._states[low:high]]
            kept[sample, component], off[sample, component] = self._exactly(
                int(component), reward, relative[sample, low:high]
            )
        reached, bound = self._reaching(kept)
        values[:] = reached[:, self._reaching.node]
        residual[:] = off.max(axis=1) + bound + UNDERFLOW
        return int(np.isnan(residual).sum())

    def _exactly(self, component: int, reward: np.ndarray, relative: np.ndarray) -> tuple[float, float]:
        """Return the gain of one component for one reward, and a bound on its error (NaN: none found).

        ``relative`` are values to start from. Each policy is made to have one recurrent class, its best; from
        elsewhere a way leads there, since the component is connected. So the gain, or else the relative
        values, rise from policy to policy.
        """
        from scipy.sparse import csr_array

        low, high = self._offset[component], self._offset[component + 1]
        first, last = self._action_offset[low], self._action_offset[high]
        begin, end = self._row_offset[first], self._row_offset[last]
        n, starts = high - low, self._action_offset[low:high] - first
        offset = self._row_offset[first : last + 1] - begin
        table: Any = csr_array(
            (self._probability[begin:end], self._successor[begin:end], offset), shape=(last - first, n)
        )
        owner = np.repeat(np.arange(n), np.diff(self._action_offset[low : high + 1]))
        policy, home = np.full(n, -1), -1
        for _ in range(LIMIT):
            worth = table @ relative
            best = np.maximum.reduceat(worth, starts)
            size = float(np.max(np.abs(relative)) + np.max(np.abs(reward)))
            keep = (policy >= 0) & (worth[policy] >= best - 8 * self._rounding * size)
            if np.all(keep):
                change = reward + best - relative
                half = float(change.max() - change.min()) / 2
                return float(change.max() + change.min()) / 2, half + self._rounding * size
            at_best = np.flatnonzero(worth == best[owner])
            chosen = at_best[np.unique(owner[at_best], return_index=True)[1]]
            policy = np.where(keep, policy, chosen)
            home, several = _best_class(table[policy], reward, home)
            if several:
                policy = _led_home(table, owner, policy, home)
            relative = _relative_values(table[policy], reward, home)[0]
        return float("nan"), float("nan")


def _budget(states: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """Return for each component after how many sweeps exact solves are expected to cost less than as many more.

    A sweep takes 0.3 ns for each transition and reward, three policies a millisecond and 0.1 µs · states^1.5.
    """
    sweeps = (1e-3 + 1e-7 * states**1.5) / (3e-10 * transitions)
    return np.clip(sweeps, 100, 20_000).astype(np.int64)


def _relative_values(chain: Any, reward: np.ndarray, home: int) -> tuple[np.ndarray, float]:
    """Return h, 0 at ``home``, and g of a chain that always comes back there: h + g = R + P h.

    The unknown h(home) is not needed; in its column stands g, the last.
    """
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    n = len(reward)
    others = np.delete(np.arange(n), home)
    rest = csc_array(eye_array(n) - chain)[:, others]
    matrix = csc_array(
        (
            np.concatenate([rest.data, np.ones(n)]),
            np.concatenate([rest.indices, np.arange(n)]),
            np.append(rest.indptr, rest.indptr[-1] + n),
        ),
        shape=(n, n),
    )
    factors = splu(matrix)
    found = factors.solve(reward)
    found += factors.solve(reward - matrix @ found)
    relative = np.zeros(n)
    relative[others] = found[:-1]
    return relative, float(found[-1])


def _best_class(chain: Any, reward: np.ndarray, home: int) -> tuple[int, bool]:
    """Return a state of the best recurrent class of a chain, ``home`` if it is in that, and if there are more."""
    component = strong_components(
        chain.indptr.astype(np.int64), chain.indices.astype(np.int64), np.ones(chain.nnz, bool)
    )
    origin = np.repeat(np.arange(len(component)), np.diff(chain.indptr))
    leaves = np.bincount(component[origin], component[origin] != component[chain.indices])
    found: list[tuple[float, bool, int]] = []
    closed = np.flatnonzero(leaves == 0)
    for number in closed:
        states = np.flatnonzero(component == number)
        gain = 0.0
        if len(closed) > 1:
            gain = _relative_values(chain[states][:, states], reward[states], 0)[1]
        found.append((gain, home in states, home if home in states else int(states[0])))
    return max(found)[2], len(closed) > 1


def _led_home(table: Any, owner: np.ndarray, policy: np.ndarray, home: int) -> np.ndarray:
    """Return the policy, changed where it never comes to ``home`` so that it does."""
    links = table.tocoo()
    arrives = np.zeros(len(policy), dtype=bool)
    arrives[home] = True
    followed = np.zeros(len(owner), dtype=bool)
    followed[policy] = True
    for allowed in (followed[links.row], np.ones(links.nnz, dtype=bool)):
        source, target, pair = owner[links.row[allowed]], links.col[allowed], links.row[allowed]
        while True:
            step = arrives[target] & ~arrives[source]
            if not step.any():
                break
            policy = policy.copy()
            policy[source[step]] = pair[step]
            arrives[source[step]] = True
    return policy


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    rewards: np.ndarray, relative: np.ndarray, kept: np.ndarray, off: np.ndarray, component_offset: np.ndarray,
    action_offset: np.ndarray, row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray,
    precision: float, budgets: np.ndarray, rounding: float, reward: np.ndarray, value: np.ndarray, changes: np.ndarray,
    small: np.ndarray, span: np.ndarray,
) -> None:  # fmt: skip
    """Bound the gain of every component for all rows, a block at a time; NaN where the budget did not suffice.

    There ``relative`` receives h.
    """
    samples = len(rewards)
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        for c in range(len(component_offset) - 1):
            base = component_offset[c]
            m = component_offset[c + 1] - base
            if m == 1:
                for lane in range(width):
                    kept[first + lane, c] = rewards[first + lane, base]
                    off[first + lane, c] = 0.0
                continue
            size = np.zeros(WIDTH)
            is_open = np.zeros(WIDTH, dtype=np.bool_)
            for lane in range(WIDTH):
                is_open[lane] = lane < width
                least = np.inf
                most = -np.inf
                for s in range(m):
                    r = rewards[first + lane, base + s] if lane < width else 0.0
                    reward[s, lane] = r
                    value[s, lane] = r
                    least = min(least, r)
                    most = max(most, r)
                span[lane] = most - least
                size[lane] = max(most, -least)
            left = width
            budget = budgets[c]
            for step in range(budget):
                _change(
                    reward, value, changes, m, base, action_offset, row_offset, successor, probability, small
                )
                for lane in range(width):
                    if not is_open[lane]:
                        continue
                    half = (small[1, lane] - small[0, lane]) / 2
                    if half <= precision * span[lane] or step == budget - 1:
                        largest = 0.0
                        for s in range(m):
                            largest = max(largest, abs(value[s, lane]))
                        error = rounding * (size[lane] + largest)
                        kept[first + lane, c] = (small[0, lane] + small[1, lane]) / 2
                        close = half <= max(precision * span[lane], 4 * error)
                        off[first + lane, c] = half + error if close else np.nan
                        for s in range(0 if close else m):
                            relative[first + lane, base + s] = value[s, lane]
                        is_open[lane] = False
                        left -= 1
                if left == 0:
                    break
                _step(value, changes, m, small)


@njit(nogil=True, cache=True, error_model="numpy")
def _change(
    reward: np.ndarray, value: np.ndarray, changes: np.ndarray, m: int, base: int, action_offset: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, small: np.ndarray,
) -> None:  # fmt: skip
    """Write d to ``changes``, its least and largest to ``small`` 0 and 1."""
    least = spread(np.inf)
    most = spread(-np.inf)
    for s in range(m):
        best = spread(-np.inf)
        for k in range(action_offset[base + s], action_offset[base + s + 1]):
            total = spread(0.0)
            for j in range(row_offset[k], row_offset[k + 1]):
                total = add(total, mul(spread(probability[j]), load(value, successor[j])))
            best = maximum(total, best)
        change = sub(add(load(reward, s), best), load(value, s))
        least = minimum(change, least)
        most = maximum(change, most)
        store(changes, s, change)
    store(small, 0, least)
    store(small, 1, most)


@njit(nogil=True, cache=True, error_model="numpy")
def _step(value: np.ndarray, changes: np.ndarray, m: int, small: np.ndarray) -> None:
    """Move h by τ (d − the middle of its bounds)."""
    middle = mul(spread(0.5), add(load(small, 0), load(small, 1)))
    share = spread(STEP)
    for s in range(m):
        store(value, s, add(load(value, s), mul(share, sub(load(changes, s), middle))))
