"""POWER and preferred actions in one go: the same as each by itself."""

from __future__ import annotations

import numpy as np
import pytest

from corrigible import MDP
from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.mdp.textmap import read_map
from corrigible.power import estimate, optimality_probability
from corrigible.power.overview import overview

MAZE = read_map("S..#.\n.#...\n.....\n").mdp
SLIPPERY = MDP.from_edges(
    {"a": {"go": {"b": 0.8, "a": 0.2}, "stay": "a"}, "b": {"go": {"c": 0.8, "b": 0.2}}, "c": ["c", "a"]}
)


# Discounts for which no solver starts from the last one's values, so that the bits are the same.
@pytest.mark.parametrize(("mdp", "discounts"), [(MAZE, [0, 0.9, 1]), (SLIPPERY, [0.9, 1])])
@pytest.mark.parametrize("design", ["independent", "sobol"])
def test_an_overview_is_what_both_questions_give_by_themselves(mdp, discounts, design):
    state = mdp.states[0]
    found = overview(mdp, state, discount=discounts, samples=300, seed=2, ties="each", design=design)
    alone = estimate(mdp, discount=discounts, samples=300, seed=2, design=design)
    for power, preferred, one in zip(*found, alone, strict=True):
        assert power.to_json() == one.to_json()
        other = optimality_probability(
            mdp, state, discount=one.discount, samples=300, seed=2, ties="each", design=design
        )
        assert preferred.to_json() == other.to_json()


def test_a_sweep_over_discounts_starts_from_the_last_and_comes_to_the_same():
    swept = estimate(SLIPPERY, discount=[0.5, 0.99, 0.9], samples=100)
    for one in swept:
        alone = estimate(SLIPPERY, discount=one.discount, samples=100)
        assert abs(one.power - alone.power).max() <= one.error_bound + alone.error_bound


def test_the_target_is_for_power_and_both_have_its_samples():
    found = overview(MAZE, MAZE.states[0], target_stderr=0.004, samples=100)
    assert found.power[0].target_met is True
    assert found.power[0].stderr.max() <= 0.004 < found.preferred[0].stderr.max()
    assert found.preferred[0].samples == found.power[0].samples


def test_an_overview_of_some_states_may_prefer_at_another():
    found = overview(SLIPPERY, "a", states=["c"], samples=50)
    assert (list(found.power[0].states), found.preferred[0].state) == (["c"], "a")
    np.testing.assert_allclose(found.power[0].power, estimate(SLIPPERY, samples=50).power[2:], rtol=1e-14)


def test_what_is_wrong_is_refused_as_by_either():
    with pytest.raises(UnknownNameError, match="`x`"):
        overview(SLIPPERY, "x")
    with pytest.raises(OptionError, match="given twice"):
        overview(SLIPPERY, "a", discount=[0.5, 0.5])
    with pytest.raises(OptionError, match="`both`"):
        overview(SLIPPERY, "a", ties="both")
