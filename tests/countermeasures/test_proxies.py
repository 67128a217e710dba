"""No single proxy: against the whole linear programme over occupancy measures, and bargains done by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from scipy.optimize import linprog

from corrigible.core.errors import InputError, UnknownNameError
from corrigible.countermeasures import Case, case_of, follow
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.countermeasures.proxies import (
    AgreedMean,
    Proxies,
    Terms,
    WorstCase,
    goals_of,
    perturbed,
)
from corrigible.countermeasures.proxies.agreement import agree
from corrigible.worlds import load
from tests.worlds.random_places import RandomPlace, Table, tables


def case_from(table: Table) -> Case:
    return case_of(RandomPlace(table), discount=0.9)


def fork(*gains: tuple[float, ...]) -> tuple[Case, Proxies]:
    """Return one choice, of doing nothing or an action for each row of gains, and proxies that pay the columns."""
    spots = len(gains) + 1
    table = Table(
        rows=(
            tuple([(1.0, i)] for i in range(spots)),
            *([[(1.0, i)]] for i in range(1, spots)),
        ),
        start=[(1.0, 0)],
        ends=frozenset(),
        shown=frozenset(),
        rewards=(0.0,) * spots,
        done=None,
        horizon=1,
    )
    case = case_of(RandomPlace(table), discount=1.0)
    of_spot = np.vstack([np.zeros(len(gains[0])), np.array(gains)]).T
    spot = np.array([state.spot for state in case.mdp.states])
    paid = of_spot[:, spot[case.mdp.successor]] * ~case.mdp.terminal[case.mdp.owner[case.pair]]
    return case, Proxies(
        names=tuple(f"proxy {k}" for k in range(len(paid))),
        paid=paid,
        resting=np.zeros((len(paid), case.mdp.n_states)),
    )


def best_worst_gain(case: Case, proxies: Proxies) -> float:
    """Return the largest worst gain by one linear programme with a variable for each pair and step.

    Returns of proxies are linear in the measure; those of doing nothing and the best ones are programmes too.
    """
    mdp, steps, gamma = case.mdp, case.horizon, case.discount
    pairs, states, count = mdp.n_pairs, mdp.n_states, len(proxies.names)
    chances = case.chances.toarray()
    going = ~case.ends
    flow, limit = np.zeros((steps * states, steps * pairs)), np.zeros(steps * states)
    pay = np.zeros((count, steps * pairs))
    for t in range(steps):
        for pair in range(pairs):
            column, owner = t * pairs + pair, mdp.owner[pair]
            flow[t * states + owner, column] += 1.0
            if t + 1 < steps:
                flow[(t + 1) * states : (t + 2) * states, column] -= chances[pair] * going
            lasting = sum(gamma**j for j in range(steps - t - 1))
            for at in range(mdp.row_offset[pair], mdp.row_offset[pair + 1]):
                after = mdp.successor[at]
                last = gamma * lasting * proxies.resting[:, after] if case.ends[after] else 0.0
                pay[:, column] += gamma**t * mdp.probability[at] * (proxies.paid[:, at] + last)
    limit[:states] = case.start * going
    still = np.tile(np.isin(np.arange(pairs), case.idle), steps)

    def most(gain: np.ndarray, may: np.ndarray) -> float:
        bounds = [(0, None if each else 0) for each in may]
        return -linprog(-gain, A_eq=flow, b_eq=limit, bounds=bounds).fun

    nothing = np.array([most(each, still) for each in pay])
    top = np.array([most(each, np.ones_like(still)) for each in pay]) - nothing
    assume(np.all((top > 1e-6) | (np.abs(top) < 1e-9)))
    unit = np.where(top > 1e-6, top, max(top.max(), 1e-10) if (top > 1e-6).any() else 1.0)
    gains = np.hstack([-pay / unit[:, None], np.ones((count, 1))])
    solved = linprog(
        np.append(np.zeros(steps * pairs), -1.0),
        A_ub=gains,
        b_ub=-nothing / unit,
        A_eq=np.hstack([flow, np.zeros((len(flow), 1))]),
        b_eq=limit,
        bounds=[(0, None)] * (steps * pairs) + [(None, None)],
    )
    return -solved.fun


@settings(max_examples=12, deadline=None)
@given(tables())
def test_the_worst_case_is_that_of_the_whole_linear_programme(table: Table) -> None:
    case = case_from(table)
    proxies = perturbed(case, 2, 0.4, seed=1)
    found = agree(case, proxies, Terms.WORST)
    assert found.value == pytest.approx(best_worst_gain(case, proxies), abs=2e-6)
    assert found.gains.min() == pytest.approx(found.value, abs=1e-9)
    assert np.add.reduceat(found.policy, case.mdp.action_offset[:-1], axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("gains", "worst", "geometric", "arithmetic"),
    [
        # Two that are opposed, and a middle way: taken where it is better than tossing a coin.
        ([(1, 0), (0, 1), (0.6, 0.6)], 0.6, 0.6, 0.6),
        ([(1, 0), (0, 1), (0.4, 0.4)], 0.5, 0.5, 0.5),
        # Two proxies on one side: the Nash bargain gives them two thirds of the time, the worst case a half.
        ([(1, 1, 0), (0, 0, 1)], 0.5, (2 / 3 * 2 / 3 * 1 / 3) ** (1 / 3), 2 / 3),
        # What gains much for one and harms another is no bargain; the arithmetic mean does it.
        ([(1, -0.5), (0.2, 1)], 0.2 + 0.8 * 0.8 / 2.3, None, 0.6),
    ],
)
def test_bargains_done_by_hand(
    gains: list[tuple[float, ...]], worst: float, geometric: float | None, arithmetic: float
) -> None:
    case, proxies = fork(*gains)
    for terms, value in zip(Terms, (worst, geometric, arithmetic), strict=True):
        found = agree(case, proxies, terms)
        assert found.error_bound <= 1e-6
        if value is not None:
            assert found.value == pytest.approx(value, abs=2e-6)


def test_the_nash_bargain_is_the_best_of_a_fine_grid_of_mixtures() -> None:
    case, proxies = fork((1, -0.5), (0.2, 1))
    share = np.linspace(0, 1, 100_001)
    means = np.sqrt(np.maximum((share + 0.2 * (1 - share)) * (-0.5 * share + 1 - share), 0.0))
    assert agree(case, proxies, Terms.GEOMETRIC).value == pytest.approx(means.max(), abs=1e-6)


def test_where_every_gain_is_anothers_loss_nothing_is_done() -> None:
    case, proxies = fork((1, -1), (-1, 1), (1, -3))
    for terms in (Terms.WORST, Terms.GEOMETRIC):
        found = agree(case, proxies, terms)
        assert found.value == pytest.approx(0.0, abs=1e-6)
        assert found.gains == pytest.approx([0.0, 0.0], abs=1e-6)


def test_proxies_that_do_not_differ_are_the_task() -> None:
    case = case_of(load("off-switch").place())
    unheld = follow(NoCountermeasure().conduct(case))
    for measure in (WorstCase(noise=0.0), AgreedMean(noise=0.0), AgreedMean(noise=0.0, mean="arithmetic")):
        assert follow(measure.conduct(case)).paid == pytest.approx(unheld.paid)
        assert measure.agreement(case).value == pytest.approx(1.0)


def test_a_variation_adds_what_the_last_outcome_is_worth_and_nothing_on_the_way() -> None:
    case = case_of(load("off-switch").place(), discount=1.0)
    added = perturbed(case, 2, 0.3, seed=5).paid - case.paid
    face, owner = case.face, case.mdp.owner[case.pair]
    same = face.outcome_index[owner] == face.outcome_index[case.mdp.successor]
    assert not added[0].any()
    assert not added[:, same].any()
    again, other = perturbed(case, 2, 0.3, seed=5).paid, perturbed(case, 2, 0.3, seed=6).paid
    assert np.array_equal(again - case.paid, added)
    assert not np.array_equal(other - case.paid, added)
    # Whichever way one takes between two outcomes, it adds the same.
    worth = np.full(len(face.outcomes), np.nan)
    worth[face.outcome_index[0]] = 0.0
    before, after = face.outcome_index[owner], face.outcome_index[case.mdp.successor]
    for _ in range(case.horizon):
        known = ~np.isnan(worth[before])
        worth[after[known]] = (worth[before] + added[1])[known]
    assert worth[after] - worth[before] == pytest.approx(added[1])


def test_other_goals_of_the_place_can_be_the_proxies() -> None:
    case = case_of(load("off-switch").place())
    found = WorstCase(goals="letters + handover").agreement(case)
    assert found.names == ("pay", "letters", "handover")
    assert found.gains.min() == pytest.approx(found.value, abs=1e-6)
    # Invoices and letters both pay for time: neither is left out, and so neither gets all of it.
    assert 0.3 < found.value < 0.7
    assert goals_of(case, ()).names == ("pay",)
    with pytest.raises(UnknownNameError):
        WorstCase(goals="nonsense").policy(case)


def test_how_many_proxies_differ_decides_how_much_is_done() -> None:
    case = case_of(load("off-switch").place())
    few, many = (WorstCase(noise=1.0, count=n).agreement(case).value for n in (1, 8))
    assert many < few


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: WorstCase(noise=-0.1),
        lambda: WorstCase(count=0),
        lambda: WorstCase(seed=-1),
        lambda: AgreedMean(mean="harmonic"),
    ],
)
def test_what_is_out_of_its_range_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=r"^[^\n]*`[^\n]*$"):
        wrong()


def test_a_measure_at_another_strength_keeps_its_other_parameters() -> None:
    assert WorstCase(count=2, seed=7).at(0.3) == dataclasses.replace(WorstCase(), count=2, seed=7, noise=0.3)
