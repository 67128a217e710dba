"""Orbits of goals: counted in full, sampled, and explained, against slow oracles."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import DistributionError, OptionError, TooLargeError, UnknownNameError
from corrigible.mdp.rational import exact_row, solve
from corrigible.power.tendency import valuations
from corrigible.power.tendency.copies import copies
from corrigible.power.tendency.orbitresult import OrbitResult
from corrigible.power.tendency.orbits import optimality_orbit, power_orbit
from corrigible.power.tendency.permutations import Orbit
from corrigible.power.tendency.similarity import action_copies, state_copies
from corrigible.power.tendency.tendency import Tendency

HALF = Fraction(1, 2)

SWITCH = MDP.from_edges(
    {"on": ["left", "right", "off"], "left": ["left"], "right": ["right", "left"], "off": ["off"]}
)


@st.composite
def models(draw: st.DrawFn) -> MDP:
    """Draw a model of three states with one or two actions each, some of them lotteries."""

    def row() -> dict[str, float]:
        first, second = draw(st.permutations("abc"))[:2]
        chance = draw(st.sampled_from([1.0, 0.5, 0.25]))
        return {first: 1.0} if chance == 1 else {first: chance, second: 1 - chance}

    return MDP.from_edges(
        {state: {name: row() for name in draw(st.sampled_from(["x", "xy"]))} for state in "abc"}
    )


def optimal_values(mdp: MDP, rewards: tuple[int, ...], discount: Fraction) -> list[Fraction]:
    """Return V* by solving the equations of every policy: the slow oracle."""
    n = mdp.n_states
    best: list[Fraction] | None = None
    for policy in itertools.product(*(mdp.pairs(s) for s in range(n))):
        matrix = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        for i, pair in enumerate(policy):
            for probability, target in exact_row(mdp, pair):
                matrix[i][target] -= discount * probability
        values = solve(matrix, [Fraction(r) for r in rewards])
        best = values if best is None else [max(pair) for pair in zip(best, values, strict=True)]
    assert best is not None
    return best


def orbit_of(rewards: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield from set(itertools.permutations(rewards))


@settings(max_examples=12, deadline=None)
@given(
    mdp=models(),
    rewards=st.tuples(*[st.integers(-2, 2)] * 3),
    discount=st.sampled_from([Fraction(1, 10), HALF, Fraction(9, 10)]),
)
def test_orders_are_those_of_the_values_of_all_policies(
    mdp: MDP, rewards: tuple[int, ...], discount: Fraction
) -> None:
    actions, states = (
        optimality_orbit(mdp, "a", rewards, discount),
        power_orbit(mdp, "abc", rewards, discount),
    )
    best, more, less = dict.fromkeys(actions.items, 0), 0, 0
    for permuted in orbit_of(rewards):
        values = optimal_values(mdp, permuted, discount)
        worth = {mdp.action(k): sum(p * values[t] for p, t in exact_row(mdp, k)) for k in mdp.pairs(0)}
        for action in worth:
            best[action] += worth[action] == max(worth.values())
        ahead = [value - reward for value, reward in zip(values, permuted, strict=True)]
        more, less = more + (ahead[1] > ahead[2]), less + (ahead[1] < ahead[2])
    assert actions.best == best
    vote = states.value("b", "c")
    assert (vote.more, vote.less) == (more, less)


@pytest.mark.parametrize("discount", [0, HALF, 1])
def test_solvers_and_visit_distributions_agree_and_say_which_they_were(
    discount: Fraction | int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both() -> list[OrbitResult]:
        table = [[3, 1, 0, 1], [0, 1, 1, 0]]
        return [
            optimality_orbit(SWITCH, "on", [3, 1, 0, 1], discount),
            power_orbit(SWITCH, SWITCH.states, table, discount),
        ]

    exact = both()
    monkeypatch.setattr(valuations, "MOST_FUTURES", 0)
    for one, other in zip(exact, both(), strict=True):
        np.testing.assert_array_equal(one.ranks, other.ranks)
        np.testing.assert_array_equal(one.counts, other.counts)
        assert one.tolerance == 0
        assert one.method != other.method
        assert other.tolerance < 1e-9


def test_ties_are_found_where_floats_see_none_and_differences_where_they_see_ties() -> None:
    mdp = MDP.from_edges(
        {"s": {"mixed": {"a": 1 / 3, "b": 2 / 3}, "sure": "c"}, "a": ["a"], "b": ["b"], "c": ["c"]}
    )
    tie = {"a": Fraction(1, 7), "b": Fraction(1, 11), "c": Fraction(1, 21) + Fraction(2, 33)}
    hair = tie | {"c": tie["c"] + Fraction(1, 10**30)}
    assert optimality_orbit(mdp, "s", tie, HALF).value("mixed", "sure").equal == 1
    assert optimality_orbit(mdp, "s", hair, HALF).value("mixed", "sure").equal == 0


def test_probabilities_that_are_no_fractions_are_left_to_the_solvers() -> None:
    chances = np.random.default_rng(1).dirichlet([1] * 3, size=(3, 2))
    orbit = optimality_orbit(MDP.from_tensor(chances), 0, [0, 0, 1], 0)
    assert orbit.goals == 3
    assert orbit.method == "the limit γ → 0: the next reward"


@pytest.mark.parametrize("goal", [(0, 1, 2, 3), (1, 0, 0, 0), (1, 1, 0, 0, 2), (5, 5)])
def test_an_orbit_holds_every_different_permutation_once(goal: tuple[int, ...]) -> None:
    orbit = Orbit(goal)
    found = [tuple(orbit.values[k] for k in row) for chunk in orbit.chunks() for row in chunk]
    assert len(found) == orbit.size == len(set(found))
    assert set(found) == set(itertools.permutations(goal))


def test_a_sample_is_the_same_for_the_same_seed_and_a_longer_one_begins_with_it() -> None:
    def drawn(samples: int, seed: int = 0) -> np.ndarray:
        return np.concatenate(list(Orbit(range(5), samples, seed).chunks()))

    np.testing.assert_array_equal(drawn(9000)[:100], drawn(100))
    assert (drawn(100) != drawn(100, seed=1)).any()


def test_a_sampled_tendency_has_an_interval_that_holds_the_counted_one() -> None:
    exact = optimality_orbit(SWITCH, "on", range(4), HALF).value(["left", "right"], "off")
    sampled = optimality_orbit(SWITCH, "on", range(4), HALF, samples=4000).value(["left", "right"], "off")
    low, high = sampled.interval(0.999)
    assert low < exact.share < high
    assert sampled.sampled
    assert exact.interval() == (float(exact.share),) * 2


def test_a_sample_may_leave_a_tendency_open_but_a_whole_orbit_does_not() -> None:
    def vote(more: int, less: int, sampled: bool = True) -> Tendency:
        return Tendency(more=more, less=less, equal=5, sampled=sampled)

    assert vote(900, 100).holds(3) is True
    assert vote(100, 900).holds() is False
    assert vote(52, 48).holds() is None
    assert vote(0, 0).holds() is None
    assert vote(52, 48, sampled=False).holds() is True
    assert vote(0, 0, sampled=False).holds(7) is True


VECTORS = st.lists(
    st.tuples(*[st.integers(0, 1)] * 4).map(lambda v: tuple(map(Fraction, v))),
    min_size=1,
    max_size=4,
    unique=True,
)


@settings(max_examples=40, deadline=None)
@given(smaller=VECTORS, larger=VECTORS, kept=VECTORS)
def test_copies_are_as_many_as_a_search_through_all_involutions_finds(
    smaller: list[Any], larger: list[Any], kept: list[Any]
) -> None:
    a, b = set(smaller), set(larger)

    def moved(vectors: Any, phi: tuple[int, ...]) -> frozenset[Any]:
        return frozenset(tuple(x[k] for k in phi) for x in vectors)

    every = [phi for phi in itertools.permutations(range(4)) if all(phi[phi[i]] == i for i in range(4))]
    fitting = [phi for phi in every if moved(a, phi) <= b and moved(kept, phi) == frozenset(kept)]
    found = copies(b, a, kept)
    assert found.exhaustive
    if a <= b:
        assert found.swaps == ((),)
        return
    most = 0
    for size in range(1, 4):
        for family in itertools.combinations(fitting, size):
            images = [moved(a, phi) for phi in family]
            apart = len(set(images)) == size
            if apart and all(
                moved(images[j], phi) == images[j]
                for i, phi in enumerate(family)
                for j in range(size)
                if i != j
            ):
                most = size
    assert min(found.count, 3) == most


@settings(max_examples=30, deadline=None)
@given(mdp=models(), rewards=st.tuples(*[st.integers(0, 3)] * 3), discount=st.sampled_from([HALF, 1]))
def test_where_there_are_copies_every_orbit_shows_the_tendency(
    mdp: MDP, rewards: tuple[int, ...], discount: Fraction | int
) -> None:
    reason = state_copies(mdp, "a", "b", discount)
    if reason.count:
        assert power_orbit(mdp, ["a", "b"], rewards, discount).value("a", "b").holds(reason.count)
    actions = mdp.actions("a")
    if len(actions) == 2:
        why = action_copies(mdp, "a", actions[:1], actions[1:], discount)
        if why.count:
            orbit = optimality_orbit(mdp, "a", rewards, discount)
            assert orbit.value(*actions).holds(why.count)
            assert orbit.optimality(*actions).holds(why.count)


def test_the_reason_names_the_states_that_change_places() -> None:
    why = action_copies(SWITCH, "on", ["left", "right"], ["off"], HALF)
    assert why.count == 2
    assert set(why.swaps) == {(("left", "off"),), (("right", "off"),)}
    assert action_copies(SWITCH, "on", ["off"], ["left", "right"], HALF).count == 0
    assert repr(why) == "<Copies: 2>"


def test_a_result_can_be_read_in_every_form() -> None:
    orbit = optimality_orbit(SWITCH, "on", [0, 1, 2, 3], 0.5, samples=50, seed=3)
    told = json.loads(orbit.to_json())
    assert told["kind"] == "orbit"
    assert told["discount"] == "1/2"
    assert told["orbit_size"] == 24
    assert told["provenance"]["seed"] == 3
    assert sum(told["counts"]) == 50
    assert list(orbit.to_frame().columns) == ["item", "best", "share", "low", "high"]
    assert "a sample of 50 goals" in repr(orbit)
    assert not orbit.ranks.flags.writeable


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: optimality_orbit(SWITCH, "of", range(4), HALF), UnknownNameError, "`of`"),
        (lambda: optimality_orbit(SWITCH, "on", range(3), HALF), DistributionError, "`3`"),
        (lambda: optimality_orbit(SWITCH, "on", [0, 1, 2, float("nan")], HALF), DistributionError, "`nan`"),
        (lambda: optimality_orbit(SWITCH, "on", {"down": 1}, HALF), UnknownNameError, "`down`"),
        (lambda: optimality_orbit(SWITCH, "on", range(4), 2), OptionError, "`2`"),
        (lambda: optimality_orbit(SWITCH, "on", range(4), HALF, samples=0), OptionError, "`0`"),
        (lambda: power_orbit(SWITCH, [], range(4), HALF), OptionError, "no states"),
        (lambda: power_orbit(SWITCH, ["on"], range(4), HALF).value("on", "up"), UnknownNameError, "`up`"),
        (lambda: power_orbit(SWITCH, ["on"], range(4), HALF).value("on", []), OptionError, "empty"),
        (lambda: Orbit(range(12)), TooLargeError, "`479,001,600`"),
        (lambda: action_copies(SWITCH, "on", ["up"], ["off"], HALF), UnknownNameError, "`up`"),
        (lambda: action_copies(SWITCH, "on", [], ["off"], HALF), OptionError, "empty"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
