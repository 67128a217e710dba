"""`Design`: which numbers the rewards of a sample are made of, so that few samples say much.

Plain sampling draws every reward function on its own. The other designs draw several together, a *unit*,
so that what one gets wrong another gets right: the mean over a unit has the same expectation and, often,
far less variance than that of as many independent samples. Units are independent of one another and of
equal distribution, so that an honest standard error comes from the means of the units.

Units lie within the chunks of `corrigible.power.rewards.contract`, whose sizes are powers of two, as theirs are.
A design needs a distribution that says how it makes rewards of uniform numbers
(`RewardDistribution.from_uniforms`).
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, TypeAlias, final

import numpy as np

from corrigible.core.errors import OptionError, unknown_name
from corrigible.mdp.model import MDP
from corrigible.power.rewards.contract import Draw, RewardDistribution, chunk_rows

DesignName: TypeAlias = Literal["independent", "antithetic", "sobol", "stratified"]
"""The designs by name."""

Points: TypeAlias = Callable[[np.random.Generator, int], np.ndarray]
"""``points(generator, units)``: that many units of numbers in (0, 1); shape (units · unit, dimensions)."""

BITS = 52
"""Binary digits of a scrambled point; with half of the last one added it lies strictly within (0, 1)."""

HALF = 2.0 ** -(BITS + 1)
"""The least number of a point, and the distance of the greatest from 1."""


class Design(ABC):
    """A way to draw samples together; immutable, and picklable."""

    name: DesignName

    @abstractmethod
    def unit(self, rows: int) -> int:
        """Return how many samples make a unit where a chunk has ``rows``: a power of two, at most ``rows``."""

    @abstractmethod
    def of(self, distribution: RewardDistribution) -> RewardDistribution:
        """Return the distribution drawn by this design: each sample by itself is as before."""


def design_of(name: str) -> Design:
    """Return the design called ``name``.

    Raises
    ------
    UnknownNameError
        If there is none.

    Examples
    --------
    >>> design_of("antithetic").unit(rows=32)
    2
    """
    for design in (IndependentDraws(), Antithetic(), Sobol(), Stratified()):
        if design.name == name:
            return design
    unknown_name("design", name, ["independent", "antithetic", "sobol", "stratified"])


@final
@dataclasses.dataclass(frozen=True)
class IndependentDraws(Design):
    """Every sample on its own, as its distribution draws it."""

    name = "independent"

    def unit(self, rows: int) -> int:
        """Return 1."""
        return 1

    def of(self, distribution: RewardDistribution) -> RewardDistribution:
        """Return the distribution itself."""
        return distribution


class _Uniform(Design):
    """A design that chooses the uniform numbers."""

    def of(self, distribution: RewardDistribution) -> RewardDistribution:
        return _Designed(distribution, self)

    @abstractmethod
    def points(self, dimensions: int, unit: int) -> Points:
        """Return how to draw units of ``unit`` points each in the unit cube."""


@final
@dataclasses.dataclass(frozen=True)
class Antithetic(_Uniform):
    """Pairs: u and 1 − u.

    What is linear in u cancels; where the value is monotone in every number, as V* is in every reward, a
    pair never has more variance than two independent samples. Where rewards do not grow with their numbers
    (`OneHot`, whose one number says which state) it may have.

    *Source:* J. M. Hammersley & K. W. Morton, A new Monte Carlo technique: antithetic variates (1956).
    """

    name = "antithetic"

    def unit(self, rows: int) -> int:
        """Return 2."""
        return min(2, rows)

    def points(self, dimensions: int, unit: int) -> Points:
        """See `_Uniform`."""

        def draw(generator: np.random.Generator, units: int) -> np.ndarray:
            pairs = np.empty((units, unit, dimensions))
            pairs[:, 0] = _open(generator.random((units, dimensions)))
            pairs[:, 1:] = 1 - pairs[:, :1]
            return pairs.reshape(-1, dimensions)

        return draw


@final
@dataclasses.dataclass(frozen=True)
class Stratified(_Uniform):
    """Latin hypercubes of 32 points (fewer where a chunk has fewer): each number once in each 32nd of [0, 1].

    What is a sum of functions of single numbers loses nearly all its variance, in any number of dimensions.

    *Source:* M. D. McKay, R. J. Beckman & W. J. Conover, A comparison of three methods for selecting
    values of input variables in the analysis of output from a computer code (1979).
    """

    name = "stratified"

    def unit(self, rows: int) -> int:
        """Return 32, or ``rows``."""
        return min(32, rows)

    def points(self, dimensions: int, unit: int) -> Points:
        """See `_Uniform`."""
        order = np.broadcast_to(np.arange(unit), (dimensions, unit))

        def draw(generator: np.random.Generator, units: int) -> np.ndarray:
            strata = np.empty((units, unit, dimensions))
            for one in strata:
                one[:] = generator.permuted(order, axis=1).T
            return _open((strata + generator.random(strata.shape)) / unit).reshape(-1, dimensions)

        return draw


@final
@dataclasses.dataclass(frozen=True)
class Sobol(_Uniform):
    """Sobol' nets of 64 points (fewer where a chunk has fewer), each scrambled on its own.

    Every number comes once in each 64th of [0, 1], and pairs and triples of numbers, in the first
    dimensions above all, fill the square and the cube evenly too. In hundreds of dimensions some pairs of
    them do not: there a Latin hypercube may do better.

    Scrambled by a random lower triangular matrix of binary digits and a random shift for each number. The
    first 2ᵐ points have m digits only, so that of each matrix m columns are needed.

    *Source:* I. M. Sobol' (1967), with the directions of S. Joe & F. Y. Kuo (2008), from SciPy; scrambling:
    J. Matoušek, On the L2-discrepancy for anchored boxes (1998).
    """

    name = "sobol"

    def unit(self, rows: int) -> int:
        """Return 64, or ``rows``."""
        return min(64, rows)

    def points(self, dimensions: int, unit: int) -> Points:
        """See `_Uniform`."""
        from scipy.stats import qmc

        if dimensions > qmc.Sobol.MAXDIM:
            raise OptionError(
                f"Sobol' points have at most {qmc.Sobol.MAXDIM:,} dimensions, and a reward function "
                f"takes `{dimensions:,}` numbers",
                "use the design `stratified` or `antithetic`",
            )
        digits = unit.bit_length() - 1
        plain = qmc.Sobol(dimensions, scramble=False).random_base2(digits)
        numbers = (plain * unit).astype(np.uint8)
        has = [(numbers >> (digits - 1 - k)) & 1 for k in range(digits)]

        def draw(generator: np.random.Generator, units: int) -> np.ndarray:
            nets = np.empty((units, unit, dimensions))
            for one in nets:
                # A column of the matrix: a one in its own place and anything below it.
                columns = generator.integers(0, 2**BITS, size=(digits + 1, dimensions), dtype=np.uint64)
                points = np.broadcast_to(columns[-1], numbers.shape).copy()
                for k, bit in enumerate(has):
                    top = np.uint64(1 << (BITS - 1 - k))
                    points ^= bit * ((columns[k] & (top - np.uint64(1))) | top)
                one[:] = points * 2.0**-BITS + HALF
            return nets.reshape(-1, dimensions)

        return draw


@final
@dataclasses.dataclass(frozen=True, eq=False)
class _Designed(RewardDistribution):
    """A distribution whose samples come in units."""

    distribution: RewardDistribution
    design: _Uniform

    def bind(self, mdp: MDP) -> Draw:
        made = self.distribution.from_uniforms(mdp)
        if made is None:
            raise OptionError(
                f"the design `{self.design.name}` needs rewards made of uniform numbers, which those of "
                f"`{type(self.distribution).__name__}` are not",
                "use the design `independent`",
            )
        unit = self.design.unit(chunk_rows(mdp.n_states))
        points = self.design.points(made.dimensions, unit)

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            return made.rewards(points(generator, rows // unit))

        return draw

    def describe(self) -> str:
        return f"{self.distribution.describe()}, {self.design.name}"

    @property
    def size(self) -> int | None:
        return self.distribution.size

    @property
    def seeded(self) -> bool:
        return self.distribution.seeded

    @property
    def finite_variance(self) -> bool:
        return self.distribution.finite_variance


def _open(numbers: np.ndarray) -> np.ndarray:
    """Move numbers of [0, 1] that are at its ends just inside; in place."""
    return np.clip(numbers, HALF, 1 - HALF, out=numbers)
