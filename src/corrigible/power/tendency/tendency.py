"""`Tendency`: for how many goals of an orbit one thing is more than another, and for how many less."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import final

from corrigible.core.statistics import wilson
from corrigible.power.result import check_level


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Tendency:
    """How the goals of an orbit vote between two things.

    Parameters
    ----------
    more
        For how many goals f₁ > f₂.
    less
        For how many f₁ < f₂.
    equal
        For how many f₁ = f₂.
    sampled
        Whether these goals are a sample of the orbit; otherwise they are all of it.

    Examples
    --------
    >>> tendency = Tendency(more=26880, less=13440, equal=0, sampled=False)
    >>> tendency.share, tendency.holds(), tendency.holds(3)
    (Fraction(2, 3), True, False)
    """

    more: int
    less: int
    equal: int
    sampled: bool

    @property
    def goals(self) -> int:
        """How many goals were asked."""
        return self.more + self.less + self.equal

    @property
    def share(self) -> Fraction:
        """The share of goals for which f₁ > f₂."""
        return Fraction(self.more, self.goals)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return Wilson's interval of `share`; of the whole orbit, the share itself twice.

        *Source:* see `corrigible.core.statistics.wilson`.
        """
        check_level(level)
        return self._within(self.more, self.goals, level)

    def holds(self, times: int = 1, level: float = 0.95) -> bool | None:
        """Return whether f₁ ≥ f₂ for most goals, ``times`` over, in this orbit.

        ::

            #{f₁ > f₂} ≥ times · #{f₁ < f₂}

        Parameters
        ----------
        times
            n of the n-fold inequality ≥ⁿ_most.
        level
            For a sample: how sure to be.

        Returns
        -------
        bool or None
            ``None`` where a sample leaves it open: where Wilson's interval of the share of *more* among
            the goals that are not equal holds times / (times + 1).

        Notes
        -----
        *Source:* Turner et al., Optimal Policies Tend to Seek Power (2021), definition 6.5, for
        ``times`` = 1; Turner & Tadepalli, Parametrically Retargetable Decision-Makers Tend To Seek
        Power (2022), definition 3.2, for any.
        """
        check_level(level)
        decided = self.more + self.less
        if not self.sampled or not decided:
            return None if self.sampled else self.more >= times * self.less
        low, high = self._within(self.more, decided, level)
        needed = times / (times + 1)
        return True if low >= needed else False if high < needed else None

    def __repr__(self) -> str:
        kind = "a sample of " if self.sampled else ""
        return f"<Tendency over {kind}{self.goals:,} goals: {self.more:,} more, {self.less:,} less>"

    def _within(self, count: int, total: int, level: float) -> tuple[float, float]:
        rate = count / total
        if not self.sampled:
            return rate, rate
        low, high = wilson(rate, total, level)
        return float(low), float(high)
