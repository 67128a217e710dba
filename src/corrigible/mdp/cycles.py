"""Average rewards of deterministic models: the best cycle that can be reached.

The gain of a strongly connected component is the largest mean of a cycle in it. It is approached from below,
by the mean η of a cycle that has been found, until potentials v prove that there is no better one:

    R(s) − η + v(s') ≤ v(s)   for every link s → s' within the component,

since these inequalities, added up around any cycle, say that its mean is at most η. So:

1. *Start* with η the best loop of one or two steps, and v = 0.
2. *Sweep*: raise v(s) in place to R(s) − η + max_s' v(s') where that is higher, forwards and backwards in
   turn. Where η is the gain this settles, since every path may only lose by going around a cycle.
3. Where it has not, take for each state the successor of largest v: paths that end in cycles. If a cycle's
   mean is above η, that is the new η. Raise v along all paths, from their ends back. Look again while v rises
   and η does not; else sweep again.

While η is too small v grows without end around better cycles, so that these are found: step 3 by itself is
policy iteration, and the sweeps make it shorter. In a model in which one
can stay, or turn back, the first η is right, and two sweeps prove it. Then each component takes the best of what
it can reach, those that lead nowhere first.

Notes
-----
*What it costs.* A sweep is 2 ns for each reward and state, as in `howard`; a round of step 3 about 50 ns.

*Source:* Howard's algorithm for the largest cycle mean: J. Cochet-Terrasson, G. Cohen, S. Gaubert, M. McGettrick
& J.-P. Quadrat, Numerical computation of spectral elements in max-plus algebra (1998); A. Dasdan, Experimental
analysis of the fastest optimum cycle ratio and mean algorithms (2004). Potentials as proof: R. Karp (1978).
"""

from __future__ import annotations

from typing import final

import numpy as np
from numba import njit

from corrigible.mdp.average import GainSolver
from corrigible.mdp.components import strong_components
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
    where_positive,
)
from corrigible.mdp.model import MDP
from corrigible.mdp.rows import UNDERFLOW

ROUNDING = 2.0**-50
"""Potentials are raised to this share of the numbers in them less, so that rounding cannot go in circles."""

SWEEPS = 6
"""Sweeps between two looks for better cycles."""

PATIENCE = 1000
"""Rounds, beside one for each state, after which a reward is given up."""


@final
class Cycles(GainSolver):
    """Exact gains of deterministic models; the method is told at the top of this file."""

    method = "the largest mean of a cycle, proved by potentials"

    def __init__(self, mdp: MDP) -> None:
        self.n_states = n = mdp.n_states
        owner, target = mdp.owner, mdp.successor.astype(np.int64)
        component = strong_components(mdp.action_offset, target, np.ones(len(target), dtype=np.bool_))
        within = component[owner] == component[target]
        self._component = component
        self._offset = np.concatenate([[0], np.cumsum(np.bincount(owner[within], minlength=n))])
        self._target = target[within]
        back = np.isin(owner * n + target, target * n + owner)
        self._loop_start, self._loop_end = owner[back], target[back]
        # Links to other components, each once, those of the lowest component first.
        count = int(component.max()) + 1
        links = np.unique(component[owner[~within]] * count + component[target[~within]])
        self._leaving, self._entered = np.divmod(links, count)

    def _solve(self, rewards: np.ndarray, values: np.ndarray, residual: np.ndarray) -> int:
        n, count = self.n_states, int(self._component.max()) + 1
        return _solve_rows(
            rewards, values, residual, self._component, self._offset, self._target, self._loop_start,
            self._loop_end, self._leaving, self._entered, scratch(n), scratch(n), scratch(count), scratch(1),
            np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64),
        )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    rewards: np.ndarray, values: np.ndarray, residual: np.ndarray, component: np.ndarray,
    offset: np.ndarray, target: np.ndarray, loop_start: np.ndarray, loop_end: np.ndarray,
    leaving: np.ndarray, entered: np.ndarray, reward: np.ndarray, potential: np.ndarray, mean: np.ndarray,
    small: np.ndarray, policy: np.ndarray, mark: np.ndarray, path: np.ndarray,
) -> int:  # fmt: skip
    """Solve all rows, a block at a time; return how many did not settle."""
    samples, n = rewards.shape
    failed = 0
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        for s in range(n):
            for lane in range(WIDTH):
                reward[s, lane] = rewards[first + lane, s] if lane < width else 0.0
            store(potential, s, spread(0.0))
        _start(reward, mean, component, offset, loop_start, loop_end)
        rounds = 0
        while True:
            for sweep in range(SWEEPS):
                _sweep(reward, potential, mean, component, offset, target, sweep % 2 == 1, small)
                if _settled(small):
                    break
            if _settled(small):
                break
            rounds += 1
            for lane in range(width):
                looks = 0
                while small[0, lane] > 0 and looks <= n + PATIENCE:
                    looks += 1
                    if not _improve(
                        lane, reward, potential, mean, component, offset, target, policy, mark, path
                    ):
                        break
            if rounds > n + PATIENCE:
                for lane in range(width):
                    failed += small[0, lane] > 0
                break
        _bound(reward, potential, mean, component, offset, target, small)
        for lane in range(width):
            residual[first + lane] = small[0, lane] + UNDERFLOW
        for link in range(len(leaving)):
            best = maximum(load(mean, entered[link]), load(mean, leaving[link]))
            store(mean, leaving[link], best)
        for s in range(n):
            for lane in range(width):
                values[first + lane, s] = mean[component[s], lane]
    return failed


@njit(nogil=True, cache=True, error_model="numpy")
def _start(
    reward: np.ndarray, mean: np.ndarray, component: np.ndarray, offset: np.ndarray, loop_start: np.ndarray,
    loop_end: np.ndarray,
) -> None:  # fmt: skip
    """Set η of each component: its best loop of one or two steps, or else its least reward.

    A component without a cycle, which is one state, has −∞.
    """
    for c in range(len(mean)):
        store(mean, c, spread(-np.inf))
    for s in range(len(component)):
        if offset[s + 1] > offset[s]:
            store(mean, component[s], spread(np.inf))
    for s in range(len(component)):
        store(mean, component[s], minimum(load(reward, s), load(mean, component[s])))
    half = spread(0.5)
    for j in range(len(loop_start)):
        s = loop_start[j]
        loop = mul(half, add(load(reward, s), load(reward, loop_end[j])))
        store(mean, component[s], maximum(loop, load(mean, component[s])))


@njit(nogil=True, cache=True, error_model="numpy")
def _sweep(
    reward: np.ndarray, potential: np.ndarray, mean: np.ndarray, component: np.ndarray, offset: np.ndarray,
    target: np.ndarray, backwards: bool, rises: np.ndarray,
) -> None:  # fmt: skip
    """Raise every potential that is too low by more than rounding.

    ``rises`` receives the largest rise of each lane; not above zero: settled.
    """
    n = len(component)
    share = spread(ROUNDING)
    zero = spread(0.0)
    largest = spread(-1.0)
    for i in range(n):
        s = n - 1 - i if backwards else i
        low = offset[s]
        if low == offset[s + 1]:
            continue
        best = load(potential, target[low])
        for k in range(low + 1, offset[s + 1]):
            best = maximum(load(potential, target[k]), best)
        here = load(reward, s)
        old = load(potential, s)
        average = load(mean, component[s])
        new = add(sub(here, average), best)
        size = maximum(maximum(old, sub(zero, old)), maximum(here, sub(zero, here)))
        size = maximum(maximum(average, sub(zero, average)), size)
        new = sub(new, mul(share, size))
        rise = sub(new, old)
        largest = maximum(rise, largest)
        store(potential, s, where_positive(rise, new, old))
    store(rises, 0, largest)


@njit(nogil=True, cache=True, error_model="numpy")
def _settled(rises: np.ndarray) -> bool:
    highest = 0.0
    for lane in range(WIDTH):
        highest = max(highest, rises[0, lane])
    return highest <= 0


@njit(nogil=True, cache=True, error_model="numpy")
def _improve(
    lane: int, reward: np.ndarray, potential: np.ndarray, mean: np.ndarray, component: np.ndarray,
    offset: np.ndarray, target: np.ndarray, policy: np.ndarray, mark: np.ndarray, order: np.ndarray,
) -> bool:  # fmt: skip
    """Raise one lane's η to the best mean of a cycle of its greedy policy, then v along all paths.

    Returns whether to look again at once: v rose, and no η. ``order`` receives the states, each before those that lead to it, save where a cycle closes.
    """
    n = len(component)
    for s in range(n):
        mark[s] = -1
        policy[s] = s
        for k in range(offset[s], offset[s + 1]):
            if k == offset[s] or potential[target[k], lane] > potential[policy[s], lane]:
                policy[s] = target[k]
    filled = 0
    found = raised = False
    for root in range(n):
        if offset[root] == offset[root + 1]:
            continue
        start = filled
        s = root
        while mark[s] == -1:
            mark[s] = root
            order[filled] = s
            filled += 1
            s = policy[s]
        if filled > start and mark[s] == root:
            # s is on this path: it closes a cycle. Its sum is compensated, so that long ones are as exact.
            total = lost = 0.0
            steps = 0
            at = filled
            while True:
                at -= 1
                term = reward[order[at], lane] - lost
                new = total + term
                lost = (new - total) - term
                total = new
                steps += 1
                if order[at] == s:
                    break
            if total / steps > mean[component[s], lane]:
                mean[component[s], lane] = total / steps
                found = True
        for i in range((filled - start) // 2):
            order[start + i], order[filled - 1 - i] = order[filled - 1 - i], order[start + i]
    for i in range(filled):
        s = order[i]
        old = potential[s, lane]
        here = reward[s, lane]
        average = mean[component[s], lane]
        new = here - average + potential[policy[s], lane]
        new -= ROUNDING * max(abs(old), abs(here), abs(average))
        if new > old:
            potential[s, lane] = new
            raised = True
    return raised and not found


@njit(nogil=True, cache=True, error_model="numpy")
def _bound(
    reward: np.ndarray, potential: np.ndarray, mean: np.ndarray, component: np.ndarray, offset: np.ndarray,
    target: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Bound how far η lies from the gain: by how much an inequality fails, with what rounding may hide."""
    rounding = spread(2.0**-51)
    zero = spread(0.0)
    largest = zero
    for s in range(len(component)):
        low = offset[s]
        if low == offset[s + 1]:
            continue
        best = load(potential, target[low])
        for k in range(low + 1, offset[s + 1]):
            best = maximum(load(potential, target[k]), best)
        here = load(reward, s)
        old = load(potential, s)
        average = load(mean, component[s])
        off = sub(add(sub(here, average), best), old)
        size = add(
            add(maximum(here, sub(zero, here)), maximum(average, sub(zero, average))),
            add(maximum(best, sub(zero, best)), maximum(old, sub(zero, old))),
        )
        largest = maximum(add(maximum(off, zero), mul(rounding, size)), largest)
    store(out, 0, largest)
