"""Agents that are not optimal, against solving each policy densely; and what bad input says."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import OptionError
from corrigible.power import estimate
from corrigible.power.attainable import attainable
from corrigible.power.bounded import Agent, Boltzmann, EpsilonGreedy, LimitedHorizon, NoisyModel
from corrigible.power.bounded.acting import Acting
from corrigible.power.bounded.noisy import believed
from tests.mdp.test_average import multichain
from tests.mdp.test_optimal import grid, slippery

AGENTS: list[Agent] = [Boltzmann(0.3), EpsilonGreedy(0.2), LimitedHorizon(2), NoisyModel(0.5, 3)]


def dense(mdp: MDP, policy: np.ndarray, reward: np.ndarray, discount: float) -> np.ndarray:
    """Return (1 − γ) P (I − γ P)⁻¹ R."""
    chain = np.zeros((mdp.n_states, mdp.n_states))
    for s in range(mdp.n_states):
        for pair in mdp.pairs(s):
            for chance, t in mdp.row(pair):
                chain[s, t] += policy[pair] * chance
    return (1 - discount) * chain @ np.linalg.solve(np.eye(mdp.n_states) - discount * chain, reward)


@given(multichain(), st.sampled_from([0.0, 0.1, 0.9, 0.999]), st.sampled_from([1, 10_000]), st.data())
@settings(max_examples=20, deadline=None)
def test_what_a_policy_attains_is_its_value(
    mdp: MDP, discount: float, budget: int, data: st.DataObject
) -> None:
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    weight = generator.random((3, mdp.n_pairs))
    policies = weight / np.add.reduceat(weight, mdp.action_offset[:-1], axis=1)[:, mdp.owner]
    rewards = generator.normal(size=(3, mdp.n_states))
    acting = Acting(mdp, discount)
    acting._budget = budget
    attained, bound = acting(policies, rewards)
    for row, policy, reward, within in zip(attained, policies, rewards, bound, strict=True):
        exact = dense(mdp, policy, reward, discount)
        assert np.max(np.abs(row - exact)) <= within + 1e-12
        assert within <= 2e-10 * np.ptp(reward) + 1e-11 * np.max(np.abs(reward))


def policies_of(agent: Agent, mdp: MDP, rewards: np.ndarray, discount: float = 0.9) -> np.ndarray:
    return agent.planner(mdp, discount)(rewards)[0]


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.describe())
def test_what_an_agent_attains_is_what_its_policy_is_worth(agent: Agent) -> None:
    mdp, rewards = slippery(3), np.random.default_rng(1).random((4, 9))
    found = agent.attainable(mdp, 0.9)(rewards)
    for row, policy, reward in zip(found.attained, policies_of(agent, mdp, rewards), rewards, strict=True):
        assert np.add.reduceat(policy, mdp.action_offset[:-1]) == pytest.approx(np.ones(9))
        np.testing.assert_allclose(row, dense(mdp, policy, reward, 0.9), atol=1e-9)


def test_a_boltzmann_agent_weighs_what_lies_ahead() -> None:
    mdp = MDP.from_edges({0: [1, 2], 1: [1], 2: [2]})
    policy = policies_of(Boltzmann(2.0), mdp, np.array([[0.0, 1.0, 0.6]]), 0.5)[0]
    # Ahead lie 1/(1 − γ) and 0.6/(1 − γ).
    assert policy[0] / policy[1] == pytest.approx(np.exp((2 - 1.2) / 2))


def test_ties_are_shared_and_slips_go_anywhere() -> None:
    mdp = MDP.from_edges({0: [1, 2, 0], 1: [1], 2: [2]})
    policy = policies_of(EpsilonGreedy(0.3), mdp, np.array([[0.0, 1.0, 1.0]]))[0]
    np.testing.assert_allclose(policy[:3], [0.45, 0.45, 0.1])


def test_a_short_horizon_does_not_see_what_lies_beyond_it() -> None:
    mdp = MDP.from_edges({0: [1, 2], 1: [3], 2: [4], 3: [3], 4: [4]})
    rewards = np.array([[0.0, 0.5, 0.4, 0.0, 1.0]])
    assert policies_of(LimitedHorizon(1), mdp, rewards)[0][:2].tolist() == [1, 0]
    assert policies_of(LimitedHorizon(2), mdp, rewards)[0][:2].tolist() == [0, 1]


def test_a_wrong_belief_keeps_the_actions_and_is_the_same_for_all_goals() -> None:
    mdp = slippery(3)
    wrong, again, other = believed(mdp, 0.5, 1), believed(mdp, 0.5, 1), believed(mdp, 0.5, 2)
    np.testing.assert_array_equal(wrong.action_offset, mdp.action_offset)
    assert wrong == again
    assert wrong != other
    for pair in range(mdp.n_pairs):
        true, held = ({t: p for p, t in each.row(pair)} for each in (mdp, wrong))
        assert set(true) <= set(held)
        assert all(held[t] >= 0.5 * p - 1e-12 for t, p in true.items())


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.describe())
def test_agents_go_through_estimate_and_to_other_processes(agent: Agent) -> None:
    result = estimate(grid(3), samples=40, agent=agent)
    assert np.all(result.power < estimate(grid(3), samples=40).power)
    assert result.provenance.settings["agent"] == agent.describe()
    assert agent.describe() in result.method
    made = agent.attainable(grid(3), 0.9)
    rewards = np.random.default_rng(1).random((2, 9))
    np.testing.assert_array_equal(made(rewards).attained, pickle.loads(pickle.dumps(made))(rewards).attained)


def test_each_goal_is_acted_on_by_itself() -> None:
    rewards = np.random.default_rng(1).random((11, 16))
    for agent in AGENTS:
        made = agent.attainable(grid(4), 0.95)
        np.testing.assert_array_equal(made(rewards).attained[4:7], made(rewards[4:7]).attained)


def test_sweeps_and_the_discount_next_to_nought_agree_with_the_limit() -> None:
    mdp, rewards = slippery(3), np.random.default_rng(4).random((3, 9))
    limit, near = (EpsilonGreedy(0.2).attainable(mdp, g)(rewards).attained for g in (0, 1e-9))
    np.testing.assert_allclose(limit, near, atol=1e-7)
    assert np.all(limit <= attainable(mdp, 0)(rewards).attained + 1e-12)


def test_bad_input_is_refused() -> None:
    for wrong in (0, -1, float("nan"), float("inf"), "hot", True):
        with pytest.raises(OptionError, match="temperature"):
            Boltzmann(wrong)  # type: ignore[arg-type]
    for wrong in (-0.1, 1.1, None):
        with pytest.raises(OptionError, match="epsilon"):
            EpsilonGreedy(wrong)  # type: ignore[arg-type]
        with pytest.raises(OptionError, match="noise"):
            NoisyModel(wrong)  # type: ignore[arg-type]
    for wrong in (0, 1.5, True):
        with pytest.raises(OptionError, match="horizon"):
            LimitedHorizon(wrong)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="seed"):
        NoisyModel(0.1, -1)
    with pytest.raises(OptionError, match=r"no limit at the discount `1`"):
        estimate(grid(2), discount=1, agent=Boltzmann(1))
    with pytest.raises(OptionError, match=r"discount `1\.5`"):
        Boltzmann(1).attainable(grid(2), 1.5)
