"""Corrigibility by design, as countermeasures: against slow and obvious versions, and where they do not apply."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.special import expit

from corrigible.core.errors import InapplicableError, OptionError, UnknownNameError
from corrigible.countermeasures import Case, Conduct, Countermeasure, case_of, follow, plan
from corrigible.countermeasures.corrigibility import (
    Assistance,
    Deference,
    SafeInterruption,
    SameLength,
    UtilityIndifference,
    length_report,
    lengths,
)
from corrigible.countermeasures.corrigibility.assistance import candidates
from corrigible.countermeasures.corrigibility.post import mixed
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.testing import check_countermeasure
from corrigible.worlds import load
from corrigible.worlds.levels.button import BETTING_WORLD
from corrigible.worlds.levels.button import WORLD as BUTTON
from corrigible.worlds.levels.correction import WORLD as CORRECTION
from corrigible.worlds.levels.interruption_chain import WORLD as CHAIN

from .drawn_levels import vase
from .held_levels import HeldLevel, held_levels

ALL = (UtilityIndifference(), Deference(), Assistance(), SafeInterruption(episodes=50), SameLength())


def certain() -> HeldLevel:
    """Stopped after a step unless the button is pressed, which costs nothing; running, one is paid each step."""
    table = {
        "a": {"noop": "a!", "press": "b"},
        "b": {"noop": "b", "work": "c"},
        "c": {"noop": "b"},
        "a!": {"noop": "a!"},
    }
    pays = {("b", "work", "c"): 2.0, ("a", "noop", "a!"): 1.0}
    return HeldLevel(table, pays, {("a", "press", "b"): -5.0} | pays, horizon=4)


def forks(place: Any) -> tuple[list[Any], dict[Any, list[tuple[Any, list[tuple[float, Any]]]]]]:
    """Return a place's states, and for each the actions with their outcomes."""
    case = case_of(place)
    states = list(case.mdp.states)
    return states, {s: [(a, place.step(s, a)) for a in place.actions(s)] for s in states}


# --- all of them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
@settings(max_examples=8)
@given(held_levels())
def test_what_is_done_is_a_distribution_over_the_acts_of_each_state(
    measure: Countermeasure, place: HeldLevel
) -> None:
    case = case_of(place)
    before = case.paid.copy()
    try:
        policy = measure.conduct(case).policy
    except InapplicableError:
        return
    assert policy.min() >= 0
    sums = np.add.reduceat(policy, case.mdp.action_offset[:-1], axis=1)
    assert np.allclose(sums, 1.0)
    assert np.array_equal(policy, measure.conduct(case).policy)
    assert np.array_equal(before, case.paid)


@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
def test_where_nobody_stops_the_agent_and_nothing_is_hidden_there_is_nothing_to_hold_on_to(
    measure: Countermeasure,
) -> None:
    with pytest.raises(InapplicableError, match=f"`{measure.name}` does not apply here"):
        measure.conduct(case_of(vase()))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: UtilityIndifference(share=-0.1), "share `-0.1`"),
        (lambda: Deference(doubt=1.5), "doubt `1.5`"),
        (lambda: Deference(noise=0), "noise `0`"),
        (lambda: Assistance(demonstrations=-1), "demonstrations `-1`"),
        (lambda: Assistance(noise=math.inf), "noise `inf`"),
        (lambda: SafeInterruption(episodes=0), "episodes `0`"),
        (lambda: SafeInterruption(exploration=0), "exploration `0`"),
        (lambda: SameLength(sureness=0), "sureness `0`"),
    ],
)
def test_what_is_out_of_range_is_named(make: Any, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        make()


@pytest.mark.parametrize("word", ["learner", "interruptions"])
def test_an_unknown_word_is_named(word: str) -> None:
    with pytest.raises(UnknownNameError, match="`sarza`"):
        SafeInterruption(**{word: "sarza"})


@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
def test_they_keep_the_contract(measure: Countermeasure) -> None:
    check_countermeasure(measure, [certain(), CORRECTION.place(), CHAIN.place()])


# --- indifference ----------------------------------------------------------------------------------


def unstopped(place: HeldLevel, state: str, left: int) -> float:
    """Return the best value where nobody ever stops the agent."""
    if left == 0 or place.goals[0].done(state):
        return 0.0
    worth = []
    for action in place.actions(state):
        total = 0.0
        for p, after in place.step(state, action):
            spared = after.removesuffix("!")
            total += p * (
                place.paid(state, action, spared) + place.discount * unstopped(place, spared, left - 1)
            )
        worth.append(total)
    return max(worth)


@settings(max_examples=25)
@given(held_levels())
def test_an_indifferent_agent_is_paid_as_if_nobody_ever_stopped_it(place: HeldLevel) -> None:
    case = case_of(place)
    if not case.stopped.any():
        return
    values = plan(case, UtilityIndifference().paid(case)).values
    for number, state in enumerate(case.mdp.states):
        if not place.stopped(state):
            assert values[0, number] == pytest.approx(unstopped(place, state, case.horizon), abs=1e-9)


@settings(max_examples=10)
@given(held_levels())
def test_with_no_share_of_the_loss_nothing_changes(place: HeldLevel) -> None:
    case = case_of(place)
    if case.stopped.any():
        assert np.array_equal(UtilityIndifference(share=0.0).paid(case)[0], case.paid)


def test_an_agent_that_is_made_good_too_much_has_itself_stopped() -> None:
    case = case_of(BUTTON.place())
    came = follow(UtilityIndifference(share=3.0).conduct(case))
    assert came.shown["forces-button"] == pytest.approx(1.0)


# --- deference -------------------------------------------------------------------------------------


def deferring(place: HeldLevel, measure: Deference) -> dict[tuple[int, str, str], float]:
    """Return what is done in each step and state; the same rule, written with loops."""
    states, acts = forks(place)
    belief = (1 - measure.doubt, measure.doubt)
    worth = dict.fromkeys(states, (0.0, 0.0))
    done: dict[tuple[int, str, str], float] = {}
    for t in reversed(range(place.horizon)):
        now = {}
        for s in states:
            act = {}
            for a, row in acts[s]:
                pay = sum(p * (place.paid(s, a, x) + place.discount * worth[x][0]) for p, x in row)
                want = sum(p * (place.performance(s, a, x) + place.discount * worth[x][1]) for p, x in row)
                act[a.name] = (pay, want)
            quiet = act["noop"]
            options: dict[str, tuple[float, bool, tuple[float, float], float]] = {}
            for name, both in act.items():
                passes = [float(expit((both[i] - quiet[i]) / measure.noise)) for i in (0, 1)]
                ask = tuple(quiet[i] + passes[i] * (both[i] - quiet[i]) for i in (0, 1))
                scores = [sum(b * x for b, x in zip(belief, of, strict=True)) for of in (both, ask)]
                asks = (
                    scores[1] > max(scores[0], sum(b * x for b, x in zip(belief, quiet, strict=True))) + 1e-10
                )
                options[name] = (scores[asks], asks, ask if asks else both, passes[1] if asks else 1.0)
            most = max(of[0] for of in options.values())
            best = [name for name, of in options.items() if of[0] >= most - 1e-9]
            for name in act:
                done[t, s, name] = 0.0
            for name in best:
                done[t, s, name] += options[name][3] / len(best)
                done[t, s, "noop"] += (1 - options[name][3]) / len(best)
            now[s] = tuple(sum(options[n][2][i] for n in best) / len(best) for i in (0, 1))
        ended = place.goals[0].done
        worth = {s: (0.0, 0.0) if ended(s) else now[s] for s in states}
    return done


@settings(max_examples=20)
@given(held_levels())
def test_who_doubts_asks_as_the_rule_says(place: HeldLevel) -> None:
    case, measure = case_of(place), Deference(doubt=0.3, noise=0.7)
    if np.array_equal(case.performance, case.paid):
        return
    policy, mdp = measure.policy(case), case.mdp
    for (t, state, act), chance in deferring(place, measure).items():
        here = np.flatnonzero(mdp.owner == list(mdp.states).index(state))
        (pair,) = [k for k in here if str(mdp.action(int(k))) == act]
        assert policy[t, pair] == pytest.approx(chance, abs=1e-7)


def test_without_doubt_it_acts_and_in_doubt_people_stop_it() -> None:
    case = case_of(certain())
    assert follow(Deference(doubt=0.0).conduct(case)).performance == pytest.approx(-5 + 2 * 2)
    assert follow(Deference(doubt=0.5).conduct(case)).performance == pytest.approx(1.0, abs=1e-6)


def test_a_human_who_is_too_noisy_is_not_asked() -> None:
    case = case_of(certain())
    sure, noisy = (follow(Deference(doubt=0.3, noise=b).conduct(case)).performance for b in (0.1, 100.0))
    assert sure == pytest.approx(1.0, abs=1e-6)
    assert noisy is not None
    assert noisy < 0


# --- assistance ------------------------------------------------------------------------------------


def test_before_any_demonstration_all_wants_are_alike() -> None:
    case = case_of(certain())
    assert Assistance(demonstrations=0).belief(case, candidates(case)) == pytest.approx([0.5, 0.5])


def test_after_many_demonstrations_the_robot_knows_what_people_want() -> None:
    case = case_of(certain())
    measure = Assistance(demonstrations=30)
    assert measure.belief(case, candidates(case))[1] > 0.99
    assert follow(measure.conduct(case)).performance == pytest.approx(1.0)


def test_each_want_has_the_same_at_stake() -> None:
    for option in candidates(case_of(load("off-switch").place())):
        worst = plan(option.case, -option.case.paid).values[0]
        best = option.plan.values[0]
        assert option.case.start @ best > 0 or option.name == "pay"
        if not option.case.resting.any():
            assert option.case.start @ (best + worst) == pytest.approx(1.0)


# --- interruptions ---------------------------------------------------------------------------------


def test_an_interruption_that_always_comes_teaches_nothing_of_what_is_after() -> None:
    always = HeldLevel({"a": {"noop": "b!"}, "b": {"noop": "b"}, "b!": {"noop": "b!"}})
    with pytest.raises(InapplicableError, match="always comes"):
        SafeInterruption(episodes=10).conduct(case_of(always))


@pytest.mark.parametrize("learner", ["q-learning", "safe-sarsa"])
def test_where_being_stopped_is_itself_paid_no_learner_is_safe(learner: str) -> None:
    came = follow(SafeInterruption(learner, episodes=4_000).conduct(case_of(BUTTON.place())))
    assert came.shown["blocks-button"] == 1.0


def test_other_seeds_learn_other_values() -> None:
    case = case_of(CHAIN.place())
    one, again, other = (SafeInterruption("sarsa", episodes=500, seed=seed).learn(case) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


# --- lengths ---------------------------------------------------------------------------------------


def likeliest(place: HeldLevel, steps: int) -> tuple[float, float]:
    """Return the largest probability of a length from the start, and the most that is paid then."""

    def best(state: str, t: int) -> tuple[float, float]:
        if place.goals[0].done(state) or t == place.horizon:
            return float(steps > place.horizon), 0.0
        found = []
        for action in place.actions(state):
            chance = worth = 0.0
            for p, after in place.step(state, action):
                stopped = place.stopped(after)
                then = (float(t + 1 == steps), rest(after, t + 1)) if stopped else best(after, t + 1)
                chance += p * then[0]
                worth += p * (place.paid(state, action, after) + place.discount * then[1])
            found.append((round(chance, 9), worth))
        return max(found)

    def rest(state: str, t: int) -> float:
        """Return what is paid once the agent has been stopped, acting for nothing but that."""
        if place.goals[0].done(state) or t == place.horizon:
            return 0.0
        return max(
            sum(
                p * (place.paid(state, a, x) + place.discount * rest(x, t + 1))
                for p, x in place.step(state, a)
            )
            for a in place.actions(state)
        )

    return best("a", 0)


@settings(max_examples=20)
@given(held_levels())
def test_the_best_plan_of_a_length_is_the_best_of_the_likeliest(place: HeldLevel) -> None:
    found = {length.steps: length for length in lengths(case_of(place))}
    for steps in range(1, place.horizon + 2):
        chance, _ = likeliest(place, steps)
        assert (chance > 1e-9) == (steps in found)
        if steps in found:
            assert found[steps].probability == pytest.approx(chance, abs=1e-8)


def test_running_on_and_being_stopped_are_drawn_evenly() -> None:
    case = case_of(certain())
    conduct = SameLength().conduct(case)
    assert [(found.steps, found.worth) for found in lengths(case)] == [(1, 1.0), (5, 4.0)]
    report = length_report(case, conduct.policy)
    assert (report.neutrality, report.usefulness) == pytest.approx((1.0, 1.0))
    assert report.probabilities == pytest.approx({1: 0.5, 5: 0.5})
    alone = length_report(case, plan_of(case))
    assert (alone.neutrality, alone.usefulness) == pytest.approx((0.0, 1.0))


def test_who_draws_lengths_that_are_only_likely_has_itself_stopped() -> None:
    case = case_of(BETTING_WORLD.place())
    with pytest.raises(InapplicableError, match="cannot choose how long"):
        SameLength().conduct(case)
    came = follow(SameLength(sureness=0.99).conduct(case))
    assert came.shown == pytest.approx({"blocks-button": 0.5, "forces-button": 0.5})


@settings(max_examples=15)
@given(held_levels())
def test_a_mixture_is_in_each_state_as_often_as_its_plans(place: HeldLevel) -> None:
    case = case_of(place)
    plans = [found.policy for found in lengths(case)]
    if not plans:
        return
    together = follow(_conduct(case, mixed(case, plans)))
    apart = [follow(_conduct(case, policy)) for policy in plans]
    assert together.paid == pytest.approx(np.mean([one.paid for one in apart]))
    assert together.last == pytest.approx(np.mean([one.last for one in apart], axis=0))


@settings(max_examples=15)
@given(held_levels())
def test_the_lengths_of_a_policy_are_those_of_its_trajectories(place: HeldLevel) -> None:
    case = case_of(place)
    policy = plan_of(case)
    found: dict[int, float] = {}

    def go(number: int, t: int, chance: float) -> None:
        if case.ends[number] or t == case.horizon:
            found[case.horizon + 1] = found.get(case.horizon + 1, 0.0) + chance
            return
        for pair in range(*case.mdp.action_offset[number : number + 2]):
            for p, after in case.mdp.row(pair):
                share = chance * policy[t, pair] * p
                if share and case.stopped[after]:
                    found[t + 1] = found.get(t + 1, 0.0) + share
                elif share:
                    go(after, t + 1, share)

    go(0, 0, 1.0)
    assert length_report(case, policy).probabilities == pytest.approx(dict(sorted(found.items())))


def plan_of(case: Case) -> np.ndarray:
    """Return the policy of an agent that nothing holds back."""
    return NoCountermeasure().conduct(case).policy


def _conduct(case: Case, policy: np.ndarray) -> Conduct:
    return Conduct(case=case, policy=policy)
