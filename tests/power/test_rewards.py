"""What is drawn, from which stream, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from corrigible import MDP
from corrigible.core.errors import DistributionError, OptionError, UnknownNameError
from corrigible.power import Independent, OneHot, RewardSamples, Table, parse_rewards
from corrigible.power.rewards.contract import chunk_rows

PATH = MDP.from_edges({"a": ["a", "b"], "b": ["b", "c"], "c": ["c"]})


def drawn(distribution, samples=1000, seed=0):
    return RewardSamples(distribution, PATH, seed).array(samples)


def test_the_default_is_uniform_on_the_unit_interval():
    rewards = drawn(Independent(), 5000)
    assert rewards.shape == (5000, 3)
    assert stats.kstest(rewards.ravel(), "uniform").pvalue > 1e-3
    assert np.abs(np.corrcoef(rewards.T) - np.eye(3)).max() < 0.06


def test_a_seed_gives_the_same_rewards_and_another_gives_others():
    np.testing.assert_array_equal(drawn(Independent(), seed=7), drawn(Independent(), seed=7))
    assert not np.array_equal(drawn(Independent(), seed=7), drawn(Independent(), seed=8))


@pytest.mark.parametrize("distribution", [Independent(), Independent(stats.gamma(2.5)), OneHot()])
def test_fewer_samples_are_the_first_of_more(distribution):
    np.testing.assert_array_equal(drawn(distribution, 300)[:100], drawn(distribution, 100))


def test_a_chunk_can_be_drawn_by_itself():
    samples = RewardSamples(Independent(), PATH, 3)
    whole = samples.array(4 * samples.rows)
    np.testing.assert_array_equal(samples.chunk(2), whole[2 * samples.rows : 3 * samples.rows])


def test_chunks_are_powers_of_two_and_fit_the_solvers():
    for states in (1, 3, 64, 1000, 90_000, 10**6, 10**8):
        rows = chunk_rows(states)
        assert 8 <= rows <= 256
        assert rows & (rows - 1) == 0


def test_overrides_change_only_their_state():
    plain = drawn(Independent())
    other = drawn(Independent(overrides={"b": stats.norm(5, 1), "c": -1}))
    np.testing.assert_array_equal(plain[:, 0], other[:, 0])
    assert abs(other[:, 1].mean() - 5) < 0.2
    np.testing.assert_array_equal(other[:, 2], -1)


def test_states_of_a_group_share_their_reward():
    rewards = drawn(Independent(groups=np.array([4, -1, 4])))
    np.testing.assert_array_equal(rewards[:, 0], rewards[:, 2])
    assert not np.array_equal(rewards[:, 0], rewards[:, 1])


def test_an_override_holds_for_its_group():
    rewards = drawn(Independent(groups=np.array([0, 1, 0]), overrides={"c": 2}))
    np.testing.assert_array_equal(rewards[:, [0, 2]], 2)


def test_contradicting_overrides_in_a_group_are_refused():
    distribution = Independent(groups=np.array([0, 1, 0]), overrides={"a": 1, "c": 2})
    with pytest.raises(DistributionError, match="contradicts"):
        distribution.bind(PATH)


def test_one_hot_rewards_one_state_each_equally_often():
    rewards = drawn(OneHot(), 3000)
    np.testing.assert_array_equal(rewards.sum(axis=1), 1)
    assert np.abs(rewards.mean(axis=0) - 1 / 3).max() < 0.05


def test_one_hot_on_groups_rewards_all_of_a_group():
    rewards = drawn(OneHot(groups=np.array([0, 1, 0])), 2000)
    np.testing.assert_array_equal(rewards[:, 0], rewards[:, 2])
    assert abs(rewards[:, 1].mean() - 0.5) < 0.06


def test_a_table_is_used_in_its_order_and_left_writable():
    table = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(drawn(Table(table), 4), table)
    table[0, 0] = 5


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Independent(stats.cauchy()), "no finite mean"),
        (lambda: Independent(stats.levy()), "no finite mean"),
        (lambda: Independent(stats.beta(-1, 2)), "no finite mean"),
        (lambda: Independent(overrides={"a": stats.cauchy()}), "state `a`"),
        (lambda: Independent(overrides={"a": float("nan")}), "nan"),
        (lambda: Independent(0.5), "not a frozen"),
        (lambda: Independent(stats.norm), "not a frozen"),
        (lambda: Independent(stats.norm([0, 1])), "array of distributions"),
        (lambda: Independent(groups=np.array([0.5, 1, 2])), "whole number"),
        (lambda: Table([[1, 2, np.inf]]), "state 2 in sample 0"),
        (lambda: Table("abc"), "not an array"),
        (lambda: Table(np.zeros((0, 3))), "shape"),
        (lambda: Table(np.zeros((2, 2))).bind(PATH), "3 states"),
        (lambda: Independent(groups=np.array([0, 1])).bind(PATH), "shape `\\(2,\\)`"),
    ],
)
def test_rewards_that_cannot_be_drawn_are_refused(make, says):
    with pytest.raises(DistributionError, match=says):
        make()


def test_an_override_of_no_state_suggests_the_nearest():
    mdp = MDP.from_edges({"kitchen": ["kitchen"]})
    with pytest.raises(UnknownNameError, match="did you mean `kitchen`"):
        Independent(overrides={"kichen": 1}).bind(mdp)


def test_a_table_has_no_more_samples_than_rows():
    with pytest.raises(OptionError, match="the table has 4"):
        drawn(Table(np.zeros((4, 3))), 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("uniform", "independent uniform on [0, 1] per state"),
        ("uniform(0, 1)", "independent uniform on [0, 1] per state"),
        (" uniform(2,5) ", "independent uniform on [2, 7] per state"),
        ("norm(0,1)", "independent norm(0, 1) per state"),
        ("norm(-1e-1, 2)", "independent norm(-0.1, 2) per state"),
        ("expon(scale=2)", "independent expon(scale=2) per state"),
        ("randint(0, 10)", "independent randint(0, 10) per state"),
        ("norm", "independent norm() per state"),
        ("one-hot", "one-hot per state"),
    ],
)
def test_text_names_a_distribution(text, words):
    assert parse_rewards(text).describe() == words


def test_an_unknown_distribution_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean `norm`"):
        parse_rewards("nrm(0, 1)")


@pytest.mark.parametrize("text", ["", "norm(", "norm(x)", "norm(True)", "1 + 1", "a.b(2)", "norm(*[0, 1])"])
def test_text_that_cannot_be_read_is_refused_with_an_example(text):
    with pytest.raises(DistributionError, match="write for example"):
        parse_rewards(text)


@pytest.mark.parametrize("text", ["beta(2)", "norm(0, 1, 2)", "norm(width=2)"])
def test_parameters_that_do_not_fit_are_refused_with_their_names(text):
    with pytest.raises(DistributionError, match=r"takes: .*loc, scale"):
        parse_rewards(text)


def test_equal_distributions_are_equal():
    assert parse_rewards("beta(2, 5)") == Independent(stats.beta(2, 5))
    assert Independent(stats.beta(2, 5)) != Independent(stats.beta(2, 6))
    assert Independent() != OneHot()
    assert len({Independent(), Independent(), OneHot()}) == 2


def test_distributions_of_the_users_own_are_told_apart():
    def histogram(counts):
        return stats.rv_histogram((np.array(counts), np.array([0.0, 1.0, 2.0])), density=False).freeze()

    one, other = Independent(histogram([1, 3])), Independent(histogram([3, 1]))
    assert one != other
    assert 1.1 < drawn(one).mean() < 1.4
