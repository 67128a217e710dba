"""`RewardDistribution`: over which goals POWER averages, and the samples drawn from it.

A kind of distribution says one thing: given a model, how to draw rows of rewards (`bind`). Which
generator serves which row is settled here, once, for all kinds: samples come in chunks whose size
depends on the model alone, and chunk i draws from the stream ``("rewards", i)`` of the seed. So
sample k is the same whoever draws it, in whichever order, on however many workers, and however many
samples are drawn in all.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias, final

import numpy as np

from corrigible.core.errors import DistributionError, OptionError
from corrigible.core.results import digest
from corrigible.core.seeds import check_seed, stream
from corrigible.mdp.model import MDP

CHUNK = 32
"""Samples in a chunk for models of ordinary size; see `chunk_rows`."""

MOST_SAMPLES = 1_000_000_000
"""More samples than anybody waits for; a larger number is a slip of the finger."""

Draw: TypeAlias = Callable[[np.random.Generator, int, int], np.ndarray]
"""``draw(generator, first, rows)``: samples ``first`` … ``first + rows − 1``; shape (rows, states)."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class UniformMap:
    """How rewards are made of numbers uniform on (0, 1), for designs that choose these numbers.

    Parameters
    ----------
    dimensions
        How many numbers a reward function takes.
    rewards
        The function from numbers strictly between 0 and 1, shape (rows, dimensions), to rewards,
        shape (rows, states). Independent uniform numbers give rewards of the distribution; it is called
        from several threads at once.
    """

    dimensions: int
    rewards: Callable[[np.ndarray], np.ndarray]


class RewardDistribution(abc.ABC):
    """A distribution D over reward functions R on the states of a model.

    Subclasses are final, and immutable. Where the distribution cannot be used at all (no mean, say)
    they refuse when they are made; where it does not fit a model, in `bind`.
    """

    @abc.abstractmethod
    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw rewards on the states of ``mdp``.

        Labels are looked up and shapes checked now, so that drawing cannot fail later. The function
        returned is called from several threads at once, each with its own generator; whenever it
        is asked for the same rows with an equal generator it gives equal rewards.

        Raises
        ------
        UnknownNameError
            If the distribution names a state that the model lacks.
        DistributionError
            If its shape does not fit the model.
        """

    def from_uniforms(self, mdp: MDP) -> UniformMap | None:
        """Return how rewards are made of numbers uniform on (0, 1); ``None`` where they are not.

        The rewards have the distribution of those that `bind` draws; they are not the same numbers.

        Raises
        ------
        UnknownNameError, DistributionError
            Where `bind` does.
        """
        return None

    @abc.abstractmethod
    def describe(self) -> str:
        """Return the distribution in words, the same for equal ones alone; provenance records it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RewardDistribution) and self.describe() == other.describe()

    def __hash__(self) -> int:
        return hash(self.describe())

    @property
    def size(self) -> int | None:
        """How many samples there are, or ``None`` where one may draw as many as one likes."""
        return None

    @property
    def seeded(self) -> bool:
        """Whether the seed matters."""
        return True

    @property
    def finite_variance(self) -> bool:
        """Whether a standard error means anything; where it does not, results give NaN."""
        return True


def chunk_rows(n_states: int) -> int:
    """Return how many samples a chunk has for a model of ``n_states`` states: a power of two.

    `CHUNK`, up to 256 for tiny models (less to do between chunks) and 8 for huge ones (as many as
    the solvers take at once). It depends on nothing else, since the samples do depend on it.
    """
    rows = CHUNK
    while rows < 256 and rows * n_states < 2**14:
        rows *= 2
    while rows > 8 and rows * n_states > 2**20:
        rows //= 2
    return rows


@final
class RewardSamples:
    """The samples of one distribution on one model under one seed, chunk by chunk.

    Parameters
    ----------
    distribution
        Where they come from.
    mdp
        The model whose states are rewarded.
    seed
        0 or a positive integer; without effect on an explicit table.

    Examples
    --------
    >>> from corrigible import MDP
    >>> from corrigible.power import Independent
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> samples = RewardSamples(Independent(), mdp, seed=0)
    >>> samples.array(1000).shape
    (1000, 2)
    """

    def __init__(self, distribution: RewardDistribution, mdp: MDP, seed: int = 0) -> None:
        self.distribution = distribution
        self.seed = check_seed(seed)
        self.states = mdp.n_states
        self.rows = chunk_rows(mdp.n_states)
        self._draw = distribution.bind(mdp)

    def chunk(self, number: int, limit: int | None = None) -> np.ndarray:
        """Return chunk ``number``: the samples from ``number * rows`` on, those below ``limit``.

        Returns
        -------
        numpy.ndarray
            Shape (at most ``rows``, states).
        """
        first = number * self.rows
        ends = [first + self.rows, *(end for end in (limit, self.distribution.size) if end is not None)]
        # A random chunk is drawn whole and then cut, so that its first rows do not depend on the limit.
        block = self._draw(stream(self.seed, "rewards", number), first, self.rows)
        return block[: max(0, min(ends) - first)]

    def array(self, samples: int) -> np.ndarray:
        """Return the first ``samples`` samples at once; shape (samples, states)."""
        check_samples(samples, self.distribution.size)
        chunks = range(-(-samples // self.rows))
        return np.concatenate([self.chunk(number, samples) for number in chunks])


def check_samples(samples: object, size: int | None = None, what: str = "number of samples") -> int:
    """Return ``samples`` as an ``int`` of at least 1 and at most ``size``, or raise `OptionError`."""
    if isinstance(samples, bool) or not isinstance(samples, int | np.integer):
        raise OptionError(f"the {what} `{samples}` is not a whole number", "give 1 or more")
    if samples < 1:
        raise OptionError(f"the {what} `{samples}` is too small", "give 1 or more")
    if samples > MOST_SAMPLES:
        raise OptionError(f"the {what} `{samples}` is too large", f"give at most {MOST_SAMPLES:,}")
    if size is not None and samples > size:
        raise OptionError(f"the {what} `{samples}` is too large", f"the table has {size}")
    return int(samples)  # pyright: ignore[reportUnknownArgumentType]


def groups_of(groups: np.ndarray | None, mdp: MDP) -> tuple[int, np.ndarray | None]:
    """Return how many draws a reward function takes, and each state's draw (``None``: its own).

    Raises
    ------
    DistributionError
        If ``groups`` is not one whole number a state.
    """
    if groups is None:
        return mdp.n_states, None
    if groups.shape != (mdp.n_states,):
        raise DistributionError(
            f"the groups have shape `{groups.shape}`", f"give one number a state: ({mdp.n_states},)"
        )
    numbers, member = np.unique(groups, return_inverse=True)
    return len(numbers), member.reshape(-1)


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


def place(groups: np.ndarray | None) -> str:
    """Return in words what a reward belongs to: ``state``, or ``group`` with the groups' hash."""
    return "state" if groups is None else f"group ({digest(groups)})"
