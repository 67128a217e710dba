"""p-values: against textbooks, against the libraries' slower tests, and against what they promise."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test
from statsmodels.stats.contingency_tables import mcnemar

from corrigible.core.significance import holm, paired_p

Pairs = list[tuple[bool, bool]]

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=4)
goals = st.lists(pairs, min_size=1, max_size=7).filter(any)


def table(both: int, here: int, there: int, neither: int) -> list[Pairs]:
    """One pair a goal."""
    cells = [(True, True)] * both + [(True, False)] * here + [(False, True)] * there
    return [[pair] for pair in cells + [(False, False)] * neither]


def nets(*differences: int) -> list[Pairs]:
    """Goals in which that many more pairs show the behaviour in the world alone."""
    return [[(d > 0, d < 0)] * max(abs(d), 1) for d in differences]


# --- one effect -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "p"), [((1, 1, 7, 12), 0.0703), ((59, 6, 16, 80), 0.0525)], ids=["airways", "complaints"]
)
def test_one_pair_a_goal_gives_the_published_exact_mcnemar_test(
    counts: tuple[int, int, int, int], p: float
) -> None:
    # Fagerland, Lydersen and Laake, The McNemar test for binary matched-pairs data (2013), examples.
    assert paired_p(table(*counts)) == pytest.approx(p, abs=5e-5)


@given(st.tuples(*[st.integers(0, 40)] * 4).filter(any))
def test_one_pair_a_goal_agrees_with_statsmodels(counts: tuple[int, int, int, int]) -> None:
    a, b, c, d = counts
    expected = min(1.0, mcnemar([[a, b], [c, d]], exact=True).pvalue)
    assert paired_p(table(*counts)) == pytest.approx(expected, rel=1e-9)


def test_darwins_maize_gives_the_number_that_fisher_counted() -> None:
    # R. A. Fisher, The Design of Experiments, section 21: 863 of 2^15 sums reach 314, on each side.
    differences = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)
    assert sum(differences) == 314
    assert paired_p(nets(*differences)) == pytest.approx(2 * 863 / 2**15, rel=1e-12)


@given(goals)
@settings(max_examples=40, deadline=None)
def test_the_p_value_is_the_share_of_sign_flips_that_reach_as_far(goals: list[Pairs]) -> None:
    net = [sum(a - b for a, b in pairs) for pairs in goals]
    sums = [
        sum(s * n for s, n in zip(signs, net, strict=True)) for signs in product((1, -1), repeat=len(net))
    ]
    assert paired_p(goals) == pytest.approx(np.mean([abs(s) >= abs(sum(net)) for s in sums]))


def test_goals_of_equal_size_agree_with_scipys_permutation_test_of_their_mean_differences() -> None:
    rng = np.random.default_rng(2)
    shown = rng.random((11, 5, 2)) < [0.6, 0.3]
    here, there = shown.mean(axis=1).T
    found = permutation_test(
        (here, there),
        lambda x, y, axis: np.round(np.mean(x - y, axis=axis), 12),
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**11,
    )
    assert paired_p([[(bool(a), bool(b)) for a, b in goal] for goal in shown]) == pytest.approx(found.pvalue)


def test_where_no_goal_differs_the_p_value_is_one() -> None:
    assert paired_p(table(5, 0, 0, 5)) == 1
    assert paired_p([[(True, False), (False, True)]] * 8) == 1


@pytest.mark.parametrize("epochs", [1, 7, 1000])
def test_a_single_goal_is_never_evidence(epochs: int) -> None:
    assert paired_p(nets(epochs)) == 1


@pytest.mark.parametrize("epochs", [1, 7])
def test_epochs_alone_add_no_evidence_where_goals_are_all_alike(epochs: int) -> None:
    assert paired_p(nets(*[epochs] * 6)) == 2**-5


def test_the_p_value_of_very_many_goals_is_small_but_never_zero() -> None:
    assert 0 < paired_p(nets(*[1] * 3000)) < 1e-300
    assert paired_p(nets(*[20] * 200)) == pytest.approx(2.0**-199)


@given(goals, st.randoms())
def test_neither_order_nor_empty_goals_nor_the_side_matter(goals: list[Pairs], rng: object) -> None:
    p = paired_p(goals)
    shuffled = [*goals, []]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert 0 < p <= 1
    assert paired_p(shuffled) == pytest.approx(p)
    assert paired_p([[(b, a) for a, b in pairs] for pairs in goals]) == pytest.approx(p)


@pytest.mark.parametrize("none", [[], [[], []]])
def test_a_p_value_of_no_pairs_is_refused(none: list[Pairs]) -> None:
    with pytest.raises(ValueError, match="at least one pair"):
        paired_p(none)


def test_without_an_effect_few_p_values_are_small_however_alike_the_pairs_of_a_goal() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(400):
        share = rng.beta(0.15, 0.35, size=(9, 2))[:, None, :]
        shown = rng.random((9, 10, 2)) < share
        found.append(paired_p([[(bool(a), bool(b)) for a, b in goal] for goal in shown]))
    assert np.mean(np.array(found) <= 0.05) <= 0.065
    # McNemar's test on the pairs, as though they were independent, is wrong far more often.
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(100):
        share = rng.beta(0.15, 0.35, size=(9, 2))[:, None, :]
        first, second = (rng.random((9, 10, 2)) < share).reshape(-1, 2).T
        b, c = np.sum(first & ~second), np.sum(second & ~first)
        wrong += mcnemar([[0, b], [c, 0]], exact=True).pvalue <= 0.05
    assert wrong / 100 > 0.3


# --- many effects -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "adjusted"),
    [
        # The worked example in the article on the Holm-Bonferroni method in Wikipedia.
        ((0.01, 0.04, 0.03, 0.005), (0.03, 0.06, 0.06, 0.02)),
        # R: p.adjust((1:5)/100, "holm").
        ((0.01, 0.02, 0.03, 0.04, 0.05), (0.05, 0.08, 0.09, 0.09, 0.09)),
        ((0.7,), (0.7,)),
        ((0.6, 0.7), (1.0, 1.0)),
    ],
)
def test_holm_gives_the_published_values(given_: tuple[float, ...], adjusted: tuple[float, ...]) -> None:
    assert holm(given_) == pytest.approx(adjusted)


@given(st.lists(st.none() | st.floats(0, 1), max_size=12))
@settings(max_examples=8, deadline=None)
def test_what_was_not_scored_stays_so_and_does_not_count(values: list[float | None]) -> None:
    adjusted = holm(values)
    assert [p is None for p in adjusted] == [p is None for p in values]
    known = [p for p in values if p is not None]
    expected, least = [0.0] * len(known), 0.0
    for rank, i in enumerate(sorted(range(len(known)), key=known.__getitem__)):
        least = max(least, min(1.0, (len(known) - rank) * known[i]))
        expected[i] = least
    assert [p for p in adjusted if p is not None] == pytest.approx(expected)
    assert all(q >= p for p, q in zip(values, adjusted, strict=True) if p is not None and q is not None)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is not a p-value"):
        holm([0.5, value])
