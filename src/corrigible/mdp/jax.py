"""Optimal values by JAX, for many rewards at once on an accelerator: extra `gpu`.

Every state of every reward takes its best action at once (Jacobi, where `modified` goes state by state),

    (T V)(s) = R(s) + γ max_a Σ_s' p(s'|s, a) V(s')

and a step G is `UPDATES` of these. As in `modified`, Anderson's acceleration makes the next iterate: the
affine combination of the last results of G whose combined change f = G(V) − V is least, here up to a
constant, since the certificate does not mind one. A step whose change was no smaller than the one before
is not accelerated; without that, it may run astray for thousands of steps near γ = 1. And as there, nothing
is believed but what an update certifies, the last of each step, T W from W (MacQueen, Porteus):

    T W + γ/(1−γ) min d  ≤  V*  ≤  T W + γ/(1−γ) max d,   d = T W − W.

A reward is done when γ (max d − min d) / 2 is at most `PRECISION` times its range, or what a tolerance asks
for, and keeps what it has then; the loop ends when all are, so a few slow rewards cost as much as all. What is not done after
`BUDGET` steps goes to exact sparse solves.

*Layout.* An accelerator wants equal rows. States are put into groups by how many actions they have and how
many outcomes the longest of these has, each up to a power of two; within a group shorter rows are filled
with probability zero, and missing actions with the first one again. So nothing is added up in an order
that is left to chance, as sums scattered over threads would be.

*Rounding.* All is in double precision. How XLA orders a sum, and whether it fuses a product with it,
is its own affair: it differs between devices, and may depend on how many rewards are solved together. The
bound on rounding in `Rows` holds for every order, so residuals hold; but two devices, or two batches,
agree within these bounds, and not to the last bit as our other solvers do. Batches are filled up to a
power of two, so that the same batch on the same device is the same program.

*Source:* as for `modified`; J. Bradbury et al., JAX (2018).
"""

from __future__ import annotations

import functools
import itertools
from typing import Any, NamedTuple, TypeAlias, final

import numpy as np

from corrigible.core.errors import MissingExtraError
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import Solver, check_discount, check_tolerance
from corrigible.mdp.rows import UNDERFLOW, Rows
from corrigible.mdp.sparse import solve_sparse

PRECISION = 1e-9
"""Bellman residual, as a share of the range of a reward, at which its steps stop."""

BUDGET = 5_000
"""Steps after which a reward is handed to exact solves."""

UPDATES = 4
"""Updates T in a step: acceleration costs about as much as three, in memory traffic."""

DEPTH = 4
"""Earlier steps that the next iterate may be combined with."""

BETWEEN = 50
"""Steps between two looks at whether somebody wants to stop."""

Group: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Successors and probabilities of some states; both of shape (actions, outcomes, states)."""

UNROLLED = 64
"""Outcomes of a state up to which a group's program is written out, and not a loop: XLA then makes one
pass of it, which takes a tenth of the time or less."""


@final
class Jax(Solver):
    """Certified values by JAX, on its default device; the method is told at the top of this file.

    A reward's values may differ in their last digits, far within ``residual``, by what it is solved with.

    Raises
    ------
    MissingExtraError
        If JAX is not installed.

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"work": {"go": {"work": 0.5, "rest": 0.5}, "stay": "work"}, "rest": ["rest"]})
    >>> Jax(mdp, 0.5).solve(np.array([[1.0, 0.0], [0.0, 1.0]])).values.round(6)
    array([[2.      , 0.      ],
           [0.666667, 2.      ]])
    """

    def __init__(self, mdp: MDP, discount: float, tolerance: float | None = None) -> None:
        jax = _import()
        self.discount = check_discount(discount)
        self._goal = check_tolerance(tolerance, self.discount)
        self.n_states = mdp.n_states
        self.method = f"accelerated value iteration with certified bounds, by JAX on {jax.default_backend()}"
        self._rows = Rows.of(mdp)
        self._budget = BUDGET
        self._order, self._groups = _layout(self._rows)

    def _solve(
        self,
        rewards: np.ndarray,
        values: np.ndarray,
        residual: np.ndarray,
        stop: np.ndarray,
        warm: bool = False,
    ) -> int:
        samples = len(rewards)
        width = max(8, 1 << (samples - 1).bit_length())
        reward = np.zeros((self.n_states, width))
        reward[:, :samples] = rewards.T[self._order]
        low, high = reward.min(axis=0), reward.max(axis=0)
        value = reward + self.discount / (1 - self.discount) * 0.5 * (low + high)
        if warm:
            value[:, :samples] = values.T[self._order]
        target = np.maximum(self._goal, PRECISION * (high - low))
        rounding = float(self._rows.rounding)
        # Double precision for this thread and this work alone, whatever the rest of the program uses.
        with _import().enable_x64(True):
            begin, advance = _programs()
            state = begin(value)
            for until in range(BETWEEN, self._budget + BETWEEN, BETWEEN):
                if stop[0]:
                    return -1
                state = advance(self._groups, reward, state, self.discount, target, rounding, until)
                if not bool(state.open.any()):
                    break
            values[:, self._order] = np.asarray(state.found).T[:samples]
            residual[:] = np.asarray(state.residual)[:samples]
        failed = 0
        for sample in np.flatnonzero(np.isnan(residual)):
            if stop[0]:
                return -1
            failed += not solve_sparse(
                self._rows, rewards[sample], values[sample], residual[sample:], self.discount
            )
        return failed


def _layout(rows: Rows) -> tuple[np.ndarray, list[Group]]:
    """Return the states in the order of their groups, and the groups, whose successors count in that order."""
    actions = np.diff(rows.action_offset)
    outcomes = np.diff(rows.row_offset)
    longest = np.maximum.reduceat(outcomes, rows.action_offset[:-1])
    kinds = np.stack([np.ceil(np.log2(actions)), np.ceil(np.log2(longest))])
    order = np.lexsort(kinds)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    ends = np.flatnonzero(np.any(np.diff(kinds[:, order], axis=1) != 0, axis=0)) + 1
    groups: list[Group] = []
    for states in np.split(order, ends):
        choice = np.arange(actions[states].max())
        pair = rows.action_offset[states, None] + np.where(choice < actions[states, None], choice, 0)
        place = np.arange(longest[states].max())
        there = place < outcomes[pair][..., None]
        entry = rows.row_offset[pair][..., None] + np.where(there, place, 0)
        successor = rank[rows.successor[entry]].astype(np.int32)
        probability = np.where(there, rows.probability[entry], 0.0)
        groups.append((np.moveaxis(successor, 0, 2).copy(), np.moveaxis(probability, 0, 2).copy()))
    return order, groups


class _State(NamedTuple):
    """Where the steps are; the rewards of a batch lie side by side, along the last axis.

    Histories are tuples and not stacks: XLA copies a whole stack for every row that is set.
    """

    step: Any
    value: Any
    """W, from which the next step is made; shape (states, rewards)."""
    results: tuple[Any, ...]
    """G(V_j) of the last steps, the newest first, and their changes f_j; each as ``value``."""
    changes: tuple[Any, ...]
    products: tuple[tuple[Any, ...], ...]
    """Σ_s f_i f_j of these; shape (rewards,)."""
    found: Any
    """The values of rewards that are done, the last ones of others; as ``value``."""
    residual: Any
    open: Any


@functools.cache
def _programs() -> Any:
    """Return what begins with a batch of rewards, and what makes steps until all are done."""
    jax = _import()
    jnp, lax = jax.numpy, jax.lax

    def begin(value: Any) -> _State:
        none, few = jnp.zeros_like(value), jnp.zeros(value.shape[1])
        return _State(
            step=jnp.zeros((), dtype=int),
            value=value,
            results=(none,) * DEPTH,
            changes=(none,) * DEPTH,
            products=((few,) * DEPTH,) * DEPTH,
            found=value,
            residual=few + jnp.nan,
            open=few == 0,
        )

    def ahead(successor: Any, probability: Any, value: Any) -> Any:
        """max_a Σ_s' p(s'|s, a) V(s') of one group."""
        actions, outcomes, states = successor.shape

        def add(k: Any, j: Any, total: Any) -> Any:
            there = value.at[successor[k, j]].get(mode="promise_in_bounds")
            return total + probability[k, j, :, None] * there

        none = jnp.zeros((states, value.shape[1]))
        if actions * outcomes <= UNROLLED:
            totals = [none] * actions
            for k, j in itertools.product(range(actions), range(outcomes)):
                totals[k] = add(k, j, totals[k])
            return functools.reduce(jnp.maximum, totals)
        return lax.fori_loop(
            0,
            actions,
            lambda k, best: jnp.maximum(best, lax.fori_loop(0, outcomes, functools.partial(add, k), none)),
            none - jnp.inf,
        )

    def weights(step: Any, products: Any) -> list[Any]:
        """Return α of the earlier changes; the newest, number 0, gets the rest.

        They make f_0 + Σ_j α_j (f_j − f_0) least. The normal equations are solved by elimination; a
        difference that is (nearly) a combination of those before it, or not there yet, gets nothing.
        """
        size = range(len(products) - 1)
        new = products[0]
        a = [[products[i + 1][j + 1] - new[i + 1] - new[j + 1] + new[0] for j in size] for i in size]
        b = [new[0] - new[i + 1] for i in size]
        whole = [a[i][i] for i in size]
        for k in size:
            kept, pivot = (step > k) & (a[k][k] > 1e-12 * whole[k]), a[k][k]
            a[k] = [jnp.where(kept, entry / pivot, 0.0) for entry in a[k]]
            b[k] = jnp.where(kept, b[k] / pivot, 0.0)
            for i in set(size) - {k}:
                factor = a[i][k]
                a[i] = [mine - factor * other for mine, other in zip(a[i], a[k], strict=True)]
                b[i] = b[i] - factor * b[k]
        sane = jnp.abs(jnp.stack(b)).sum(axis=0) < 1e8
        return [jnp.where(sane, share, 0.0) for share in b]

    def step(groups: Any, reward: Any, at: _State, discount: Any, target: Any, rounding: Any) -> _State:
        def update(_: Any, last: Any) -> Any:
            best = [ahead(successor, probability, last[1]) for successor, probability in groups]
            return last[1], reward + discount * jnp.concatenate(best)

        before, result = lax.fori_loop(0, UPDATES, update, (at.value, at.value))
        low, high = (result - before).min(axis=0), (result - before).max(axis=0)
        shift = discount / (1 - discount) * 0.5 * (low + high)
        bound = discount * 0.5 * (high - low)
        middle = result + shift
        size = jnp.abs(reward).max(axis=0) + jnp.abs(middle).max(axis=0)
        error = rounding * (size + 2 * jnp.abs(shift))
        # A large shift hides small changes in its rounding; from the middle the next one is small.
        done = at.open & (bound <= jnp.maximum(target, 4 * error)) & (jnp.abs(shift) <= size)
        change = middle - at.value
        change = change - change.mean(axis=0)
        new = [(change * other).sum(axis=0) for other in (change, *at.changes)]
        products = [new, *([one, *old] for one, old in zip(new[1:], at.products, strict=True))]
        better = new[0] <= at.products[0][0]
        shares = [jnp.where(better, share, 0.0) for share in weights(at.step, products)]
        value = (1 - sum(shares)) * middle
        for share, old in zip(shares, at.results, strict=True):
            value = value + share * old
        return _State(
            step=at.step + 1,
            value=value,
            results=(middle, *at.results[:-1]),
            changes=(change, *at.changes[:-1]),
            products=tuple(tuple(row[:DEPTH]) for row in products[:DEPTH]),
            found=jnp.where(at.open, middle, at.found),
            residual=jnp.where(done, bound + error + UNDERFLOW, at.residual),
            open=at.open & ~done,
        )

    def advance(
        groups: Any, reward: Any, state: _State, discount: Any, target: Any, rounding: Any, until: Any
    ) -> _State:
        return lax.while_loop(
            lambda at: at.open.any() & (at.step < until),
            lambda at: step(groups, reward, at, discount, target, rounding),
            state,
        )

    return jax.jit(begin), jax.jit(advance)


def _import() -> Any:
    try:
        import jax
    except ModuleNotFoundError as error:
        raise MissingExtraError("jax is not installed", "pip install 'corrigible[gpu]'") from error
    return jax
