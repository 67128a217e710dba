"""Mild optimisation: the rules put on every state, against the same rules put on one state after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import InputError
from corrigible.countermeasures import Case, case_of, plan
from corrigible.countermeasures.following import expected
from corrigible.countermeasures.mild import BestOf, Boltzmann, Quantiliser, Satisficer, cost_bound
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.countermeasures.planning import stationary
from corrigible.power.tendency import choosers
from tests.worlds.random_places import RandomPlace, Table, tables

few = settings(max_examples=20, deadline=None)
RULES = (
    choosers.Quantiliser(0.3),
    choosers.Quantiliser(1),
    choosers.BestOf(3),
    choosers.Boltzmann(0.7),
    choosers.Satisficer(2),
)


def case_from(table: Table) -> Case:
    return case_of(RandomPlace(table), discount=0.9)


def least_and_most(case: Case, t: int, state: int) -> tuple[float, float]:
    """Return the least and the largest return from a state on, by looking at every plan."""
    if case.ends[state] or t == case.horizon:
        lasting = sum(case.discount**k for k in range(case.horizon - t)) * case.resting[state]
        return (lasting, lasting) if case.ends[state] else (0.0, 0.0)
    worth = values_at(case, t, state)
    return min(low for low, _ in worth), max(high for _, high in worth)


def values_at(case: Case, t: int, state: int) -> list[tuple[float, float]]:
    """Return for each action the least and the largest return after it."""
    mdp, found = case.mdp, []
    for pair in range(mdp.action_offset[state], mdp.action_offset[state + 1]):
        low = high = 0.0
        for at in range(mdp.row_offset[pair], mdp.row_offset[pair + 1]):
            after = least_and_most(case, t + 1, int(mdp.successor[at]))
            low += mdp.probability[at] * (case.paid[at] + case.discount * after[0])
            high += mdp.probability[at] * (case.paid[at] + case.discount * after[1])
        found.append((low, high))
    return found


@few
@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_rule_on_many_choices_is_the_rule_on_each(utilities: list[list[int]]) -> None:
    offset = np.cumsum([0, *(len(each) for each in utilities)])
    flat = np.array([float(u) for each in utilities for u in each])
    options = choosers.grouped(flat, offset)
    for rule in RULES:
        one_by_one = [float(p) for each in utilities for p in rule.probabilities(each)]
        assert rule.grouped(options) == pytest.approx(one_by_one, abs=1e-12)


@settings(max_examples=8, deadline=None)
@given(tables())
def test_each_measure_is_its_rule_on_the_values_of_all_plans(table: Table) -> None:
    case = case_from(table)
    starts = [least_and_most(case, 0, s) for s in range(case.mdp.n_states)]
    span = sum(p * (most - least) for p, (least, most) in zip(case.start, starts, strict=True)) or 1.0
    policies = {m: m.policy(case) for m in (Quantiliser(0.4), BestOf(2), Boltzmann(0.5), Satisficer(0.6))}
    for t in range(case.horizon):
        for state in range(case.mdp.n_states):
            if case.ends[state] or case.mdp.states[state].time != t:
                continue
            worth = [round(high, 9) for _, high in values_at(case, t, state)]
            low, high = least_and_most(case, t, state)
            rules = (
                choosers.Quantiliser(0.4),
                choosers.BestOf(2),
                choosers.Boltzmann(0.5 * span),
                choosers.Satisficer(low + 0.6 * (high - low) - 1e-8),
            )
            begin, end = case.mdp.action_offset[state : state + 2]
            for policy, rule in zip(policies.values(), rules, strict=True):
                wanted = [float(p) for p in rule.probabilities(worth)]
                assert policy[t, begin:end] == pytest.approx(wanted, abs=1e-6)


@few
@given(tables(), st.sampled_from((0.25, 0.5, 0.8, 1.0)))
def test_no_cost_grows_beyond_the_bound_of_a_quantiliser(table: Table, share: float) -> None:
    case = case_from(table)
    cost = case.unauthorised.astype(float)
    base = stationary(case, 1.0 / np.diff(case.mdp.action_offset)[case.mdp.owner])
    paid = expected(case, Quantiliser(share).policy(case), cost, 1.0)
    assert paid <= cost_bound(share, expected(case, base, cost, 1.0), choices=case.horizon) + 1e-9


@pytest.mark.parametrize("mildest", [Quantiliser(1.0), BestOf(1), Satisficer(0.0)])
@few
@given(table=tables())
def test_at_one_end_of_its_dial_it_is_the_base(mildest: Quantiliser, table: Table) -> None:
    case = case_from(table)
    base = 1.0 / np.diff(case.mdp.action_offset)[case.mdp.owner]
    going = ~case.ends[case.mdp.owner]
    assert mildest.policy(case)[:, going] == pytest.approx(stationary(case, base)[:, going])


@pytest.mark.parametrize("keenest", [Quantiliser(0.01), Satisficer(1.0)])
@few
@given(table=tables())
def test_at_the_other_end_it_is_the_maximiser(keenest: Quantiliser, table: Table) -> None:
    case = case_from(table)
    best = NoCountermeasure().conduct(case).policy
    assert keenest.policy(case)[:, ~case.ends[case.mdp.owner]] == pytest.approx(
        best[:, ~case.ends[case.mdp.owner]]
    )


@few
@given(tables())
def test_more_draws_and_less_heat_earn_more(table: Table) -> None:
    case = case_from(table)
    best = plan(case)
    worth = np.where(case.ends[case.mdp.owner], 0.0, best.action_values)

    def earned(policy: np.ndarray) -> np.ndarray:
        return np.add.reduceat(policy * worth, case.mdp.action_offset[:-1], axis=1)

    assert np.all(earned(BestOf(8).policy(case)) >= earned(BestOf(2).policy(case)) - 1e-12)
    assert np.all(earned(Boltzmann(0.1).policy(case)) >= earned(Boltzmann(1.0).policy(case)) - 1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Quantiliser(0.0),
        lambda: Quantiliser(1.5),
        lambda: BestOf(0),
        lambda: BestOf(2.5),  # type: ignore[arg-type]
        lambda: Satisficer(-0.1),
        lambda: Boltzmann(0.0),
        lambda: Boltzmann(float("nan")),
        lambda: cost_bound(0.5, -1.0),
        lambda: cost_bound(0.0, 1.0),
        lambda: cost_bound(0.5, 1.0, choices=0),
    ],
)
def test_a_parameter_out_of_its_range_is_refused_in_one_line(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=r"^the [^\n]*`[^\n]*$"):
        wrong()
