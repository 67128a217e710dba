"""In which order the goals of an orbit put some items: exactly, by visit distributions, or by the solvers.

Items are mixtures of *futures*. The future from a state on is worth the greatest of d·R over the ways d to go
on, so that everything is a maximum of linear functions of the goal, and ties can be told exactly.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import final

import numpy as np

from corrigible.core.errors import TooLargeError
from corrigible.mdp.hull import vertices
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.rational import exact_row
from corrigible.mdp.visits import visit_distributions
from corrigible.power.attainable import Optimal, attainable
from corrigible.power.tendency.permutations import Orbit

Vector = tuple[Fraction, ...]

MOST_FUTURES = 1_000
"""Visit distributions of one state that are worked with in fractions; of more, solvers are quicker."""

COMPARISONS = 2**22
"""Pairs of items that are compared at once, over goals."""


class Valuation(ABC):
    """What puts items in order for goals given as numbers into the entries of an `Orbit`."""

    method: str
    """How, in a few words."""

    tolerance: float
    """The largest difference so far that counted as equal, as a share of the largest reward."""

    @abstractmethod
    def ranks(self, goals: np.ndarray) -> np.ndarray:
        """Return for each goal how many items are better than each; shape (goals, items)."""


@final
class Exact(Valuation):
    """Items as mixtures of maxima, Σ_k w_k max over x ∈ X_k of x·R, compared without error.

    Floats decide where they can; what is too close for them is computed again in whole numbers.

    Parameters
    ----------
    futures
        The X_k; entries ≥ 0 that sum to one in each vector.
    mixtures
        w of each item; shares of the ``futures``.
    orbit
        Its entries are tuples of numbers: an item's value is summed over their positions.
    """

    method = "visit distributions, in fractions"
    tolerance = 0.0

    def __init__(
        self, futures: Sequence[Sequence[Vector]], mixtures: Sequence[Sequence[Fraction]], orbit: Orbit
    ) -> None:
        vectors = [vector for ways in futures for vector in ways]
        sizes = [len(ways) for ways in futures]
        self._first = np.cumsum([0, *sizes[:-1]])
        largest = _largest(orbit)
        rewards = [[x / largest for x in entry] for entry in orbit.values]
        self._floats = [np.array(rows, dtype=np.float64) for rows in (rewards, vectors, mixtures)]
        self._wholes = [_whole(rows) for rows in (rewards, vectors, mixtures)]
        # Weights sum to one and rewards are at most 1, so that errors grow with the terms of a sum alone.
        terms = len(vectors[0]) + len(mixtures[0]) + len(rewards[0]) + 8
        self._slack = 2 * terms * len(rewards[0]) * 2.0**-52

    def ranks(self, goals: np.ndarray) -> np.ndarray:
        """Return the exact order of the items for each goal."""
        values = self._values(goals, *self._floats)
        ordered = np.sort(values, axis=1)
        close = np.any(np.diff(ordered, axis=1) <= self._slack, axis=1)
        out = competition(values, 0.0)
        if close.any():
            out[close] = competition(self._values(goals[close], *self._wholes), 0)
        return out

    def _values(
        self, goals: np.ndarray, rewards: np.ndarray, vectors: np.ndarray, mixtures: np.ndarray
    ) -> np.ndarray:
        total = 0
        for position in range(rewards.shape[1]):
            worth = rewards[goals, position] @ vectors.T
            total = total + np.maximum.reduceat(worth, self._first, axis=1) @ mixtures.T
        return np.asarray(total)


@final
class SolvedActions(Valuation):
    """The actions of a state, valued by a solver to within its tolerance."""

    def __init__(self, mdp: MDP, state: int, orbit: Orbit, discount: Fraction) -> None:
        self._solver: Optimal = attainable(mdp, float(discount))
        self._rewards = _scaled(orbit)[:, 0]
        self._pairs = mdp.pairs(state)
        self._mdp = mdp
        self.method, self.tolerance = self._solver.method, 0.0

    def ranks(self, goals: np.ndarray) -> np.ndarray:
        """Return the order of the actions for each goal."""
        mdp = self._mdp
        rewards = self._rewards[goals]
        worth, tolerance = self._solver.worth(rewards, self._solver(rewards))
        values = np.empty((len(goals), len(self._pairs)))
        for k, pair in enumerate(self._pairs):
            entries = slice(mdp.row_offset[pair], mdp.row_offset[pair + 1])
            values[:, k] = worth[:, mdp.successor[entries]] @ mdp.probability[entries]
        self.tolerance = max(self.tolerance, float(tolerance.max(initial=0.0)))
        return competition(values, tolerance[:, None, None])


@final
class SolvedStates(Valuation):
    """What goals attain from some states, by a solver, to within twice its error bound."""

    def __init__(self, mdp: MDP, states: Sequence[int], orbit: Orbit, discount: Fraction) -> None:
        self._solver = attainable(mdp, float(discount))
        self._rewards = _scaled(orbit)
        self._states = list(states)
        self.method, self.tolerance = self._solver.method, 0.0

    def ranks(self, goals: np.ndarray) -> np.ndarray:
        """Return the order of the states for each goal."""
        values, slack = np.zeros((len(goals), len(self._states))), 0.0
        for rewards in self._rewards.T:
            attained = self._solver(rewards[goals])
            values += attained.attained[:, self._states]
            slack += 2 * attained.error_bound
        self.tolerance = max(self.tolerance, slack / self._rewards.shape[1])
        return competition(values, slack)


def competition(values: np.ndarray, tolerance: float | np.ndarray) -> np.ndarray:
    """Return how many entries of each row are greater than each by more than ``tolerance``."""
    rows, items = values.shape
    out = np.empty((rows, items), dtype=np.int32)
    step = max(1, COMPARISONS // items**2)
    for first in range(0, rows, step):
        block = values[first : first + step]
        slack = tolerance[first : first + step] if isinstance(tolerance, np.ndarray) else tolerance
        above = block[:, None, :] - block[:, :, None] > slack
        out[first : first + step] = above.sum(axis=2)
    return out


def exact_actions(mdp: MDP, state: int, orbit: Orbit, discount: Fraction) -> Exact:
    """Return the valuation of the actions of a state: (1 − γ) of the next state, γ of what follows."""
    rows = [exact_row(mdp, pair) for pair in mdp.pairs(state)]
    targets = list(dict.fromkeys(target for row in rows for _, target in row))
    futures = [best_ways(onward(mdp, mdp.states[target], discount)) for target in targets]
    shares = [{target: probability for probability, target in row} for row in rows]
    mixtures = [[share.get(target, Fraction(0)) for target in targets] for share in shares]
    return Exact(futures, mixtures, orbit)


def exact_states(mdp: MDP, states: Sequence[int], orbit: Orbit, discount: Fraction) -> Exact:
    """Return the valuation of states by what is attained from them."""
    futures = [best_ways(visits(mdp, mdp.states[state], discount)) for state in states]
    mixtures = [[Fraction(int(i == k)) for k in range(len(states))] for i in range(len(states))]
    return Exact(futures, mixtures, orbit)


def visits(mdp: MDP, state: Label, discount: Fraction) -> list[Vector]:
    """Return the visit distributions of a state as vectors.

    Raises
    ------
    TooLargeError
        If there are more than `MOST_FUTURES`.
    """
    found = [way.shares for way in visit_distributions(mdp, state, discount)]
    if len(found) > MOST_FUTURES:
        raise TooLargeError(
            f"state `{state}` has `{len(found):,}` visit distributions, more than {MOST_FUTURES:,}",
            "too many for exact work",
        )
    return found


def onward(mdp: MDP, state: Label, discount: Fraction) -> list[Vector]:
    """Return how one may go on *in* a state: (1 − γ) of being there, and γ of its visit distributions."""
    here = mdp.index(state)
    ways = (
        tuple((1 - discount) * int(i == here) + discount * share for i, share in enumerate(way))
        for way in visits(mdp, state, discount)
    )
    return list(dict.fromkeys(ways))  # at γ → 0 all are one


def best_ways(vectors: Sequence[Vector]) -> list[Vector]:
    """Return those of different ``vectors`` that are strictly best for some goal."""
    return [vectors[k] for k in vertices(vectors)]


def _largest(orbit: Orbit) -> Fraction:
    return max((abs(x) for entry in orbit.values for x in entry), default=Fraction(0)) or Fraction(1)


def _scaled(orbit: Orbit) -> np.ndarray:
    largest = _largest(orbit)
    return np.array([[x / largest for x in entry] for entry in orbit.values], dtype=np.float64)


def _whole(rows: Sequence[Sequence[Fraction]]) -> np.ndarray:
    """Return ``rows`` times their least common denominator, as Python's whole numbers."""
    scale = math.lcm(*(x.denominator for row in rows for x in row))
    return np.array([[int(x * scale) for x in row] for row in rows], dtype=object)
