"""`BestOf`: the best of a few options."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.power.tendency.choosers.grouped import Grouped
from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, by_utility, weights_of


@final
@dataclasses.dataclass(frozen=True)
class BestOf(Chooser):
    """The best of k options drawn from the base, with replacement.

    With G(u) the base's share of options of utility at most u::

        P(the best drawn has utility u) = G(u)^k − G(u−)^k

    Parameters
    ----------
    draws
        k, at least 1.
    """

    draws: int

    def __post_init__(self) -> None:
        if isinstance(self.draws, bool) or int(self.draws) != self.draws or self.draws < 1:
            raise OptionError(f"the number of draws `{self.draws}` is no whole number from 1", "give 2")

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option."""
        weights = weights_of(utilities, base)
        chance: list[Number] = [0] * len(weights)
        below: Number = 0
        for group, mass in reversed(by_utility(utilities, weights)):
            share = (below + mass) ** self.draws - below**self.draws
            below += mass
            for i in group:
                chance[i] = share * weights[i] / mass
        return chance

    def grouped(self, options: Grouped) -> np.ndarray:
        """Return the probability of each option of many choices; floats of shape (options,)."""
        up_to = 1.0 - options.above
        below = np.maximum(up_to - options.equal, 0.0)
        return (up_to**self.draws - below**self.draws) / (options.equal * options.sizes)

    def describe(self) -> str:
        """Return for example ``best of 2``."""
        return f"best of {self.draws}"
