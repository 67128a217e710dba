"""Agents as they are: how much POWER they have, and whether they still seek it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from corrigible.power import Independent, RewardSamples, estimate
from corrigible.power.attainable import attainable
from corrigible.power.bounded import Agent, Boltzmann, EpsilonGreedy, LimitedHorizon, NoisyModel
from tests.mdp.test_optimal import grid, slippery

from .sampled import SIGMAS, model

FIGURE_1 = "turner_fig1"
ERRING: list[Agent] = [Boltzmann(0.1), Boltzmann(2), EpsilonGreedy(0.3), LimitedHorizon(3), NoisyModel(0.4)]


def named(agent: Agent) -> str:
    return agent.describe()


@pytest.mark.claim("bounded/never-more")
@pytest.mark.parametrize("agent", ERRING, ids=named)
@pytest.mark.parametrize("discount", [0, 0.5, 0.99])
def test_no_agent_attains_more_than_an_optimal_one(agent: Agent, discount: float) -> None:
    for mdp in (grid(4), slippery(3)):
        rewards = np.random.default_rng(1).normal(size=(12, mdp.n_states))
        best, found = attainable(mdp, discount)(rewards), agent.attainable(mdp, discount)(rewards)
        assert np.all(found.attained <= best.attained + best.error_bound + found.error_bound)


@pytest.mark.claim("bounded/limits")
@pytest.mark.parametrize("discount", [0.1, 0.9])
def test_agents_that_err_less_and_less_become_optimal(discount: float) -> None:
    families: list[list[Agent]] = [
        [Boltzmann(t) for t in (1, 0.1, 0.01, 1e-5)],
        [EpsilonGreedy(e) for e in (0.5, 0.1, 0.01, 0)],
        [LimitedHorizon(n) for n in (1, 3, 10, 500)],
        [NoisyModel(e) for e in (1, 0.3, 0.1, 0)],
    ]
    mdp = slippery(3)
    best = estimate(mdp, discount=discount, samples=100)
    for family in families:
        lost = [best.power.mean() - estimate(mdp, discount=discount, samples=100, agent=one).power.mean()
                for one in family]  # fmt: skip
        assert all(one >= other - 1e-9 for one, other in pairwise(lost))
        assert lost[0] > 1e-3 or (discount == 0.1 and isinstance(family[0], LimitedHorizon))
        assert lost[-1] == pytest.approx(0, abs=1e-7)


@pytest.mark.claim("bounded/indifferent")
@pytest.mark.parametrize("agent", [EpsilonGreedy(1), Boltzmann(1e9)], ids=named)
def test_without_regard_to_the_goal_power_is_the_mean_reward(agent: Agent) -> None:
    result = estimate(model(FIGURE_1), discount=0.8, samples=4000, seed=3, agent=agent)
    assert np.all(np.abs(result.power - 0.5) <= SIGMAS * result.stderr + result.error_bound + 1e-8)


def right_minus_left(agent: Agent, discount: float = 0.9) -> tuple[float, float]:
    """Return by how much likelier the agent goes right than left at the star, over goals, and the error."""
    mdp = model(FIGURE_1)
    rewards = RewardSamples(Independent(), mdp, seed=11).array(4000)
    policies, _ = agent.planner(mdp, discount)(rewards)
    pair = {mdp.action(k): k for k in mdp.pairs(mdp.index("star"))}
    more = policies[:, pair["r_tri"]] - policies[:, pair["l_tri"]]
    return float(more.mean()), float(more.std() / np.sqrt(len(more)))


@pytest.mark.claim("bounded/turner-fig1/holds")
@pytest.mark.parametrize(
    "agent",
    [
        Boltzmann(0.1),
        Boltzmann(3),
        EpsilonGreedy(0.5),
        LimitedHorizon(3),
        LimitedHorizon(5),
        NoisyModel(0.2, 1),
    ],
    ids=named,
)
def test_agents_that_err_still_go_right_more_often(agent: Agent) -> None:
    more, stderr = right_minus_left(agent)
    assert more > SIGMAS * stderr


@pytest.mark.claim("bounded/turner-fig1/fails")
def test_some_agents_do_not() -> None:
    for agent in (LimitedHorizon(1), LimitedHorizon(2), EpsilonGreedy(1)):
        more, stderr = right_minus_left(agent)
        assert abs(more) <= SIGMAS * stderr + 1e-12
    wrong = [right_minus_left(NoisyModel(1, seed)) for seed in range(8)]
    assert any(more < -SIGMAS * stderr for more, stderr in wrong)
    assert any(more > SIGMAS * stderr for more, stderr in wrong)


@pytest.mark.claim("bounded/turner-fig1/less-power-seeking")
def test_the_advantage_of_the_right_shrinks_with_slips() -> None:
    gaps: list[float] = []
    for epsilon in (0, 0.3, 0.7, 1):
        result = estimate(model(FIGURE_1), discount=0.9, samples=2000, seed=5, agent=EpsilonGreedy(epsilon))
        gaps.append(result.at("r_tri").power - result.at("l_tri").power)
    assert gaps[0] > gaps[1] > gaps[2] > gaps[3]
    assert abs(gaps[3]) < 0.02
