"""Rewards that are not independent: what every kind of distribution keeps, and the laws of each."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats
from scipy.linalg import expm
from scipy.special import ndtr

from corrigible import MDP
from corrigible.core.errors import DistributionError, UnknownNameError
from corrigible.mdp.textmap import read_map
from corrigible.power import Independent, OneHot, RewardSamples, Table, estimate
from corrigible.power.rewards import laplacian as spectral
from corrigible.power.rewards import smooth as smoothing
from corrigible.power.rewards.factors import Factors
from corrigible.power.rewards.features import Features
from corrigible.power.rewards.laplacian import chebyshev, laplacian
from corrigible.power.rewards.smooth import Smooth
from corrigible.power.rewards.sparse import Sparse
from corrigible.power.rewards.tables import Empirical, named_goals

# Five states: a square of cells with a cell beside it; where one may go is a graph with a loop and an end.
CELLS = MDP.from_edges(
    {
        (0, 0): [(0, 1), (1, 0)],
        (0, 1): [(1, 1)],
        (1, 0): [(1, 1), (0, 0)],
        (1, 1): [(1, 2), (1, 0)],
        (1, 2): [(1, 2)],
    }
)
N = CELLS.n_states
PHI = np.array([[1.0, 0, 2], [0, 1, 0], [0.5, 0.5, -1], [0, 0, 0], [3, 0, 1]])
TABLE = np.arange(3.0 * N).reshape(3, N) % 7
GROUPS = np.array([7, 2, 7, 5, 2])

KINDS = [
    Independent(),
    Independent(stats.norm(1, 2), overrides={(0, 1): stats.expon(), (1, 1): 4}),
    OneHot(),
    Features(PHI),
    Features(PHI, stats.expon()),
    Sparse(2),
    Sparse(0.3, stats.norm(1, 1)),
    Smooth(1.5),
    Smooth(2, math.inf),
    Smooth(1, of=stats.uniform()),
    Factors(),
    Factors([[0, 0, 1, 1, 1], [3, 4, 3, 4, 5], [1, 0, 0, 0, 0]], stats.norm()),
    Empirical(TABLE, [1, 0, 3]),
]
GROUPED = [
    Independent(groups=GROUPS),
    OneHot(groups=GROUPS),
    Features(PHI[:3], groups=GROUPS),
    Sparse(2, groups=GROUPS),
    Sparse(0.5, groups=GROUPS),
    Smooth(2, groups=GROUPS),
    Factors([[0, 0, 1], [1, 2, 1]], groups=GROUPS),
    Table(TABLE[:, :3], groups=GROUPS),
    Empirical(TABLE[:, :3], groups=GROUPS),
]


def drawn(distribution, samples=1000, seed=0, mdp=CELLS):
    return RewardSamples(distribution, mdp, seed).array(samples)


def named(distribution):
    return distribution.describe()[:40]


def root(distribution, mdp=CELLS):
    """The matrix by which independent normal numbers are made rewards."""
    made = distribution.from_uniforms(mdp)
    return made.rewards(ndtr(np.eye(made.dimensions))).T


@pytest.mark.parametrize("distribution", KINDS, ids=named)
def test_a_seed_names_the_samples_and_fewer_are_the_first_of_more(distribution):
    np.testing.assert_array_equal(drawn(distribution, 300)[:100], drawn(distribution, 100))
    assert not np.array_equal(drawn(distribution, 100), drawn(distribution, 100, seed=1))


@pytest.mark.parametrize("distribution", KINDS, ids=named)
def test_rewards_made_of_uniform_numbers_have_the_distribution_that_is_drawn(distribution):
    made = distribution.from_uniforms(CELLS)
    samples = 20_000
    one = drawn(distribution, samples, seed=3)
    other = made.rewards(np.random.default_rng(4).random((samples, made.dimensions)))
    assert other.shape == one.shape
    # Every first and second moment, within five standard errors of the difference.
    pairs = [(one, other), *((one[:, [s]] * one, other[:, [s]] * other) for s in range(N))]
    for drew, mapped in pairs:
        error = np.sqrt((drew.var(axis=0) + mapped.var(axis=0)) / samples)
        assert np.all(np.abs(drew.mean(axis=0) - mapped.mean(axis=0)) <= 5 * error + 1e-12)


@pytest.mark.parametrize("distribution", GROUPED, ids=named)
def test_states_of_a_group_share_their_reward(distribution):
    rewards = drawn(distribution, 3 if distribution.size else 50)
    np.testing.assert_array_equal(rewards[:, [0, 1]], rewards[:, [2, 4]])
    assert not np.array_equal(rewards[:, 0], rewards[:, 1])
    assert np.any(rewards)


def test_only_equal_distributions_are_equal_and_all_survive_pickling():
    everything = [*KINDS, *GROUPED, Table(TABLE), Empirical(TABLE), Smooth(1.5, 3), Sparse(3)]
    assert len({one.describe() for one in everything}) == len(everything)
    for one in everything:
        again = pickle.loads(pickle.dumps(one))
        assert again == one
        np.testing.assert_array_equal(drawn(again, 3), drawn(one, 3))


def test_a_kind_takes_groups_afterwards():
    for one in (*KINDS[3:10], KINDS[-1]):
        assert dataclasses.replace(one, groups=GROUPS).groups is not None


# --- features ---------------------------------------------------------------------------------


def test_a_feature_for_each_state_is_independent_rewards():
    made = Features(np.eye(N), stats.uniform()).from_uniforms(CELLS)
    numbers = np.random.default_rng(0).random((20, N))
    np.testing.assert_array_equal(made.rewards(numbers), Independent().from_uniforms(CELLS).rewards(numbers))


def test_features_weigh_each_row_of_the_matrix_sparse_or_not():
    np.testing.assert_allclose(root(Features(PHI)), PHI, atol=1e-15)
    for form in (sparse.csr_array(PHI), sparse.coo_matrix(PHI), sparse.csc_array(PHI), PHI.tolist()):
        assert Features(form) == Features(PHI)
        np.testing.assert_array_equal(drawn(Features(form)), drawn(Features(PHI)))


def test_scaled_features_scale_power():
    one, other = (estimate(CELLS, Features(scale * PHI), samples=50).power for scale in (1, 4))
    np.testing.assert_allclose(other, 4 * one, rtol=1e-12)


def test_features_are_copied():
    phi = PHI.copy()
    distribution = Features(phi)
    phi[:] = 9
    assert distribution == Features(PHI)


# --- smooth -----------------------------------------------------------------------------------


def slow_kernel(distribution, mdp):
    """K from the definition: a dense Laplacian, and matrix functions of SciPy's."""
    n = mdp.n_states
    graph = np.zeros((n, n))
    for state in range(n):
        for pair in mdp.pairs(state):
            for _, other in mdp.row(pair):
                if other != state:
                    graph[state, other] = graph[other, state] = 1
    graph = np.diag(graph.sum(axis=1)) - graph
    length, smoothness = distribution.length_scale, distribution.smoothness
    if math.isinf(smoothness):
        kernel = expm(-(length**2) / 2 * graph)
    else:
        inverse = np.linalg.inv(np.eye(n) * 2 * smoothness / length**2 + graph)
        kernel = np.linalg.matrix_power(inverse, int(smoothness))
    spread = np.sqrt(np.diag(kernel))
    return kernel / spread / spread[:, None]


@pytest.mark.parametrize("distribution", [Smooth(1.5, 1), Smooth(3), Smooth(0.7, 3), Smooth(2, math.inf)])
def test_smooth_rewards_have_the_correlations_of_the_kernel(distribution):
    made = root(distribution)
    np.testing.assert_allclose(made @ made.T, slow_kernel(distribution, CELLS), atol=1e-12)


@given(
    st.integers(1, 7).flatmap(
        lambda n: st.tuples(
            st.lists(
                st.lists(st.integers(0, n - 1), min_size=1, max_size=3, unique=True), min_size=n, max_size=n
            ),
            st.lists(st.integers(-2, 2), min_size=n, max_size=n),
        )
    ),
    st.sampled_from([Smooth(0.5), Smooth(3, 1), Smooth(1, math.inf)]),
)
@settings(max_examples=25, deadline=None)
def test_the_graph_of_groups_joins_those_between_which_an_action_leads(model, distribution):
    successors, groups = model
    mdp = MDP.from_edges(dict(enumerate(successors)))
    # The same graph as a model of its own, with a state for each group.
    joined = {group: {group} for group in sorted(set(groups))}
    for state, following in enumerate(successors):
        joined[groups[state]] |= {groups[other] for other in following}
    whole = slow_kernel(distribution, MDP.from_edges({one: sorted(others) for one, others in joined.items()}))
    made = root(dataclasses.replace(distribution, groups=np.array(groups)), mdp)
    member = np.unique(groups, return_inverse=True)[1]
    np.testing.assert_allclose(made @ made.T, whole[np.ix_(member, member)], atol=1e-10)


def test_tiny_lengths_give_independent_rewards_and_long_ones_the_same_everywhere():
    islands = MDP.from_edges({"a": ["b"], "b": ["b"], "c": ["d"], "d": ["c"]})
    np.testing.assert_allclose(root(Smooth(1e-6), islands), np.eye(4), atol=1e-9)
    far = root(Smooth(1e6), islands)
    np.testing.assert_allclose(far @ far.T, np.kron(np.eye(2), np.ones((2, 2))), atol=1e-6)


def test_other_marginals_keep_the_order_of_the_gaussian_ones():
    gaussian, uniform = drawn(Smooth(2), 4000), drawn(Smooth(2, of=stats.uniform()), 4000)
    np.testing.assert_allclose(uniform, ndtr(gaussian), atol=1e-15)
    assert all(stats.kstest(uniform[:, state], "uniform").pvalue > 1e-4 for state in range(N))


@pytest.fixture
def large(monkeypatch):
    """All models are large."""
    smoothing._field.cache_clear()
    monkeypatch.setattr(smoothing, "DENSE", 0)
    yield
    smoothing._field.cache_clear()


@pytest.mark.parametrize("exact", [1000, 0])
@pytest.mark.parametrize("distribution", [Smooth(2), Smooth(1.3, 0.5), Smooth(3, math.inf)])
def test_large_models_have_the_same_correlations_and_the_same_variance(
    large, monkeypatch, distribution, exact
):
    monkeypatch.setattr(spectral, "EXACT", exact)
    grid = read_map("S....\n.#...\n...#.\n..##.\n").mdp
    made = root(distribution, grid)
    spread = np.linalg.norm(made, axis=1)
    np.testing.assert_allclose(
        (made @ made.T) / spread / spread[:, None], kernel(distribution, grid), atol=1e-8
    )
    # Exact, or from so many probes that one standard error of a spread is 1/16.
    assert np.all(np.abs(spread - 1) < (1e-8 if exact else 5 / 16))


def kernel(distribution, mdp):
    """From eigenvectors, for any smoothness; the tests above compare that with the definition."""
    value, vector = np.linalg.eigh(laplacian(mdp).toarray())
    found = (vector * distribution.filter(np.maximum(value, 0)) ** 2) @ vector.T
    spread = np.sqrt(np.diag(found))
    return found / spread / spread[:, None]


def test_a_length_too_long_for_a_large_model_is_refused(large):
    with pytest.raises(DistributionError, match=r"length scale `1000000\.0` is too long for 5 states"):
        Smooth(1e6).bind(CELLS)


def test_a_polynomial_of_a_graph_without_edges_is_a_number():
    apart = laplacian(MDP.from_edges({"a": ["a"], "b": ["b"]}))
    apply = chebyshev(apart, lambda x: np.exp(-x) * 3)
    assert apply is not None
    np.testing.assert_array_equal(apply(np.ones((2, 4))), np.full((2, 4), 3))


# --- sparse -----------------------------------------------------------------------------------


def test_exactly_so_many_states_have_a_reward():
    rewards = drawn(Sparse(3, stats.norm(5, 0.1)), 500)
    np.testing.assert_array_equal(np.count_nonzero(rewards, axis=1), 3)
    np.testing.assert_array_equal(np.count_nonzero(drawn(Sparse(N), 50), axis=1), N)


def test_or_each_state_has_one_with_a_probability():
    rewards = drawn(Sparse(0.2, stats.norm(5, 0.1)), 4000)
    share = np.mean(rewards != 0, axis=0)
    assert np.all(np.abs(share - 0.2) < 5 * math.sqrt(0.2 * 0.8 / 4000))
    assert np.abs(np.corrcoef(rewards.T) - np.eye(N)).max() < 0.1


# --- factors ----------------------------------------------------------------------------------


def test_factors_are_read_from_tuples_and_from_dataclasses():
    @dataclasses.dataclass(frozen=True)
    class Cell:
        row: int
        column: str

    cells = [Cell(row, str(column)) for row, column in CELLS.states]
    other = MDP.from_edges({cells[0]: [cells[1]], **{one: [one] for one in cells[1:]}})
    np.testing.assert_array_equal(drawn(Factors(), 20, mdp=other), drawn(Factors(), 20))
    parts = Factors(np.array(CELLS.states).T)
    np.testing.assert_array_equal(drawn(parts, 20), drawn(Factors(), 20))


# --- tables -----------------------------------------------------------------------------------


def test_rows_are_drawn_as_often_as_they_weigh():
    made = Empirical(TABLE, [1, 0, 3]).from_uniforms(CELLS)
    rewards = made.rewards((np.arange(8)[:, None] + 0.5) / 8)
    np.testing.assert_array_equal(rewards, TABLE[[0, 0, 2, 2, 2, 2, 2, 2]])
    np.testing.assert_array_equal(made.rewards(np.array([[1 - 2.0**-53]])), TABLE[[2]])


def test_draws_from_a_table_tend_to_its_mean():
    exact = estimate(CELLS, Table(TABLE))
    sampled = estimate(CELLS, Empirical(TABLE), samples=4000)
    assert sampled.provenance.seed == 0
    assert exact.provenance.seed is None
    assert np.all(np.abs(sampled.power - exact.power) < 5 * sampled.stderr)


def test_named_goals_are_a_table():
    goals = named_goals(CELLS, {"far": {(1, 2): 1}, "near": {(0, 0): 0.5, (0, 1): -1}})
    assert goals == Table([[0, 0, 0, 0, 1], [0.5, -1, 0, 0, 0]])


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Features([1, 2, 3]), r"shape `\(3,\)`"),
        (lambda: Features([[]]), "shape"),
        (lambda: Features([["a"]]), "not an array of numbers"),
        (lambda: Features([[0, 1], [np.nan, 0]]), "feature 0 of state 1 is `nan`"),
        (lambda: Features(PHI, stats.cauchy()), "weights of the features are `cauchy.*no finite mean"),
        (lambda: Features(PHI[:2]).bind(CELLS), r"shape `\(2, 3\)`; there are 5 states, so give \(5, 3\)"),
        (lambda: Features(PHI, groups=GROUPS).from_uniforms(CELLS), "3 groups of states"),
        (lambda: Sparse(0), "number of goals `0`"),
        (lambda: Sparse(2.5), "number of goals `2.5`"),
        (lambda: Sparse(True), "number of goals `True`"),
        (lambda: Sparse(float("nan")), "number of goals `nan`"),
        (lambda: Sparse(1, stats.levy()), "no finite mean"),
        (lambda: Sparse(6).bind(CELLS), "`6` is too large; there are 5 states"),
        (lambda: Sparse(4, groups=GROUPS).bind(CELLS), "there are 3 groups"),
        (lambda: Smooth(0), "length scale `0`"),
        (lambda: Smooth(math.inf), "length scale `inf`"),
        (lambda: Smooth(1, -1), "smoothness `-1`"),
        (lambda: Smooth(1, math.nan), "smoothness `nan`"),
        (lambda: Smooth(1, of=stats.cauchy()), "no finite mean"),
        (lambda: Factors([[0, 1], [0]]), "different lengths"),
        (lambda: Factors([[0.5, 1]]), "type `float64`"),
        (lambda: Factors([[0, 1]]).bind(CELLS), r"give one a state: \(1, 5\)"),
        (lambda: Factors(groups=GROUPS).bind(CELLS), "groups of states have no labels"),
        (lambda: Factors().bind(MDP.from_edges({"a": ["a"]})), "label `a`"),
        (lambda: Factors().bind(MDP.from_edges({(0, 1): [(0,)], (0,): [(0,)]})), r"label `\(0,\)`"),
        (lambda: Empirical(TABLE, [1, 2]), r"weights have shape `\(2,\)`; give one a row: \(3,\)"),
        (lambda: Empirical(TABLE, [1, -2, 0]), "weights hold `-2`"),
        (lambda: Empirical(TABLE, [0, 0, 0]), "weights are all `0`"),
        (lambda: Empirical(TABLE, ["a", 1, 2]), "not numbers"),
        (lambda: Empirical(TABLE[:, :2]).bind(CELLS), "5 states"),
        (lambda: Table(TABLE, groups=GROUPS).bind(CELLS), r"3 groups of states, so give \(samples, 3\)"),
        (lambda: named_goals(CELLS, {}), "no goals"),
        (lambda: named_goals(CELLS, {"odd": {(0, 0): math.inf}}), "goal `odd`.*`inf`"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, says):
    with pytest.raises(DistributionError, match=says):
        make()


def test_a_goal_on_no_state_is_refused():
    with pytest.raises(UnknownNameError):
        named_goals(CELLS, {"lost": {(9, 9): 1}})


@pytest.mark.parametrize(
    "distribution",
    [Features(PHI, stats.pareto(1.5)), Sparse(1, stats.pareto(1.5)), Factors(of=stats.pareto(1.5))],
)
def test_infinite_variance_is_said(distribution):
    assert not distribution.finite_variance
    assert np.all(np.isnan(estimate(CELLS, distribution, samples=10).stderr))
