"""`IsOptimal`: whether a set holds a best option."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import final

from corrigible.power.tendency.choosers.rule import DecisionRule, Numbers, best, weights_of


@final
@dataclasses.dataclass(frozen=True)
class IsOptimal(DecisionRule):
    """Whether a set holds an option of greatest utility: f(X | u) is 1 or 0."""

    def compare(
        self,
        utilities: Numbers,
        larger: Sequence[int],
        smaller: Sequence[int],
        base: Numbers | None = None,
    ) -> int:
        """Return 1 where only ``larger`` holds an optimal option, −1 where only ``smaller`` does."""
        optimal = set(best(utilities, weights_of(utilities, base)))
        return int(not optimal.isdisjoint(larger)) - int(not optimal.isdisjoint(smaller))

    def describe(self) -> str:
        """Return ``is optimal``."""
        return "is optimal"
