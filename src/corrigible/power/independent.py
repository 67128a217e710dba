"""`Independent`: a reward drawn for each state (or group of states) on its own."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from typing import Any, TypeGuard, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.core.results import digest
from corrigible.mdp.model import MDP, Label
from corrigible.power.rewards import Draw, RewardDistribution, groups_of


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
        _check(self.distribution)
        for label, exception in self.overrides.items():
            _check(exception, f" of state `{label}`", number=True)
        object.__setattr__(self, "overrides", dict(self.overrides))
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw the rewards; see `RewardDistribution.bind`."""
        count, member = groups_of(self.groups, mdp)
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
        base = self.distribution

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            rewards = _draw(base, generator, (rows, count))
            for column in sorted(exceptions):
                rewards[:, column] = _draw(exceptions[column], generator, (rows,))
            return rewards if member is None else rewards[:, member]

        return draw

    def describe(self) -> str:
        """Return, for example, ``independent uniform on [0, 1] per state``."""
        where = "state" if self.groups is None else f"group ({digest(self.groups)})"
        text = f"independent {in_words(self.distribution)} per {where}"
        exceptions = sorted(f"{label!r}: {in_words(x)}" for label, x in self.overrides.items())
        return f"{text}, except {', '.join(exceptions)}" if exceptions else text

    @property
    def finite_variance(self) -> bool:
        """Whether every reward has a finite variance."""
        return all(_has_variance(x) for x in (self.distribution, *self.overrides.values()))


def in_words(distribution: Any) -> str:
    """Return the name and numbers of a frozen distribution (or a number); ``None`` is uniform."""
    if distribution is None:
        return "uniform on [0, 1]"
    if _is_number(distribution):
        return _short(distribution)
    name = distribution.dist.name
    if name == "uniform":
        low, high = distribution.support()
        return f"uniform on [{_short(low)}, {_short(high)}]"
    words = [_short(x) for x in distribution.args]
    words += [f"{key}={_short(x)}" for key, x in sorted(distribution.kwds.items())]
    text = f"{name or type(distribution.dist).__name__}({', '.join(words)})"
    from scipy import stats

    if name and type(getattr(stats, name, None)) is type(distribution.dist):
        return text
    # A distribution of the user's own may share its name with another: tell them apart by shape.
    return f"{text} [quantiles {digest(distribution.ppf(np.linspace(0.01, 0.99, 99)))[:16]}]"


def _short(number: Any) -> str:
    value = float(number)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def whole_numbers(groups: Any) -> np.ndarray:
    """Return ``groups`` as a read-only array of integers, or raise `DistributionError`."""
    array = np.array(groups)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise DistributionError(
            f"the groups are of type `{array.dtype}` and shape `{array.shape}`",
            "give one whole number a state",
        )
    array.flags.writeable = False
    return array


def _check(distribution: Any, whose: str = "", *, number: bool = False) -> None:
    if distribution is None and not number:
        return
    if number and _is_number(distribution):
        if not math.isfinite(float(distribution)):
            raise DistributionError(f"the reward{whose} is `{distribution}`", "give a finite number")
        return
    if not (hasattr(distribution, "rvs") and hasattr(distribution, "dist")):
        raise DistributionError(
            f"the rewards{whose} are `{distribution}`, not a frozen univariate SciPy distribution",
            "give one such as `scipy.stats.norm(0, 1)`" + (", or a number" if number else ""),
        )
    mean = _moment(distribution, "mean")
    if mean.shape != ():
        raise DistributionError(
            f"the rewards{whose} are an array of distributions, of shape `{mean.shape}`",
            "give one distribution, and overrides for single states",
        )
    if not np.isfinite(mean):
        raise DistributionError(
            f"the rewards{whose} are `{in_words(distribution)}`, which has no finite mean",
            "POWER is an expectation: choose a distribution that has one (and check its parameters)",
        )


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _moment(distribution: Any, name: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(getattr(distribution, name)(), dtype=np.float64)


def _has_variance(distribution: Any) -> bool:
    if not hasattr(distribution, "var"):
        return True
    return bool(np.isfinite(_moment(distribution, "var")))


def _same(one: Any, other: Any) -> bool:
    return one is other or in_words(one) == in_words(other)


def _draw(distribution: Any, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    if distribution is None:
        return generator.random(shape)
    if _is_number(distribution):
        return np.full(shape, float(distribution))
    return np.asarray(distribution.rvs(size=shape, random_state=generator), dtype=np.float64)
