"""`Argmax`: the best option."""

from __future__ import annotations

import dataclasses
from typing import final

from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, among, best, weights_of


@final
@dataclasses.dataclass(frozen=True)
class Argmax(Chooser):
    """The option of greatest utility; among several, by the base."""

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option."""
        weights = weights_of(utilities, base)
        return among(best(utilities, weights), weights)

    def describe(self) -> str:
        """Return ``argmax``."""
        return "argmax"
