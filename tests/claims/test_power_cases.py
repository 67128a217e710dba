"""The figures of ``power_cases.json``: to the last digit by exact work, and sampled within their errors."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from corrigible.mdp import visit_distributions
from corrigible.power import exact, exact_optimality, optimality_probability

from .registry import DISCOUNTS, case_id, cases
from .sampled import REPORTED, SIGMAS, limit_allowance, model, power


def rows(quantity: str) -> list[Any]:
    """Return (case, state, figures by discount) of every state, which show the claims of all discounts."""
    named: list[Any] = []
    for case, entry in cases().items():
        for state, expected in entry["expected"].items():
            shown = [case_id(quantity, case, state, discount) for discount in DISCOUNTS]
            named.append(
                pytest.param(case, state, expected, id=f"{case}/{state}", marks=pytest.mark.claim(*shown))
            )
    return named


@pytest.mark.parametrize(("case", "state", "expected"), rows("power"))
def test_power_is_the_fraction(case: str, state: str, expected: dict[str, Any]) -> None:
    found = {discount: exact(model(case), state, discount) for discount in DISCOUNTS}
    assert found == {discount: Fraction(expected[discount]["POWER"]) for discount in DISCOUNTS}


@pytest.mark.parametrize(("case", "state", "expected"), rows("optimality"))
def test_optimality_probabilities_are_the_fractions(case: str, state: str, expected: dict[str, Any]) -> None:
    for discount in DISCOUNTS:
        shares = {action: Fraction(share) for action, share in expected[discount]["opt_prob"].items()}
        assert exact_optimality(model(case), state, discount) == shares


@pytest.mark.parametrize(("case", "state", "expected"), rows("visits"))
def test_visit_distributions_are_as_many(case: str, state: str, expected: dict[str, Any]) -> None:
    for discount in DISCOUNTS:
        every = visit_distributions(model(case), state, discount)
        kept = visit_distributions(model(case), state, discount, nondominated=True)
        row = expected[discount]
        assert (len(every), len(kept)) == (row["n_visit_distributions"], row["n_nondominated"])


@pytest.mark.parametrize("case", list(cases()))
def test_sampled_power_is_within_its_error(case: str) -> None:
    for state, expected in cases()[case]["expected"].items():
        for discount in DISCOUNTS:
            result = power(case)[REPORTED[discount]]
            found, allowance = result.at(state), result.error_bound + limit_allowance(case, discount)
            distance = abs(found.power - float(Fraction(expected[discount]["POWER"])))
            assert distance <= SIGMAS * found.stderr + allowance


@pytest.mark.parametrize("case", list(cases()))
def test_sampled_optimality_probabilities_are_within_their_errors(case: str) -> None:
    state, expected = next(iter(cases()[case]["expected"].items()))
    found = optimality_probability(model(case), state, discount=0.9, samples=5_000, seed=2021, ties="each")
    shares = {action: Fraction(share) for action, share in expected["9/10"]["opt_prob"].items()}
    assert set(found.actions) == set(shares)
    for action, share, stderr in zip(found.actions, found.probability, found.stderr, strict=True):
        assert abs(share - float(shares[str(action)])) <= SIGMAS * stderr + 1e-12
