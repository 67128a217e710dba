"""`OneHot` and `Table`: a single state to reach, and reward functions written down one by one."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.core.results import digest
from corrigible.mdp.model import MDP
from corrigible.power.independent import whole_numbers
from corrigible.power.rewards import Draw, RewardDistribution, groups_of


@final
@dataclasses.dataclass(frozen=True, eq=False)
class OneHot(RewardDistribution):
    """One state, chosen uniformly, has reward 1 and all others 0: "be there".

    Parameters
    ----------
    groups
        Whole numbers of shape (states,): a group is chosen, and all of its states have reward 1.
        ``None``: each state for itself.
    """

    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw the goals; see `RewardDistribution.bind`."""
        count, member = groups_of(self.groups, mdp)
        column = np.arange(mdp.n_states) if member is None else member

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            chosen = generator.integers(0, count, size=(rows, 1))
            return (column == chosen).astype(np.float64)

        return draw

    def describe(self) -> str:
        """Return ``one-hot per state``, or per group."""
        where = "state" if self.groups is None else f"group ({digest(self.groups)})"
        return f"one-hot per {where}"


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Table(RewardDistribution):
    """Reward functions given one by one, used in their order.

    Standard errors treat the rows as a sample of a larger population.

    Parameters
    ----------
    rewards
        Shape (samples, states), or (states,) for a single one; finite. It is not copied.

    Raises
    ------
    DistributionError
        If a reward is not a finite number, or there are none.
    """

    rewards: Any

    def __post_init__(self) -> None:
        try:
            array = np.asarray(self.rewards, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DistributionError(
                "the table of rewards is not an array of numbers", "give shape (samples, states)"
            ) from error
        array = np.atleast_2d(array).view()
        if array.ndim != 2 or array.shape[0] == 0:
            raise DistributionError(
                f"the table of rewards has shape `{array.shape}`", "give shape (samples, states)"
            )
        for row, values in enumerate(array):
            if not np.all(np.isfinite(values)):
                column = int(np.argmin(np.isfinite(values)))
                raise DistributionError(
                    f"the reward of state {column} in sample {row} is `{values[column]}`",
                    "rewards are finite numbers",
                )
        array.flags.writeable = False
        object.__setattr__(self, "rewards", array)

    def bind(self, mdp: MDP) -> Draw:
        """Return how to look the samples up; see `RewardDistribution.bind`."""
        table: np.ndarray = self.rewards
        if table.shape[1] != mdp.n_states:
            raise DistributionError(
                f"the table of rewards has shape `{table.shape}`",
                f"the model has {mdp.n_states} states, so give (samples, {mdp.n_states})",
            )

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            return table[first : first + rows]

        return draw

    def describe(self) -> str:
        """Return the number of samples and the hash of the table."""
        return f"table of {len(self.rewards)} ({digest(self.rewards)})"

    @property
    def size(self) -> int | None:
        """The number of rows."""
        return len(self.rewards)

    @property
    def seeded(self) -> bool:
        """Nothing here is random."""
        return False
