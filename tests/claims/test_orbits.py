"""The counts of ``data/orbits.json``, and the theorems that foretell them."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from corrigible import MDP
from corrigible.power.tendency.choosers import (
    Argmax,
    Argmin,
    BestOf,
    Boltzmann,
    DecisionRule,
    IsOptimal,
    Nearest,
    Quantiliser,
    Satisficer,
    Uniform,
)
from corrigible.power.tendency.orbits import optimality_orbit, power_orbit
from corrigible.power.tendency.retargetability import retargetability
from corrigible.power.tendency.similarity import action_copies, state_copies

from .registry import HERE
from .sampled import model

FIGURES: dict[str, dict[str, Any]] = json.loads((HERE / "data" / "orbits.json").read_text(encoding="utf-8"))

GOALS = {
    "distinct": ("distinct_0..7", list(range(8))),
    "indicator": ("indicator_e_s", [1, *[0] * 7]),
    "two-ones": ("two_ones", [1, 1, *[0] * 6]),
}
ACTIONS = {"left": "l_tri", "empty": "empty", "right": "r_tri"}
DISCOUNTS = ("1/10", "1/2", "9/10", "1")
VOTES = (("r_dr", "l_dl"), ("l_dl", "empty"), ("r_dr", "empty"))

RULES: dict[str, DecisionRule] = {
    "argmax_uniform_ties": Argmax(),
    "IsOptimal_indicator": IsOptimal(),
    "argmin": Argmin(),
    "satisfice_t3": Satisficer(3),
    "satisfice_t7": Satisficer(7),
    "boltzmann_T1": Boltzmann(1),
    "boltzmann_T5": Boltzmann(5),
    "best_of_2": BestOf(2),
    "quantilizer_q1/2": Quantiliser(Fraction(1, 2)),
    "quantilizer_q1/3": Quantiliser(Fraction(1, 3)),
    "uniform_random": Uniform(),
    "choose_EU_equal_5": Nearest(5),
}
UTILITIES = {
    "three": ("retarget/fruit u=(10,5,0) A={cherry} B={apple,banana}", [10, 5, 0]),
    "four": ("retarget/4 outcomes u=(10,5,0,0) |A|=1 |B|=3", [10, 5, 0, 0]),
    "five": ("retarget/5 outcomes u=(0,1,5,7,10) |A|=1 |B|=4", [0, 1, 5, 7, 10]),
}


def claimed(name: str, *values: Any) -> Any:
    return pytest.param(*values, id=name, marks=pytest.mark.claim(name))


def in_id(discount: str) -> str:
    return discount.replace("/", "-")


@pytest.mark.parametrize(
    ("goal", "discount"),
    [claimed(f"orbits/{goal}/{in_id(g)}", goal, g) for goal in GOALS for g in DISCOUNTS],
)
def test_preferences_of_all_goals_of_an_orbit_are_counted_exactly(goal: str, discount: str) -> None:
    key, rewards = GOALS[goal]
    orbit = optimality_orbit(model("turner_fig1"), "star", rewards, discount)
    found = {"orbit_size": orbit.goals} | {
        f"opt_{name}": orbit.best[label] for name, label in ACTIONS.items()
    }
    for one, other in (("left", "empty"), ("left", "right"), ("empty", "right")):
        value = orbit.value(ACTIONS[one], ACTIONS[other])
        found |= {f"#V_{one}>V_{other}": value.more, f"#V_{one}<V_{other}": value.less}
    right = orbit.optimality("r_tri", "l_tri")
    going = orbit.optimality(["l_tri", "r_tri"], "empty")
    found |= {"#[opt_right>opt_left]": right.more, "#[opt_right<opt_left]": right.less}
    found |= {"#[opt_nonempty>opt_empty]": going.more, "#[opt_nonempty<opt_empty]": going.less}
    assert found == FIGURES[f"fig1_orbit/{key}/gamma={discount}"]


@pytest.mark.parametrize(
    ("one", "other", "discount"),
    [
        claimed(f"orbits/power/{one}-vs-{other}/{in_id(g)}".replace("_", "-"), one, other, g)
        for g in DISCOUNTS[1:]
        for one, other in VOTES
    ],
)
def test_goals_that_give_one_state_more_power_are_counted_exactly(
    one: str, other: str, discount: str
) -> None:
    vote = power_orbit(model("turner_fig1"), [one, other], range(8), discount).value(one, other)
    found = {"orbit": vote.goals, f"#{one}>{other}": vote.more, "#<": vote.less, "#=": vote.equal}
    assert found == FIGURES[f"fig1_powervote/{one}_vs_{other}/gamma={discount}"]


@pytest.mark.parametrize("outcomes", [claimed(f"retarget/{name}", name) for name in UTILITIES])
def test_decision_rules_prefer_the_larger_set_as_often_as_counted(outcomes: str) -> None:
    key, utilities = UTILITIES[outcomes]
    found: dict[str, Any] = {}
    for name, rule in RULES.items():
        result = retargetability(utilities, range(1, len(utilities)), [0], rule)
        vote = result.tendency
        found[name] = {
            "B>A": vote.more,
            "B<A": vote.less,
            "tie": vote.equal,
            "n_copies": result.copies,
            "holds": result.holds(),
        }
    assert found == FIGURES[key]


@pytest.mark.claim("orbits/power")
def test_a_state_with_a_copy_of_anothers_visits_has_more_power_for_most_goals() -> None:
    mdp, seen = model("turner_fig1"), 0
    for larger, smaller in itertools.permutations(["l_tri", "l_dl", "empty", "r_tri", "r_dr"], 2):
        copies = state_copies(mdp, larger, smaller, "1/2").count
        for rewards in ([1, 1, 0, 0, 0, 0, 0, 0], [-1, 2, 1, 0, 0, 0, 0, 0]) if copies else ():
            seen += 1
            assert power_orbit(mdp, [larger, smaller], rewards, "1/2").value(larger, smaller).holds(copies)
    assert seen >= 10


@pytest.mark.claim("orbits/actions")
@pytest.mark.parametrize("discount", DISCOUNTS)
def test_an_action_with_a_copy_of_anothers_future_is_optimal_for_most_goals(discount: str) -> None:
    mdp = model("turner_fig1")
    assert action_copies(mdp, "star", ["r_tri"], ["l_tri"], discount).count == 1
    for rewards in ([3, 2, 1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 0]):
        orbit = optimality_orbit(mdp, "star", rewards, discount)
        assert orbit.value("r_tri", "l_tri").holds()
        assert orbit.optimality("r_tri", "l_tri").holds()


@pytest.mark.claim("orbits/average")
def test_more_recurrent_distributions_are_better_for_most_goals_as_often_as_there_are_copies() -> None:
    mdp = model("turner_fig1")
    for larger, copies in ((["r_tri"], 2), (["l_tri"], 1), (["l_tri", "r_tri"], 3)):
        assert action_copies(mdp, "star", larger, ["empty"], 1).count == copies
        assert action_copies(mdp, "star", ["empty"], larger, 1).count == 0
        for rewards in (range(8), [1, 1, 0, 0, 0, 0, 0, 0], [1, *[0] * 7]):
            vote = optimality_orbit(mdp, "star", list(rewards), 1).optimality(larger, "empty")
            assert vote.holds(copies)
            assert vote.more > vote.less


@pytest.mark.claim("orbits/one-cycle")
@pytest.mark.parametrize("others", [1, 2, 4])
def test_a_state_without_a_way_out_is_seldom_where_the_best_policies_end(others: int) -> None:
    ends = [f"end {k}" for k in range(others)]
    mdp = MDP.from_edges({"start": ["off", *ends]} | {end: [end] for end in ["off", *ends]})
    orbit = optimality_orbit(mdp, "start", range(mdp.n_states), 1)
    vote = orbit.optimality(ends, "off")
    assert action_copies(mdp, "start", ends, ["off"], 1).count == others
    assert vote.more == others * vote.less


@pytest.mark.claim("orbits/n-copies")
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_n_copies_foretell_an_n_fold_tendency_of_every_decision_rule(rule: DecisionRule) -> None:
    draws = np.random.default_rng(5).integers(0, 9, size=(4, 6)).tolist()
    for utilities in draws:
        for larger, smaller, copies in ((range(2, 6), [0, 1], 2), (range(1, 6), [0], 5), ([4, 5], [0, 1], 1)):
            result = retargetability(utilities, larger, smaller, rule)
            assert result.copies == copies
            assert result.holds()
