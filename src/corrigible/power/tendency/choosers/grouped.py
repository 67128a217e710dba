"""`Grouped`: options of many choices at once, for choosers that are put on every state of a model."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Grouped:
    """The options of many choices, one choice after the other, with an equal base in each.

    Parameters
    ----------
    utilities
        Of each option; floats of shape (options,).
    offset
        Where each choice begins, and at last the number of options; integers of shape (choices + 1,).
    above
        The share of its choice that is better; floats of shape (options,).
    equal
        The share of its choice that is as good, itself included; likewise.

    Notes
    -----
    With an equal base the share of options above and the share equal are all that a rule by rank needs; see
    `Quantiliser.grouped` and `BestOf.grouped`. Utilities are floats here, so that two that differ by no more
    than a tolerance count as equal.
    """

    utilities: np.ndarray
    offset: np.ndarray
    above: np.ndarray
    equal: np.ndarray

    @property
    def choice(self) -> np.ndarray:
        """Which choice each option belongs to; integers of shape (options,)."""
        return np.repeat(np.arange(len(self.offset) - 1), np.diff(self.offset))

    @property
    def sizes(self) -> np.ndarray:
        """How many options there are in the choice of each option; integers of shape (options,)."""
        counts = np.diff(self.offset)
        return np.repeat(counts, counts)

    def best(self) -> np.ndarray:
        """Return which options are the best of their choice; boolean of shape (options,)."""
        return self.above == 0

    def among(self, options: np.ndarray) -> np.ndarray:
        """Return the equal probability of the options marked, at least one a choice; shape (options,)."""
        counts = np.add.reduceat(options.astype(float), self.offset[:-1])
        return options / np.repeat(counts, np.diff(self.offset))


def grouped(utilities: np.ndarray, offset: np.ndarray, tolerance: float = 0.0) -> Grouped:
    """Return the options of many choices, ranked within each.

    Parameters
    ----------
    utilities, offset
        As in `Grouped`; no choice is without options.
    tolerance
        The largest difference between neighbours in rank that still counts as equal.

    Examples
    --------
    >>> grouped(np.array([3.0, 1.0, 3.0, 7.0]), np.array([0, 3, 4])).above.round(3).tolist()
    [0.0, 0.667, 0.0, 0.0]
    """
    counts = np.diff(offset)
    choice = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((-utilities, choice))
    ranked = utilities[order]
    first = np.ones(len(order), dtype=bool)
    # A rank begins where a choice does, and where the next option is worse.
    first[1:] = (choice[order][1:] != choice[order][:-1]) | (ranked[:-1] - ranked[1:] > tolerance)
    rank = np.cumsum(first) - 1
    begin = np.flatnonzero(first)
    size = np.diff(np.append(begin, len(order)))
    above, equal = np.empty(len(order)), np.empty(len(order))
    of_choice = counts[choice[order]]
    above[order] = (begin[rank] - offset[:-1][choice[order]]) / of_choice
    equal[order] = size[rank] / of_choice
    return Grouped(utilities=utilities, offset=offset, above=above, equal=equal)
