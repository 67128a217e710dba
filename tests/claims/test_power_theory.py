"""What the theory says of POWER in every model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from corrigible import MDP
from corrigible.mdp.textmap import GridMap, read_map
from corrigible.power import estimate, optimality_probability

from .registry import cases
from .sampled import SIGMAS, model, power

MAZE = "S..#..\n.#...#\n...#..\n.#....\n"


@pytest.fixture(scope="module")
def maze() -> GridMap:
    return read_map(MAZE)


@pytest.mark.claim("power/bounds")
@pytest.mark.parametrize("case", list(cases()))
def test_power_lies_between_the_mean_and_the_expected_largest_reward(case: str) -> None:
    n = model(case).n_states
    for result in power(case).values():
        slack = SIGMAS * result.stderr + result.error_bound
        assert np.all(result.power >= 0.5 - slack)
        assert np.all(result.power <= n / (n + 1) + slack)


@pytest.mark.claim("power/reversible")
@pytest.mark.parametrize("discount", [0.3, 0.9, 0.99])
def test_neighbours_that_reach_each_other_differ_little(maze: GridMap, discount: float) -> None:
    result = estimate(maze.mdp, discount=discount, samples=200)
    for state in maze.mdp.states:
        for pair in maze.mdp.pairs(maze.mdp.index(state)):
            # The inequality holds goal by goal, so for the averages over the same goals too.
            [(_, neighbour)] = maze.mdp.row(pair)
            difference = abs(result.at(state).power - result.power[neighbour])
            assert difference <= (1 - discount) + 2 * result.error_bound


@pytest.mark.claim("power/affine")
def test_power_scales_and_shifts_with_the_rewards(maze: GridMap) -> None:
    rewards = np.random.default_rng(3).normal(size=(50, maze.mdp.n_states))
    one, other = estimate(maze.mdp, rewards), estimate(maze.mdp, 3 * rewards - 2)
    np.testing.assert_allclose(other.power, 3 * one.power - 2, rtol=0, atol=1e-11)


@pytest.mark.claim("optimality/affine")
def test_preferences_do_not_depend_on_scale_or_shift(maze: GridMap) -> None:
    rewards = np.random.default_rng(4).normal(size=(300, maze.mdp.n_states))
    one = optimality_probability(maze.mdp, (2, 2), rewards)
    other = optimality_probability(maze.mdp, (2, 2), 3 * rewards - 2)
    np.testing.assert_array_equal(one.probability, other.probability)


@pytest.mark.claim("power/no-choice")
def test_without_choice_power_is_the_mean_reward() -> None:
    ring = MDP.from_edges({0: {"on": {1: 0.5, 2: 0.5}}, 1: [2], 2: [0]})
    for result in estimate(ring, stats.norm(3, 1), discount=[0.1, 0.9], samples=20_000):
        assert np.all(np.abs(result.power - 3) <= SIGMAS * result.stderr + result.error_bound)


@pytest.mark.claim("power/more-options")
@pytest.mark.parametrize("seed", range(5))
def test_fewer_actions_give_no_state_more_power_goal_by_goal(maze: GridMap, seed: int) -> None:
    generator = np.random.default_rng(seed)
    taken = generator.random(maze.mdp.n_pairs) < 0.3
    taken[maze.mdp.action_offset[:-1]] = False
    poorer = maze.mdp.without(taken)
    for goal in generator.random((20, maze.mdp.n_states)):
        rich, poor = estimate(maze.mdp, goal), estimate(poorer, goal)
        assert np.all(poor.power <= rich.power + rich.error_bound + poor.error_bound)


@pytest.mark.claim("optimality/identical")
@pytest.mark.parametrize("rewards", ["uniform", "norm(0, 1)", "beta(2, 5)", "expon"])
def test_equal_options_are_equally_often_optimal_whatever_the_rewards(rewards: str) -> None:
    star = MDP.from_edges({"s": ["a", "b", "c"], "a": ["a"], "b": ["b"], "c": ["c"]})
    result = optimality_probability(star, "s", rewards, samples=20_000, seed=5)
    assert np.all(np.abs(result.probability - 1 / 3) <= SIGMAS * result.stderr)
