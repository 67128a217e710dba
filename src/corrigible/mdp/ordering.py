"""In which order to eliminate the states of a sparse model, and what that fills in.

Eliminating state j links all states that j is linked with: the *fill*. A good order keeps it small: on a
grid of n states nested or minimum-degree orders fill in about n log n entries and cost n^1.5 products, where
the natural order takes n^1.5 and n². The order depends on which states are linked, not on policies or
rewards, so it is found once for a model.

*Source:* A. George & J. W. H. Liu, The Evolution of the Minimum Degree Ordering Algorithm (1989), as
SuperLU computes it; structure by elimination trees: J. W. H. Liu, The Role of Elimination Trees in
Sparse Factorization (1990), section 3.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, final

import numpy as np
from numba import njit

from corrigible.mdp.rows import Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Ordering:
    """An order of elimination, and the entries that it fills.

    Parameters
    ----------
    state
        The states in the order in which they are eliminated; shape (states,).
    place
        The place of each state in that order; shape (states,).
    lower_offset, lower
        For each place, the earlier places that its row is linked with, ascending.
    upper_offset, upper
        The later ones.
    """

    state: np.ndarray
    place: np.ndarray
    lower_offset: np.ndarray
    lower: np.ndarray
    upper_offset: np.ndarray
    upper: np.ndarray

    @property
    def products(self) -> int:
        """Products that one elimination takes."""
        return int((np.diff(self.upper_offset) ** 2).sum())

    @classmethod
    def of(cls, rows: Rows) -> Ordering:
        """Return a minimum-degree order of the states of ``rows``."""
        return cls._of(_links(rows))

    @classmethod
    def within(cls, rows: Rows, entries: int) -> Ordering | None:
        """Return it where it fills at most ``entries``, else ``None``.

        Larger models are not tried where some step of a breadth-first search meets far more states than
        the square root of them all: those fill in nearly everywhere, and take long to order.
        """
        links = _links(rows)
        n = rows.n_states
        if n > 2000 and (n > entries or _widest(links.indptr, links.indices) > 8 * n**0.5):
            return None
        ordering = cls._of(links)
        return ordering if len(ordering.upper) <= entries else None

    @classmethod
    def _of(cls, links: csr_array) -> Ordering:
        from scipy.sparse import eye_array
        from scipy.sparse.linalg import spilu

        n = len(links.indptr) - 1
        # SciPy hands out SuperLU's order with a factorisation only: one that keeps next to nothing.
        heavy = (links + (n + 1.0) * eye_array(n)).tocsc()
        found = spilu(
            heavy, drop_tol=1.0, fill_factor=1.0, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )  # fmt: skip
        place = found.perm_c.astype(np.int32)
        state = np.argsort(place).astype(np.int32)
        near = links[state][:, state].tocsr()
        near.sort_indices()
        count, parent = _counted(near.indptr.astype(np.int64), near.indices.astype(np.int32))
        offset = np.concatenate([[0], np.cumsum(count)])
        lower = np.empty(offset[-1], dtype=np.int32)
        _filled(near.indptr.astype(np.int64), near.indices.astype(np.int32), parent, offset, lower)
        at = np.repeat(np.arange(n), count)
        by_column = np.argsort(lower, kind="stable")
        return cls(
            state=state,
            place=place,
            lower_offset=offset,
            lower=lower,
            upper_offset=np.concatenate([[0], np.cumsum(np.bincount(lower, minlength=n))]),
            upper=at[by_column].astype(np.int32),
        )


def _links(rows: Rows) -> csr_array:
    """Return which states are linked, either way, as a symmetric matrix of −1."""
    from scipy.sparse import csr_array

    n = rows.n_states
    starts = rows.row_offset[rows.action_offset]
    links = csr_array((np.ones(len(rows.successor)), rows.successor, starts), shape=(n, n))
    links = csr_array(links + links.T)
    links.sum_duplicates()
    links.data[:] = -1.0
    return links


@njit(nogil=True, cache=True)
def _widest(offset: np.ndarray, near: np.ndarray) -> int:
    """Return the most states that one step of a breadth-first search of the links meets."""
    n = len(offset) - 1
    seen = np.zeros(n, dtype=np.bool_)
    queue = np.empty(n, dtype=np.int64)
    widest = 0
    for root in range(n):
        if seen[root]:
            continue
        seen[root] = True
        queue[0] = root
        low = 0
        high = 1
        while low < high:
            widest = max(widest, high - low)
            end = high
            for at in range(low, end):
                for e in range(offset[queue[at]], offset[queue[at] + 1]):
                    if not seen[near[e]]:
                        seen[near[e]] = True
                        queue[high] = near[e]
                        high += 1
            low = end
    return widest


@njit(nogil=True, cache=True)
def _counted(offset: np.ndarray, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the length of each lower row, and the elimination tree (parents; −1 at roots)."""
    n = len(offset) - 1
    parent = np.full(n, -1, dtype=np.int32)
    count = np.zeros(n, dtype=np.int64)
    mark = np.full(n, -1, dtype=np.int32)
    for i in range(n):
        mark[i] = i
        for e in range(offset[i], offset[i + 1]):
            j = near[e]
            while j < i and mark[j] != i:
                mark[j] = i
                count[i] += 1
                if parent[j] == -1:
                    parent[j] = i
                j = parent[j]
    return count, parent


@njit(nogil=True, cache=True)
def _filled(
    offset: np.ndarray, near: np.ndarray, parent: np.ndarray, lower_offset: np.ndarray, lower: np.ndarray
) -> None:
    """Write the lower rows: from each link up the tree."""
    n = len(offset) - 1
    mark = np.full(n, -1, dtype=np.int32)
    for i in range(n):
        mark[i] = i
        k = lower_offset[i]
        for e in range(offset[i], offset[i + 1]):
            j = near[e]
            while j < i and mark[j] != i:
                mark[j] = i
                lower[k] = j
                k += 1
                j = parent[j]
        lower[lower_offset[i] : k].sort()
