"""The orbit of a goal: all that it becomes when its numbers change places.

A goal that gives the number x_i to place i (a reward to a state, a utility to an outcome) becomes, under
the permutation φ of the places, the goal that gives x_i to place φ(i). The orbit holds each such goal once::

    |orbit| = n! / Π_v (how many places have the number v)!
"""

from __future__ import annotations

import math
import numbers
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, final

import numpy as np

from corrigible.core.errors import DistributionError, TooLargeError, unknown_name
from corrigible.core.seeds import check_seed, stream
from corrigible.mdp.rational import fraction
from corrigible.power.rewards.contract import check_samples

LARGEST_ORBIT = 4_000_000
"""Orbits up to this size are counted in full: the 10! of ten different numbers among them."""

ROWS = 2**13
"""Goals that are worked on at once."""


@final
class Orbit:
    """All permutations of a goal, or a sample of them.

    Parameters
    ----------
    goal
        What each place has, in the order of the places: a number, or a tuple of numbers where several
        goals are permuted together.
    samples
        How many permutations to draw at random, with replacement; ``None``: each element of the orbit
        once.
    seed
        Of the drawing.

    Attributes
    ----------
    values
        The different entries of the goal, in the order of their first places.
    size
        How many elements the orbit has.

    Raises
    ------
    TooLargeError
        If all elements are wanted and there are more than `LARGEST_ORBIT`.

    Examples
    --------
    >>> orbit = Orbit((Fraction(1), Fraction(0), Fraction(0)))
    >>> orbit.size, np.concatenate(list(orbit.chunks())).tolist()
    (3, [[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    """

    def __init__(self, goal: Sequence[Any], samples: int | None = None, seed: int = 0) -> None:
        self.values = tuple(dict.fromkeys(goal))
        number = {value: i for i, value in enumerate(self.values)}
        self._places = np.array([number[value] for value in goal], dtype=np.int32)
        self.size = orbit_size(goal)
        self.seed = check_seed(seed) if samples is not None else None
        self.samples = None if samples is None else check_samples(samples)
        if samples is None and self.size > LARGEST_ORBIT:
            raise TooLargeError(
                f"the orbit has `{in_words(self.size)}` elements, more than {LARGEST_ORBIT:,}",
                "give a number of samples",
            )

    @property
    def rows(self) -> int:
        """How many goals `chunks` gives in all."""
        return self.size if self.samples is None else self.samples

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the goals as numbers into ``values``; integers of shape (at most `ROWS`, places)."""
        if self.samples is None:
            every = _arrangements(np.bincount(self._places))
            for first in range(0, len(every), ROWS):
                yield every[first : first + ROWS]
            return
        for number, first in enumerate(range(0, self.samples, ROWS)):
            goals = np.tile(self._places, (ROWS, 1))
            # Drawn whole and then cut, so that the first goals do not depend on how many are wanted.
            drawn = stream(self.seed or 0, "orbit", number).permuted(goals, axis=1)
            yield drawn[: self.samples - first]


def orbit_size(goal: Sequence[Any]) -> int:
    """Return how many different permutations ``goal`` has."""
    return math.factorial(len(goal)) // math.prod(map(math.factorial, Counter(goal).values()))


def exact_goal(goal: object, labels: Sequence[Any], what: str, place: str) -> tuple[Fraction, ...]:
    """Return one fraction a label: a float is read as `corrigible.mdp.rational.fraction` reads it.

    Parameters
    ----------
    goal
        A number for each label in their order, or a mapping from labels; labels left out have 0.
    labels
        The places.
    what, place
        What a number and a place are called in errors: ``"reward"``, ``"state"``.

    Raises
    ------
    UnknownNameError
        If the mapping names a place that is not there.
    DistributionError
        If there is not one finite number a place.
    """
    if isinstance(goal, Mapping):
        known = set(labels)
        for label in goal:
            if label not in known:
                unknown_name(place, label, [str(label) for label in labels[:10_000]])
        return tuple(exact_number(goal.get(label, 0), what) for label in labels)
    entries: list[Any] = list(goal) if isinstance(goal, Sequence | np.ndarray) else []
    if len(entries) != len(labels):
        raise DistributionError(
            f"the {what}s are `{len(entries)}` numbers", f"give one a {place}: {len(labels)}"
        )
    return tuple(exact_number(entry, what) for entry in entries)


def exact_number(value: object, what: str) -> Fraction:
    """Return a finite number as a fraction, or raise `DistributionError`, which calls it by ``what``."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, numbers.Rational):
        return Fraction(value)
    if isinstance(value, float) and math.isfinite(value):
        return fraction(value)
    raise DistributionError(f"the {what} `{value}` is no finite number", "give whole numbers or fractions")


def in_words(count: int) -> str:
    """Return a count as people write it, for example ``40,320`` or ``about 10^157``."""
    return f"{count:,}" if count < 10**15 else f"about 10^{math.log10(count):.0f}"


def _arrangements(counts: np.ndarray) -> np.ndarray:
    """Return every arrangement of a multiset, in lexicographic order, place by place."""
    # The smallest type that holds the numbers: there may be millions of arrangements.
    kind = np.min_scalar_type(int(counts.sum()))
    rows, left = np.zeros((1, 0), dtype=kind), counts.astype(kind)[None]
    for _ in range(int(counts.sum())):
        row, value = np.nonzero(left)
        rows, left = np.column_stack([rows[row], value.astype(kind)]), left[row]
        left[np.arange(len(row)), value] -= 1
    return rows
