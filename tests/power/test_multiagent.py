"""Multi-agent POWER against trying every policy, and what it promises beside."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from corrigible import MDP
from corrigible.core.errors import DistributionError, ModelError, OptionError, UnknownNameError
from corrigible.mdp.textmap import read_map
from corrigible.power import Independent, OneHot
from corrigible.power import estimate as single
from corrigible.power.multiagent import Alignment, Correlated, JointMDP, Pairs, estimate
from corrigible.power.multiagent.result import _covariances, aligned  # pyright: ignore[reportPrivateUsage]

ROOM = MDP.from_edges({"left": ["left", "right"], "right": ["right", "left"]})
LINE = MDP.from_edges({"a": ["a", "b"], "b": ["a", "b", "c"], "c": ["b", "c"]})


def random_joint(seed: int, states: int = 3, deterministic: bool = False) -> JointMDP:
    """A joint model whose sides have one or two actions, differing from state to state."""
    rng = np.random.default_rng(seed)
    edges: dict[Any, dict[Any, Any]] = {}
    for s in range(states):
        edges[s] = {}
        for pair in product(range(rng.integers(1, 3)), range(rng.integers(1, 3))):
            row = (
                rng.dirichlet(np.ones(states)) if not deterministic else np.eye(states)[rng.integers(states)]
            )
            edges[s][pair] = {t: float(p) for t, p in enumerate(row) if p > 0}
    return JointMDP(MDP.from_edges(edges))


def tensor(joint: JointMDP) -> list[dict[Any, np.ndarray]]:
    """p(·|s, a, b) by state and pair of actions, straight from the model."""
    mdp = joint.mdp
    rows: list[dict[Any, np.ndarray]] = []
    for s in range(mdp.n_states):
        rows.append({})
        for pair in mdp.pairs(s):
            rows[s][mdp.action(pair)] = np.zeros(mdp.n_states)
            for p, t in mdp.row(pair):
                rows[s][mdp.action(pair)][t] += p
    return rows


def value(matrix: np.ndarray, rewards: np.ndarray, discount: float) -> np.ndarray:
    return np.linalg.solve(np.eye(len(rewards)) - discount * matrix, rewards)


def best(choices: list[list[np.ndarray]], rewards: np.ndarray, discount: float) -> tuple[Any, np.ndarray]:
    """Try every policy; return, in each state, the shares of its best actions, and the values."""
    tried = [value(np.array(rows), rewards, discount) for rows in product(*choices)]
    values = np.max(tried, axis=0)
    shares = []
    for rows in choices:
        worth = np.array([row @ values for row in rows])
        good = worth >= worth.max() - 1e-8
        shares.append(good / good.sum())
    return shares, values


def oracle(
    joint: JointMDP, human: np.ndarray, agent: np.ndarray, g: float, h: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """V_H, V_A and V*_H against a uniform agent, by trying every policy."""
    rows = tensor(joint)
    sides = [[list(dict.fromkeys(pair[k] for pair in state)) for state in rows] for k in (0, 1)]
    states = range(len(rows))
    believed = [[np.mean([rows[s][a, b] for b in sides[1][s]], axis=0) for a in sides[0][s]] for s in states]
    first, alone = best(believed, human, g)
    left = [
        [sum(w * rows[s][a, b] for w, a in zip(first[s], sides[0][s], strict=True)) for b in sides[1][s]]
        for s in states
    ]
    second, agents = best(left, agent, h)  # pyright: ignore[reportArgumentType]
    both = [sum(w * row for w, row in zip(second[s], left[s], strict=True)) for s in states]
    return value(np.array(both), human, g), agents, alone


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    deterministic=st.booleans(),
    discounts=st.tuples(st.sampled_from([0.1, 0.6, 0.99]), st.sampled_from([0.3, 0.9])),
    few=st.booleans(),
)
def test_both_sides_attain_what_trying_every_policy_says(
    seed: int, deterministic: bool, discounts: tuple[float, float], few: bool
) -> None:
    joint = random_joint(seed, deterministic=deterministic)
    rng = np.random.default_rng(seed)
    # A few whole numbers make ties, which are then to be shared.
    human, agent = rng.integers(0, 2, (2, 1, 3)).astype(float) if few else rng.random((2, 1, 3))
    g, h = discounts
    result = estimate(joint, Pairs(human, agent), g, agent_discount=h, workers=1)
    expected = oracle(joint, human[0], agent[0], g, h)
    scales = [((1 - x) / x, r[0]) for x, r in ((g, human), (h, agent), (g, human))]
    found = (result.human, result.agent, result.alone)
    for power, values, (scale, rewards) in zip(found, expected, scales, strict=True):
        np.testing.assert_allclose(power, scale * (values - rewards), atol=1e-8 + result.error_bound)


def test_an_agent_that_cannot_act_leaves_the_human_their_power_alone() -> None:
    still = MDP.from_edges({"here": ["here"]})
    result = estimate(JointMDP.of(LINE, still), discount=0.8, samples=200)
    np.testing.assert_allclose(result.human, result.alone, atol=1e-9)
    np.testing.assert_allclose(result.human, single(LINE, discount=0.8, samples=200).power, atol=1e-8)


def test_the_same_goal_gives_both_the_same_power_and_perfect_alignment() -> None:
    result = estimate(JointMDP.of(LINE), 1, samples=100)
    np.testing.assert_allclose(result.human, result.agent, atol=1e-8)
    assert result.alignment.interval() == pytest.approx((1, 1), abs=1e-6)
    assert np.all(result.human > result.alone)


def test_opposite_goals_leave_the_human_less_than_nature_would() -> None:
    result = estimate(JointMDP.of(LINE), -1, samples=200)
    assert np.all(result.human < result.alone)


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    joint = JointMDP.of(LINE)
    one, two = (estimate(joint, 0.3, samples=700, workers=k) for k in (1, 2))
    assert np.array_equal(one.human, two.human)
    assert np.array_equal(one.agent, two.agent)
    assert one.alignment == two.alignment
    assert one.provenance == two.provenance


def test_the_human_s_goals_are_the_same_at_every_correlation() -> None:
    joint = JointMDP.of(LINE)
    apart, together = (estimate(joint, c, samples=64).alone for c in (-0.5, 1.0))
    assert np.array_equal(apart, together)


def test_nature_is_what_the_human_believes_of_the_agent() -> None:
    joint = JointMDP.of(ROOM)
    rewards = Pairs(*(np.array([[0.0, 1.0, 0.0, 0.0]]),) * 2)  # human left, agent right
    mild = {state: {state[1]: 1.0} for state in joint.states}
    stays = estimate(joint, rewards, 0.5, nature=mild)
    assert stays.at(("left", "right"))["alone"].power == pytest.approx(1)
    assert estimate(joint, rewards, 0.5).at(("left", "right"))["alone"].power < 0.9
    with pytest.raises(UnknownNameError, match=r"no agent's action `lft`.*`left`"):
        estimate(joint, nature={("left", "left"): {"lft": 1.0}})
    with pytest.raises(ModelError, match=r"sum to `0\.5`"):
        estimate(joint, nature={("left", "left"): {"left": 0.5}})


def test_without_overlap_no_two_are_in_one_place() -> None:
    joint = JointMDP.of(LINE, overlap=False)
    assert all(h != a for h, a in joint.states)
    mdp = joint.mdp
    moves = {mdp.action(pair): mdp.states[mdp.row(pair)[0][1]] for pair in mdp.pairs(mdp.index(("a", "b")))}
    assert moves["b", "a"] == ("b", "a")  # changing places
    assert moves["a", "a"] == ("a", "b")  # bumping into each other
    with pytest.raises(ModelError, match="without overlap"):
        JointMDP.of(MDP.from_edges({"here": ["here"]}), overlap=False)


def test_two_who_move_on_their_own_meet_with_the_product_of_their_chances() -> None:
    rng = np.random.default_rng(0)
    human, agent = (MDP.from_tensor(rng.dirichlet(np.ones(n), size=(n, 2))) for n in (2, 3))
    rows = tensor(JointMDP.of(human, agent))
    for (s, t), here in zip(product(range(2), range(3)), rows, strict=True):
        for a, b in product(range(2), range(2)):
            first = [p for p, _ in human.row(human.pairs(s)[a])]
            second = [p for p, _ in agent.row(agent.pairs(t)[b])]
            np.testing.assert_allclose(here[a, b], np.outer(first, second).ravel())


def test_a_joint_model_needs_every_pair_of_actions() -> None:
    with pytest.raises(ModelError, match=r"state `0` lacks the joint action `\('x', 'v'\)`"):
        JointMDP(MDP.from_edges({0: {("x", "u"): 0, ("y", "u"): 0, ("y", "v"): 0}}))
    with pytest.raises(ModelError, match="`go` of state `0` is no pair"):
        JointMDP(MDP.from_edges({0: {"go": 0}}))


@pytest.mark.parametrize("correlation", [-1.0, -0.4, 0.0, 0.7, 1.0])
@pytest.mark.parametrize("distribution", [None, stats.norm(3, 2)])
def test_both_sides_goals_have_one_distribution_and_the_correlation_asked_for(
    correlation: float, distribution: Any
) -> None:
    mdp = read_map("...\n...\n").mdp
    draw = Correlated(correlation, distribution).bind(mdp)
    human, agent = draw(np.random.default_rng(1), 0, 4000)
    reference = stats.uniform() if distribution is None else distribution
    assert stats.kstest(agent.ravel(), reference.cdf).pvalue > 1e-3
    between = np.corrcoef(human.T, agent.T)[:6, 6:]
    assert np.abs(between - correlation * np.eye(6)).max() < 0.07


def test_states_that_share_a_draw_share_the_coin() -> None:
    groups = np.array([0, 0, 1])
    draw = Correlated(-0.5, Independent(overrides={"c": stats.norm(5)}, groups=groups)).bind(LINE)
    human, agent = draw(np.random.default_rng(0), 0, 100)
    assert np.array_equal(agent[:, 0], agent[:, 1])
    mirrored = np.isclose(agent[:, 2], 10 - human[:, 2])
    assert 30 < mirrored.sum() < 70


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Correlated(1.5), "correlation `1.5` is not between"),
        (lambda: Correlated(True), "correlation `True`"),
        (lambda: Correlated(0.5, OneHot()), "one-hot per state` cannot have the correlation `0.5`"),
        (lambda: Correlated(0.0, np.ones((2, 3))), "written down"),
        (lambda: Correlated(-1, stats.expon()).bind(LINE), "not symmetric about their mean `1`"),
        (lambda: Pairs(np.ones((2, 3)), np.ones((1, 3))), r"shapes `\(2, 3\)` and `\(1, 3\)`"),
    ],
)
def test_goals_that_cannot_be_drawn_are_refused_in_one_line(make: Any, message: str) -> None:
    with pytest.raises(DistributionError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_arguments_out_of_range_are_refused_before_work() -> None:
    joint = JointMDP.of(ROOM)
    for wrong in ({"discount": 1}, {"agent_discount": 0}, {"samples": 0}, {"seed": -1}, {"workers": 0}):
        with pytest.raises(OptionError):
            estimate(joint, **wrong)  # pyright: ignore[reportArgumentType]


def test_the_jackknife_knows_how_far_the_correlation_of_noisy_means_strays() -> None:
    rng = np.random.default_rng(4)
    human = np.linspace(0, 1, 30)
    agent = 1 - human + 0.4 * np.sin(9 * human)
    true = np.corrcoef(human, agent)[0, 1]
    sizes = np.full(40, 8.0)
    found: list[Alignment] = []
    for _ in range(200):
        noise = rng.normal(scale=1.0, size=(2, 40, 30))
        found.append(aligned(human + noise[0], agent + noise[1], sizes))
    raw, corrected = (np.array([getattr(a, name) for a in found]) for name in ("correlation", "corrected"))
    assert abs(corrected.mean() - true) < 0.25 * abs(raw.mean() - true)
    assert 0.8 < np.mean([a.stderr for a in found]) / corrected.std() < 1.25
    held = [low <= true <= high for low, high in (a.interval() for a in found)]
    assert 0.88 <= np.mean(held) <= 0.99


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), groups=st.integers(3, 6))
def test_the_jackknife_leaves_each_group_out_in_turn(seed: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random((groups, 4))
    y = x + rng.random((groups, 4))
    sizes = rng.integers(1, 9, groups).astype(float)

    def covariance(keep: np.ndarray) -> float:
        pairs = [(i, j) for i, j in product(keep, keep) if i != j]
        weight = sum(sizes[i] * sizes[j] for i, j in pairs)
        centred = [means - means.mean(axis=1, keepdims=True) for means in (x, y)]
        return float(sum(sizes[i] * sizes[j] * (centred[0][i] @ centred[1][j]) for i, j in pairs) / weight)

    u, v = (means - means.mean(axis=1, keepdims=True) for means in (x, y))
    found = _covariances(u, v, sizes / sizes.sum())
    every = np.arange(groups)
    assert found[0] == pytest.approx(covariance(every))
    for k in range(groups):
        assert found[1 + k] == pytest.approx(covariance(np.delete(every, k)))


def test_groups_of_other_sizes_weigh_by_their_samples() -> None:
    rng = np.random.default_rng(0)
    human, agent = rng.random((2, 3, 5))
    sizes = np.array([8.0, 8.0, 2.0])
    alpha = np.corrcoef(sizes @ human, sizes @ agent)[0, 1]
    assert aligned(human, agent, sizes).correlation == pytest.approx(alpha)
    alone = aligned(human[:1], agent[:1], sizes[:1])
    assert np.isnan(alone.stderr)
    assert np.all(np.isnan(alone.interval()))


def test_alignment_is_undefined_where_power_is_the_same_everywhere() -> None:
    still = MDP.from_edges({"here": ["here"]})
    assert np.isnan(estimate(JointMDP.of(still), samples=20).alignment.correlation)


def test_a_result_is_written_with_all_that_is_needed_to_make_it_again() -> None:
    result = estimate(JointMDP.of(LINE), 0.9, 0.7, samples=400, seed=3)
    written = json.loads(result.to_json())
    assert written["kind"] == "multiagent-power"
    assert written["human"] == result.human.tolist()
    assert len(written["states"]) == 9
    assert written["alignment"]["interval"] == list(result.alignment.interval())
    assert written["provenance"]["seed"] == 3
    assert written["provenance"]["settings"]["rewards"].startswith("correlation 0.9")
    frame = result.to_frame()
    assert list(frame.columns)[:3] == ["state", "human", "human_stderr"]
    assert len(frame) == 9
    assert result.at(("a", "b"))["agent"].power == result.agent[1]
    with pytest.raises(UnknownNameError, match="no state"):
        result.at("nowhere")
    assert repr(result).startswith("<MultiagentPower: 9 states, discount 0.7, 400 samples")
