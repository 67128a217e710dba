"""`Factors`: rewards that are sums, a term for each variable of the state."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any, cast, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.core.results import digest, read_only
from corrigible.mdp.model import MDP
from corrigible.power.rewards.contract import (
    Draw,
    RewardDistribution,
    UniformMap,
    groups_of,
    place,
    whole_numbers,
)
from corrigible.power.rewards.features import linear_draw, linear_map
from corrigible.power.rewards.scalar import check_scalar, has_variance, in_words


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Factors(RewardDistribution):
    """R(s) = Σ_f r_f(s_f), with s_f the value of factor f in state s, and each r_f(value) drawn on its own.

    Parameters
    ----------
    parts
        Which value each factor has: whole numbers of shape (factors, states). ``None`` for the labels of
        the states, which must be tuples of equal length (as on text maps: row and column) or dataclasses
        of one type (as in worlds): each entry or field is a factor.
    of
        What each r_f(value) is drawn from: a frozen SciPy distribution; ``None`` for uniform on [0, 1].
    groups
        Whole numbers of shape (states,): ``parts`` has a column for each number, in rising order.
        ``None``: a column for each state.

    Raises
    ------
    DistributionError
        If the parts are not whole numbers of this shape, or ``of`` has no finite mean.

    Notes
    -----
    Two states that share j of F factors have rewards of correlation j/F.

    *Source:* additive rewards of factored decision processes: Boutilier, Dearden & Goldszmidt, Stochastic
    dynamic programming with factored representations (2000).

    Examples
    --------
    >>> from corrigible import MDP
    >>> from corrigible.power import RewardSamples
    >>> mdp = MDP.from_edges({(0, 0): [(0, 1)], (0, 1): [(1, 1)], (1, 1): [(1, 0)], (1, 0): [(0, 0)]})
    >>> rewards = RewardSamples(Factors(), mdp).array(5)
    >>> bool(np.allclose(rewards[:, 0] + rewards[:, 2], rewards[:, 1] + rewards[:, 3]))
    True
    """

    parts: Any = None
    of: Any = None
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_scalar(self.of)
        if self.parts is not None:
            object.__setattr__(self, "parts", _parts(self.parts))
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw a term for each value, and add up; see `RewardDistribution.bind`."""
        return linear_draw(*self._terms(mdp))

    def from_uniforms(self, mdp: MDP) -> UniformMap:
        """Return the rewards for terms at these quantiles, one number for each value of each factor."""
        return linear_map(*self._terms(mdp))

    def _terms(self, mdp: MDP) -> tuple[Any, Any, np.ndarray | None]:
        """Which terms each state (or group) adds up, as a matrix; their distribution; each state's row."""
        from scipy.sparse import csr_array

        count, member = groups_of(self.groups, mdp)
        parts = self.parts
        if parts is None:
            if self.groups is not None:
                raise DistributionError(
                    "groups of states have no labels with factors in them",
                    "give the `parts` of each group, or draw rewards on states",
                )
            parts = _of_labels(mdp)
        if parts.shape[1] != count:
            raise DistributionError(
                f"the parts have shape `{parts.shape}`", f"give one a state: ({len(parts)}, {count})"
            )
        columns = np.empty(parts.T.shape, dtype=np.int64)
        terms = 0
        for number, part in enumerate(parts):
            values, at = np.unique(part, return_inverse=True)
            columns[:, number] = at.reshape(-1) + terms
            terms += len(values)
        starts = np.arange(count + 1) * len(parts)
        matrix = csr_array((np.ones(columns.size), columns.ravel(), starts), shape=(count, terms))
        return matrix, self.of, member

    def describe(self) -> str:
        """Return where the factors come from, and what each term is."""
        whose = "the labels" if self.parts is None else f"{len(self.parts)} parts ({digest(self.parts)})"
        return (
            f"sum over the factors in {whose}, {in_words(self.of)} for each value, per {place(self.groups)}"
        )

    @property
    def finite_variance(self) -> bool:
        """Whether the terms have a finite variance."""
        return has_variance(self.of)


def _parts(parts: Any) -> np.ndarray:
    try:
        array = np.atleast_2d(np.array(parts))
    except ValueError as error:
        raise DistributionError(
            "the parts are of different lengths", "give shape (factors, states)"
        ) from error
    if array.ndim != 2 or 0 in array.shape or not np.issubdtype(array.dtype, np.integer):
        raise DistributionError(
            f"the parts are of type `{array.dtype}` and shape `{array.shape}`",
            "give whole numbers of shape (factors, states)",
        )
    return read_only(array)


def _of_labels(mdp: MDP) -> np.ndarray:
    """Number the values of each entry of the labels; shape (factors, states)."""
    first = mdp.states[0]
    names = [field.name for field in dataclasses.fields(first)] if dataclasses.is_dataclass(first) else None
    width = len(names) if names is not None else len(_entries(first, None))
    known: list[dict[Hashable, int]] = [{} for _ in range(width)]
    parts = np.empty((width, mdp.n_states), dtype=np.int64)
    for state, label in enumerate(mdp.states):
        entries = _entries(label, names) if names is None or type(label) is type(first) else ()
        if not entries or len(entries) != width:
            raise DistributionError(
                f"the label `{label}` of a state has no factors, or not as many as `{first}`",
                "labels have them that are tuples of equal length, or dataclasses; or give `parts`",
            )
        for factor, value in enumerate(entries):
            parts[factor, state] = known[factor].setdefault(value, len(known[factor]))
    return parts


def _entries(label: Any, names: list[str] | None) -> tuple[Hashable, ...]:
    """The fields of a dataclass by their names, the entries of a tuple; none of anything else."""
    if names is not None:
        return tuple(getattr(label, name) for name in names)
    return cast("tuple[Hashable, ...]", label) if isinstance(label, tuple) else ()
