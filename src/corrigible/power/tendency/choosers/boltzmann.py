"""`Boltzmann`: every option, the better the likelier."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.power.tendency.choosers.grouped import Grouped
from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, weights_of


@final
@dataclasses.dataclass(frozen=True)
class Boltzmann(Chooser):
    """Every option, the better the likelier: in proportion to base · exp(utility / T).

    Parameters
    ----------
    temperature
        T > 0, in units of utility.

    Notes
    -----
    `probabilities` are floats. `compare` is exact nonetheless: Σ c_i exp(u_i / T), with the u_i / T rational
    and different, is zero only if every c_i is (Lindemann–Weierstrass), and where it is not, enough
    digits tell its sign.
    """

    temperature: Number

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise OptionError(f"the temperature `{self.temperature}` is not above 0", "give 1")

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option, as floats."""
        weights = weights_of(utilities, base)
        top = max(u for u, weight in zip(utilities, weights, strict=True) if weight)
        raw = [
            float(weight) * math.exp(float((u - top) / self.temperature)) if weight else 0.0
            for u, weight in zip(utilities, weights, strict=True)
        ]
        total = sum(raw)
        return [value / total for value in raw]

    def grouped(self, options: Grouped) -> np.ndarray:
        """Return the probability of each option of many choices; floats of shape (options,)."""
        begin = options.offset[:-1]
        top = np.maximum.reduceat(options.utilities, begin)[options.choice]
        raw = np.exp((options.utilities - top) / float(self.temperature))
        return raw / np.add.reduceat(raw, begin)[options.choice]

    def compare(
        self,
        utilities: Numbers,
        larger: Sequence[int],
        smaller: Sequence[int],
        base: Numbers | None = None,
    ) -> int:
        """Return which set the choice more probably comes from; see `DecisionRule.compare`."""
        weights = weights_of(utilities, base)
        factors: dict[Fraction, Fraction] = {}
        for options, sign in ((larger, 1), (smaller, -1)):
            for i in options:
                exponent = Fraction(utilities[i]) / Fraction(self.temperature)
                factors[exponent] = factors.get(exponent, Fraction(0)) + sign * Fraction(weights[i])
        terms = {exponent: factor for exponent, factor in factors.items() if factor}
        return _sign_of_exponentials(terms) if terms else 0

    def describe(self) -> str:
        """Return for example ``Boltzmann, temperature 5``."""
        return f"Boltzmann, temperature {self.temperature}"


def _sign_of_exponentials(terms: dict[Fraction, Fraction]) -> int:
    """Return the sign of Σ c exp(x) over ``terms`` {x: c}, different x and no c zero: never 0."""
    top = max(terms)
    digits = 25
    while True:
        # Exponents of any size, so that nothing becomes zero that is not.
        context = Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX)

        def decimal(value: Fraction, context: Context = context) -> Decimal:
            return context.divide(Decimal(value.numerator), Decimal(value.denominator))

        total, most, slack = Decimal(0), Decimal(0), Decimal(10)
        for x, c in terms.items():
            term = context.multiply(decimal(c), context.exp(decimal(x - top)))
            total = context.add(total, term)
            # An exponent rounded in its last digit moves the term by that much of its own size.
            slack = max(slack, context.add(Decimal(10), abs(decimal(x - top))))
            most = context.add(most, context.multiply(abs(term), slack))
        if abs(total) > context.multiply(most, Decimal(len(terms)).scaleb(1 - digits)):
            return 1 if total > 0 else -1
        digits *= 2
