"""`Quantiliser`: any of the best part of the options."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.power.tendency.choosers.grouped import Grouped
from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, by_utility, weights_of


@final
@dataclasses.dataclass(frozen=True)
class Quantiliser(Chooser):
    """Any option, by the base, of the best part of it.

    Options of equal utility on the edge of that part are in it in equal proportion.

    Parameters
    ----------
    share
        q in (0, 1], the part of the base that is good enough; 1 is `Uniform`.

    Notes
    -----
    *Source:* J. Taylor, Quantilizers: A Safer Alternative to Maximizers for Limited Optimization (2016).
    """

    share: Number

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise OptionError(f"the share `{self.share}` is not above 0 and at most 1", "give 1/10")

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option."""
        weights = weights_of(utilities, base)
        chance: list[Number] = [0] * len(weights)
        left: Number = self.share
        for group, mass in by_utility(utilities, weights):
            taken = min(mass, left)
            left -= taken
            for i in group:
                chance[i] = taken * weights[i] / (mass * self.share)
        return chance

    def grouped(self, options: Grouped) -> np.ndarray:
        """Return the probability of each option of many choices; floats of shape (options,)."""
        share = float(self.share)
        taken = np.clip(share - options.above, 0.0, options.equal)
        return taken / (share * options.equal * options.sizes)

    def describe(self) -> str:
        """Return for example ``quantiliser, share 1/10``."""
        return f"quantiliser, share {self.share}"
