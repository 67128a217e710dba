"""The exact figures of ``power_cases.json``: by sampling, each within its error."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from .registry import DISCOUNTS, case_id, cases
from .sampled import NEAR, REPORTED, check_optimality, check_power, limit_allowance


def rows(quantity: str, discounts: tuple[str, ...]) -> list[Any]:
    named = [
        (case_id(quantity, case, state, discount), case, state, discount, expected[discount])
        for case, model in cases().items()
        for state, expected in model["expected"].items()
        for discount in discounts
    ]
    return [pytest.param(*row, id=name, marks=pytest.mark.claim(name)) for name, *row in named]


@pytest.mark.parametrize(("case", "state", "discount", "row"), rows("power", DISCOUNTS))
def test_power_is_the_exact_fraction(case: str, state: str, discount: str, row: dict[str, Any]) -> None:
    check_power(case, state, REPORTED[discount], Fraction(row["POWER"]), limit_allowance(case, discount))


@pytest.mark.parametrize(("case", "state", "discount", "row"), rows("optimality", DISCOUNTS[:-1]))
def test_optimality_probabilities_are_the_exact_fractions(
    case: str, state: str, discount: str, row: dict[str, Any]
) -> None:
    # Near γ = 0 the preferred action is the greedy one unless two rewards lie within about γ.
    allowance = 50 * NEAR if discount == "0" else 0.0
    exact = {action: Fraction(share) for action, share in row["opt_prob"].items()}
    check_optimality(case, state, REPORTED[discount], exact, allowance)
