"""`Independent`: a reward drawn for each state (or group of states) on its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.mdp.model import MDP, Label
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
class Independent(RewardDistribution):
    """R(s) ~ X, independent and identically distributed over states, with exceptions.

    Parameters
    ----------
    distribution
        X: a frozen SciPy distribution, continuous or discrete, such as ``scipy.stats.norm(0, 1)``;
        ``None`` for uniform on [0, 1].
    overrides
        For single states, by label: another frozen distribution, or a number, which is the reward.
        An override in a group holds for the group.
    groups
        Whole numbers of shape (states,): states with equal numbers share one draw, as where rewards
        are on outcomes and several states have the same outcome. ``None``: each state its own.

    Raises
    ------
    DistributionError
        If a distribution has no finite mean, or is none.

    Notes
    -----
    Exceptions leave the draws of all other states as they were.

    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021),
    which calls these distributions D_{X-IID}.
    """

    distribution: Any = None
    overrides: Mapping[Label, Any] = dataclasses.field(default_factory=dict[Label, Any])
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_scalar(self.distribution)
        for label, exception in self.overrides.items():
            check_scalar(exception, f"rewards of state `{label}`", number=True)
        object.__setattr__(self, "overrides", dict(self.overrides))
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw the rewards; see `RewardDistribution.bind`."""
        count, member = groups_of(self.groups, mdp)
        exceptions = self._exceptions(mdp, member)
        base = self.distribution

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            rewards = draws(base, generator, (rows, count))
            for column in sorted(exceptions):
                rewards[:, column] = draws(exceptions[column], generator, (rows,))
            return rewards if member is None else rewards[:, member]

        return draw

    def from_uniforms(self, mdp: MDP) -> UniformMap:
        """Return the rewards' quantiles at the numbers, one number a state or group."""
        count, member = groups_of(self.groups, mdp)
        exceptions = self._exceptions(mdp, member)
        base = self.distribution

        def rewards(uniforms: np.ndarray) -> np.ndarray:
            made = quantiles(base, uniforms)
            for column in sorted(exceptions):
                made[:, column] = quantiles(exceptions[column], uniforms[:, column])
            return made if member is None else made[:, member]

        return UniformMap(dimensions=count, rewards=rewards)

    def _exceptions(self, mdp: MDP, member: np.ndarray | None) -> dict[int, Any]:
        """The overrides by the number of their draw."""
        exceptions: dict[int, Any] = {}
        for label, exception in self.overrides.items():
            state = mdp.index(label)
            column = state if member is None else int(member[state])
            if column in exceptions and not _same(exceptions[column], exception):
                raise DistributionError(
                    f"the override of state `{label}` contradicts another one in its group",
                    "give one a group",
                )
            exceptions[column] = exception
        return exceptions

    def describe(self) -> str:
        """Return, for example, ``independent uniform on [0, 1] per state``."""
        text = f"independent {in_words(self.distribution)} per {place(self.groups)}"
        exceptions = sorted(f"{label!r}: {in_words(x)}" for label, x in self.overrides.items())
        return f"{text}, except {', '.join(exceptions)}" if exceptions else text

    @property
    def finite_variance(self) -> bool:
        """Whether every reward has a finite variance."""
        return all(has_variance(x) for x in (self.distribution, *self.overrides.values()))


def _same(one: Any, other: Any) -> bool:
    return one is other or in_words(one) == in_words(other)
