"""POWER gained by actions, along trajectories and through bottlenecks, against estimates of POWER."""

from __future__ import annotations

import json

import numpy as np
import pytest

from corrigible import MDP
from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.mdp.textmap import read_map
from corrigible.power import estimate
from corrigible.power.along import along
from corrigible.power.attainable import attainable
from corrigible.power.bottlenecks import bottlenecks
from corrigible.power.bounded import EpsilonGreedy
from corrigible.power.gained import transitions
from corrigible.power.rewards.contract import RewardSamples
from corrigible.power.rewards.notation import as_distribution
from tests.mdp.test_optimal import slippery

SWITCH = MDP.from_edges(
    {
        "on": {"wait": "on", "press": "off", "gamble": {"on": 0.5, "off": 0.5}, "climb": "top"},
        "off": {"wait": "off"},
        "top": {"fall": "on", "hold": "top"},
    }
)


def test_each_action_gains_power_after_minus_power_before() -> None:
    found, power = transitions(SWITCH, samples=300, seed=4), estimate(SWITCH, samples=300, seed=4)
    for number, (state, action) in enumerate(zip(found.states, found.actions, strict=True)):
        pair = SWITCH.pairs(SWITCH.index(state))[SWITCH.actions(state).index(action)]
        after = sum(chance * power.power[t] for chance, t in SWITCH.row(pair))
        assert found.after[number] == pytest.approx(after)
        assert found.before[number] == pytest.approx(power.at(state).power)
        assert found.at(state, action).gained == pytest.approx(after - power.at(state).power)
    assert found.at("on", "wait")[2:] == (0, 0)
    assert found.most(1)[0].gained == found.gained.max()


def test_with_a_no_op_actions_are_compared_with_it_where_there_is_one() -> None:
    lazy = MDP.from_edges({0: {"wait": 1, "go": 2}, 1: {"wait": 1}, 2: {"stay": 2, "back": 0}})
    found, power = transitions(lazy, samples=200, noop="wait"), estimate(lazy, samples=200)
    assert found.at(0, "wait")[2:] == (0, 0)
    assert found.at(0, "go").gained == pytest.approx(power.power[2] - power.power[1])
    assert found.at(2, "back").gained == pytest.approx(power.power[0] - power.power[2])
    assert found.provenance.settings["noop"] == "wait"
    with pytest.raises(UnknownNameError, match="there is no action `rest`"):
        transitions(lazy, noop="rest")


@pytest.mark.parametrize("agent", [None, EpsilonGreedy(0.3)])
def test_the_errors_are_those_of_the_differences(agent: EpsilonGreedy | None) -> None:
    mdp, samples = slippery(3), 128
    rewards = RewardSamples(as_distribution(None), mdp, 7).array(samples)
    solved = attainable(mdp, 0.9) if agent is None else agent.attainable(mdp, 0.9)
    attained = solved(rewards).attained
    differences = attained[:, [1, 4, 4]] - attained[:, [0, 1, 0]]
    found = along(mdp, [0, 1, 4], samples=samples, seed=7, agent=agent)
    errors = differences.std(axis=0, ddof=1) / np.sqrt(samples)
    np.testing.assert_allclose([*found.gained, found.total], differences.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose([*found.gained_stderr, found.total_stderr], errors, atol=1e-12)
    np.testing.assert_allclose(found.power, attained.mean(axis=0)[[0, 1, 4]])
    assert np.all(found.gained_stderr < found.stderr[1:])


def test_a_bottleneck_costs_the_others_what_lies_beyond_it() -> None:
    mdp = read_map("..#..\n.....\n..#..\n").mdp
    found = bottlenecks(mdp, samples=60, seed=2)
    # The door, and the cell before it on either side: each of them parts the rooms.
    assert {each.state for each in found.most(3)} == {(1, 1), (1, 2), (1, 3)}
    assert np.all(found.loss >= -1e-9)
    some = bottlenecks(mdp, samples=60, seed=2, states=[(1, 2), (0, 0)])
    assert some.at((1, 2)) == found.at((1, 2))
    closed = mdp.absorbing(np.arange(mdp.n_states) == mdp.index((1, 2)))
    lost = estimate(mdp, samples=60, seed=2).power - estimate(closed, samples=60, seed=2).power
    others = np.delete(lost, mdp.index((1, 2)))
    assert found.at((1, 2)).loss == pytest.approx(others.mean())


def test_results_are_written_down() -> None:
    results = {
        "power-of-transitions": transitions(SWITCH, samples=20),
        "power-along": along(SWITCH, ["on", "off", "off"], samples=20),
        "bottlenecks": bottlenecks(SWITCH, samples=20),
    }
    for kind, result in results.items():
        told = json.loads(result.to_json())
        assert (told["kind"], told["samples"], told["provenance"]["seed"]) == (kind, 20, 0)
        assert type(result).__name__ in repr(result)
    pytest.importorskip("pandas")
    rows = {kind: len(result.to_frame()) for kind, result in results.items()}
    assert rows == {"power-of-transitions": 7, "power-along": 3, "bottlenecks": 3}
    for result in (results["power-of-transitions"], results["bottlenecks"]):
        low, high = result.interval()
        assert np.all(low <= high)


def test_bad_input_is_refused() -> None:
    with pytest.raises(OptionError, match="no action leads from `off` to `on`"):
        along(SWITCH, ["on", "off", "on"])
    with pytest.raises(OptionError, match="has no step"):
        along(SWITCH, ["on"])
    with pytest.raises(OptionError, match="has no step"):
        along(SWITCH, "on")
    with pytest.raises(UnknownNameError):
        along(SWITCH, ["on", "of"])
    with pytest.raises(UnknownNameError, match="action of state `off`"):
        transitions(SWITCH, samples=2).at("off", "press")
    with pytest.raises(UnknownNameError):
        transitions(SWITCH, samples=2).at("of", "press")
    with pytest.raises(OptionError, match="has `1` state"):
        bottlenecks(MDP.from_edges({0: [0]}))
    with pytest.raises(UnknownNameError):
        bottlenecks(SWITCH, samples=2, states=["on"]).at("off")
