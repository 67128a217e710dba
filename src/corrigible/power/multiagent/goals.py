"""`JointRewards`: over which pairs of goals, the human's and the agent's, multi-agent POWER averages."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.mdp.model import MDP
from corrigible.power.rewards.contract import RewardDistribution, groups_of
from corrigible.power.rewards.independent import Independent
from corrigible.power.rewards.notation import Rewards, as_distribution
from corrigible.power.rewards.tables import Table

DrawBoth: TypeAlias = Callable[[np.random.Generator, int, int], tuple[np.ndarray, np.ndarray]]
"""``draw(generator, first, rows)``: both sides' samples ``first`` … ``first + rows − 1``."""


class JointRewards(abc.ABC):
    """A distribution D over pairs (R_H, R_A) of reward functions on the joint states; immutable."""

    @abc.abstractmethod
    def bind(self, mdp: MDP) -> DrawBoth:
        """Return how to draw the pairs on the states of ``mdp``; see `RewardDistribution.bind`."""

    @abc.abstractmethod
    def describe(self) -> str:
        """Return the distribution in words, the same for equal ones alone."""

    @property
    def size(self) -> int | None:
        """How many pairs there are, or ``None`` where one may draw as many as one likes."""
        return None

    @property
    def seeded(self) -> bool:
        """Whether the seed matters."""
        return True

    @property
    def finite_variance(self) -> bool:
        """Whether a standard error means anything; where it does not, results give NaN."""
        return True


@final
class Correlated(JointRewards):
    """Both sides' rewards have the same distribution and a given correlation, state by state.

    Each state of each sample tosses its own coin: with probability |c| the agent's reward there is the
    human's (c > 0) or its mirror image 2 E R − R (c < 0), otherwise a fresh draw. So

        R_A ~ R_H,   corr(R_H(s), R_A(s)) = c,   and R_A(s) is independent of R_H(t) for t ≠ s.

    Samples of one seed share R_H, the coins and the fresh draws over all c.

    Parameters
    ----------
    correlation
        c from −1 to 1: 0 for unrelated goals, 1 for the same goal.
    rewards
        What each side's rewards are drawn from: as in `corrigible.power.estimate`; ``None`` for
        independent and uniform on [0, 1].

    Raises
    ------
    DistributionError
        For a correlation out of range; one other than 0 and 1 where the states' rewards are not
        independent (a coin for each state would then change their distribution); a negative one
        where a reward is not symmetric about its mean.

    Notes
    -----
    *Source:* E. Harris & S. Suo (Gladstone AI), Misalignment-by-default in multi-agent systems (2022),
    section 3, and their POWERplay, which interpolates like this.

    Examples
    --------
    >>> Correlated(0.5).describe()
    'correlation 0.5, each independent uniform on [0, 1] per state'
    """

    def __init__(self, correlation: float = 0.0, rewards: Rewards = None) -> None:
        self.correlation = _check_correlation(correlation)
        self.distribution: RewardDistribution = as_distribution(rewards)
        if self.correlation not in (0, 1) and not isinstance(self.distribution, Independent):
            raise DistributionError(
                f"the rewards `{self.distribution.describe()}` cannot have the correlation `{correlation}`",
                "give independent ones, or the correlation 0 or 1, or pairs of reward functions",
            )
        if self.distribution.size is not None and self.correlation != 1:
            raise DistributionError(
                f"the rewards `{self.distribution.describe()}` are written down, so none can be drawn afresh",
                "give the correlation 1, or `Pairs` of reward functions",
            )

    def bind(self, mdp: MDP) -> DrawBoth:
        """Return how to draw the pairs; see `JointRewards.bind`."""
        one, share = self.distribution.bind(mdp), abs(self.correlation)
        count, member = mdp.n_states, None
        axis = np.zeros(count)
        if isinstance(self.distribution, Independent):
            count, member = groups_of(self.distribution.groups, mdp)
            if self.correlation < 0:
                axis = 2 * _centres(self.distribution, mdp)

        def draw(generator: np.random.Generator, first: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
            human = one(generator, first, rows)
            if share == 1 and self.correlation > 0:
                return human, human
            coins = generator.random((rows, count))
            same = (coins if member is None else coins[:, member]) < share
            fresh = one(generator, first, rows)
            return human, np.where(same, axis - human if self.correlation < 0 else human, fresh)

        return draw

    def describe(self) -> str:
        """Return, for example, ``correlation 0.5, each independent uniform on [0, 1] per state``."""
        return f"correlation {self.correlation:g}, each {self.distribution.describe()}"

    @property
    def size(self) -> int | None:
        """The size of a table of rewards."""
        return self.distribution.size

    @property
    def seeded(self) -> bool:
        """Whether the seed matters."""
        return self.distribution.seeded

    @property
    def finite_variance(self) -> bool:
        """Whether every reward has a finite variance."""
        return self.distribution.finite_variance


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Pairs(JointRewards):
    """Pairs of reward functions written down one by one, used in their order.

    Parameters
    ----------
    human, agent
        R_H and R_A of each pair; shape (samples, states); finite.

    Raises
    ------
    DistributionError
        If they are not finite numbers, or not of the same shape.
    """

    human: Any
    agent: Any

    def __post_init__(self) -> None:
        human, agent = Table(self.human), Table(self.agent)
        if human.rewards.shape != agent.rewards.shape:
            raise DistributionError(
                f"the rewards have the shapes `{human.rewards.shape}` and `{agent.rewards.shape}`",
                "give the human and the agent one reward function each in every sample",
            )
        object.__setattr__(self, "human", human)
        object.__setattr__(self, "agent", agent)

    def bind(self, mdp: MDP) -> DrawBoth:
        """Return how to look the pairs up; see `JointRewards.bind`."""
        human, agent = self.human.bind(mdp), self.agent.bind(mdp)
        return lambda generator, first, rows: (human(generator, first, rows), agent(generator, first, rows))

    def describe(self) -> str:
        """Return the number of pairs and the hashes of the tables."""
        return f"pairs: human {self.human.describe()}, agent {self.agent.describe()}"

    @property
    def size(self) -> int | None:
        """The number of pairs."""
        return self.human.size

    @property
    def seeded(self) -> bool:
        """Nothing here is random."""
        return False


def _check_correlation(correlation: Any) -> float:
    known = isinstance(correlation, int | float | np.number) and not isinstance(correlation, bool)
    if not (known and -1 <= correlation <= 1):
        raise DistributionError(
            f"the correlation `{correlation}` is not between -1 and 1", "give for example 0.5"
        )
    return float(correlation)


def _centres(independent: Independent, mdp: MDP) -> np.ndarray:
    """Return the mean of each state's reward, or raise where a reward is not symmetric about it."""
    centres = np.full(mdp.n_states, _centre(independent.distribution, ""))
    _, member = groups_of(independent.groups, mdp)
    for label, exception in independent.overrides.items():
        state = mdp.index(label)
        centres[slice(state, state + 1) if member is None else member == member[state]] = _centre(
            exception, f" of state `{label}`"
        )
    return centres


def _centre(distribution: Any, whose: str) -> float:
    if distribution is None:
        return 0.5
    if not hasattr(distribution, "ppf"):
        return float(distribution)
    low = np.linspace(0.0137, 0.4931, 25)
    quantiles = distribution.ppf(np.append(low, 1 - low)).reshape(2, -1)
    middle = float(distribution.mean())
    spread = float(quantiles.max() - quantiles.min())
    if np.abs(quantiles.sum(axis=0) - 2 * middle).max() > 1e-6 * spread:
        raise DistributionError(
            f"the rewards{whose} are not symmetric about their mean `{middle:g}`",
            "only symmetric ones can have a negative correlation",
        )
    return middle
