"""`Uniform`: any option."""

from __future__ import annotations

import dataclasses
from typing import final

from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, among, weights_of


@final
@dataclasses.dataclass(frozen=True)
class Uniform(Chooser):
    """Any option, by the base, whatever its utility."""

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option."""
        weights = weights_of(utilities, base)
        return among([i for i, weight in enumerate(weights) if weight], weights)

    def describe(self) -> str:
        """Return ``uniform``."""
        return "uniform"
