"""`Argmin`: the worst option."""

from __future__ import annotations

import dataclasses
from typing import final

from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, among, best, weights_of


@final
@dataclasses.dataclass(frozen=True)
class Argmin(Chooser):
    """The option of least utility: an agent that is wrong about the sign of its goal."""

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option."""
        weights = weights_of(utilities, base)
        return among(best([-u for u in utilities], weights), weights)

    def describe(self) -> str:
        """Return ``argmin``."""
        return "argmin"
