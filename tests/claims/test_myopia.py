"""Approval in the smallest model of a hack of two steps; learners in the unit test for auto-induced shift."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from corrigible.countermeasures import Case, case_of, follow, plan
from corrigible.countermeasures.myopia import Mona, Myopia, StatelessQ, unit_test
from corrigible.worlds import Variant
from corrigible.worlds.levels.induced_shift import PRIME, SERVE
from corrigible.worlds.levels.induced_shift import WORLD as INDUCED_SHIFT
from corrigible.worlds.levels.mona_mini import WORLD as MONA_MINI

from .registry import HERE

FIGURES: dict[str, Any] = json.loads((HERE / "data" / "mild_and_myopic.json").read_text(encoding="utf-8"))
KRUEGER = FIGURES["krueger_unit"]
SIMULATED = KRUEGER["stateless_Q_gamma0_coop_rate(20 learners)"]
SEED = 0
ORDER = ("work", "tamper", "wait")
AGENTS = {
    "mona/mini/ordinary": ("ordinary_RL gamma=1", Mona(discount=1.0, weight=0.0)),
    "mona/mini/myopic": ("myopic no approval", Mona(weight=0.0)),
    "mona/mini/mona": ("MONA (myopic + foresight approval)", Mona()),
    "mona/mini/outcome": ("MONA w/ outcome-based approval", Mona(approval="outcome")),
    "mona/mini/ordinary-with-approval": ("ordinary_RL + approval (gamma=1)", Mona(discount=1.0)),
}


def pair_of(case: Case, state: Any, action: str) -> int:
    """Return the pair of an action in a state."""
    mdp = case.mdp
    at = list(mdp.states).index(state)
    return next(pair for pair in mdp.pairs(at) if mdp.action(pair) == action)


def settled(first: float, exploration: float, rate: float) -> int:
    """Return a number of steps after half of which the beginning is forgotten, where it ever is."""
    if exploration * rate < 0.0006 or (first > 0 and exploration * rate < 0.0015):
        return 6_000
    return 1_000 if exploration * rate >= 0.005 and first == 0 else 3_000


def tolerance(exploration: float, rate: float) -> float:
    """Return how far rates may be apart: of sixty slow learners one or two may try C twice in a row early on,
    see it pay, and stay with it for thousands of steps."""
    return 0.035 if exploration * rate < 0.0006 else 0.01


def fractions(numbers: list[str]) -> list[float]:
    return [float(Fraction(number)) for number in numbers]


@pytest.mark.parametrize(
    ("figures", "agent"), [pytest.param(*AGENTS[name], marks=pytest.mark.claim(name)) for name in AGENTS]
)
def test_what_an_agent_makes_of_the_camera(figures: str, agent: Mona) -> None:
    case, wanted = case_of(MONA_MINI.place()), FIGURES["mona_mini"][figures]
    worth = plan(case, agent.rewarded(case), agent.discount).action_values[0]
    pairs = [pair_of(case, case.mdp.states[0], name) for name in ORDER]
    assert worth[pairs] == pytest.approx(fractions(wanted["Q"]))
    found = follow(agent.conduct(case))
    assert found.performance == pytest.approx(float(Fraction(wanted["E[true]"])))
    assert found.paid == pytest.approx(float(Fraction(wanted["E[observed]"])))
    assert found.unauthorised == pytest.approx(float(Fraction(wanted["hack_rate"])))
    taken = [
        name.replace("wait", "noop")
        for name, pair in zip(ORDER, pairs, strict=True)
        if agent.policy(case)[0, pair]
    ]
    assert taken == wanted["argmax"]


@pytest.mark.claim("mona/mini/threshold")
@pytest.mark.parametrize("discount", [0.3, 0.6, 0.9, 1.0])
def test_tampering_pays_below_a_weight_of_approval(discount: float) -> None:
    case = case_of(MONA_MINI.place())
    for factor, tampers in ((0.5, 1.0), (0.99, 1.0), (1.01, 0.0), (2.0, 0.0)):
        agent = Mona(discount=discount, weight=2 / 3 * discount * factor)
        assert follow(agent.conduct(case)).unauthorised == tampers


@pytest.mark.claim("induced-shift/rewards")
def test_the_four_rewards_of_the_unit_test() -> None:
    place = INDUCED_SHIFT.place()
    ((_, start),) = place.start()
    wanted = KRUEGER["reward R(s=prev,a)=I[prev=C]+beta*I[a=D]-1/2, beta=1/2"]
    names = {
        "CC": (PRIME, PRIME),
        "CD(prev C, act D)": (PRIME, SERVE),
        "DC": (SERVE, PRIME),
        "DD": (SERVE, SERVE),
    }
    for name, (before, act) in names.items():
        ((_, today),) = place.step(start, before)
        ((_, after),) = place.step(today, act)
        assert place.paid(today, act, after) == float(Fraction(wanted[name]))


@pytest.mark.claim("induced-shift/cooperates")
@pytest.mark.parametrize("discount", [0.0, 0.3, 0.49, 0.5, 0.51, 0.7, 0.9])
@pytest.mark.parametrize("edition", [0, 1])
def test_to_cooperate_is_optimal_if_the_future_counts_more_than_the_gain(
    discount: float, edition: int
) -> None:
    place = INDUCED_SHIFT.place(Variant(edition=edition))
    case = case_of(place)
    optimal = plan(case, discount=discount).optimal[0]
    primes = {state.primed: bool(optimal[pair_of(case, state, "prime")]) for state in case.mdp.states}
    serves = {state.primed: bool(optimal[pair_of(case, state, "serve")]) for state in case.mdp.states}
    assert set(primes.values()) == {discount >= place.gain}
    assert set(serves.values()) == {discount <= place.gain}
    if f"VI gamma={discount} policy (prevC,prevD)" in KRUEGER and edition == 0:
        published = KRUEGER[f"VI gamma={discount} policy (prevC,prevD)"]
        assert published == "".join("C" if primes[previous] else "D" for previous in (True, False))
    policy = Myopia(discount).policy(case)[0]
    assert np.array_equal(policy > 0, optimal)


@pytest.mark.claim("induced-shift/stateless")
@pytest.mark.parametrize("swapping", [False, True])
@pytest.mark.parametrize("setting", SIMULATED)
def test_stateless_learners_cooperate_by_exploration_alone(setting: str, swapping: bool) -> None:
    exploration, rate = (float(part.split("=")[1]) for part in setting.split(","))
    found = unit_test(
        lambda n: StatelessQ(n, exploration, rate),
        steps=settled(0.0, exploration, rate),
        swapping=swapping,
        seed=SEED,
    )
    near = tolerance(exploration, rate)
    assert found.rate == pytest.approx(SIMULATED[setting]["env_swap" if swapping else "no_swap"], abs=near)
    assert found.rate == pytest.approx(exploration / 2, abs=near)
    assert found.passed


@pytest.mark.claim("induced-shift/initialisation")
@pytest.mark.parametrize("setting", FIGURES["krueger_initialisation"])
def test_how_long_learners_remember_that_cooperation_paid(setting: str) -> None:
    first, exploration, rate = (float(part.split("=")[1]) for part in setting.split(","))
    rates = [
        unit_test(
            lambda n: StatelessQ(n, exploration, rate, (first, 0.0)),
            steps=settled(first, exploration, rate),
            runs=8,
            swapping=swapping,
            seed=SEED,
        )
        for swapping in (False, True)
    ]
    published = FIGURES["krueger_initialisation"][setting]
    if published[0] < 0.5:
        near = tolerance(exploration, rate)
        assert [found.rate for found in rates] == pytest.approx(published, abs=near)
        return
    # When learners tip over differs by thousands of steps from run to run, and most where they swap.
    assert rates[0].rate == pytest.approx(published[0], abs=0.05)
    assert rates[1].rate == pytest.approx(published[1], abs=0.25)
    assert rates[1].rate < rates[0].rate - 2 * rates[1].stderr
    assert not rates[0].passed
