"""POWER and optimality probabilities of the models in ``power_cases.json``, sampled once each."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from corrigible import MDP
from corrigible.power import OptimalityResult, PowerResult, estimate, optimality_probability

from .registry import cases

SIGMAS = 4.5
"""How many standard errors an estimate may be off: with these fixed seeds it is not, on any machine."""

NEAR = 1e-6
"""How near the discount is to 0 and 1 where the limits are wanted."""

REPORTED = {"0": NEAR, "1/10": 0.1, "1/2": 0.5, "9/10": 0.9, "1": 1 - NEAR}
FURTHER = (0.3, 0.77)
"""Discounts beside those of the file, for the closed forms."""


@cache
def model(case: str) -> MDP:
    """Return the model, actions labelled by where they lead (all of these are deterministic)."""
    transitions = cases()[case]["transitions"]
    return MDP.from_edges({s: [next(iter(row)) for row in rows] for s, rows in transitions.items()})


@cache
def power(case: str) -> dict[float, PowerResult]:
    """Return POWER by discount, over the same 40,000 goals."""
    discounts = [*REPORTED.values(), *FURTHER]
    results = estimate(model(case), discount=discounts, samples=40_000, seed=2021)
    return dict(zip(discounts, results, strict=True))


@cache
def optimality(case: str, state: str, discount: float) -> OptimalityResult:
    """Return the optimality probabilities, ties counted for each action as in the file."""
    return optimality_probability(
        model(case), state, discount=discount, samples=20_000, seed=2021, ties="each"
    )


def limit_allowance(case: str, discount: str) -> float:
    """Return how far POWER may be from its limit at `NEAR`, for rewards in [0, 1].

    Towards 0: values lie within γ/(1 − γ) of the next reward, so POWER within γ. Towards 1: an
    optimal cycle of n states is entered in fewer than n steps, and its discounted average is within
    n (1 − γ) of its mean.
    """
    return {"0": NEAR, "1": 2 * model(case).n_states * NEAR}.get(discount, 0.0)


def check_power(
    case: str, state: str, discount: float, exact: Fraction | float, allowance: float = 0.0
) -> None:
    """Assert that POWER was estimated within its error."""
    result = power(case)[discount]
    found = result.at(state)
    assert abs(found.power - float(exact)) <= SIGMAS * found.stderr + result.error_bound + allowance


def check_optimality(
    case: str, state: str, discount: float, exact: dict[str, Fraction], allowance: float = 0.0
) -> None:
    """Assert that the optimality probabilities were estimated within their errors."""
    result = optimality(case, state, discount)
    assert set(result.actions) == set(exact)
    for action, share, stderr in zip(result.actions, result.probability, result.stderr, strict=True):
        assert abs(share - float(exact[str(action)])) <= SIGMAS * stderr + allowance + 1e-12
