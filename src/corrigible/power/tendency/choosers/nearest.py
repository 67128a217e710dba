"""`Nearest`: an option as good as aimed at."""

from __future__ import annotations

import dataclasses
from typing import final

from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, among, best, weights_of


@final
@dataclasses.dataclass(frozen=True)
class Nearest(Chooser):
    """The option whose utility is nearest to a target: equal to it, where there is such a one.

    Parameters
    ----------
    target
        The utility aimed at.
    """

    target: Number

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option."""
        weights = weights_of(utilities, base)
        return among(best([-abs(u - self.target) for u in utilities], weights), weights)

    def describe(self) -> str:
        """Return for example ``nearest to 5``."""
        return f"nearest to {self.target}"
