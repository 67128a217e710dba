"""What the literature says of designs, shown on models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.mdp.textmap import read_map
from corrigible.power import estimate
from corrigible.power.designs import design_of

CHAIN = MDP.from_edges({"a": {"go": {"b": 0.5, "c": 0.5}}, "b": ["c"], "c": ["a"]})
MODELS = {
    "star": MDP.from_edges({"hub": ["hub", *"abcd"], **{leaf: [leaf] for leaf in "abcd"}}),
    "maze": read_map("S..#.\n.#...\n.....\n").mdp,
    "slippery": MDP.from_edges(
        {"a": {"go": {"b": 0.8, "a": 0.2}, "stay": "a"}, "b": {"go": {"c": 0.8, "b": 0.2}}, "c": ["c", "a"]}
    ),
}


@pytest.mark.claim("sampling/antithetic-linear")
@pytest.mark.parametrize("rewards", [None, "norm(1, 2)"])
def test_pairs_know_power_exactly_where_there_is_nothing_to_choose(rewards):
    result = estimate(CHAIN, rewards, discount=[0.5, 0.99], samples=4, design="antithetic")
    for one in result:
        np.testing.assert_allclose(one.power, 0.5 if rewards is None else 1, atol=1e-12)
        assert one.stderr.max() < 1e-13


@pytest.mark.claim("sampling/antithetic-monotone")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rewards", [None, "expon"])
def test_pairs_are_never_worse_than_as_many_independent_samples(model, rewards):
    plain, pairs = (
        estimate(MODELS[model], rewards, discount=0.8, samples=8192, design=design)
        for design in ("independent", "antithetic")
    )
    assert (pairs.stderr < plain.stderr * 1.05).all()


@pytest.mark.claim("sampling/latin-hypercube")
@pytest.mark.parametrize("model", MODELS)
def test_hypercubes_are_hardly_ever_worse_than_independent_samples(model):
    plain, cubes = (
        estimate(MODELS[model], discount=0.8, samples=8192, design=design)
        for design in ("independent", "stratified")
    )
    # 256 cubes know their own variance to within 9%, so that the standard error has 5% at one sigma.
    assert (cubes.stderr**2 < plain.stderr**2 * 32 / 31 * 1.3).all()


@pytest.mark.claim("sampling/scrambled-net")
@given(m=st.integers(0, 6), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_first_two_dimensions_fill_every_shape_of_box(m, seed):
    net = design_of("sobol").points(3, 2**m)(np.random.default_rng(seed), 1)
    for wide in range(m + 1):
        boxes = np.floor(net[:, 0] * 2**wide) * 2 ** (m - wide) + np.floor(net[:, 1] * 2 ** (m - wide))
        assert sorted(boxes) == list(range(2**m))
