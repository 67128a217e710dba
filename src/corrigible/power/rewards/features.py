"""`Features`: rewards that are linear in what is known of each state."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.core.results import digest
from corrigible.mdp.model import MDP
from corrigible.power.rewards.contract import (
    Draw,
    RewardDistribution,
    UniformMap,
    groups_of,
    place,
    whole_numbers,
)
from corrigible.power.rewards.scalar import check_scalar, draws, has_variance, in_words, quantiles


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Features(RewardDistribution):
    """R = Φ w: one weight for each feature, and so like rewards for like states.

    With weights of mean m and variance σ², and φ(s) the row of state s::

        E R(s) = m Σ_f φ_f(s),    Cov(R(s), R(t)) = σ² φ(s)·φ(t)

    Parameters
    ----------
    matrix
        Φ: shape (states, features), finite; an array, or a sparse matrix of SciPy's.
    weights
        What each weight is drawn from, independently: a frozen SciPy distribution; ``None`` for the
        standard normal.
    groups
        Whole numbers of shape (states,): states with equal numbers have the same features, and Φ has a row
        for each number, in rising order. ``None``: a row for each state.

    Raises
    ------
    DistributionError
        If an entry is not a finite number, there is no feature, or the weights have no finite mean.

    Notes
    -----
    *Source:* rewards linear in features are those of Ng & Russell, Algorithms for Inverse Reinforcement
    Learning (2000), section 4.

    Examples
    --------
    >>> Features([[1.0], [0.5], [0.0]]).describe()[:43]
    '1 features, a weight norm() each, per state'
    """

    matrix: Any
    weights: Any = None
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", _rows(self.matrix))
        if self.weights is None:
            from scipy import stats

            object.__setattr__(self, "weights", stats.norm())
        check_scalar(self.weights, "weights of the features")
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw the weights and add up the features; see `RewardDistribution.bind`."""
        return linear_draw(self.matrix, self.weights, self._member(mdp))

    def from_uniforms(self, mdp: MDP) -> UniformMap:
        """Return the rewards for weights at these quantiles, one number a feature."""
        return linear_map(self.matrix, self.weights, self._member(mdp))

    def _member(self, mdp: MDP) -> np.ndarray | None:
        count, member = groups_of(self.groups, mdp)
        rows, columns = self.matrix.shape
        if rows != count:
            has = f"{count} states" if self.groups is None else f"{count} groups of states"
            raise DistributionError(
                f"the features have shape `{self.matrix.shape}`",
                f"there are {has}, so give ({count}, {columns})",
            )
        return member

    def describe(self) -> str:
        """Return how many features there are, the weights, and the hash of Φ."""
        phi = self.matrix
        parts = (phi.indptr.astype(np.int64), phi.indices.astype(np.int64), phi.data)
        return (
            f"{phi.shape[1]} features, a weight {in_words(self.weights)} each, per {place(self.groups)} "
            f"({digest(repr(phi.shape), *parts)})"
        )

    @property
    def finite_variance(self) -> bool:
        """Whether the weights have a finite variance."""
        return has_variance(self.weights)


def linear_draw(matrix: Any, weights: Any, member: np.ndarray | None) -> Draw:
    """Return how to draw Φ w, with the row ``member[s]`` of Φ (a CSR array) for state s."""

    def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
        return _spread(times(matrix, draws(weights, generator, (rows, matrix.shape[1]))), member)

    return draw


def linear_map(matrix: Any, weights: Any, member: np.ndarray | None) -> UniformMap:
    """Return how Φ w is made of uniform numbers, one for each column of Φ."""
    return UniformMap(
        dimensions=matrix.shape[1],
        rewards=lambda uniforms: _spread(times(matrix, quantiles(weights, uniforms)), member),
    )


def times(matrix: Any, weights: np.ndarray) -> np.ndarray:
    """Return Φ w for each row w of ``weights``; shape (rows, states).

    Each sum is added up in the order of the features, one term after the other, so that its last bit does
    not depend on the machine's threads, as that of a dense product may.
    """
    return np.ascontiguousarray((matrix @ weights.T).T)


def _spread(rewards: np.ndarray, member: np.ndarray | None) -> np.ndarray:
    return rewards if member is None else rewards[:, member]


def _rows(matrix: Any) -> Any:
    """Return a read-only CSR array of finite numbers, the same for equal matrices."""
    from scipy import sparse

    try:
        given = matrix if sparse.issparse(matrix) else np.asarray(matrix, dtype=np.float64)
        if given.ndim != 2 or 0 in given.shape:
            raise DistributionError(
                f"the features have shape `{given.shape}`", "give shape (states, features)"
            )
        rows: Any = sparse.csr_array(given, dtype=np.float64, copy=True)
    except (TypeError, ValueError) as error:
        raise DistributionError(
            "the features are not an array of numbers", "give shape (states, features)"
        ) from error
    if not np.all(np.isfinite(rows.data)):
        at = int(np.argmin(np.isfinite(rows.data)))
        state = int(np.searchsorted(rows.indptr, at, side="right")) - 1
        raise DistributionError(
            f"feature {rows.indices[at]} of state {state} is `{rows.data[at]}`", "features are finite numbers"
        )
    rows.sum_duplicates()
    rows.eliminate_zeros()
    for part in (rows.data, rows.indices, rows.indptr):
        part.flags.writeable = False
    return rows
