"""Multi-agent POWER as POWERplay published it, on goals of our own.

Its figures come from 20,000 pairs of goals, are rounded to three decimals and, since it stops early, low by
up to 0.0001. Ours come from fewer pairs, so both samplings' errors are allowed for.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from corrigible import MDP
from corrigible.mdp.textmap import read_map
from corrigible.power import Independent, PowerResult
from corrigible.power import estimate as single
from corrigible.power.multiagent import JointMDP, MultiagentPower, estimate

from .registry import HERE
from .sampled import SIGMAS, model

PUBLISHED: dict[str, Any] = json.loads(
    (HERE / "data" / "powerplay_human_agent.json").read_text(encoding="utf-8")
)
FIGURES = {run["correlation"]: run for run in PUBLISHED["runs"]}
ROUNDED = 0.0005 + 0.0001
SAMPLES = 3000


@cache
def ours(correlation: float) -> MultiagentPower:
    joint = JointMDP.of(read_map("...\n...\n...\n").mdp)
    return estimate(joint, correlation, PUBLISHED["discount"], samples=SAMPLES, seed=2022)


def check(power: np.ndarray, stderr: np.ndarray, published: list[list[float]]) -> None:
    """Assert agreement in every state; states are numbered (human's cell, agent's cell) in the file too."""
    both = stderr * np.sqrt(1 + SAMPLES / PUBLISHED["samples"])
    assert np.all(np.abs(power - np.ravel(published)) <= SIGMAS * both + ROUNDED)


@pytest.mark.parametrize(
    "correlation",
    [
        pytest.param(0.0, marks=pytest.mark.claim("multiagent/powerplay/independent")),
        pytest.param(0.5, marks=pytest.mark.claim("multiagent/powerplay/half")),
        pytest.param(1.0, marks=pytest.mark.claim("multiagent/powerplay/identical")),
    ],
)
def test_both_sides_power_is_that_published(correlation: float) -> None:
    result, figures = ours(correlation), FIGURES[correlation]
    check(result.human, result.human_stderr, figures["human"])
    check(result.agent, result.agent_stderr, figures["agent"])
    # Averaged over states the noise is smaller, and the runs cannot be mistaken for one another.
    assert result.human.mean() == pytest.approx(np.mean(figures["human"]), abs=0.003)
    assert result.agent.mean() == pytest.approx(np.mean(figures["agent"]), abs=0.003)
    if correlation == 1:
        np.testing.assert_allclose(result.human, result.agent, atol=2 * result.error_bound)


@pytest.mark.claim("multiagent/powerplay/alone")
def test_the_human_s_power_against_nature_is_that_published() -> None:
    result = ours(0.0)
    check(result.alone, result.alone_stderr, PUBLISHED["alone"])


def published_alignment(correlation: float) -> float:
    figures = FIGURES[correlation]
    return float(np.corrcoef(np.ravel(figures["human"]), np.ravel(figures["agent"]))[0, 1])


def agrees(correlation: float) -> bool:
    """Whether α lies within both samplings' errors of that of the figures published."""
    alignment = ours(correlation).alignment
    both = alignment.stderr * np.sqrt(1 + SAMPLES / PUBLISHED["samples"])
    return abs(alignment.corrected - published_alignment(correlation)) <= 3 * both + 0.01


@pytest.mark.claim("multiagent/misaligned-by-default")
def test_independent_goals_make_competitors() -> None:
    assert published_alignment(0.0) == pytest.approx(-0.51, abs=0.005)
    assert agrees(0.0)
    low, high = ours(0.0).alignment.interval(0.999)
    assert -0.7 < low < high < -0.3


@pytest.mark.claim("multiagent/aligned-by-goals")
def test_goals_in_common_make_allies() -> None:
    assert published_alignment(0.5) == pytest.approx(0.67, abs=0.005)
    assert agrees(0.5)
    assert ours(0.5).alignment.interval(0.999)[0] > 0.4
    assert ours(1.0).alignment.correlation == pytest.approx(1)


@pytest.mark.claim("multiagent/agent-indifferent")
def test_an_agent_of_independent_goals_does_not_mind_where_the_human_is() -> None:
    result = ours(0.0)
    by_agent = result.agent.reshape(9, 9)  # rows: the human's cell
    spread = np.abs(by_agent - by_agent.mean(axis=0))
    assert np.all(spread <= SIGMAS * result.agent_stderr.reshape(9, 9) + ROUNDED)
    assert np.ptp(by_agent.mean(axis=0)) > 0.04


@pytest.mark.claim("multiagent/missing-action")
def test_a_missing_action_is_none_and_not_one_worth_zero() -> None:
    figure_1 = model("turner_fig1")
    rewards: dict[Any, Any] = {"empty": stats.uniform(-1, 2), "l_tri": stats.beta(1, 2)}
    result = single(figure_1, Independent(overrides=rewards), 0.1, samples=10_000)
    assert_mean_and_variance(result, 0, 1 / 3)
    # As POWERplay has it: the empty state may as well end, without reward.
    edges: dict[Any, Any] = {s: figure_1.actions(s) for s in figure_1.states}
    edges |= {"empty": ["empty", "void"], "void": ["void"]}
    rewards["void"] = 0.0
    padded = single(MDP.from_edges(edges), Independent(overrides=rewards), 0.1, samples=10_000)
    assert_mean_and_variance(padded, 1 / 4, 5 / 48)
    assert abs(padded.at("empty").power - 0.247) < SIGMAS * 2**0.5 * padded.at("empty").stderr
    assert padded.at("empty").stderr ** 2 * padded.samples == pytest.approx(0.1048, rel=0.05)


def assert_mean_and_variance(result: PowerResult, mean: float, variance: float) -> None:
    found = result.at("empty")
    assert abs(found.power - mean) <= SIGMAS * found.stderr
    assert found.stderr**2 * result.samples == pytest.approx(variance, rel=0.05)
