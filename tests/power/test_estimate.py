"""POWER estimates: repeatable, honest about their error, and strict about their input."""

from __future__ import annotations

import json
import math
import threading

import numpy as np
import pytest
from scipy import stats

from corrigible import MDP
from corrigible.core.errors import DistributionError, OptionError, UnknownNameError
from corrigible.mdp import optimal_values
from corrigible.mdp.textmap import read_map
from corrigible.power import Independent, RewardSamples, estimate, optimality_probability

LAMP = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
SLIPPERY = MDP.from_edges(
    {"a": {"go": {"b": 0.8, "a": 0.2}, "stay": "a"}, "b": {"go": {"c": 0.8, "b": 0.2}}, "c": ["c", "a"]}
)
MAZE = read_map("S..#.\n.#...\n.....\n").mdp


def same(one, other):
    return one.power.tobytes() == other.power.tobytes() and one.stderr.tobytes() == other.stderr.tobytes()


def test_power_is_the_scaled_mean_of_optimal_values_without_the_first_reward():
    rewards = RewardSamples(Independent(), SLIPPERY, 5).array(400)
    by_hand = (1 - 0.8) / 0.8 * (optimal_values(SLIPPERY, rewards, 0.8).values - rewards)
    result = estimate(SLIPPERY, discount=0.8, samples=400, seed=5)
    np.testing.assert_allclose(result.power, by_hand.mean(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.stderr, by_hand.std(axis=0, ddof=1) / 20, rtol=1e-9)


@pytest.mark.parametrize("mdp", [MAZE, SLIPPERY], ids=["deterministic", "stochastic"])
def test_any_number_of_workers_gives_the_same_bits(mdp):
    results = [estimate(mdp, samples=700, workers=workers) for workers in (1, 2, 5)]
    assert same(results[0], results[1])
    assert same(results[0], results[2])


def test_a_seed_repeats_a_result_and_another_seed_does_not():
    assert same(estimate(MAZE, samples=50, seed=3), estimate(MAZE, samples=50, seed=3))
    assert not same(estimate(MAZE, samples=50, seed=3), estimate(MAZE, samples=50, seed=4))


def test_several_discounts_share_their_samples():
    both = estimate(MAZE, discount=[0.9, 0.5], samples=60)
    assert [result.discount for result in both] == [0.9, 0.5]
    assert same(both[0], estimate(MAZE, discount=0.9, samples=60))
    assert same(both[1], estimate(MAZE, discount=0.5, samples=60))


def test_a_sequence_of_one_discount_gives_a_tuple_of_one():
    assert isinstance(estimate(LAMP, discount=(0.9,), samples=2), tuple)
    assert isinstance(estimate(LAMP, discount=np.array([0.9]), samples=2), tuple)


def test_rewards_may_be_text_a_scipy_distribution_or_a_reward_distribution():
    frozen = stats.beta(2, 5)
    results = [estimate(LAMP, rewards, samples=40) for rewards in ("beta(2, 5)", frozen, Independent(frozen))]
    assert same(results[0], results[1])
    assert same(results[0], results[2])


def test_an_explicit_array_has_no_seed_and_all_its_rows_count():
    result = estimate(LAMP, np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), discount=0.5)
    assert result.samples == 3
    assert result.provenance.seed is None
    np.testing.assert_allclose(result.power, [1, 2 / 3])


def test_provenance_names_seed_model_and_rewards():
    result = estimate(LAMP, "norm(0, 1)", samples=10, seed=9)
    assert result.provenance.seed == 9
    assert result.provenance.input_hash == LAMP.fingerprint
    assert result.provenance.settings["rewards"] == "independent norm(0, 1) per state"


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    covered = 0
    for seed in range(200):
        low, high = estimate(LAMP, samples=40, seed=seed).interval(0.9)
        covered += low[0] <= 2 / 3 <= high[0]
    assert 165 <= covered <= 194


def test_a_single_sample_has_no_standard_error():
    result = estimate(LAMP, samples=1)
    assert np.isnan(result.stderr).all()
    assert np.isnan(result.interval()[0]).all()
    assert json.loads(result.to_json())["stderr"] == [None, None]


def test_rewards_of_infinite_variance_have_no_standard_error():
    result = estimate(LAMP, stats.pareto(1.5), samples=50)
    assert np.isnan(result.stderr).all()
    with pytest.raises(OptionError, match="no finite variance"):
        estimate(LAMP, stats.pareto(1.5), target_stderr=0.1)


def test_adaptive_sampling_stops_when_the_target_is_met():
    result = estimate(MAZE, target_stderr=0.004, samples=100)
    assert result.target_met is True
    assert result.stderr.max() <= 0.004
    assert 100 < result.samples < 20_000
    assert same(result, estimate(MAZE, target_stderr=0.004, samples=100, workers=1))
    assert same(result, estimate(MAZE, samples=result.samples))


def test_adaptive_sampling_says_when_it_gives_up():
    result = estimate(MAZE, target_stderr=1e-6, samples=100, max_samples=333)
    assert result.target_met is False
    assert result.samples == 333


def test_adaptive_sampling_of_a_table_ends_with_the_table():
    result = estimate(LAMP, np.random.default_rng(0).random((1500, 2)), target_stderr=1e-9)
    assert result.samples == 1500
    assert result.target_met is False


def test_results_name_the_states_of_most_and_least_power():
    result = estimate(LAMP, samples=500)
    assert [entry.state for entry in result.most(1)] == ["on"]
    assert [entry.state for entry in result.least(5)] == ["off", "on"]
    assert result.at("off").power == result.power[1]
    with pytest.raises(UnknownNameError, match="did you mean `off`"):
        result.at("of")


def test_results_are_read_only():
    result = estimate(LAMP, samples=3)
    for array in (result.power, result.stderr):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_json_has_the_documented_keys():
    data = json.loads(estimate(LAMP, samples=3).to_json())
    assert list(data) == [
        "kind", "discount", "samples", "units", "design", "residual", "error_bound", "method", "target_met",
        "provenance", "states", "power", "stderr",
    ]  # fmt: skip
    assert data["states"] == ["on", "off"]


def test_the_frame_has_a_row_a_state():
    frame = estimate(MAZE, samples=3).to_frame()
    assert list(frame.columns) == ["state", "power", "stderr", "discount"]
    assert frame["state"].tolist() == list(MAZE.states)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"discount": 1.1}, "discount `1.1`"),
        ({"discount": -0.1}, "discount `-0.1`"),
        ({"discount": True}, "discount `True`"),
        ({"discount": "x"}, "discount `x`"),
        ({"discount": []}, "no discount"),
        ({"discount": [0.5, 0.9, 0.5]}, "given twice"),
        ({"samples": 0}, "samples `0`"),
        ({"samples": 2.5}, "samples `2.5`"),
        ({"samples": True}, "samples `True`"),
        ({"seed": -1}, "seed `-1`"),
        ({"seed": "x"}, "seed `x`"),
        ({"workers": 0}, "workers `0`"),
        ({"target_stderr": 0}, "not above 0"),
        ({"target_stderr": math.nan}, "not above 0"),
        ({"target_stderr": 0.1, "samples": 10, "max_samples": 5}, "exceeds the largest"),
    ],
)
def test_options_out_of_range_are_named(arguments, says):
    with pytest.raises(OptionError, match=says):
        estimate(LAMP, **arguments)


def test_the_limits_of_the_discount_are_the_next_reward_and_the_average_one():
    rewards = np.array([[0.5, 1.0, 0.0], [1.0, 0.0, 0.25]])
    zero, one = estimate(SLIPPERY, rewards, discount=[0, 1])
    # From a, go leads to b with 0.8; from b to c with 0.8, where one may stay, or go back to a.
    np.testing.assert_allclose(zero.power, [(0.9 + 1.0) / 2, (0.2 + 0.2) / 2, (0.5 + 1.0) / 2])
    near = estimate(SLIPPERY, rewards, discount=1 - 1e-7)
    np.testing.assert_allclose(one.power, near.power, atol=1e-5)


def test_states_asked_for_are_the_same_as_among_all():
    whole = estimate(MAZE, samples=300)
    wanted = [whole.states[k] for k in (7, 2, 4)]
    some = estimate(MAZE, samples=300, states=wanted)
    assert list(some.states) == wanted
    assert some.power.tolist() == whole.power[[7, 2, 4]].tolist()
    assert some.stderr.tolist() == whole.stderr[[7, 2, 4]].tolist()
    with pytest.raises(UnknownNameError, match="there is no state"):
        some.at(whole.states[0])


@pytest.mark.parametrize(
    ("states", "says"),
    [([], "no state"), (["on", "on"], "given twice"), ("on", "text, not a list"), (["onn"], "`onn`")],
)
def test_states_asked_for_are_checked(states, says):
    with pytest.raises((OptionError, UnknownNameError), match=says):
        estimate(LAMP, states=states)


def test_rewards_of_the_wrong_shape_are_refused():
    with pytest.raises(DistributionError, match="2 states"):
        estimate(LAMP, np.zeros((4, 3)))


class Listener:
    def __init__(self, patience=math.inf):
        self.totals, self.done, self.open, self.patience = [], 0, 0, patience

    def start(self, task, total):
        self.totals.append(total)
        self.open += 1

    def advance(self, steps=1):
        assert threading.current_thread() is threading.main_thread()
        self.done += steps
        if self.done > self.patience:
            raise KeyboardInterrupt

    def finish(self):
        self.open -= 1


def test_progress_counts_the_samples():
    listener = Listener()
    estimate(MAZE, samples=1000, progress=listener)
    assert (listener.totals, listener.done, listener.open) == ([1000], 1000, 0)


@pytest.mark.parametrize("workers", [1, 3])
def test_an_interruption_ends_the_work_and_the_progress(workers):
    listener = Listener(patience=2000)
    with pytest.raises(KeyboardInterrupt):
        estimate(MAZE, samples=10**7, workers=workers, progress=listener)
    assert listener.open == 0
    assert listener.done < 10_000


def test_optimality_is_repeatable_on_any_number_of_workers():
    results = [optimality_probability(MAZE, (0, 0), samples=500, workers=w) for w in (1, 4)]
    assert results[0].probability.tobytes() == results[1].probability.tobytes()
    assert results[0].stderr.tobytes() == results[1].stderr.tobytes()


def test_two_ways_to_the_same_place_are_tied():
    mdp = MDP.from_edges({"s": {"x": "t", "y": "t", "z": "s"}, "t": ["t"]})
    split = optimality_probability(mdp, "s", samples=400)
    each = optimality_probability(mdp, "s", samples=400, ties="each")
    assert split.actions == ("x", "y", "z")
    assert split.probability[0] == split.probability[1]
    assert abs(split.probability.sum() - 1) < 1e-12
    np.testing.assert_allclose(each.probability[:2], 2 * split.probability[:2])
    assert split.tied == pytest.approx(each.probability[0])


def test_optimality_intervals_stay_in_range_and_hold_certainties():
    result = optimality_probability(LAMP, "off", samples=50)
    low, high = result.interval()
    assert result.probability.tolist() == [1.0]
    assert 0.9 < low[0] < 1
    assert high[0] == 1
    data = json.loads(result.to_json())
    assert (data["kind"], data["actions"], data["probability"]) == ("optimality", ["off"], [1.0])
    assert list(result.to_frame().columns) == ["action", "probability", "stderr", "low", "high"]


def test_optimality_refuses_unknown_states_and_ties():
    with pytest.raises(UnknownNameError, match="did you mean `on`"):
        optimality_probability(LAMP, "onn")
    with pytest.raises(OptionError, match="`both`"):
        optimality_probability(LAMP, "on", ties="both")
    with pytest.raises(OptionError, match="level `2`"):
        optimality_probability(LAMP, "on", samples=5).interval(2)
