"""POWER at γ = 1, against the average of the best cycle and against discounts near one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from corrigible import MDP
from corrigible.power import estimate
from corrigible.power.attainable import attainable
from corrigible.power.average import AverageReward
from tests.mdp.test_optimal import cycle_with_chords, grid, slippery


@pytest.mark.parametrize("make", [lambda: grid(5), lambda: cycle_with_chords(40), lambda: slippery(4)])
def test_power_at_one_is_the_limit_of_power(make) -> None:
    mdp = make()
    at, near = estimate(mdp, discount=[1, 1 - 1e-6], samples=64)
    np.testing.assert_allclose(at.power, near.power, rtol=0, atol=2e-4)
    assert at.discount == 1
    assert at.error_bound < 1e-8
    np.testing.assert_allclose(at.stderr, near.stderr, rtol=0, atol=2e-4)


def test_where_one_can_stay_and_go_anywhere_it_is_the_largest_reward() -> None:
    result = estimate(grid(4), discount=1, samples=4000, seed=1)
    assert np.all(np.abs(result.power - 16 / 17) <= 4.5 * result.stderr)


def test_what_orders_actions_is_the_gain_and_equal_ends_are_tied() -> None:
    mdp = MDP.from_edges({"s": ["a", "b", "c"], "a": ["a", "b"], "b": ["b"], "c": ["c"]})
    solved, rewards = attainable(mdp, 1), np.array([[9.0, 0.1, 0.7, 0.3]])
    assert isinstance(solved, AverageReward)
    found = solved(rewards)
    worth, tolerance = solved.worth(rewards, found)
    np.testing.assert_allclose(worth, [[0.7, 0.7, 0.7, 0.3]])
    assert 0 < tolerance[0] < 1e-10
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(solved))(rewards).attained, found.attained)
