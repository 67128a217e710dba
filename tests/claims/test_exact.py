"""What exact POWER says of grids, stars and shutdown, and of its own limits."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from corrigible import MDP
from corrigible.mdp import visit_distributions
from corrigible.mdp.textmap import read_map
from corrigible.power import blackwell_optimality, estimate, exact, exact_optimality
from corrigible.power.exactly.maximum import maximum

from .registry import cases
from .sampled import SIGMAS, model

GRID = read_map("S..\n...\n...\n").mdp
CORNER, EDGE, CENTRE = (0, 0), (0, 1), (1, 1)


def star(n: int) -> MDP:
    return MDP.from_edges({"hub": list(range(n)), **{k: [k] for k in range(n)}})


@pytest.mark.claim("exact/grid-myopic")
def test_on_a_grid_myopic_power_counts_the_neighbours() -> None:
    assert [exact(GRID, cell, 0) for cell in (CORNER, EDGE, CENTRE)] == [F(3, 4), F(4, 5), F(5, 6)]


@pytest.mark.claim("exact/grid-farsighted")
def test_on_a_grid_farsighted_power_is_the_same_everywhere() -> None:
    assert {exact(GRID, cell, 1) for cell in (CORNER, EDGE, CENTRE)} == {F(9, 10)}


@pytest.mark.claim("exact/star-uniform")
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_before_absorbing_states_power_is_the_expected_largest_reward(n: int) -> None:
    assert {exact(star(n), "hub", discount) for discount in ("0", "1/3", "1")} == {F(n, n + 1)}


@pytest.mark.claim("exact/star-bernoulli")
@pytest.mark.parametrize("n", [1, 2, 5])
def test_before_absorbing_states_one_good_one_is_enough(n: int) -> None:
    assert exact(star(n), "hub", F(1, 3), "bernoulli(0.3)") == 1 - F(7, 10) ** n


@pytest.mark.claim("exact/shutdown")
@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_shutdown_is_avoided_for_all_goals_but_one_in_n_plus_one(n: int) -> None:
    ends = {k: [k] for k in range(n)}
    mdp = MDP.from_edges({"now": ["off", "on"], "on": list(ends), "off": ["off"], **ends})
    shares = {"off": F(1, n + 1), "on": F(n, n + 1)}
    assert blackwell_optimality(mdp, "now") == exact_optimality(mdp, "now", 1) == shares


@pytest.mark.claim("exact/gain")
@pytest.mark.parametrize("case", list(cases()))
def test_fewer_actions_are_optimal_near_one_than_for_average_reward(case: str) -> None:
    state = model(case).states[0]
    limit, gain = blackwell_optimality(model(case), state), exact_optimality(model(case), state, 1)
    assert all(limit[action] <= gain[action] for action in limit)
    near = exact_optimality(model(case), state, 1 - F(1, 10**6))
    assert all(abs(limit[action] - near[action]) < F(1, 10**4) for action in limit)


@pytest.mark.claim("exact/gain")
def test_what_passes_decides_near_one_and_not_for_average_reward() -> None:
    figure_1 = model("turner_fig1")
    assert set(exact_optimality(figure_1, "l_tri", 1).values()) == {F(1)}
    assert set(blackwell_optimality(figure_1, "l_tri").values()) == {F(1, 2)}


@pytest.mark.claim("exact/nondominated")
@pytest.mark.parametrize("discount", ["0", "1/2", "1"])
def test_dominated_visit_distributions_change_no_power(discount: str) -> None:
    mdp = model("complete3")
    every = visit_distributions(mdp, "a", discount)
    # Each mixture of two is dominated; so is the mean of all.
    mean = tuple(sum(column, F(0)) / len(every) for column in zip(*(v.shares for v in every), strict=True))
    rows = [each.shares for each in every if each.shares != mean]
    assert maximum([(F(0), row) for row in (*rows, mean)]).mean == exact(mdp, "a", discount)


@pytest.mark.claim("star/continuous")
@pytest.mark.parametrize(
    ("n", "rewards", "largest"),
    [
        (3, "beta(2, 1)", 6 / 7),
        (4, "expon", 1 + 1 / 2 + 1 / 3 + 1 / 4),
        (2, "norm(0, 1)", 0.5641895835477563),
        (3, "norm(0, 1)", 0.8462843753216345),
    ],
)
def test_before_absorbing_states_other_rewards_have_their_expected_largest(
    n: int, rewards: str, largest: float
) -> None:
    found = estimate(star(n), rewards, discount=0.5, samples=10_000, seed=3)
    assert abs(found.at("hub").power - largest) <= SIGMAS * found.at("hub").stderr + found.error_bound
