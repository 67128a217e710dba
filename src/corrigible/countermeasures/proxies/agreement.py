"""Policies on which several proxies agree: the best worst gain, or the best mean of gains.

What a policy is worth to proxy k is counted as its *gain* over doing nothing, in shares of the largest there
is::

    g_k(π) = (J_k(π) − J_k(doing nothing)) / (max_π' J_k(π') − J_k(doing nothing))

The gains that policies can have form a convex set, the image of the polytope of occupancy measures. Its
linear programme has a variable for each pair and step, so it is solved by its vertices (Dantzig & Wolfe): a
small programme mixes the policies found so far, its multipliers weigh the proxies, and the best policy for
the weighted proxies, which backward induction gives exactly, is added, until it would gain nothing.

*Source:* G. Dantzig & P. Wolfe, Decomposition Principle for Linear Programs (1960); J. Nash, The Bargaining
Problem (1950); for the occupancy measures, Puterman 1994, section 6.9.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Callable
from typing import Any, final

import numpy as np

from corrigible.core.errors import ConvergenceError
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.planning import TIES, plan, stationary, tied_at_random
from corrigible.countermeasures.proxies.drawn import Proxies

GAP = 1e-6
"""How far from the best a policy may be, in shares of a gain."""
ROUNDING = 1e-12
"""What rounding may take from a gain."""
ROUNDS = 300
"""The largest number of policies that are tried."""


class Terms(enum.StrEnum):
    """What proxies agree to have as large as possible."""

    WORST = "worst"
    GEOMETRIC = "geometric"
    ARITHMETIC = "arithmetic"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """A policy on which proxies agree.

    Parameters
    ----------
    policy
        π_t(a | s); floats of shape (horizon, pairs).
    names
        Of the proxies.
    gains
        g_k of the policy; floats of shape (proxies,).
    weights
        How much each proxy weighs where the policy is best for their weighted sum; likewise.
    value
        The worst of the gains, or their mean.
    error_bound
        How much more than ``value`` any policy could have, at most: the duality gap, and
        `ROUNDING`.
    rounds
        How many policies were tried.
    """

    policy: np.ndarray
    names: tuple[str, ...]
    gains: np.ndarray
    weights: np.ndarray
    value: float
    error_bound: float
    rounds: int

    def __repr__(self) -> str:
        gains = ", ".join(f"{name}: {gain:.3g}" for name, gain in zip(self.names, self.gains, strict=True))
        return f"<Agreement {self.value:.4g} (error ≤ {self.error_bound:.1g}); gains {gains}>"


def agree(case: Case, proxies: Proxies, terms: Terms) -> Agreement:
    """Return the policy that has the largest worst gain, or the largest geometric mean of gains.

    Parameters
    ----------
    case
        The case.
    proxies
        What the gains are counted by.
    terms
        Which.

    Raises
    ------
    ConvergenceError
        If the gap does not close within `ROUNDS` policies.

    Notes
    -----
    Doing nothing gains nothing for every proxy, so that the worst gain is never below 0. Where no policy
    gains something for all, every geometric mean is 0, and the policy of the largest worst gain is returned.
    """
    gained = _Gained(case, proxies)
    count = len(proxies.names)
    found: list[np.ndarray | None] = [None, *np.eye(count)]
    if terms is Terms.ARITHMETIC:  # linear: the best for equal weights is the best there is
        found = [np.full(count, 1.0 / count)]
    columns = [gained.of(each) for each in found]
    while len(columns) <= ROUNDS:
        gains = np.array(columns)
        mix, weights, value, most = _mixture(gains, terms)
        best = gained.of(weights)
        bound = most(float(weights @ best)) - value
        if bound <= GAP * max(1.0, value):
            policy = gained.mixed(mix, found, weights)
            return Agreement(
                policy=policy,
                names=proxies.names,
                gains=gained.by(policy),
                weights=weights / weights.sum(),
                value=value,
                error_bound=max(bound, ROUNDING),
                rounds=len(columns),
            )
        columns.append(best)
        found.append(weights)
    raise ConvergenceError(
        f"the proxies have not agreed to `{GAP:g}` within `{ROUNDS}` policies", "take fewer proxies"
    )


def _mixture(
    gains: np.ndarray, terms: Terms
) -> tuple[np.ndarray, np.ndarray, float, Callable[[float], float]]:
    """Return the best mixture of the policies whose gains are the rows, the weights of the proxies, the
    value, and how large the value of any policy can be, given the most that one gains by these weights."""
    if terms is Terms.ARITHMETIC:
        weights = np.full(gains.shape[1], 1.0 / gains.shape[1])
        return np.ones(1), weights, float(gains[0] @ weights), lambda most: most
    mix, weights, value = _worst(gains)
    if terms is Terms.WORST or value <= GAP:
        return mix, weights, value, lambda most: most  # the worst gain is no more than any weighted mean
    mix, weights, mean, level = _geometric(gains, mix)
    return mix, weights, mean, lambda most: math.exp(level + most)


@final
class _Gained:
    """The gains of policies, which are named by the weights of the proxies they are best for."""

    def __init__(self, case: Case, proxies: Proxies) -> None:
        self.case, self.proxies = case, proxies
        self.pay = case.of_pairs(proxies.paid)
        self.arriving = case.chances.T.tocsr()
        still = np.zeros(case.mdp.n_pairs)
        still[case.idle] = 1.0
        self.still = stationary(case, still)
        self.unit = np.ones(len(proxies.names))
        self.nothing = np.zeros(len(proxies.names))
        self.nothing = self.by(self.still)
        top = np.array([self.by(self.policy(each))[k] for k, each in enumerate(np.eye(len(self.unit)))])
        tie = TIES * max(1.0, float(np.abs(top + self.nothing).max()))
        # A proxy that has nothing to gain has still something to lose, in units of what others gain.
        self.unit = np.where(top > tie, top, max(1.0 if not (top > tie).any() else float(top.max()), tie))

    def policy(self, weights: np.ndarray | None) -> np.ndarray:
        """Return the best policy for weighted gains, ties at random; without weights, doing nothing."""
        if weights is None:
            return self.still
        share = weights / self.unit
        weighted = dataclasses.replace(
            self.case, paid=share @ self.proxies.paid, resting=share @ self.proxies.resting
        )
        return tied_at_random(weighted, plan(weighted).optimal)

    def of(self, weights: np.ndarray | None) -> np.ndarray:
        """Return the gains of `policy`; floats of shape (proxies,)."""
        return self.by(self.policy(weights))

    def by(self, policy: np.ndarray) -> np.ndarray:
        """Return the gains of any policy, exactly; floats of shape (proxies,)."""
        case, gamma = self.case, self.case.discount
        paid, rested = np.zeros(case.mdp.n_pairs), np.zeros(case.mdp.n_states)
        for t, mass in enumerate(self.masses(policy)):
            paid += gamma**t * mass
            if not self.proxies.resting.any():
                continue
            lasting = float(np.sum(gamma ** np.arange(case.horizon - t - 1)))
            rested += gamma ** (t + 1) * lasting * np.where(case.ends, self.arriving @ mass, 0.0)
        returns = self.pay @ paid + self.proxies.resting @ rested
        return (returns - self.nothing) / self.unit

    def masses(self, policy: np.ndarray) -> np.ndarray:
        """Return the occupancy measure, P(pair at step t, not yet stopped); shape (horizon, pairs)."""
        case = self.case
        found = np.zeros((case.horizon, case.mdp.n_pairs))
        going = np.where(case.ends, 0.0, case.start)
        for t in range(case.horizon):
            found[t] = going[case.mdp.owner] * policy[t]
            going = np.where(case.ends, 0.0, self.arriving @ found[t])
        return found

    def mixed(self, mix: np.ndarray, found: list[np.ndarray | None], weights: np.ndarray) -> np.ndarray:
        """Return the policy whose occupancy measure is the mixture of those of the policies found."""
        mass = np.zeros((self.case.horizon, self.case.mdp.n_pairs))
        for share, each in zip(mix, found, strict=True):
            if share > 0:
                mass += share * self.masses(self.policy(each))
        reached = np.add.reduceat(mass, self.case.mdp.action_offset[:-1], axis=1)[:, self.case.mdp.owner]
        # Where the mixture never comes, do what is best for the weighted proxies.
        return np.where(reached > 0, mass / np.where(reached > 0, reached, 1.0), self.policy(weights))


def _worst(gains: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the mixture of rows with the largest worst gain, the weights of the proxies, and that gain.

    ::

        max v   so that   Σ_j λ_j g_jk ≥ v for each k,   Σ_j λ_j = 1,   λ ≥ 0
    """
    rows, count = gains.shape
    solved = _programme(
        np.append(np.zeros(rows), 1.0),
        np.hstack([-gains.T, np.ones((count, 1))]),
        np.zeros(count),
        np.append(np.ones(rows), 0.0),
        [(0, None)] * rows + [(None, None)],
    )
    mix = np.maximum(solved.x[:rows], 0.0)
    mix /= mix.sum()
    weights = np.maximum(-solved.ineqlin.marginals, 0.0)
    return mix, weights / weights.sum(), float((mix @ gains).min())


def _geometric(gains: np.ndarray, mix: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return the mixture of rows with the largest geometric mean of gains, weights, that mean, and a level b.

    Kelley's cutting planes. A logarithm lies below its tangents, log u ≤ log c + u/c − 1, of which one at
    each point tried is added to a linear programme, until it promises no more than was found. By its
    multipliers μ no gains u, of any policy, have a mean of logarithms above b + w·u::

        b = Σ μ (log c − 1),   w_k = Σ μ / c  over the tangents of proxy k
    """
    rows, count = gains.shape
    best, mean, trial = mix, -np.inf, mix
    # Where a gain is nearly nothing a tangent is nearly upright; one a little further on serves as well.
    floor = 1e-3 * float((mix @ gains).min())
    points = list[np.ndarray]()
    while len(points) < ROUNDS:
        own = trial @ gains
        if own.min() > 0 and float(np.log(own).mean()) > mean:
            best, mean = trial, float(np.log(own).mean())
        points.append(np.maximum(own, floor))
        at = np.concatenate(points)
        which = np.tile(np.arange(count), len(points))
        solved = _programme(
            np.concatenate([np.zeros(rows), np.full(count, 1.0 / count)]),
            np.hstack([-(gains[:, which] / at).T, np.eye(count)[which]]),
            np.log(at) - 1.0,
            np.concatenate([np.ones(rows), np.zeros(count)]),
            [(0, None)] * rows + [(None, None)] * count,
        )
        trial = np.maximum(solved.x[:rows], 0.0)
        trial /= trial.sum()
        multipliers = np.maximum(-solved.ineqlin.marginals, 0.0)
        # Each proxy's multipliers sum to its share of the mean; rounding must not break that.
        multipliers /= count * np.bincount(which, multipliers, count)[which]
        weights = np.bincount(which, multipliers / at, count)
        level = float(multipliers @ (np.log(at) - 1.0))
        if level + float((gains @ weights).max()) - mean <= GAP / 4:
            return best, weights, math.exp(mean), level
    raise ConvergenceError(f"the mean of gains was not found to `{GAP:g}`", "take fewer proxies")


def _programme(
    gain: np.ndarray,
    rows: np.ndarray,
    limits: np.ndarray,
    one: np.ndarray,
    bounds: list[tuple[float | None, float | None]],
) -> Any:
    """Return the solution of: as much ``gain @ x`` as there can be, rows @ x ≤ limits, one @ x = 1."""
    from scipy.optimize import linprog

    solved = linprog(
        -gain, A_ub=rows, b_ub=limits, A_eq=one[None, :], b_eq=[1.0], bounds=bounds, method="highs"
    )
    if solved.status != 0:
        raise ConvergenceError(f"the proxies' linear programme ended with `{solved.message}`", "report this")
    return solved
