"""The models of ``power_cases.json``, and their POWER and optimality probabilities sampled once each."""

from __future__ import annotations

from functools import cache

from corrigible import MDP
from corrigible.power import PowerResult, estimate

from .registry import cases

SIGMAS = 4.5
"""How many standard errors an estimate may be off: with these fixed seeds it is not, on any machine."""

NEAR = 1e-6
"""How near the discount is to 0 and 1 where the limits are wanted."""

REPORTED = {"0": NEAR, "1/10": 0.1, "1/2": 0.5, "9/10": 0.9, "1": 1 - NEAR}


@cache
def model(case: str) -> MDP:
    """Return the model, actions labelled by where they lead (all of these are deterministic)."""
    transitions = cases()[case]["transitions"]
    return MDP.from_edges({s: [next(iter(row)) for row in rows] for s, rows in transitions.items()})


@cache
def power(case: str) -> dict[float, PowerResult]:
    """Return POWER by discount, over the same 10,000 goals."""
    discounts = list(REPORTED.values())
    results = estimate(model(case), discount=discounts, samples=10_000, seed=2021)
    return dict(zip(discounts, results, strict=True))


def limit_allowance(case: str, discount: str) -> float:
    """Return how far POWER may be from its limit at `NEAR`, for rewards in [0, 1].

    Towards 0: values lie within γ/(1 − γ) of the next reward, so POWER within γ. Towards 1: an
    optimal cycle of n states is entered in fewer than n steps, and its discounted average is within
    n (1 − γ) of its mean.
    """
    return {"0": NEAR, "1": 2 * model(case).n_states * NEAR}.get(discount, 0.0)
