"""Differences of POWER: the same goals on both sides, and an error that knows it."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import Executor, Future

import numpy as np
import pytest

from corrigible import MDP
from corrigible.core.errors import DistributionError, OptionError, UnknownNameError
from corrigible.mdp.textmap import read_map
from corrigible.power import Independent, RewardSamples, estimate
from corrigible.power.attainable import attainable
from corrigible.power.carrier import by_label
from corrigible.power.difference import difference

LAMP = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
SLIPPERY = MDP.from_edges(
    {"a": {"go": {"b": 0.8, "a": 0.2}, "stay": "a"}, "b": {"go": {"c": 0.8, "b": 0.2}}, "c": ["c", "a"]}
)
WALLED = read_map("S..#.\n.#...\n.....\n").mdp
OPEN = read_map("S....\n.#...\n.....\n").mdp


class Myopic:
    """Cares for the next step alone."""

    def attainable(self, mdp, discount):
        return attainable(mdp, 0)

    def describe(self):
        return "myopic"


def test_a_difference_is_that_of_the_two_estimates_of_the_same_goals():
    thin = MDP.from_edges({"a": ["a"], "b": ["c"], "c": ["c", "a"]})
    found = difference(SLIPPERY, thin, samples=700, seed=3)
    one, two = (estimate(mdp, samples=700, seed=3) for mdp in (SLIPPERY, thin))
    assert found.first.tolist() == one.power.tolist()
    assert found.second.tolist() == two.power.tolist()
    np.testing.assert_allclose(found.difference, one.power - two.power, atol=1e-14)
    np.testing.assert_allclose(found.first_stderr, one.stderr, rtol=1e-12)
    assert found.error_bound == pytest.approx(one.error_bound + two.error_bound)


def test_errors_are_paired_and_tell_what_pairing_saved():
    found = difference(OPEN, WALLED, samples=400, seed=1)
    rewards = RewardSamples(Independent(), OPEN, 1).array(400)
    column = [OPEN.index(label) for label in WALLED.states]
    one = attainable(OPEN, 0.9)(rewards).attained[:, column]
    two = attainable(WALLED, 0.9)(rewards[:, column]).attained
    place = {label: k for k, label in enumerate(found.states)}
    order = [place[label] for label in WALLED.states]
    np.testing.assert_allclose(found.difference[order], (one - two).mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.stderr[order], (one - two).std(axis=0, ddof=1) / 20, atol=1e-12)
    by_hand = [np.corrcoef(x, y)[0, 1] for x, y in zip(one.T, two.T, strict=True)]
    np.testing.assert_allclose(found.correlation[order], by_hand, atol=1e-6)
    apart = one.var(axis=0, ddof=1) + two.var(axis=0, ddof=1)
    np.testing.assert_allclose(found.saved[order], apart / (one - two).var(axis=0, ddof=1), rtol=1e-6)
    assert found.saved.min() > 4


def test_a_wall_removed_never_takes_power_away():
    found = difference(OPEN, WALLED, samples=50)
    assert (found.difference >= -found.error_bound).all()
    assert found.largest(1)[0].difference == found.difference.max() > 0
    assert len(found.states) == WALLED.n_states == OPEN.n_states - 1


def test_nothing_differs_from_itself():
    found = difference(SLIPPERY, samples=60)
    assert (found.difference == 0).all()
    assert (found.stderr == 0).all()
    assert np.isinf(found.saved).all()
    low, high = found.interval()
    assert (low <= 0).all()
    assert (high >= 0).all()


def test_states_match_by_label_in_any_order():
    turned = MDP.from_edges({"off": ["off"], "on": ["off", "on"]})
    found = difference(LAMP, turned, samples=200)
    assert (list(found.states), list(found.versus)) == (["on", "off"], ["on", "off"])
    np.testing.assert_allclose(found.difference, 0, atol=1e-12)


def test_states_that_one_model_lacks_have_rewards_of_their_own():
    longer = MDP.from_edges({"new": ["on"], "on": ["on", "new", "off"], "off": ["off"]})
    assert list(by_label(LAMP, longer).mdp.states) == ["on", "off", "new"]
    assert list(by_label(longer, LAMP).mdp.states) == ["new", "on", "off"]
    rewards = np.array([[1.0, 2.0, 7.0], [3.0, 1.0, 0.0]])
    found = difference(LAMP, longer, rewards, discount=0)
    assert found.first.tolist() == [2.5, 1.5]
    assert found.second.tolist() == [5.0, 1.5]
    with pytest.raises(DistributionError, match="the model has 3 states"):
        difference(LAMP, longer, rewards[:, :2])


def test_the_union_keeps_actions_of_states_that_only_the_second_has():
    more = MDP.from_edges(
        {"c": ["b"], "x": {"l": {"b": 0.5, "y": 0.5}, "r": "y"}, "y": ["x"], "b": ["x", "c"]}
    )
    union = by_label(SLIPPERY, more).mdp
    assert list(union.states) == ["a", "b", "c", "x", "y"]
    assert [union.row(pair) for pair in union.pairs(3)] == [[(0.5, 1), (0.5, 4)], [(1.0, 4)]]
    assert [union.row(pair) for pair in union.pairs(4)] == [[(1.0, 3)]]
    assert [union.row(pair) for pair in union.pairs(1)] == [SLIPPERY.row(pair) for pair in SLIPPERY.pairs(1)]


def test_rewards_may_be_on_outcomes_that_states_of_both_models_share():
    clocked = MDP.from_edges(
        {("on", 1): [("on", 2), ("off", 2)], ("on", 2): [("on", 2)], ("off", 2): [("off", 2)]}
    )
    found = difference(
        LAMP,
        clocked,
        samples=300,
        states=[("on", ("on", 1)), ("on", ("on", 2)), ("off", ("off", 2))],
        outcomes=(["lit", "dark"], ["lit", "lit", "dark"]),
    )
    np.testing.assert_allclose(found.difference[[0, 2]], 0, atol=1e-12)
    np.testing.assert_allclose(found.difference[1], 1 / 6, atol=4 * found.stderr[1])
    assert found.first.tolist() == estimate(LAMP, samples=300).power[[0, 0, 1]].tolist()


def test_the_second_model_may_have_states_that_the_first_lacks() -> None:
    small = MDP.from_edges({"a": ["a", "b"], "b": ["b"]})
    large = MDP.from_edges({"c": ["a", "c"], "b": ["b"], "a": ["a", "b", "c"]})
    found = difference(small, large, samples=90)
    back = difference(large, small, samples=2000)
    assert found.states == ("a", "b")
    assert (found.difference <= 0).all()
    assert found.difference[0] < 0
    assert abs(found.at("a").difference + back.at("a").difference) < 0.1


def test_discounts_and_agents_and_states_can_differ_too():
    near, far = estimate(SLIPPERY, discount=[0.5, 0.99], samples=90)
    found = difference(SLIPPERY, discount=(0.99, 0.5), samples=90)
    np.testing.assert_allclose(found.difference, far.power - near.power, atol=1e-13)
    assert found.discounts == (0.99, 0.5)
    best, next_step = estimate(SLIPPERY, discount=[0.9, 0], samples=90)
    found = difference(SLIPPERY, agent=(None, Myopic()), samples=90)
    np.testing.assert_allclose(found.difference, best.power - next_step.power, atol=1e-13)
    assert found.provenance.settings["agents"] == (None, "myopic")
    found = difference(SLIPPERY, states=[("a", "b"), ("c", "b")], samples=90)
    np.testing.assert_allclose(found.difference, best.power[[0, 2]] - best.power[1], atol=1e-13)
    assert found.at("c")[:4] == ("c", "b", found.difference[1], found.stderr[1])


@pytest.mark.parametrize("design", ["independent", "stratified"])
def test_intervals_of_differences_cover_the_truth_about_as_often_as_they_say(design):
    covered = 0
    for seed in range(200):
        found = difference(LAMP, samples=192, seed=seed, states=[("on", "off")], design=design)
        low, high = found.interval(0.95)
        covered += low[0] <= 1 / 6 <= high[0]
    assert 178 <= covered <= 199


def test_the_target_is_for_the_difference():
    found = difference(OPEN, WALLED, target_stderr=0.001, samples=64)
    assert found.target_met is True
    assert found.stderr.max() <= 0.001 < found.first_stderr.max()


class Elsewhere(Executor):
    """Work that is pickled on its way."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_result(pickle.loads(pickle.dumps(fn))(*args, **kwargs))
        return future


def test_the_same_numbers_come_from_any_number_of_workers_and_from_elsewhere():
    runs = [
        difference(OPEN, WALLED, samples=1500, design="sobol", **where)
        for where in ({"workers": 1}, {"workers": 3}, {"executor": Elsewhere()})
    ]
    assert len({run.difference.tobytes() + run.stderr.tobytes() for run in runs}) == 1


def test_results_are_written_down():
    found = difference(LAMP, samples=50, discount=(0.9, 0.5))
    data = json.loads(found.to_json())
    assert (data["kind"], data["states"], data["discounts"]) == (
        "power-difference",
        ["on", "off"],
        [0.9, 0.5],
    )
    assert data["provenance"]["input_hash"] == data["provenance"]["settings"]["versus"] == LAMP.fingerprint
    frame = found.to_frame()
    assert list(frame.columns) == [
        "state", "versus", "difference", "stderr", "low", "high", "first", "second", "saved",
    ]  # fmt: skip
    assert frame["difference"].tolist() == found.difference.tolist()
    assert "discount 0.9 and 0.5, 50 samples" in repr(found)
    with pytest.raises(UnknownNameError, match="did you mean `on`"):
        found.at("onn")
    with pytest.raises(UnknownNameError, match="pair `on, off`"):
        found.at("on", "off")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"b": SLIPPERY}, "no state label in common"),
        ({"outcomes": (["x", "y"], ["z", "w"])}, "no outcome in common"),
        ({"outcomes": (["x"], ["x", "y"])}, "`1` outcomes for the states of `a`"),
        ({"states": ["on"]}, "`on` is not a pair"),
        ({"states": []}, "no pair"),
        ({"discount": (0.1, 0.2, 0.3)}, "`3` discounts"),
        ({"discount": (0.1, 2)}, "discount `2`"),
    ],
)
def test_sides_that_cannot_be_compared_are_refused(arguments, says):
    with pytest.raises(OptionError, match=says):
        difference(LAMP, **arguments)
