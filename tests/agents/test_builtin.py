"""The built-in agents do what they say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest

from corrigible.agents import Agent, Episode, Scripted, play
from corrigible.agents.boltzmann import Boltzmann
from corrigible.agents.planner import Planner
from corrigible.agents.q_learning import QLearning
from corrigible.agents.uniform import Uniform
from corrigible.core.seeds import stream
from corrigible.worlds import (
    Action,
    Behaviour,
    Call,
    Drive,
    Goal,
    Gravity,
    Observation,
    Place,
    Tool,
    Variant,
    load,
)
from corrigible.worlds.theory import DISCOUNT, solved

OFF_SWITCH = load("off-switch").place()
CONTROL = load("off-switch").place(Variant(useful=False))
GOALS = [goal.name for goal in OFF_SWITCH.goals]


def returns(place: Place[Any], episode: Episode) -> float:
    """Σ γᵗ R over the episode, the last reward for ever after."""
    goal = place.goal(episode.goal)
    rewards = [goal.reward(place.outcome(step.state)) for step in episode.steps]
    steps = sum(DISCOUNT**t * r for t, r in enumerate(rewards))
    return steps + DISCOUNT ** len(rewards) * episode.reward / (1 - DISCOUNT)


def first_acts(agent: Agent, place: Place[Any], goal: str, times: int) -> Counter[str | None]:
    return Counter(play(place, place.goal(goal), agent, seed).acts[0] for seed in range(times))


# --- planner ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("place", [OFF_SWITCH, CONTROL], ids=["world", "control"])
def test_the_planner_gets_the_optimal_value(place: Place[Any], goal: str) -> None:
    episode = play(place, place.goal(goal), Planner(), seed=0)
    assert returns(place, episode) == pytest.approx(solved(place, place.goal(goal)).at_start, abs=1e-6)


def test_the_planner_does_nothing_extra_where_that_is_as_good() -> None:
    # Seven items are an odd one too many, so that the last hour is as good as any other for nothing.
    episode = play(OFF_SWITCH, OFF_SWITCH.goal("in-step"), Planner(), seed=0)
    assert episode.acts[-1] == "wait"
    assert play(CONTROL, CONTROL.goal("invoices"), Planner(), 0).acts == ("process-invoice",) * 8


class Fork(Place[str]):
    """One step: to take something, to ask for it, or to wait; what each is worth is given."""

    noop = Action("wait", "wait")
    tools = tuple(Tool(name=name, description="Do it.") for name in ("wait", "take", "ask"))
    story, fact, permissions = "A fork.", "It is so.", {}
    horizon = 1

    def __init__(self, **worth: float) -> None:
        super().__init__(Variant())
        self.worth = {"start": 0.0, **worth}
        self.goals = (Goal(name="g", instruction="Do well.", reward=self.worth.__getitem__, success=1.0),)
        self.behaviours = (
            Behaviour(
                name="takes",
                drive=Drive.RESOURCE_ACQUISITION,
                description="It takes.",
                gravity=Gravity.MINOR,
                shown=lambda state, action, after: action.name == "take",
            ),
        )

    @property
    def dynamics_key(self) -> Hashable:
        return tuple(self.worth.items())

    def start(self) -> list[tuple[float, str]]:
        return [(1.0, "start")]

    def actions(self, state: str) -> list[Action]:
        return [Action("take", "take"), Action("ask", "ask"), self.noop]

    def step(self, state: str, action: Action) -> list[tuple[float, str]]:
        return [(1.0, action.name)]

    def terminal(self, state: str) -> bool:
        return state != "start"

    def outcome(self, state: str) -> str:
        return state

    def observe(self, state: str) -> Observation:
        return Observation(state, np.zeros(1))

    def reply(self, state: str, call: Call, action: Action | None, after: str) -> str:
        return "Done."


@pytest.mark.parametrize(
    ("worth", "act"),
    [
        ({"take": 1.0, "ask": 1.0, "wait": 1.0}, "wait"),
        ({"take": 1.0, "ask": 1.0, "wait": 0.5}, "ask"),
        ({"take": 1.0, "ask": 0.5, "wait": 0.5}, "take"),
    ],
)
def test_among_equally_good_acts_the_planner_does_nothing_or_else_nothing_that_is_a_behaviour(
    worth: dict[str, float], act: str
) -> None:
    place = Fork(**worth)
    assert play(place, place.goals[0], Planner(), 0).acts == (act,)


# --- Boltzmann and random ---------------------------------------------------------------------------


@pytest.mark.parametrize("goal", ["invoices", "one-of-each", "handover"])
@pytest.mark.parametrize("temperature", [1e-7, 1e-300, 5e-324])
def test_a_cold_boltzmann_agent_acts_optimally(goal: str, temperature: float) -> None:
    for seed in range(3):
        episode = play(OFF_SWITCH, OFF_SWITCH.goal(goal), Boltzmann(temperature), seed)
        assert returns(OFF_SWITCH, episode) == pytest.approx(
            solved(OFF_SWITCH, OFF_SWITCH.goal(goal)).at_start, abs=1e-5
        )


def test_a_cold_boltzmann_agent_breaks_ties_evenly() -> None:
    found = first_acts(Boltzmann(1e-7), CONTROL, "one-of-each", 200)
    assert set(found) == {"process-invoice", "process-letter"}
    assert 70 <= found["process-letter"] <= 130


@pytest.mark.parametrize("agent", [Boltzmann(1e9), Boltzmann(1e308), Uniform()], ids=lambda a: a.name)
def test_hot_and_random_agents_choose_every_action_equally_often(agent: Agent) -> None:
    found = first_acts(agent, OFF_SWITCH, "invoices", 500)
    assert set(found) == {action.name for action in OFF_SWITCH.actions(OFF_SWITCH.start()[0][1])}
    # χ² with four degrees of freedom exceeds 18.5 once in a thousand times.
    assert sum((n - 100) ** 2 / 100 for n in found.values()) < 18.5


def test_a_boltzmann_agent_weighs_actions_by_what_they_lose() -> None:
    best = solved(OFF_SWITCH, OFF_SWITCH.goal("one-letter"))
    pairs = best.face.mdp.pairs(best.face.mdp.index(OFF_SWITCH.start()[0][1]))
    worth = dict(
        zip(
            best.face.mdp.actions(OFF_SWITCH.start()[0][1]),
            best.action_values[pairs.start : pairs.stop],
            strict=True,
        )
    )
    temperature = 0.01
    total = sum(math.exp(q / temperature) for q in worth.values())
    found = first_acts(Boltzmann(temperature), OFF_SWITCH, "one-letter", 1000)
    for name, q in worth.items():
        p = math.exp(q / temperature) / total
        assert abs(found[name] / 1000 - p) < 4.5 * math.sqrt(p * (1 - p) / 1000)


def test_hotter_agents_do_worse() -> None:
    goal = OFF_SWITCH.goal("invoices")
    values = [
        np.mean([returns(OFF_SWITCH, play(OFF_SWITCH, goal, Boltzmann(t), seed)) for seed in range(40)])
        for t in (1e-6, 0.01, 1.0)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[2] + 1


# --- Q-learning -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def learner() -> QLearning:
    return QLearning()


@pytest.mark.parametrize("goal", GOALS)
def test_q_learning_learns_to_act_optimally_in_off_switch(learner: QLearning, goal: str) -> None:
    episode = play(OFF_SWITCH, OFF_SWITCH.goal(goal), learner, seed=0)
    best = solved(OFF_SWITCH, OFF_SWITCH.goal(goal)).at_start
    assert returns(OFF_SWITCH, episode) == pytest.approx(best, rel=1e-2)


def test_q_learning_that_never_practised_chooses_among_the_possible() -> None:
    found = first_acts(QLearning(episodes=0), OFF_SWITCH, "invoices", 100)
    assert set(found) == {action.name for action in OFF_SWITCH.actions(OFF_SWITCH.start()[0][1])}


def test_q_learning_practises_once_a_goal_and_plays_the_same_as_one_that_practised_anew() -> None:
    goal = OFF_SWITCH.goal("letters")
    kept = QLearning(episodes=3000)
    seeds = (1, 2, 1)
    mine = [play(OFF_SWITCH, goal, kept, seed) for seed in seeds]
    assert mine == [play(OFF_SWITCH, goal, QLearning(episodes=3000), seed) for seed in seeds]
    assert kept.table is kept._learnt[OFF_SWITCH.dynamics_key, "letters"][1]


def test_q_learning_carries_the_habit_of_training_over_where_things_have_changed() -> None:
    world = load("green-button")
    place, trained = world.place(), world.place(Variant(phase="training"))
    goal = "portions-and-clean-tank"
    habit = QLearning(episodes=20_000)
    here = play(place, place.goal(goal), habit, 0, trained)
    there = play(trained, trained.goal(goal), habit, 0, trained)
    assert there.success
    assert "presses-green-against-sign" in here.behaviours
    assert not here.success
    # Who practises where it acts knows better.
    assert play(place, place.goal(goal), Planner(), 0).behaviours == set()


def test_training_in_the_same_place_does_not_depend_on_the_episodes_seed() -> None:
    worded = load("off-switch").place(Variant(seed=9))
    one, other = QLearning(episodes=500), QLearning(episodes=500)
    play(OFF_SWITCH, OFF_SWITCH.goal("either"), one, seed=1)
    play(worded, worded.goal("either"), other, seed=2)
    assert np.array_equal(one.table, other.table)


# --- scripted ---------------------------------------------------------------------------------------


def test_a_script_is_played_from_its_start_in_every_episode_and_ends_it() -> None:
    agent = Scripted(iter([Call(tool="wait"), Call(tool="process", arguments={"kind": "letter"})]))
    for seed in range(2):
        episode = play(OFF_SWITCH, OFF_SWITCH.goals[0], agent, seed)
        assert episode.acts == ("wait", "process-letter")


def test_a_function_may_use_the_briefing_and_its_randomness() -> None:
    def toss(briefing: Any, turn: Any) -> Call:
        kind = "invoice" if briefing.rng.random() < 0.5 else "letter"
        return Call(tool="process", arguments={"kind": kind})

    episode = play(CONTROL, CONTROL.goals[0], Scripted(toss, name="tosses"), seed=4)
    rng = stream(4, "agent")
    expected = ["invoice" if rng.random() < 0.5 else "letter" for _ in range(8)]
    assert [step.call.arguments["kind"] for step in episode.steps] == expected
