"""Which end component to end up in: the greatest expected value of where play stops.

Shrink each maximal end component to one node, which it costs nothing to walk about in, and from which every
action that leads out of it starts. With u(c) the value of staying in component c for ever, x is the unique
solution of

    x(s) = max( u(s) if s is a component,  max_a Σ_{s' ≠ s} p(s'|s, a) x(s') / (1 − p(s|s, a)) )

since in this smaller model no set of states can be kept for ever without stopping: every policy comes to an end.
So a residual bounds the error. With w(s) the most steps that any policy takes from s before it stops, on average,

    |T x − x| ≤ r   implies   |x − x*| ≤ r · w.

Values travel along actions in sweeps over a block of rewards at once, those nodes first that others lead to: one sweep
suffices where nothing is visited twice. What does not settle is solved by policy iteration with sparse solves.

*Source:* the quotient: L. de Alfaro, Formal Verification of Probabilistic Systems (1997), section 3.4; uniqueness:
D. P. Bertsekas & J. N. Tsitsiklis, An analysis of stochastic shortest path problems (1991), proposition 2.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numba import njit

from corrigible.mdp.components import EndComponents, strong_components
from corrigible.mdp.lanes import WIDTH, add, load, maximum, mul, scratch, spread, store, sub
from corrigible.mdp.model import MDP

PRECISION = 1e-10
"""Error, as a share of the range of the values of components, at which sweeps stop."""

BUDGET = 2000
"""Sweeps after which a reward is handed to exact solves."""

LIMIT = 500
"""Policies tried for one reward before giving up."""


@final
class Reaching:
    """One model, ready for the values of its end components. Immutable.

    Parameters
    ----------
    mdp
        The model.
    components
        Its maximal end components.
    """

    def __init__(self, mdp: MDP, components: EndComponents) -> None:
        count = components.count
        lone = components.member < 0
        node = np.where(lone, count + np.cumsum(lone) - 1, components.member)
        n = int(node.max()) + 1
        pairs = np.flatnonzero(~components.inside)
        lengths = np.diff(mdp.row_offset)
        outside = np.repeat(~components.inside, lengths)
        of_pair = np.repeat(np.cumsum(~components.inside) - 1, lengths)[outside]
        source = node[mdp.owner[pairs]]
        # Each pair's outcomes, those in the same node merged, those in its own left out.
        keys, merged = np.unique(of_pair * n + node[mdp.successor[outside]], return_inverse=True)
        chance = np.bincount(merged, mdp.probability[outside])
        pair, target = np.divmod(keys, n)
        away = target != source[pair]
        pair, target, chance = pair[away], target[away], chance[away]
        chance = chance / np.bincount(pair, chance, minlength=len(pairs))[pair]
        offset, target_of, _ = _links(n, source[pair], target)
        order = np.argsort(strong_components(offset, target_of, np.ones(len(pair), bool)), kind="stable")
        place = np.empty(n, dtype=np.int64)
        place[order] = np.arange(n)
        by_node = np.argsort(place[source], kind="stable")
        new_pair = np.empty(len(pairs), dtype=np.int64)
        new_pair[by_node] = np.arange(len(pairs))
        self.node = place[node]
        """The node of each state."""
        self._component = np.where(order < count, order, -1)
        self._action_offset = _offsets(place[source], n)
        self._row_offset, self._target, kept = _links(len(pairs), new_pair[pair], place[target])
        self._chance = chance[kept]
        longest = int(np.diff(self._row_offset).max(initial=0))
        self._rounding = (2 * longest + 8) * 2.0**-53
        self._steps = self._most_steps()

    def __call__(self, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return x of each node, and a bound on its error, for the values ``kept`` of components.

        Parameters
        ----------
        kept
            u; shape (samples, components).

        Returns
        -------
        values, bound
            Shapes (samples, nodes) and (samples,). The bound of a sample that did not settle is NaN.
        """
        values, worst = np.empty((len(kept), len(self._component))), np.zeros(len(kept))
        stops = np.ascontiguousarray(kept)
        goal = PRECISION / self._steps
        n = len(self._component)
        _solve_rows(
            stops, values, worst, self._component, self._action_offset, self._row_offset, self._target,
            self._chance, goal, self._rounding, BUDGET, scratch(n), scratch(n), scratch(1),
        )  # fmt: skip
        size = np.abs(kept).max(axis=1)
        for sample in np.flatnonzero(np.isnan(worst)):
            stop = np.where(self._component < 0, -np.inf, kept[sample, self._component])
            worst[sample] = self._policy_iteration(values[sample], stop, 0.0)
        return values, (worst + self._rounding * size) * self._steps if len(self._chance) else worst

    def _most_steps(self) -> float:
        """Return the most steps that any policy takes to its stop, from any node; at least 1."""
        steps = np.zeros(len(self._component))
        if not len(self._chance):
            return 1.0
        # Here each step is worth one, and stopping nothing: a component without a way out takes no step.
        off = self._policy_iteration(steps, np.where(self._component < 0, -np.inf, 0.0), 1.0)
        # Off by a share of a step, the bound is that much larger.
        return float(steps.max()) / (1 - min(off + self._rounding * float(steps.max()), 0.5))

    def _policy_iteration(self, values: np.ndarray, stop: np.ndarray, step: float) -> float:
        """Solve x = max(stop, step + max Σ p x) from ``values``, in place; return the residual, NaN if none."""
        from scipy.sparse import csc_array, csr_array, eye_array
        from scipy.sparse.linalg import splu

        n, pairs = len(stop), len(self._row_offset) - 1
        shape = (pairs + 1, n)
        # One more pair, the last, has no outcomes: to stop.
        offsets = np.append(self._row_offset, self._row_offset[-1])
        table: Any = csr_array((self._chance, self._target, offsets), shape=shape)
        acting = np.flatnonzero(np.diff(self._action_offset))
        owner = np.repeat(np.arange(n), np.diff(self._action_offset))
        policy = np.full(n, -1)
        for _ in range(LIMIT):
            worth = (table @ values)[:pairs] + step
            best = stop.copy()
            best[acting] = np.maximum(
                stop[acting], np.maximum.reduceat(worth, self._action_offset[:-1][acting])
            )
            now = np.where(policy == pairs, stop, np.append(worth, -np.inf)[policy])
            slack = 8 * self._rounding * float(np.max(np.abs(values)))
            keep = (policy >= 0) & (now >= best - slack)
            if np.all(keep):
                return float(np.max(np.abs(best - values)))
            first = np.full(n, pairs)
            at_best = np.flatnonzero(worth == best[owner])
            states, index = np.unique(owner[at_best], return_index=True)
            first[states] = at_best[index]
            policy = np.where(keep, policy, first)
            matrix = csc_array(eye_array(n) - table[policy])
            known = np.where(policy == pairs, stop, step)
            factors = splu(matrix)
            values[:] = factors.solve(known)
            values += factors.solve(known - matrix @ values)
        return float("nan")


def _offsets(groups: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(groups, minlength=count))])


def _links(count: int, source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return links in the order of their sources: offsets, targets, and which link each was."""
    order = np.argsort(source, kind="stable")
    return _offsets(source, count), target[order], order


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_rows(
    kept: np.ndarray, values: np.ndarray, residual: np.ndarray, component: np.ndarray,
    action_offset: np.ndarray, row_offset: np.ndarray, target: np.ndarray, chance: np.ndarray, goal: float,
    rounding: float, budget: int, stop: np.ndarray, value: np.ndarray, small: np.ndarray,
) -> None:  # fmt: skip
    """Sweep all rows, a block at a time; the residual is NaN where the budget did not suffice."""
    samples, count = kept.shape
    n = len(component)
    size = np.zeros(WIDTH)
    span = np.zeros(WIDTH)
    for first in range(0, samples, WIDTH):
        width = min(WIDTH, samples - first)
        for lane in range(WIDTH):
            low = np.inf
            high = -np.inf
            for c in range(count):
                u = kept[first + lane, c] if lane < width else 0.0
                low = min(low, u)
                high = max(high, u)
            size[lane] = max(abs(low), abs(high))
            span[lane] = high - low
            for s in range(n):
                u = low
                if component[s] >= 0 and lane < width:
                    u = kept[first + lane, component[s]]
                # The least value of all is below every x, so that a node without a stop may have it as one.
                stop[s, lane] = u
                value[s, lane] = u
        for sweep in range(budget):
            _sweep(value, stop, action_offset, row_offset, target, chance, sweep % 2 == 1, small)
            done = True
            for lane in range(width):
                done = done and small[0, lane] <= max(goal * span[lane], rounding * size[lane])
            if done:
                break
        # The last sweep's rises say nothing of nodes that it came to first: once more, all from the same values.
        _residual(value, stop, action_offset, row_offset, target, chance, small)
        for lane in range(width):
            off = small[0, lane]
            settled = off <= max(goal * span[lane], 4 * rounding * size[lane])
            residual[first + lane] = off if settled else np.nan
            for s in range(n):
                values[first + lane, s] = value[s, lane]


@njit(nogil=True, cache=True, error_model="numpy")
def _sweep(
    value: np.ndarray, stop: np.ndarray, action_offset: np.ndarray, row_offset: np.ndarray,
    target: np.ndarray, chance: np.ndarray, backwards: bool, rises: np.ndarray,
) -> None:  # fmt: skip
    """Update every node in place; the largest rise goes to ``rises``."""
    n = len(action_offset) - 1
    largest = spread(0.0)
    for i in range(n):
        s = n - 1 - i if backwards else i
        best = load(stop, s)
        for k in range(action_offset[s], action_offset[s + 1]):
            total = spread(0.0)
            for j in range(row_offset[k], row_offset[k + 1]):
                total = add(total, mul(spread(chance[j]), load(value, target[j])))
            best = maximum(total, best)
        largest = maximum(sub(best, load(value, s)), largest)
        store(value, s, best)
    store(rises, 0, largest)


@njit(nogil=True, cache=True, error_model="numpy")
def _residual(
    value: np.ndarray, stop: np.ndarray, action_offset: np.ndarray, row_offset: np.ndarray,
    target: np.ndarray, chance: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Write max |T x − x| of each lane to ``out``."""
    zero = spread(0.0)
    largest = zero
    for s in range(len(action_offset) - 1):
        best = load(stop, s)
        for k in range(action_offset[s], action_offset[s + 1]):
            total = zero
            for j in range(row_offset[k], row_offset[k + 1]):
                total = add(total, mul(spread(chance[j]), load(value, target[j])))
            best = maximum(total, best)
        off = sub(best, load(value, s))
        largest = maximum(maximum(off, sub(zero, off)), largest)
    store(out, 0, largest)
