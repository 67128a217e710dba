"""The Laplacian of a model's graph, and functions of it applied without its eigenvectors.

With A_ij = 1 where an action may lead from i to j or from j to i, i ≠ j, and D the diagonal of its row
sums, L = D − A. Its eigenvalues lie between 0 and max over edges of (D_i + D_j).

*Source:* Anderson & Morley, Eigenvalues of the Laplacian of a graph (1985), for the upper bound;
Trefethen, Approximation Theory and Approximation Practice (2013), chapters 3 and 8, for the polynomials.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from corrigible.core.seeds import stream
from corrigible.mdp.model import MDP

DEGREES = (16, 32, 64, 128, 256, 512, 1024)
"""Degrees tried; beyond the last the polynomial would take longer than solving the model."""

ACCURACY = 1e-9
"""How small the coefficients are that are left out, beside the largest."""

EXACT = 1000
"""Up to how many states variances are exact; beyond, that would take as many products with f(L)."""

PROBES = 128
"""Random vectors from which variances are estimated beyond."""

BLOCK = 16
"""Vectors that are worked on at once."""


def laplacian(mdp: MDP, member: np.ndarray | None = None) -> Any:
    """Return L as a SciPy CSR array; with ``member``, that of the graph of groups, shape (groups, groups)."""
    from scipy.sparse import csr_array, diags_array

    one, other = mdp.origin, mdp.successor.astype(np.int64)
    count = mdp.n_states
    if member is not None:
        one, other, count = member[one], member[other], int(member.max()) + 1
    edge = one != other
    # Adding up drops repetitions, and then every entry counts once.
    joined: Any = csr_array((np.ones(int(edge.sum())), (one[edge], other[edge])), shape=(count, count))
    joined = joined + joined.T
    joined.data[:] = 1
    return csr_array(diags_array(joined.sum(axis=1)) - joined)


def largest_eigenvalue(graph: Any) -> float:
    """Return an upper bound on the eigenvalues of L: the largest sum of the degrees of two neighbours."""
    degree = graph.diagonal()
    row = np.repeat(np.arange(len(degree)), np.diff(graph.indptr))
    edge = row != graph.indices
    return float((degree[row[edge]] + degree[graph.indices[edge]]).max(initial=0.0))


def chebyshev(
    graph: Any, function: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return how to multiply columns, shape (states, columns), by f(L); ``None`` if no degree suffices.

    f is interpolated in Chebyshev points by Σ_k c_k T_k(x) with x = 2L/λ − I, λ a bound on the eigenvalues;
    the terms follow from T_{k+1} = 2x T_k − T_{k−1}.
    """
    from scipy.sparse import csr_array, eye_array

    top = largest_eigenvalue(graph)
    if top == 0:
        return lambda columns: columns * function(np.zeros(1))
    coefficients = _coefficients(lambda x: function((x + 1) * top / 2))
    if coefficients is None:
        return None
    double = csr_array(graph * (4 / top) - 2 * eye_array(graph.shape[0]))

    def apply(columns: np.ndarray) -> np.ndarray:
        before, term = columns, double @ columns / 2
        total = coefficients[0] * before + coefficients[1] * term
        for coefficient in coefficients[2:]:
            following = double @ term
            following -= before
            before, term = term, following
            total += coefficient * term
        return total

    return apply


def variances(root: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
    """Return the diagonal of f(L)², exact for up to `EXACT` states: the squared lengths of its columns.

    Beyond, it is estimated as the mean square of f(L) z over random signs z, always the same ones, so that
    the same model has the same rewards; the relative standard error of each entry is at most √(2 / `PROBES`).
    """
    total = np.zeros(count)
    if count <= EXACT:
        for first in range(0, count, BLOCK):
            units = np.eye(count, min(BLOCK, count - first), -first)
            total[first : first + BLOCK] = np.sum(root(units) ** 2, axis=0)
        return total
    generator = stream(0, "smooth", "probes")
    for _ in range(PROBES // BLOCK):
        probes = root(generator.choice([-1.0, 1.0], size=(count, BLOCK)))
        total += np.sum(probes**2, axis=1)
    return total / PROBES


def _coefficients(function: Callable[[np.ndarray], np.ndarray]) -> list[float] | None:
    from scipy.fft import dct

    for degree in DEGREES:
        # Chebyshev points of the first kind; the coefficients are a cosine transform of the values there.
        angle = (np.arange(degree + 1) + 0.5) * np.pi / (degree + 1)
        found = np.asarray(dct(function(np.cos(angle)), type=2)) / (degree + 1)
        found[0] /= 2
        small = ACCURACY * np.abs(found).max()
        if np.abs(found[-4:]).max() < small:
            needed = int(np.flatnonzero(np.abs(found) >= small / 10).max(initial=1))
            return found[: needed + 1].tolist()
    return None
