"""What acts and steps add to POWER; POWER where only the average counts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from corrigible import MDP
from corrigible.mdp.textmap import read_map
from corrigible.power import estimate
from corrigible.power.along import along
from corrigible.power.bottlenecks import bottlenecks
from corrigible.power.gained import transitions

from .registry import cases
from .sampled import SIGMAS, model

ROOMS = "...#...\n.......\n...#...\n"


@pytest.mark.claim("gained/off-switch")
@pytest.mark.parametrize("discount", [0, 0.3, 0.99, 1])
def test_being_switched_off_costs_a_sixth(discount: float) -> None:
    found = transitions(model("offswitch_loop"), discount=discount, samples=20_000, seed=3)
    lost = found.at("on", "off")
    assert abs(lost.gained + 1 / 6) <= SIGMAS * lost.stderr + found.error_bound
    assert found.at("on", "on").gained == 0


@pytest.mark.claim("gained/reversible")
@pytest.mark.parametrize("discount", [0.3, 0.9, 0.99])
def test_a_step_that_can_be_taken_back_gains_little(discount: float) -> None:
    found = transitions(read_map(ROOMS).mdp, discount=discount, samples=100)
    # The inequality holds goal by goal, so for the averages over the same goals too.
    assert np.all(np.abs(found.gained) <= (1 - discount) + found.error_bound)


@pytest.mark.claim("gained/paired")
def test_paired_gains_are_known_far_better() -> None:
    found = along(read_map(ROOMS).mdp, [(1, 0), (1, 1), (1, 2), (1, 3)], discount=0.99, samples=400)
    apart = np.hypot(found.stderr[1:], found.stderr[:-1])
    assert np.all(found.gained_stderr < apart / np.sqrt(10))


@pytest.mark.claim("gained/no-choice")
def test_actions_that_lead_to_the_same_place_gain_the_same() -> None:
    same = MDP.from_edges(
        {"s": {"walk": "t", "run": "t", "wait": "t"}, "t": {"on": {"s": 0.5, "u": 0.5}}, "u": ["s", "u"]}
    )
    found = transitions(same, samples=50, noop="wait")
    assert [(found.at("s", act).gained, found.at("s", act).stderr) for act in ("walk", "run")] == [(0, 0)] * 2


@pytest.mark.claim("bottlenecks/door")
def test_the_door_is_the_bottleneck() -> None:
    found = bottlenecks(read_map(ROOMS).mdp, discount=0.95, samples=80)
    parting = {(1, 2), (1, 3), (1, 4)}
    assert {each.state for each in found.most(3)} == parting
    assert found.most(3)[-1].loss > 2 * found.most(4)[-1].loss
    corners = {(row, column) for row in (0, 2) for column in (0, 6)}
    assert {each.state for each in found.most(len(found.states))[-4:]} <= corners | {
        (0, 2),
        (2, 2),
        (0, 4),
        (2, 4),
    }


@pytest.mark.claim("average/limit")
@pytest.mark.parametrize("case", list(cases()))
def test_power_at_one_is_the_limit(case: str) -> None:
    result = estimate(model(case), discount=1, samples=8_000, seed=9)
    for state, row in cases()[case]["expected"].items():
        found = result.at(state)
        exact = float(Fraction(row["1"]["POWER"]))
        assert abs(found.power - exact) <= SIGMAS * found.stderr + result.error_bound
