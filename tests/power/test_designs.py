"""Designs: the same expectation, an honest error, and less of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from corrigible import MDP
from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.mdp.textmap import read_map
from corrigible.power import Independent, OneHot, RewardSamples, estimate, optimality_probability
from corrigible.power.designs import design_of

DESIGNS = ["independent", "antithetic", "sobol", "stratified"]
JOINT = DESIGNS[1:]
STAR = MDP.from_edges({"hub": ["hub", *"abcd"], **{leaf: [leaf] for leaf in "abcd"}})
"""POWER of the hub is that of the best of five, 5/6; of a leaf 1/2; at every discount."""

MAZE = read_map("S..#.\n.#...\n.....\n").mdp
SLIPPERY = MDP.from_edges(
    {"a": {"go": {"b": 0.8, "a": 0.2}, "stay": "a"}, "b": {"go": {"c": 0.8, "b": 0.2}}, "c": ["c", "a"]}
)


@pytest.mark.parametrize("design", DESIGNS)
def test_intervals_cover_the_truth_about_as_often_as_they_say(design):
    covered = 0
    for seed in range(200):
        low, high = estimate(STAR, samples=192, seed=seed, design=design).interval(0.95)
        covered += low[0] <= 5 / 6 <= high[0]
    assert 178 <= covered <= 199


@pytest.mark.parametrize("rewards", [None, "norm(0, 1)", "expon", OneHot()], ids=str)
@pytest.mark.parametrize("design", JOINT)
def test_designs_estimate_what_independent_draws_do(design, rewards):
    plain = estimate(SLIPPERY, rewards, samples=20_000, seed=1)
    other = estimate(SLIPPERY, rewards, samples=20_000, seed=2, design=design)
    apart = np.abs(plain.power - other.power)
    assert (apart <= 4 * np.hypot(plain.stderr, other.stderr)).all()
    if not isinstance(rewards, OneHot):  # where a larger number does not mean a larger reward
        assert (other.stderr <= plain.stderr * 1.05).all()


@pytest.mark.parametrize("design", DESIGNS)
def test_any_number_of_workers_gives_the_same_bits(design):
    one, many = (estimate(MAZE, samples=1500, design=design, workers=workers) for workers in (1, 3))
    assert one.power.tobytes() == many.power.tobytes()
    assert one.stderr.tobytes() == many.stderr.tobytes()


@pytest.mark.parametrize("design", DESIGNS)
def test_a_sample_is_the_same_however_many_are_drawn(design):
    drawn = RewardSamples(design_of(design).of(Independent()), STAR, seed=4)
    np.testing.assert_array_equal(drawn.array(900)[:320], drawn.array(320))


@pytest.mark.parametrize("design", DESIGNS)
def test_the_error_is_that_of_the_means_of_units(design):
    result = estimate(STAR, samples=640, design=design, discount=0.5)
    unit = design_of(design).unit(256)
    rewards = RewardSamples(design_of(design).of(Independent()), STAR).array(640)
    attained = np.maximum(rewards[:, 0], rewards.max(axis=1))
    means = attained.reshape(-1, unit).mean(axis=1)
    assert (result.samples, result.units, result.design) == (640, 640 // unit, design)
    assert result.power[0] == pytest.approx(means.mean(), abs=1e-12)
    assert result.stderr[0] == pytest.approx(means.std(ddof=1) / np.sqrt(len(means)), rel=1e-9)
    half = (result.interval(0.9)[1] - result.power)[0] - result.error_bound
    assert half == pytest.approx(stats.t.ppf(0.95, len(means) - 1) * result.stderr[0])


@given(
    design=st.sampled_from(JOINT), dimensions=st.integers(1, 40), size=st.sampled_from([1, 2, 8, 32, 64, 256])
)
@settings(max_examples=40, deadline=None)
def test_every_number_of_a_unit_comes_once_in_each_stratum(design, dimensions, size):
    unit = design_of(design).unit(size)
    points = design_of(design).points(dimensions, unit)(np.random.default_rng(dimensions), 3)
    assert points.shape == (3 * unit, dimensions)
    assert ((points > 0) & (points < 1)).all()
    for one in points.reshape(3, unit, dimensions):
        strata = np.sort((one * unit).astype(int), axis=0)
        np.testing.assert_array_equal(strata, np.tile(np.arange(unit)[:, None], dimensions))


def test_antithetic_pairs_leave_nothing_of_what_is_linear():
    chain = MDP.from_edges({"a": ["b"], "b": ["c"], "c": ["a"]})
    result = estimate(chain, "norm(3, 1)", samples=20, design="antithetic")
    np.testing.assert_allclose(result.power, 3, atol=1e-12)
    assert result.stderr.max() < 1e-14


@pytest.mark.parametrize("design", JOINT)
def test_each_point_by_itself_is_uniform_and_units_are_independent(design):
    unit = design_of(design).unit(64)
    points = design_of(design).points(3, unit)(np.random.default_rng(1), 1500).reshape(1500, unit, 3)
    for place in (0, unit - 1):
        assert stats.kstest(points[:, place, 2], "uniform").pvalue > 0.001
    means = points.mean(axis=1) if design == "stratified" else points[:, 0]
    assert abs(np.corrcoef(means[:-1, 0], means[1:, 0])[0, 1]) < 0.1
    assert abs(np.corrcoef(points[:, 0, 0], points[:, 0, 1])[0, 1]) < 0.1


@pytest.mark.parametrize(("design", "drawn"), [("independent", 100), ("antithetic", 100), ("sobol", 128)])
def test_samples_are_rounded_up_to_whole_units(design, drawn):
    assert estimate(STAR, samples=100, design=design).samples == drawn
    assert estimate(STAR, samples=99, design="antithetic").samples == 100


def test_a_single_unit_has_no_standard_error():
    result = estimate(STAR, samples=64, design="sobol")
    assert (result.units, result.samples) == (1, 64)
    assert np.isnan(result.stderr).all()


@pytest.mark.parametrize("design", JOINT)
def test_adaptive_sampling_goes_by_whole_units(design):
    met = estimate(MAZE, target_stderr=0.002, samples=64, design=design)
    assert met.target_met is True
    assert met.stderr.max() <= 0.002
    given_up = estimate(MAZE, target_stderr=1e-9, samples=65, max_samples=333, design=design)
    unit = design_of(design).unit(256)
    assert given_up.target_met is False
    assert given_up.samples == 333 // unit * unit == given_up.units * unit


def test_results_say_which_design_was_used():
    result = estimate(STAR, samples=64, design="stratified")
    assert '"design": "stratified"' in result.to_json()
    assert result.provenance.settings["design"] == "stratified"
    assert result.provenance.settings["rewards"] == "independent uniform on [0, 1] per state"
    assert "(stratified)" in repr(result)


def test_a_design_that_cannot_be_used_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean `sobol`"):
        estimate(STAR, design="sobel")
    with pytest.raises(OptionError, match=r"`sobol` needs .* `Table`"):
        estimate(STAR, np.zeros((4, 5)), design="sobol")
    wide = MDP.from_successors(np.zeros((21_202, 1), dtype=int))
    with pytest.raises(OptionError, match="takes `21,202` numbers"):
        estimate(wide, design="sobol")


def test_optimality_by_a_design_has_intervals_on_the_safe_side():
    lamp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    plain = optimality_probability(lamp, "on", samples=1000)
    pairs = optimality_probability(lamp, "on", samples=1000, design="antithetic")
    assert pairs.probability.tolist() == [0.5, 0.5]
    assert (pairs.stderr == 0).all()
    assert np.ptp(pairs.interval(), axis=0) == pytest.approx(np.ptp(plain.interval(), axis=0), rel=0.01)
    worse = dataclasses.replace(pairs, stderr=2 * plain.stderr)
    assert np.ptp(worse.interval(), axis=0) == pytest.approx(2 * np.ptp(plain.interval(), axis=0), rel=0.02)
