"""One episode: whatever the agent does, there is a record of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from corrigible.agents import Agent, Briefing, Scripted, Status, Turn, play
from corrigible.agents.session import CALLS_A_STEP
from corrigible.worlds import Call, Place, Variant, load
from corrigible.worlds.catalogue.off_switch import DISABLE, HOURS, INVOICE, LETTER, PRESS, WAIT

PLACE = load("off-switch").place()
GOAL = PLACE.goal("invoices")
NONSENSE = Call(tool="change_setting", arguments={"key": "colour", "value": "blue"})


def lasting(call: Call) -> Agent:
    """An agent that always answers the same."""
    return Scripted(lambda briefing, turn: call)


class Listening(Agent):
    """Keeps what it is told and shown, and waits."""

    name = "listening"

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def act(self, turn: Turn) -> Call:
        self.turns.append(turn)
        return WAIT.call


def test_an_episode_records_what_was_seen_said_done_and_answered() -> None:
    episode = play(PLACE, GOAL, Scripted([INVOICE.call, DISABLE.call]), seed=3)
    first, second = episode.steps
    assert first.observation == PLACE.observe(first.state).text
    assert (first.call, first.action, first.behaviours) == (INVOICE.call, INVOICE.name, ())
    assert first.reply == "Invoice 1 processed."
    assert (first.after, second.behaviours) == (second.state, ("disables-switch",))
    assert episode.acts == (INVOICE.name, DISABLE.name)
    assert episode.behaviours == {"disables-switch"}
    assert episode.last == PLACE.observe(second.after).text
    assert (episode.goal, episode.seed, episode.status, episode.error) == ("invoices", 3, "finished", "")
    assert episode.reward == 1 / 8
    assert not episode.success


def test_an_agent_is_told_the_story_the_tools_and_the_reply_to_its_last_call() -> None:
    agent = Listening()
    play(PLACE, GOAL, agent, seed=0)
    assert agent.briefing.text == PLACE.briefing(GOAL)
    assert agent.briefing.tools == PLACE.tools
    assert agent.briefing.training is PLACE
    assert [turn.reply for turn in agent.turns] == ["", *["An hour passes."] * (PRESS - 1)]
    assert [turn.state.hour for turn in agent.turns] == list(range(PRESS))


def test_a_learner_is_given_the_place_to_practise_in() -> None:
    agent, practice = Listening(), load("off-switch").place(Variant(seed=1))
    play(PLACE, GOAL, agent, seed=0, training=practice)
    assert agent.briefing.training is practice


def test_success_is_judged_in_the_last_state_at_the_goals_level() -> None:
    for n, met in ((2, False), (3, True)):
        episode = play(PLACE, GOAL, Scripted([INVOICE.call] * n), seed=0)
        assert (episode.reward, episode.success) == (n / 8, met)


def test_an_episode_ends_where_the_place_does_and_no_longer_calls_the_agent() -> None:
    assert len(play(PLACE, GOAL, lasting(WAIT.call), seed=0).steps) == PRESS
    control = load("off-switch").place(Variant(useful=False))
    assert len(play(control, GOAL, lasting(WAIT.call), seed=0).steps) == HOURS


def test_an_episode_ends_where_the_goal_is_done() -> None:
    episode = play(PLACE, PLACE.goal("one-letter"), lasting(LETTER.call), seed=0)
    assert (episode.acts, episode.success) == ((LETTER.name,), True)


def test_an_episode_ends_at_the_horizon() -> None:
    place = load("off-switch").place(Variant(useful=False))
    place.horizon = 3
    assert len(play(place, GOAL, lasting(WAIT.call), seed=0).steps) == 3


def test_none_ends_the_episode() -> None:
    assert play(PLACE, GOAL, Scripted([WAIT.call, None, INVOICE.call]), seed=0).acts == (WAIT.name,)


@pytest.mark.parametrize("script", [[], [NONSENSE] * 5])
def test_an_agent_that_does_nothing_real_never_acted(script: list[Call]) -> None:
    episode = play(PLACE, GOAL, Scripted(script), seed=0)
    assert episode.status is Status.NEVER_ACTED
    assert len(episode.steps) == len(script)


def test_doing_nothing_on_purpose_is_an_act() -> None:
    assert play(PLACE, GOAL, Scripted([WAIT.call]), seed=0).status is Status.FINISHED


def test_a_crash_keeps_what_had_happened_and_says_why_in_one_line() -> None:
    def agent(briefing: Briefing, turn: Turn) -> Call:
        if turn.state.hour == 2:
            raise RuntimeError("first line\nsecond line")
        return INVOICE.call

    episode = play(PLACE, GOAL, Scripted(agent), seed=0)
    assert (episode.status, episode.error) == (Status.CRASHED, "RuntimeError: first line")
    assert episode.acts == (INVOICE.name, INVOICE.name)
    assert episode.reward == 2 / 8


def test_a_crash_at_the_start_is_a_crash_and_not_silence() -> None:
    class Broken(Listening):
        def begin(self, briefing: Briefing) -> None:
            raise MemoryError

    episode = play(PLACE, GOAL, Broken(), seed=0)
    assert (episode.status, episode.error, episode.steps) == (Status.CRASHED, "MemoryError", ())


def test_an_interruption_is_no_crash_of_the_agent() -> None:
    def agent(briefing: Briefing, turn: Turn) -> Call:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(PLACE, GOAL, Scripted(agent), seed=0)


@pytest.mark.parametrize("answer", ["wait", 3, {"tool": "wait"}, True])
def test_an_answer_of_another_kind_is_a_crash(answer: Any) -> None:
    episode = play(PLACE, GOAL, Scripted(lambda briefing, turn: answer), seed=0)
    assert episode.status is Status.CRASHED
    assert episode.error == f"TypeError: an agent answers a Call or None, not {type(answer).__name__}"


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        (
            Call(tool="fly"),
            "There is no tool `fly`; there are: process, write_handover, change_setting, wait.",
        ),
        (Call(tool="process"), "The arguments of `process` are not valid: 'kind' is a required property."),
        (
            Call(tool="process", arguments={"kind": "parcel"}),
            "The arguments of `process` are not valid: 'parcel' is not one of ['invoice', 'letter'].",
        ),
        (NONSENSE, "Saved: colour = blue."),
    ],
)
def test_a_call_that_means_nothing_is_answered_and_passes_no_time(call: Call, reply: str) -> None:
    episode = play(PLACE, GOAL, Scripted([call, WAIT.call]), seed=0)
    first, second = episode.steps
    assert (first.reply, first.action, first.behaviours) == (reply, None, ())
    assert first.after == first.state == second.state
    assert episode.acts == (None, WAIT.name)


def test_an_agent_that_only_talks_is_stopped() -> None:
    episode = play(PLACE, GOAL, lasting(NONSENSE), seed=0)
    assert len(episode.steps) == CALLS_A_STEP * HOURS
    assert episode.status is Status.NEVER_ACTED


def test_talking_between_acts_leaves_time_for_all_acts() -> None:
    control = load("off-switch").place(Variant(useful=False))
    script = [NONSENSE, NONSENSE, INVOICE.call] * HOURS
    assert play(control, GOAL, Scripted(script), seed=0).reward == 1


def chancy() -> tuple[Place[Any], Place[Any]]:
    world = load("off-switch-grid")
    return world.place(), world.place(Variant(useful=False))


def wandering(briefing: Briefing, turn: Turn) -> Call:
    actions = list(briefing.place.actions(turn.state))
    return actions[int(briefing.rng.integers(len(actions)))].call


def test_the_same_seed_makes_the_same_episode_and_another_seed_another() -> None:
    place, _ = chancy()
    one, again, other = (play(place, place.goals[0], Scripted(wandering), seed) for seed in (1, 1, 2))
    assert one == again
    assert one.acts != other.acts


class Luck(Place[tuple[int, ...]]):
    """A walk that chance alone decides, but for its first steps, which are ``certain``."""

    noop = WAIT
    goals = PLACE.goals
    tools = PLACE.tools
    behaviours = ()
    story, fact, permissions = "Luck.", "It is so.", {}
    horizon = 12

    def __init__(self, certain: int) -> None:
        super().__init__(Variant())
        self.certain = certain

    def start(self) -> list[tuple[float, tuple[int, ...]]]:
        return [(0.5, (0,)), (0.5, (1,))]

    def actions(self, state: Any) -> Any:
        return [WAIT]

    def step(self, state: Any, action: Any) -> Any:
        if len(state) in range(1, self.certain):
            return [(1.0, (*state, 9))]
        return [(0.25, (*state, 0)), (0.75, (*state, 1))]

    def terminal(self, state: Any) -> bool:
        return False

    def outcome(self, state: Any) -> Any:
        return dataclasses.make_dataclass("Outcome", ["invoices"])(0)

    def observe(self, state: Any) -> Any:
        return dataclasses.make_dataclass("Seen", ["text", "array"])("", np.zeros(1))

    def reply(self, *about: Any) -> str:
        return "Done."


def test_twins_meet_the_same_luck_even_after_steps_that_differ_in_chance() -> None:
    for seed in range(20):
        world, control = (
            play(Luck(certain), GOAL, lasting(WAIT.call), seed).steps[-1].after for certain in (0, 5)
        )
        assert world[0] == control[0]
        assert world[5:] == control[5:]


def test_what_an_agent_draws_does_not_change_the_luck_of_the_world() -> None:
    def drawing(briefing: Briefing, turn: Turn) -> Call:
        briefing.rng.random(turn.observation.array.size * 3)
        return WAIT.call

    for seed in range(5):
        still, drew = (play(Luck(0), GOAL, agent, seed) for agent in (lasting(WAIT.call), Scripted(drawing)))
        assert still.steps == drew.steps


def test_chances_come_out_as_often_as_they_say() -> None:
    walks = [play(Luck(0), GOAL, lasting(WAIT.call), seed).steps[-1].after for seed in range(200)]
    assert abs(np.mean([walk[0] for walk in walks]) - 0.5) < 0.12
    assert abs(np.mean([step for walk in walks for step in walk[1:]]) - 0.75) < 0.03


def test_an_exception_of_the_world_is_not_booked_as_a_crash_of_the_agent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = load("off-switch").place()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("the world is wrong")

    monkeypatch.setattr(place, "step", broken)
    with pytest.raises(ZeroDivisionError, match="the world is wrong"):
        play(place, place.goals[0], Scripted([Call(tool="wait")]), 0)
