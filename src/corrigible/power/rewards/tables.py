"""Reward functions one by one: `OneHot`, a state to reach; `Table` and `Empirical`, those written down."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.core.results import digest, read_only
from corrigible.mdp.model import MDP, Label
from corrigible.power.rewards.contract import (
    Draw,
    RewardDistribution,
    UniformMap,
    groups_of,
    place,
    whole_numbers,
)
from corrigible.power.rewards.scalar import is_number


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

    def from_uniforms(self, mdp: MDP) -> UniformMap:
        """Return how one number chooses the goal."""
        count, member = groups_of(self.groups, mdp)
        column = np.arange(mdp.n_states) if member is None else member

        def rewards(uniforms: np.ndarray) -> np.ndarray:
            return (column == (uniforms * count).astype(np.int64)).astype(np.float64)

        return UniformMap(dimensions=1, rewards=rewards)

    def describe(self) -> str:
        """Return ``one-hot per state``, or per group."""
        return f"one-hot per {place(self.groups)}"


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Table(RewardDistribution):
    """Reward functions given one by one, used in their order; the mean over all of them is exact.

    Standard errors treat the rows as a sample of a larger population. For draws from the rows see
    `Empirical`, for goals by name `named_goals`.

    Parameters
    ----------
    rewards
        Shape (samples, states), or (states,) for a single one; finite. It is not copied.
    groups
        Whole numbers of shape (states,): states with equal numbers have the same reward, and the table has
        a column for each number, in rising order. ``None``: a column for each state.

    Raises
    ------
    DistributionError
        If a reward is not a finite number, or there are none.
    """

    rewards: Any
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rewards", _table(self.rewards))
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to look the samples up; see `RewardDistribution.bind`."""
        table: np.ndarray = self.rewards
        member = _columns(table, self.groups, mdp)

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            chosen = table[first : first + rows]
            return chosen if member is None else chosen[:, member]

        return draw

    def describe(self) -> str:
        """Return the number of samples and the hash of the table."""
        text = f"table of {len(self.rewards)} ({digest(self.rewards)})"
        return text if self.groups is None else f"{text} per {place(self.groups)}"

    @property
    def size(self) -> int | None:
        """The number of rows."""
        return len(self.rewards)

    @property
    def seeded(self) -> bool:
        """Nothing here is random."""
        return False


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Empirical(RewardDistribution):
    """Rows of a table drawn at random, with replacement: a population of goals, some likelier than others.

    Parameters
    ----------
    table
        Reward functions; shape (rows, states), finite. It is not copied.
    weights
        How likely each row is, up to a common factor; shape (rows,), not negative. ``None``: equally.
    groups
        As in `Table`.

    Raises
    ------
    DistributionError
        If a reward is not a finite number, there are none, or the weights do not fit.

    Notes
    -----
    `Table` takes every row once, which is exact, and the better choice where the rows are all there is.

    Examples
    --------
    >>> Empirical([[0.0, 1.0], [1.0, 0.0]], weights=[3, 1]).describe()[:42]
    'draws from a table of 2 per state, weighed'
    """

    table: Any
    weights: Any = None
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        table = _table(self.table)
        object.__setattr__(self, "table", table)
        if self.weights is not None:
            object.__setattr__(self, "weights", _weights(self.weights, len(table)))
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw rows; see `RewardDistribution.bind`."""
        rewards = self.from_uniforms(mdp).rewards

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            return rewards(generator.random((rows, 1)))

        return draw

    def from_uniforms(self, mdp: MDP) -> UniformMap:
        """Return how one number chooses the row."""
        table: np.ndarray = self.table
        member = _columns(table, self.groups, mdp)
        weights = np.ones(len(table)) if self.weights is None else self.weights
        ends = np.cumsum(weights)
        last = int(np.flatnonzero(weights)[-1])

        def rewards(uniforms: np.ndarray) -> np.ndarray:
            row = np.searchsorted(ends, uniforms[:, 0] * ends[-1], side="right")
            chosen = table[np.minimum(row, last)]
            return chosen if member is None else chosen[:, member]

        return UniformMap(dimensions=1, rewards=rewards)

    def describe(self) -> str:
        """Return the number of rows, and the hash of the table and the weights."""
        text = f"draws from a table of {len(self.table)} per {place(self.groups)}"
        if self.weights is None:
            return f"{text} ({digest(self.table)})"
        return f"{text}, weighed ({digest(self.table, self.weights)})"


def named_goals(mdp: MDP, goals: Mapping[str, Mapping[Label, float]]) -> Table:
    """Return the goals as a `Table`: POWER over a set of goals that have names.

    Parameters
    ----------
    mdp
        The model.
    goals
        For each goal, by name, the rewards of states, by label; states that a goal leaves out have 0.

    Raises
    ------
    UnknownNameError
        If a goal rewards a state that the model lacks.
    DistributionError
        If there are no goals, or a reward is not a finite number.

    Examples
    --------
    >>> mdp = MDP.from_edges({"hall": ["tea", "coffee"], "tea": ["tea"], "coffee": ["coffee"]})
    >>> named_goals(mdp, {"drink tea": {"tea": 1}, "stay dry": {"hall": 0.5}}).rewards.tolist()
    [[0.0, 1.0, 0.0], [0.5, 0.0, 0.0]]
    """
    if not goals:
        raise DistributionError("there are no goals", "give at least one, with its rewards by state")
    table = np.zeros((len(goals), mdp.n_states))
    for row, (name, rewards) in zip(table, goals.items(), strict=True):
        for label, reward in rewards.items():
            if not (is_number(reward) and np.isfinite(reward)):
                raise DistributionError(
                    f"the goal `{name}` gives state `{label}` the reward `{reward}`",
                    "rewards are finite numbers",
                )
            row[mdp.index(label)] = reward
    return Table(table)


def _table(rewards: Any) -> np.ndarray:
    """Return the rewards as a read-only array of shape (rows, columns) of finite numbers."""
    try:
        array = np.asarray(rewards, dtype=np.float64)
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
    return array


def _columns(table: np.ndarray, groups: np.ndarray | None, mdp: MDP) -> np.ndarray | None:
    """Return which column each state has (``None``: its own), or raise `DistributionError`."""
    count, member = groups_of(groups, mdp)
    if table.shape[1] != count:
        has = f"the model has {count} states" if groups is None else f"there are {count} groups of states"
        raise DistributionError(
            f"the table of rewards has shape `{table.shape}`", f"{has}, so give (samples, {count})"
        )
    return member


def _weights(weights: Any, rows: int) -> np.ndarray:
    try:
        array = np.array(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DistributionError("the weights are not numbers", f"give one a row: ({rows},)") from error
    if array.shape != (rows,):
        raise DistributionError(f"the weights have shape `{array.shape}`", f"give one a row: ({rows},)")
    if not np.all(np.isfinite(array)) or array.min() < 0 or not array.any():
        wrong = array[~(np.isfinite(array) & (array >= 0))]
        said = f"hold `{wrong[0]:g}`" if len(wrong) else "are all `0`"
        raise DistributionError(f"the weights {said}", "give numbers of 0 or more, not all of them 0")
    return read_only(array)
