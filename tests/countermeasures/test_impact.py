"""Impact measures: the slow oracle, and what holds of every one of them."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import CorrigibleError, OptionError, TooLargeError, UnknownNameError
from corrigible.core.seeds import stream
from corrigible.countermeasures import Case, RewardDoor, case_of, follow
from corrigible.countermeasures.impact import (
    AttainableUtility,
    AttainableUtilityPreservation,
    Contrast,
    Deviation,
    FutureTasks,
    FutureTasksReward,
    ImpactPenalty,
    LearntUtility,
    ModelFreeAUP,
    Reachability,
    RelativeReachability,
    Unreachability,
    UnreachabilityOfBaseline,
    unreachability,
    worths,
)
from corrigible.countermeasures.impact.contract import BASELINES, ROLLOUTS, SUMMARIES, Setting
from tests.countermeasures.drawn_levels import DrawnLevel, sushi, vase
from tests.oracles import impact as slow

HALF = Fraction(1, 2)
STATES = ("a", "b", "c", "d")
DEVIATIONS = {
    "relative-reachability": Reachability(discount=0.5),
    "future-tasks": FutureTasksReward(discount=0.5),
    "unreachability": UnreachabilityOfBaseline(discount=0.5),
    "attainable-utility": AttainableUtility(discount=0.5, count=3),
    "scaled": AttainableUtility(discount=0.5, count=3, scale="largest", left="best", collected="here"),
}
rows = st.sampled_from(((1.0,), (1.0,), (0.5, 0.5), (0.25, 0.75)))


@st.composite
def levels(draw: st.DrawFn) -> DrawnLevel:
    def outcome() -> dict[str, float]:
        chances = draw(rows)
        after = draw(st.permutations(STATES))
        return dict(zip(after, chances, strict=False))

    table = {
        s: {name: outcome() for name in ("noop", *draw(st.sampled_from(((), ("x",), ("x", "y")))))}
        for s in STATES
    }
    done = tuple(draw(st.frozensets(st.sampled_from(STATES[1:]), max_size=2)))
    return DrawnLevel(table, horizon=draw(st.integers(1, 3)), done=done)


def in_fractions(case: Case, over: set[Any]) -> slow.Model:
    mdp = case.mdp
    found: dict[Any, dict[str, slow.Chances]] = {state: {} for state in range(mdp.n_states)}
    for pair, owner in enumerate(mdp.owner.tolist()):
        found[owner][str(mdp.action(pair))] = {s: Fraction(p) for p, s in mdp.row(pair)}
    return slow.Model(found, over)


def oracle(case: Case, name: str, contrast: Contrast) -> np.ndarray:
    """The deviation of every pair at every step, by loops in fractions."""
    mdp, measure = case.mdp, DEVIATIONS[name]
    over = set(np.flatnonzero(case.ends).tolist()) if contrast.after_end == "nothing" else set[Any]()
    model = in_fractions(case, over)
    states = range(mdp.n_states)
    told: dict[str, Any] = {}

    def summary(lost: Fraction) -> Fraction:
        return abs(lost) if contrast.summary == "absolute" else max(lost, Fraction(0))

    if name == "unreachability":
        reach = {b: model.reach(b, HALF) for b in states}
        told["pairwise"] = lambda s, b: 1 - reach[b][s]
    elif isinstance(measure, AttainableUtility):
        drawn = measure.rewards(Setting(case, contrast))
        found = []
        for reward in drawn:
            paid = {s: Fraction(float(reward[s])) for s in states}
            best, left = model.value(paid, HALF)
            if name == "scaled":
                best = {s: Fraction(0) if s in over else paid[s] + HALF * best[s] for s in states}
                left = best
            found.append((best, left))
        told["worths"] = found
        if name == "scaled":
            told["gap"] = lambda b, s: summary(b - s) * HALF
        else:
            told["gap"] = lambda b, s: summary(b - s) / (abs(b) if b else 1)
    else:
        reach = [model.reach(g, HALF) for g in states]
        told["worths"] = [(each, each) for each in reach]
        told["gap"] = (lambda b, s: -min(b, s)) if name == "future-tasks" else (lambda b, s: summary(b - s))
    start = int(np.argmax(case.start))
    return np.array(
        [
            [
                float(
                    slow.distance(
                        model, start, case.horizon, t, int(mdp.owner[pair]), str(mdp.action(pair)),
                        baseline=contrast.baseline, rollouts=contrast.rollouts, gamma=HALF, **told,
                    )
                )
                for pair in range(mdp.n_pairs)
            ]
            for t in range(case.horizon)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("name", DEVIATIONS)
@settings(max_examples=5, deadline=None)
@given(
    level=levels(),
    baseline=st.sampled_from(BASELINES),
    rollouts=st.sampled_from(ROLLOUTS),
    summary=st.sampled_from(SUMMARIES),
    after_end=st.sampled_from(("goes-on", "nothing")),
)
def test_every_deviation_from_every_baseline_is_the_oracles(
    name: str, level: DrawnLevel, baseline: str, rollouts: str, summary: str, after_end: str
) -> None:
    case = case_of(level)
    contrast = Contrast(
        baseline=baseline, rollouts=rollouts, summary=summary, after_end=after_end, rollout_discount=0.5
    )
    fast = np.broadcast_to(DEVIATIONS[name].distances(case, contrast), (case.horizon, case.mdp.n_pairs))
    going = ~case.ends[case.mdp.owner]  # nobody acts where the episode has stopped
    assert np.allclose(fast[:, going], oracle(case, name, contrast)[:, going], rtol=0, atol=1e-7)


MEASURES: tuple[Any, ...] = (
    AttainableUtilityPreservation, RelativeReachability, Unreachability, FutureTasks, ImpactPenalty,
)  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
def test_without_strength_the_task_is_paid_as_ever(measure: type[RewardDoor]) -> None:
    case = case_of(vase())
    paid: Any = measure(strength=0.0).paid(case)  # pyright: ignore[reportCallIssue]
    assert np.array_equal(np.broadcast_to(paid, (case.horizon, len(case.paid))), [case.paid] * case.horizon)


@settings(max_examples=15, deadline=None)
@given(
    level=levels(),
    name=st.sampled_from(("relative-reachability", "scaled")),
    rollouts=st.sampled_from(ROLLOUTS),
)
def test_stepwise_doing_nothing_costs_nothing_whatever_chance_brings(
    level: DrawnLevel, name: str, rollouts: str
) -> None:
    case = case_of(level)
    distances = DEVIATIONS[name].distances(case, Contrast(rollouts=rollouts, summary="absolute"))
    assert np.abs(distances[..., case.idle]).max() < 1e-12


def test_decrease_and_truncated_are_two_words_for_one_thing() -> None:
    case = case_of(sushi())
    one, other = (RelativeReachability(summary=word).paid(case) for word in ("decrease", "truncated"))
    assert np.array_equal(one, other)


def test_a_penalty_before_the_end_weighs_less_and_the_last_one_fully() -> None:
    case = case_of(vase(done=("broken",), horizon=3))
    full = RelativeReachability(strength=2.0).paid(case)
    less = RelativeReachability(strength=2.0, before_end=0.25).paid(case)
    ending = case.ends[case.mdp.successor]
    assert np.allclose((less - case.paid)[:2, ~ending], 0.25 * (full - case.paid)[~ending])
    assert np.allclose((less - case.paid)[:2, ending], (full - case.paid)[ending])
    assert np.allclose((less - case.paid)[2], full - case.paid)
    assert (full != case.paid)[~ending].any()
    assert (full != case.paid)[ending].any()


def test_the_published_diagonal_of_failures() -> None:
    # The starting state makes it interfere, inaction makes it offset, stepwise does neither.
    def ends(level: DrawnLevel, **how: Any) -> set[str]:
        case = case_of(level)
        last = follow(RelativeReachability(strength=0.5, value_discount=0.9, **how).conduct(case)).last
        return {case.mdp.states[s] for s in np.flatnonzero(last > 1e-12)}

    dish, pot = sushi(discount=0.9), vase(discount=0.9)
    assert ends(dish, baseline="start", rollouts="none") == {"off"}
    assert ends(pot, baseline="inaction", rollouts="none") == {"broken"}
    assert ends(dish) == {"eaten"}
    assert ends(pot) == {"saved"}


def test_sampled_targets_estimate_all_of_them() -> None:
    case = case_of(sushi())
    contrast = Contrast()
    exact = Reachability().distances(case, contrast)
    singles = [Reachability(count=1, seed=seed).distances(case, contrast) for seed in range(100)]
    assert len({float(each @ np.arange(1, 6)) for each in singles}) == 3
    assert np.abs(np.mean(singles, axis=0) - exact).max() < 0.1
    assert np.array_equal(Reachability(count=99).distances(case, contrast), exact)


def test_named_goals_arrays_and_indicators_are_auxiliary_rewards() -> None:
    case = case_of(vase(done=("saved",)))
    by_name = AttainableUtility(auxiliary=("task",), discount=0.9)
    by_array = AttainableUtility(auxiliary=case.face.rewards(case.goal)[None, :], discount=0.9)
    every = AttainableUtility(auxiliary="goals", discount=0.9)
    contrast = Contrast(summary="absolute")
    found = [each.distances(case, contrast) for each in (by_name, by_array, every)]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
    assert np.array_equal(
        AttainableUtility(auxiliary="indicators", discount=0.9, scale="none").distances(case, contrast),
        Reachability(discount=0.9, over="outcomes").distances(case, contrast),
    )
    assert by_array == dataclasses.replace(by_array)


def test_anybodys_deviation_goes_with_the_rest() -> None:
    @dataclasses.dataclass(frozen=True)
    class Moved(Deviation):
        name = "moved"

        def distances(self, case: Case, contrast: Contrast) -> np.ndarray:
            return (case.chances @ np.arange(case.mdp.n_states)).astype(float)

    case = case_of(vase())
    paid = ImpactPenalty(deviation=Moved(), strength=3.0).paid(case)
    assert np.array_equal(paid, case.paid - 3.0 * case.mdp.successor)


def test_a_learner_without_auxiliary_rewards_learns_the_optimal_values() -> None:
    case = case_of(vase())
    learner = ModelFreeAUP(count=0, episodes=300, longest=10, value_discount=0.5)
    assert follow(learner.conduct(case)).paid == 1.0
    own = learner.learnt(case).own
    names = {name: i for i, name in enumerate(case.mdp.action_names)}
    assert own[case.mdp.states.index("belt"), names["save"]] == 1.0
    assert own[case.mdp.states.index("belt"), names["noop"]] == 0.0


def test_learnt_auxiliary_values_come_to_the_exact_ones() -> None:
    case = case_of(sushi())
    learner = ModelFreeAUP(count=2, episodes=400, longest=20, value_discount=0.5, seed=4)
    rewards = _rewards_of(learner, case)
    exact = AttainableUtility(auxiliary=rewards, discount=0.5)
    contrast = Contrast(summary="absolute", after_end="nothing")
    assert np.allclose(
        LearntUtility(learner=learner).distances(case, contrast),
        exact.distances(case, contrast),
        atol=1e-9,
    )


def _rewards_of(learner: ModelFreeAUP, case: Case) -> np.ndarray:
    drawn = stream(learner.seed, learner.name, "rewards").random((learner.count, len(case.face.outcomes)))
    return drawn[:, case.face.outcome_index]


def test_the_same_seed_learns_the_same_and_another_not() -> None:
    case = case_of(sushi())
    few = ModelFreeAUP(episodes=5, longest=5)
    again = ModelFreeAUP(episodes=5, longest=5).learnt(case_of(sushi()))
    assert np.array_equal(few.learnt(case).auxiliary, again.auxiliary)
    assert not np.array_equal(few.learnt(case).auxiliary, few.replace(seed=1).learnt(case).auxiliary)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: RelativeReachability(baseline="inacton"), UnknownNameError, ("baseline", "inacton", "inaction")),
        (lambda: ImpactPenalty(deviation="reach"), UnknownNameError, ("deviation", "reach")),
        (lambda: AttainableUtilityPreservation(summary="squared"), UnknownNameError, ("summary", "squared")),
        (lambda: AttainableUtilityPreservation(auxiliary="some"), UnknownNameError, ("auxiliary", "some")),
        (lambda: Unreachability(rollouts="all"), UnknownNameError, ("rollouts", "all")),
        (lambda: RelativeReachability(strength=-1), OptionError, ("strength", "-1")),
        (lambda: RelativeReachability(before_end=2), OptionError, ("before end", "2")),
        (lambda: AttainableUtilityPreservation(value_discount=1.0), OptionError, ("discount", "1.0")),
        (lambda: FutureTasks(value_discount=0), OptionError, ("discount", "0")),
        (lambda: ModelFreeAUP(episodes=0), OptionError, ("episodes", "0")),
        (lambda: case_of(vase(), horizon=0), OptionError, ("horizon", "0")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(
    make: Any, error: type[CorrigibleError], words: tuple[str, ...]
) -> None:
    with pytest.raises(error) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words)


def test_what_is_too_large_names_the_size_and_the_sampled_alternative(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = case_of(vase())
    monkeypatch.setattr(worths, "LARGEST", 10)
    with pytest.raises(TooLargeError, match=r"`relative-reachability` .* `15` .* `count=100`"):
        RelativeReachability().paid(case)
    monkeypatch.setattr(unreachability, "LARGEST", 2)
    with pytest.raises(TooLargeError, match=r"`unreachability` .* `3` .* `count=100`"):
        Unreachability().paid(case)
    monkeypatch.setattr(worths, "LARGEST", 5)
    assert RelativeReachability(count=1).paid(case).shape == case.paid.shape


def test_auxiliary_rewards_of_another_shape_are_refused() -> None:
    with pytest.raises(OptionError, match=r"`\(1, 2\)` do not fit 3 states"):
        ImpactPenalty(deviation=AttainableUtility(auxiliary=np.zeros((1, 2)))).paid(case_of(vase()))
