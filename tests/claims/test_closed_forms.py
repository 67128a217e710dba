"""Closed forms in γ: equal to exact POWER as fractions, in the limits too."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as F
from typing import Any

import pytest

from corrigible.power import blackwell_optimality, exact, exact_optimality

from .sampled import model

DISCOUNTS = (F(0), F(1, 10), F(3, 10), F(77, 100), F(99, 100), F(1))
FIGURE_1, FIGURE_10, APPENDIX_C = "turner_fig1", "turner_fig10_reconstruction", "turner_fig11_appC"


def end_of_line(g: Any) -> Any:
    return F(2, 3) + g * (1 + g) / 24


POWERS: dict[str, tuple[str, dict[str, Callable[[Any], Any]]]] = {
    "closed/turner-fig1/left-loop": (
        FIGURE_1,
        dict.fromkeys(("l_dl", "l_tri"), lambda g: (F(2, 3) + g / 2) / (1 + g)),
    ),
    "closed/turner-fig1/left-forced": (FIGURE_1, {"l_ul": lambda g: (F(1, 2) + 2 * g / 3) / (1 + g)}),
    "closed/turner-fig1/right": (FIGURE_1, dict.fromkeys(("r_tri", "r_ur", "r_dr"), lambda g: F(2, 3))),
    "closed/turner-fig1/empty": (FIGURE_1, {"empty": lambda g: F(1, 2)}),
    "closed/turner-fig10/ends": (
        FIGURE_10,
        {"1": end_of_line, "2": end_of_line, "3": lambda g: F(2, 3), "4": lambda g: F(1, 2)},
    ),
    "closed/star": ("star4", {"s0": lambda g: F(4, 5)}),
    "closed/fruit": ("fruit_two_step", {"s0": lambda g: F(2, 3) + g * g / 12}),
    "closed/off-switch": ("offswitch_loop", {"on": lambda g: F(2, 3), "off": lambda g: F(1, 2)}),
    "closed/two-cycle": ("two_cycle_forced", dict.fromkeys("ab", lambda g: F(1, 2))),
    "power/maximal": ("complete3", dict.fromkeys("abc", lambda g: F(3, 4))),
    "closed/line": ("line3_stay", {"1": end_of_line, "2": lambda g: F(3, 4), "3": end_of_line}),
}

SHARES: dict[str, tuple[str, str, dict[str, Callable[[Any], Any]]]] = {
    "closed/turner-fig10/optimality": (
        FIGURE_10,
        "1",
        {"2": lambda g: F(1, 2) - g / 6, "3": lambda g: F(1, 2) + g / 6},
    ),
    "closed/fruit/optimality": (
        "fruit_two_step",
        "s0",
        {"cherry": lambda g: F(1, 2) - g / 6, "hall": lambda g: F(1, 2) + g / 6},
    ),
    "closed/line/optimality": (
        "line3_stay",
        "1",
        {"1": lambda g: F(1, 2) - g / 6, "2": lambda g: F(1, 2) + g / 6},
    ),
}

LIMITS: dict[str, tuple[str, int, dict[str, F]]] = {
    "closed/turner-fig1/star-myopic": (FIGURE_1, 0, {"star": F(3, 4)}),
    "closed/turner-fig1/star-farsighted": (FIGURE_1, 1, {"star": F(517, 640)}),
    "closed/turner-fig11/farsighted": (APPENDIX_C, 1, {"s0": F(5, 6), "sl": F(2, 3), "sr": F(3, 4)}),
}


def named(table: dict[str, Any]) -> list[Any]:
    return [pytest.param(*row, id=name, marks=pytest.mark.claim(name)) for name, row in table.items()]


@pytest.mark.parametrize(("case", "forms"), named(POWERS))
def test_power_follows_its_closed_form(case: str, forms: dict[str, Callable[[Any], Any]]) -> None:
    for state, form in forms.items():
        for discount in DISCOUNTS:
            assert exact(model(case), state, discount) == form(discount)


@pytest.mark.parametrize(("case", "state", "forms"), named(SHARES))
def test_optimality_follows_its_closed_form(
    case: str, state: str, forms: dict[str, Callable[[Any], Any]]
) -> None:
    for discount in DISCOUNTS[:-1]:
        shares = {action: form(discount) for action, form in forms.items()}
        assert exact_optimality(model(case), state, discount) == shares
    # Towards 1 the probabilities tend to those of Blackwell optimality, not of the greatest average.
    assert blackwell_optimality(model(case), state) == {action: form(F(1)) for action, form in forms.items()}


@pytest.mark.parametrize(("case", "limit", "values"), named(LIMITS))
def test_power_has_its_limit(case: str, limit: int, values: dict[str, F]) -> None:
    assert {state: exact(model(case), state, limit) for state in values} == values
