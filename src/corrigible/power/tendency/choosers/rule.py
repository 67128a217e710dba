"""What chooses among options by their utilities, and prefers some of them to others: the contract.

A `DecisionRule` says whether one set of options is preferred to another, f(B | u) against f(A | u). A
`Chooser` is one that chooses a single option at random: f(X | u) is the probability that it comes from X.

*Source:* Turner & Tadepalli, Parametrically Retargetable Decision-Makers Tend To Seek Power (2022),
section 3.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from corrigible.core.errors import OptionError

Number: TypeAlias = Fraction | int | float
Numbers: TypeAlias = Sequence[Fraction] | Sequence[int] | Sequence[float] | Sequence[Number]


class DecisionRule(ABC):
    """What prefers some options to others by their utilities; it knows nothing else of them."""

    @abstractmethod
    def compare(
        self,
        utilities: Numbers,
        larger: Sequence[int],
        smaller: Sequence[int],
        base: Numbers | None = None,
    ) -> int:
        """Return the sign of f(larger | utilities) − f(smaller | utilities): 1, 0 or −1.

        Exact for fractions and whole numbers.

        Parameters
        ----------
        utilities
            Of each option.
        larger, smaller
            The options of either set, by number.
        base
            Weights ≥ 0 with which options come to mind; default equal ones.
        """

    @abstractmethod
    def describe(self) -> str:
        """Return the rule in words; provenance records it."""


class Chooser(DecisionRule):
    """A decision rule that chooses one option."""

    @abstractmethod
    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option; they sum to one. Parameters as for `compare`.

        Examples
        --------
        >>> from corrigible.power.tendency.choosers import Quantiliser
        >>> [str(p) for p in Quantiliser(Fraction(1, 2)).probabilities([10, 5, 0])]
        ['2/3', '1/3', '0']
        """

    def compare(
        self,
        utilities: Numbers,
        larger: Sequence[int],
        smaller: Sequence[int],
        base: Numbers | None = None,
    ) -> int:
        """Return which set the choice more probably comes from; see `DecisionRule.compare`."""
        chance = self.probabilities(utilities, base)
        return sign(sum(chance[i] for i in larger) - sum(chance[i] for i in smaller))


# --- what choosers are made of -------------------------------------------------------------------


def weights_of(utilities: Numbers, base: Numbers | None) -> list[Number]:
    """Return the base, summing to one; fractions where it was given in fractions or not at all."""
    if not len(utilities):
        raise OptionError("there are no options to choose from", "give one utility an option")
    if base is None:
        return [Fraction(1, len(utilities))] * len(utilities)
    if len(base) != len(utilities):
        raise OptionError(f"the base has `{len(base)}` weights", f"give one an option: {len(utilities)}")
    total = sum(base)
    if not (all(weight >= 0 for weight in base) and 0 < total < math.inf):
        raise OptionError("the base has weights below 0, or none above", "give weights of 0 or more")
    return [Fraction(weight) / total if isinstance(weight, int) else weight / total for weight in base]


def best(utilities: Numbers, weights: Sequence[Number]) -> list[int]:
    """Return the options of greatest utility among those that come to mind at all."""
    top = max(u for u, weight in zip(utilities, weights, strict=True) if weight)
    return [i for i, u in enumerate(utilities) if u == top and weights[i]]


def among(options: Sequence[int], weights: Sequence[Number]) -> list[Number]:
    """Return the base's probabilities given that it is one of ``options``."""
    total = sum(weights[i] for i in options)
    chosen = set(options)
    return [weight / total if i in chosen else 0 for i, weight in enumerate(weights)]


def by_utility(utilities: Numbers, weights: Sequence[Number]) -> list[tuple[list[int], Number]]:
    """Return the options of equal utility with their weight in all, the best first."""
    groups: dict[Number, list[int]] = {}
    for i, u in enumerate(utilities):
        if weights[i]:
            groups.setdefault(u, []).append(i)
    return [(groups[u], sum(weights[i] for i in groups[u])) for u in sorted(groups, reverse=True)]


def sign(value: Number) -> int:
    return (value > 0) - (value < 0)
