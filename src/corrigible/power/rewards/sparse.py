"""`Sparse`: goals that care about few states only."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.mdp.model import MDP
from corrigible.power.rewards.contract import (
    Draw,
    RewardDistribution,
    UniformMap,
    groups_of,
    place,
    whole_numbers,
)
from corrigible.power.rewards.scalar import (
    check_scalar,
    draws,
    has_variance,
    in_words,
    is_number,
    quantiles,
    short,
)


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Sparse(RewardDistribution):
    """Few states, chosen at random, have a reward; all others have 0.

    For k of n states with rewards of mean m and second moment q::

        E R(s) = m k/n,    E R(s)² = q k/n,    E R(s) R(t) = m² k (k − 1) / (n (n − 1))

    Parameters
    ----------
    goals
        How many states have a reward: a whole number k, so many exactly, every choice of k states being
        equally likely; or a fraction p between 0 and 1, each state with probability p, on its own.
    of
        What their rewards are drawn from, independently: a frozen SciPy distribution; ``None`` for uniform
        on [0, 1].
    groups
        Whole numbers of shape (states,): groups are chosen, and all states of a group have the same reward.
        ``None``: each state for itself.

    Raises
    ------
    DistributionError
        If ``goals`` is no such number, or ``of`` has no finite mean.

    Notes
    -----
    *Source:* k states are chosen by R. W. Floyd's algorithm: Bentley & Floyd, Programming pearls: a sample
    of brilliance (1987).

    Examples
    --------
    >>> from corrigible import MDP
    >>> from corrigible.power import RewardSamples
    >>> mdp = MDP.from_edges({n: [n, (n + 1) % 5] for n in range(5)})
    >>> int(np.count_nonzero(RewardSamples(Sparse(2), mdp).array(10)))
    20
    """

    goals: int | float = 1
    of: Any = None
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        goals: Any = self.goals
        if not is_number(goals) or not (0 < goals < 1 or (goals >= 1 and float(goals).is_integer())):
            raise DistributionError(
                f"the number of goals `{goals}` is neither a whole number of 1 or more nor a fraction",
                "give for example 3, or 0.05 for one state in twenty",
            )
        check_scalar(self.of)
        object.__setattr__(self, "goals", float(goals) if goals < 1 else int(goals))
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw the goals; see `RewardDistribution.bind`."""
        count, member = self._fit(mdp)
        goals, of = self.goals, self.of

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            if isinstance(goals, float):
                chosen = generator.random((rows, count)) < goals
                rewards = np.zeros((rows, count))
                rewards[chosen] = draws(of, generator, (int(np.count_nonzero(chosen)),))
            else:
                where = generator.random((rows, goals))
                rewards = _placed(where, draws(of, generator, (rows, goals)), count)
            return rewards if member is None else rewards[:, member]

        return draw

    def from_uniforms(self, mdp: MDP) -> UniformMap:
        """Return how the goals are made: of two numbers each (where, how much), or of one for each state."""
        count, member = self._fit(mdp)
        goals, of = self.goals, self.of

        def some(uniforms: np.ndarray) -> np.ndarray:
            chosen = uniforms < goals
            rewards = np.zeros(uniforms.shape)
            rewards[chosen] = quantiles(of, uniforms[chosen] / goals)
            return rewards if member is None else rewards[:, member]

        def exactly(uniforms: np.ndarray) -> np.ndarray:
            where, how_much = uniforms[:, ::2], quantiles(of, uniforms[:, 1::2])
            rewards = _placed(where, how_much, count)
            return rewards if member is None else rewards[:, member]

        if isinstance(goals, float):
            return UniformMap(dimensions=count, rewards=some)
        return UniformMap(dimensions=2 * goals, rewards=exactly)

    def _fit(self, mdp: MDP) -> tuple[int, np.ndarray | None]:
        count, member = groups_of(self.groups, mdp)
        if self.goals > count:
            has = "states" if self.groups is None else "groups of states"
            raise DistributionError(
                f"the number of goals `{self.goals}` is too large", f"there are {count} {has}"
            )
        return count, member

    def describe(self) -> str:
        """Return what the rewards are, and how many states have one."""
        how_many = f"each with probability {short(self.goals)}"
        if isinstance(self.goals, int):
            how_many = f"{self.goals} at a time"
        return f"sparse {in_words(self.of)} per {place(self.groups)}, {how_many}, else 0"

    @property
    def finite_variance(self) -> bool:
        """Whether the rewards have a finite variance."""
        return has_variance(self.of)


def _placed(where: np.ndarray, rewards: np.ndarray, count: int) -> np.ndarray:
    """Put each row's k rewards on k of ``count`` states, chosen by the k uniform numbers in ``where``."""
    samples, goals = where.shape
    row = np.arange(samples)
    placed = np.zeros((samples, count))
    chosen = np.zeros((samples, count), dtype=bool)
    # Floyd: the i-th choice is among the first `last + 1` states; one chosen already gives way to `last`.
    for i, last in enumerate(range(count - goals, count)):
        state = (where[:, i] * (last + 1)).astype(np.int64)
        state = np.where(chosen[row, state], last, state)
        chosen[row, state] = True
        placed[row, state] = rewards[:, i]
    return placed
