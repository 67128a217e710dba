"""What the literature says of distributions of rewards that are not independent."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from corrigible import MDP
from corrigible.mdp.textmap import read_map
from corrigible.power import estimate
from corrigible.power.rewards.factors import Factors
from corrigible.power.rewards.features import Features
from corrigible.power.rewards.smooth import Smooth
from corrigible.power.rewards.sparse import Sparse
from corrigible.power.rewards.tables import Table

from .sampled import SIGMAS

MAZE = read_map("S..#\n.#..\n....\n").mdp


def star(n: int) -> MDP:
    return MDP.from_edges({"root": [str(k) for k in range(n)], **{str(k): [str(k)] for k in range(n)}})


def correlation(distribution: Smooth, mdp: MDP) -> np.ndarray:
    made = distribution.from_uniforms(mdp)
    root = made.rewards(ndtr(np.eye(made.dimensions))).T
    return root @ root.T


@pytest.mark.claim("rewards/matern")
def test_correlations_are_those_of_the_matern_kernel_and_tend_to_the_diffusion_kernel() -> None:
    n = MAZE.n_states
    graph = np.zeros((n, n))
    for one, other in zip(MAZE.origin, MAZE.successor, strict=True):
        if one != other:
            graph[one, other] = graph[other, one] = -1
    graph -= np.diag(graph.sum(axis=1))
    for length, smoothness in ((0.8, 1), (2.0, 2), (5.0, 3)):
        inverse = np.linalg.inv(2 * smoothness / length**2 * np.eye(n) + graph)
        kernel = np.linalg.matrix_power(inverse, smoothness)
        spread = np.sqrt(np.diag(kernel))
        found = correlation(Smooth(length, smoothness), MAZE)
        np.testing.assert_allclose(found, kernel / spread / spread[:, None], atol=1e-11)
    limit = correlation(Smooth(2, math.inf), MAZE)
    distance = [np.abs(correlation(Smooth(2, nu), MAZE) - limit).max() for nu in (10, 100, 1000, 10_000)]
    assert distance[0] > 1e-2
    assert all(far > 5 * near for far, near in pairwise(distance))


@pytest.mark.claim("rewards/diffusion-complete")
@pytest.mark.parametrize("n", [2, 5])
def test_the_diffusion_kernel_of_a_complete_graph(n: int) -> None:
    complete = MDP.from_edges({i: [j for j in range(n) if j != i] for i in range(n)})
    for length in (0.3, 1.0, 2.0):
        rate = length**2 / 2
        expected = (1 - math.exp(-n * rate)) / (1 + (n - 1) * math.exp(-n * rate))
        found = correlation(Smooth(length, math.inf), complete)
        np.testing.assert_allclose(found, np.eye(n) + expected * (1 - np.eye(n)), atol=1e-13)


@pytest.mark.claim("rewards/linear")
def test_without_choice_power_is_linear_in_the_features() -> None:
    ring = MDP.from_edges({n: [(n + 1) % 6] for n in range(6)})
    phi = np.random.default_rng(0).normal(size=(6, 3))
    of_features = np.array([estimate(ring, Table(phi[:, f])).power for f in range(3)])
    weights = np.random.default_rng(1).normal(size=(200, 3))
    goal_by_goal = np.array([estimate(ring, Table(phi @ w)).power for w in weights[:20]])
    np.testing.assert_allclose(goal_by_goal, weights[:20] @ of_features, atol=1e-11)
    result = estimate(ring, Features(phi, stats.expon()), samples=4000)
    assert np.all(np.abs(result.power - of_features.sum(axis=0)) < SIGMAS * result.stderr)


@pytest.mark.claim("rewards/additive")
def test_states_are_as_alike_as_the_factors_they_share() -> None:
    parts = np.random.default_rng(2).integers(0, 3, size=(4, MAZE.n_states))
    shared = np.mean(parts[:, :, None] == parts[:, None, :], axis=0)
    assert len(np.unique(shared)) == 5
    made = Factors(parts, stats.norm()).from_uniforms(MAZE)
    root = made.rewards(ndtr(np.eye(made.dimensions))).T
    np.testing.assert_allclose(root @ root.T / len(parts), shared, atol=1e-14)


@pytest.mark.claim("rewards/sparse")
@pytest.mark.parametrize(("n", "k"), [(4, 2), (5, 3), (4, 4)])
def test_every_choice_of_so_many_states_is_equally_likely(n: int, k: int) -> None:
    mdp = MDP.from_edges({state: [state] for state in range(n)})
    made = Sparse(k, stats.uniform(1, 1)).from_uniforms(mdp)
    # Each number that says where matters only by its place in so many equal parts: go through all of them.
    parts = [np.arange(size) / size + 0.5 / size for size in range(n - k + 1, n + 1)]
    where = np.stack(np.meshgrid(*parts), axis=-1).reshape(-1, k)
    uniforms = np.full((len(where), 2 * k), 0.5)
    uniforms[:, ::2] = where
    chosen = [tuple(np.flatnonzero(row).tolist()) for row in made.rewards(uniforms)]
    counts = {choice: chosen.count(choice) for choice in combinations(range(n), k)}
    assert sum(counts.values()) == len(where)
    assert set(counts.values()) == {math.factorial(k)}


@pytest.mark.claim("power/constant-feature")
@pytest.mark.parametrize("discount", [0.3, 0.99])
def test_power_over_a_constant_feature_is_the_mean_weight(discount: float) -> None:
    result = estimate(MAZE, Features(np.ones((MAZE.n_states, 1)), stats.norm(2, 1)), discount, samples=500)
    assert np.ptp(result.power) <= 2 * result.error_bound + 1e-12
    assert abs(result.power[0] - 2) < SIGMAS * result.stderr[0]


@pytest.mark.claim("power/sparse-star")
@pytest.mark.parametrize("n", [1, 4])
def test_power_before_sparse_goals(n: int) -> None:
    for discount in (0.2, 0.9):
        result = estimate(star(n), Sparse(1), discount, samples=5000).at("root")
        assert abs(result.power - 0.5 * n / (n + 1)) < SIGMAS * result.stderr


@pytest.mark.claim("power/likeness")
def test_likeness_leaves_less_to_choose() -> None:
    n, samples = 4, 20_000
    mdp = star(n)
    largest = 6 / math.pi**1.5 * math.atan(math.sqrt(2))  # the expected largest of four standard normals
    # max over n of √ρ c + √(1 − ρ) x_i, by a feature that all states share and one for each of them
    for common in (0.0, 0.5, 0.9):
        phi = np.hstack([np.full((n + 1, 1), math.sqrt(common)), math.sqrt(1 - common) * np.eye(n + 1)])
        found = estimate(mdp, Features(phi), samples=samples).at("root")
        assert abs(found.power - math.sqrt(1 - common) * largest) < SIGMAS * found.stderr
