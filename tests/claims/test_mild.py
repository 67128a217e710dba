"""Mild optimisation over ten actions, in fractions and as a countermeasure."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from corrigible.countermeasures import Case, ChoiceDoor, case_of
from corrigible.countermeasures.following import expected
from corrigible.countermeasures.mild import Quantiliser, Satisficer, cost_bound
from corrigible.countermeasures.planning import stationary
from corrigible.power.tendency import choosers
from tests.worlds.random_places import RandomPlace, Table

from .registry import HERE

FIGURES: dict[str, Any] = json.loads((HERE / "data" / "mild_and_myopic.json").read_text(encoding="utf-8"))
SHARES = FIGURES["quantilizer_10actions"]
UTILITIES = list(range(10))
COSTS = [0] * 9 + [10]
BASE_COST = Fraction(1)


def ten_actions(steps: int = 1) -> Case:
    """Return as many choices of ten actions as steps; action i leads to a spot of reward i/9."""
    options = tuple([(1.0, spot)] for spot in range(10))
    return case_of(
        RandomPlace(
            Table(
                rows=(options,) * 10,
                start=[(1.0, 0)],
                ends=frozenset(),
                shown=frozenset(),
                rewards=tuple(u / 9 for u in UTILITIES),
                done=None,
                horizon=steps,
            )
        ),
        discount=1.0,
    )


def costs_of(case: Case) -> np.ndarray:
    """Return the cost of each transition: 10 for coming to the best spot."""
    spots = np.array([state.spot for state in case.mdp.states])
    going = ~case.mdp.terminal[case.mdp.owner[case.pair]]
    return 10.0 * (spots[case.mdp.successor] == 9) * going


def utility_and_cost(measure: ChoiceDoor) -> tuple[float, float]:
    case = ten_actions()
    policy = measure.policy(case)
    return 9 * expected(case, policy, case.paid, 1.0), expected(case, policy, costs_of(case), 1.0)


def of_choice(chooser: choosers.Chooser) -> tuple[Any, Any]:
    chance = chooser.probabilities(UTILITIES)
    return (
        sum(p * u for p, u in zip(chance, UTILITIES, strict=True)),
        sum(p * c for p, c in zip(chance, COSTS, strict=True)),
    )


@pytest.mark.claim("mild/quantiliser")
@pytest.mark.parametrize("share", SHARES)
def test_what_a_quantiliser_gains_and_costs(share: str) -> None:
    figures = Fraction(SHARES[share]["EU"]), Fraction(SHARES[share]["E[cost]"])
    assert of_choice(choosers.Quantiliser(Fraction(share))) == figures
    assert utility_and_cost(Quantiliser(float(Fraction(share)))) == pytest.approx([float(f) for f in figures])


@pytest.mark.claim("mild/cost-bound")
@pytest.mark.parametrize("share", SHARES)
def test_a_quantiliser_costs_no_more_than_its_bound(share: str) -> None:
    bound = cost_bound(Fraction(share), BASE_COST)
    assert bound == Fraction(SHARES[share]["bound 1/q*E_p[c]"])
    _, cost = of_choice(choosers.Quantiliser(Fraction(share)))
    assert cost <= bound
    assert (cost == bound) == (Fraction(share) >= Fraction(1, 10))


@pytest.mark.claim("mild/cost-bound-of-steps")
def test_over_several_steps_the_bound_holds_for_the_root_of_the_share() -> None:
    case, share = ten_actions(3), 0.008
    base = stationary(case, 1.0 / np.diff(case.mdp.action_offset)[case.mdp.owner])
    # What costs is the best three times in a row, which is rare by the base: paid on the last step.
    states = case.mdp.states
    often = np.array([state.time == 2 and state.spot == 9 for state in states])
    cost = costs_of(case) * often[case.mdp.owner[case.pair]]

    def cost_of(q: float) -> float:
        return expected(case, Quantiliser(q).policy(case), cost, 1.0)

    imitated = expected(case, base, cost, 1.0)
    assert cost_of(share ** (1 / 3)) <= cost_bound(share, imitated)
    assert cost_of(share ** (1 / 3)) > cost_bound(share ** (1 / 3), imitated)
    assert cost_of(0.2) <= cost_bound(0.2, imitated, choices=3)


@pytest.mark.claim("mild/satisficer")
def test_what_a_satisficer_gains_and_costs() -> None:
    figures = FIGURES["satisficer_t5_10actions"]
    wanted = Fraction(figures["EU"]), Fraction(figures["E[cost]"])
    assert of_choice(choosers.Satisficer(5)) == wanted
    assert utility_and_cost(Satisficer(5 / 9)) == pytest.approx([float(w) for w in wanted])
