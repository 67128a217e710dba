"""Running an audit: repeatable row by row, whatever else is in it."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from typing import Any

import pytest

from corrigible.agents import Agent, Briefing, Scripted, Turn, load_agent
from corrigible.agents.planner import Planner
from corrigible.audit import AuditResult, Design, Row, run, run_row
from corrigible.audit.result import SCHEMA
from corrigible.core.errors import InputError, UnknownNameError
from corrigible.core.results import plain
from corrigible.core.version import VERSION
from corrigible.worlds import Behaviour, Goal, Place, Variant, load, names
from corrigible.worlds.process import ended
from corrigible.worlds.theory import predictions
from corrigible.worlds.variant import TWINS

from .planted import in_world, planted, reader


@pytest.fixture(scope="session")
def of_planner() -> AuditResult:
    return run(Design(epochs=1))


@pytest.fixture(scope="session")
def of_chance() -> AuditResult:
    """An agent with luck, in worlds with luck, one of them shifted."""
    return run(
        Design(agent="random", worlds=("off-switch-grid", "off-switch", "green-button"), goals=3, epochs=4)
    )


# --- rows -------------------------------------------------------------------------------------------


def test_any_single_row_can_be_run_again_and_is_the_same(of_chance: AuditResult) -> None:
    assert {r.row.twin for r in of_chance.rows} == {"world", "control", "training", "closed"} == set(TWINS)
    for told in of_chance.rows[::3]:
        episode = run_row(told.row, load_agent("random"))
        assert episode.acts == told.acts
        assert tuple(sorted(episode.behaviours)) == told.behaviours
        assert (episode.reward, episode.success, str(episode.status)) == (
            told.reward,
            told.success,
            told.status,
        )


def test_a_row_of_a_world_of_ones_own_can_be_run_again() -> None:
    design = Design(
        agent="random", worlds=("corrigible.worlds.catalogue.off_switch:OffSwitch",), goals=1, epochs=2
    )
    for told in run(design).rows:
        (world,) = design.loaded
        assert run_row(told.row, load_agent("random"), world).acts == told.acts


def test_the_rows_told_are_those_of_the_design_in_order(of_chance: AuditResult) -> None:
    assert tuple(r.row for r in of_chance.rows) == of_chance.design.rows


def test_a_run_can_be_made_again(of_chance: AuditResult) -> None:
    again = run(of_chance.design)
    assert dataclasses.replace(again, seconds=of_chance.seconds) == of_chance


def test_a_finding_does_not_depend_on_what_else_is_audited(of_chance: AuditResult) -> None:
    alone = run(dataclasses.replace(of_chance.design, worlds=("green-button",)))
    mine = [b for b in of_chance.behaviours if b.world == "green-button"]
    assert list(alone.behaviours) == mine
    assert list(alone.worlds) == [w for w in of_chance.worlds if w.world == "green-button"]
    assert list(alone.rows) == [r for r in of_chance.rows if r.row.world == "green-button"]


def test_another_seed_plays_other_episodes(of_chance: AuditResult) -> None:
    other = run(dataclasses.replace(of_chance.design, seed=1))
    assert [r.acts for r in other.rows] != [r.acts for r in of_chance.rows]


def test_an_agent_of_ones_own_is_played_and_named() -> None:
    result = run(Design(worlds=("off-switch",), goals=1, epochs=1), planted(in_world, "mine"))
    assert (result.agent, result.provenance.settings["agent"]) == ("mine", "mine")
    assert result.behaviours[0].rate is not None
    assert result.behaviours[0].rate.value == 1


def test_a_result_says_where_it_comes_from(of_chance: AuditResult) -> None:
    found = of_chance.provenance
    assert (found.seed, found.version) == (0, VERSION)
    assert found.input_hash == of_chance.design.fingerprint
    assert of_chance.seconds > 0


def test_the_replays_are_the_first_with_each_behaviour_its_twin_and_the_first_without() -> None:
    def unless_letters(briefing: Briefing) -> bool:
        return in_world(briefing) and briefing.goal.name != "letters"

    (world,) = run(Design(worlds=("off-switch",), goals=2, epochs=2), planted(unless_letters)).worlds
    assert [(r.row.goal, r.row.twin, r.row.epoch) for r in world.replays] == [
        ("invoices", "world", 0),
        ("invoices", "control", 0),
        ("letters", "world", 0),
    ]
    shown = [[step.behaviours for step in r.steps if step.behaviours] for r in world.replays]
    assert shown == [[("disables-switch",)], [], []]
    honest = run(Design(worlds=("off-switch",), goals=1, epochs=2), planted(lambda briefing: False))
    assert [r.row for r in honest.worlds[0].replays] == [honest.rows[0].row]


def test_a_behaviour_that_only_other_words_bring_out_is_shown_with_its_twin() -> None:
    def allowed(briefing: Briefing) -> bool:
        return briefing.place.variant.permission == "allowed" and in_world(briefing)

    (world,) = run(Design(worlds=("off-switch",), epochs=1), reader(answers=True, when=allowed)).worlds
    first, twin, quiet = (r.row for r in world.replays)
    assert first.variant.permission == "allowed"
    assert twin.variant == first.variant.replace(useful=False)
    assert quiet.base


def test_an_episode_that_crashed_is_no_example_of_a_behaviour() -> None:
    worker = planted(in_world)

    def act(briefing: Briefing, turn: Turn) -> Any:
        if briefing.goal.name == "invoices" and turn.state.hour == 2:
            raise RuntimeError("gone")
        worker.begin(briefing)
        return worker.act(turn)

    (world,) = run(Design(worlds=("off-switch",), goals=2, epochs=1), Scripted(act)).worlds
    assert {r.row.goal for r in world.replays} == {"letters"}


def test_a_crash_is_told_in_the_replay() -> None:
    def crash(briefing: Briefing, turn: Turn) -> Any:
        raise RuntimeError("gone")

    (world,) = run(Design(worlds=("off-switch",), goals=1, epochs=1), Scripted(crash)).worlds
    (replay,) = world.replays
    assert (replay.status, replay.error, replay.steps) == ("crashed", "RuntimeError: gone", ())


@pytest.mark.parametrize(
    "design",
    [
        Design(worlds=("of-switch",)),
        Design(agent="planer"),
        Design(worlds=("maze",), goals=99),
        Design(worlds=("maze",), limits=("nonsense<=0.1",)),
        Design(worlds=("maze",), limits=("nonsense",)),
    ],
)
def test_what_is_wrong_with_a_design_is_found_before_anything_is_played(design: Design) -> None:
    progress = Recorder()
    with pytest.raises(InputError):
        run(design, progress=progress)
    assert progress.told == []


# --- progress ---------------------------------------------------------------------------------------


class Recorder:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def start(self, task: str, total: int) -> None:
        self.told.append(("start", task, total))

    def advance(self, steps: int = 1) -> None:
        self.told.append(("advance", steps))

    def finish(self) -> None:
        self.told.append(("finish",))


def test_progress_is_told_row_by_row() -> None:
    progress = Recorder()
    design = Design(worlds=("off-switch",), goals=2, epochs=2)
    run(design, planted(in_world, "mine"), progress)
    assert progress.told == [
        ("start", "auditing mine", 12),
        *[("advance", 1)] * 12,
        ("finish",),
    ]


def test_progress_ends_where_the_run_is_interrupted() -> None:
    def interrupt(briefing: Briefing, turn: Turn) -> Any:
        raise KeyboardInterrupt

    progress = Recorder()
    with pytest.raises(KeyboardInterrupt):
        run(Design(worlds=("off-switch",), goals=1, epochs=1), Scripted(interrupt), progress)
    assert progress.told == [("start", "auditing scripted", 3), ("finish",)]


# --- the planner against the theory -------------------------------------------------------------------


def chance_of_showing(place: Place[Any], goal: Goal, agent: Agent, behaviour: Behaviour) -> float:
    """Follow a deterministic agent through all that chance may do, and add up where it shows it."""
    briefing: Any = dataclasses.make_dataclass("Told", ["place", "goal"])(place, goal)
    agent.begin(briefing)
    shown, here = 0.0, dict[Any, float]()
    for p, state in place.start():
        here[state] = here.get(state, 0.0) + p
    for _ in range(place.horizon):
        there: dict[Any, float] = defaultdict(float)
        for state, p in here.items():
            if ended(place, goal, state):
                continue
            call = agent.act(Turn(observation=place.observe(state), reply="", state=state))
            assert call is not None
            action = place.ground(state, call)
            assert action is not None
            for q, after in place.step(state, action):
                if behaviour.shown(state, action, after):
                    shown += p * q
                else:
                    there[after] += p * q
        here = there
    return shown


@pytest.mark.parametrize("twin", ["world", "control"])
@pytest.mark.parametrize("name", names())
def test_the_planner_shows_what_theory_predicts(name: str, twin: str, of_planner: AuditResult) -> None:
    place = load(name).place(TWINS[twin])
    for goal in place.goals:
        for said in predictions(place, goal):
            chance = chance_of_showing(place, goal, Planner(), place.behaviour(said.behaviour))
            assert said.least - 1e-9 <= chance <= said.most + 1e-9, (goal.name, said)
            (row,) = [
                r for r in of_planner.rows if (r.row.world, r.row.twin, r.row.goal) == (name, twin, goal.name)
            ]
            if chance < 1e-9 or chance > 1 - 1e-9:
                assert (said.behaviour in row.behaviours) == (chance > 0.5), (goal.name, said)


@pytest.mark.parametrize("name", names())
def test_the_planner_can_do_every_task_and_shows_nothing_in_the_control(
    name: str, of_planner: AuditResult
) -> None:
    (world,) = [w for w in of_planner.worlds if w.world == name]
    assert world.competent
    assert world.success["control"] is not None
    assert world.success["control"].value == 1
    for found in [b for b in of_planner.behaviours if b.world == name]:
        assert found.scored
        assert found.predicted_control.every == 0
        assert found.control is not None
        assert found.control.value == 0
        assert found.rate is not None
        assert found.rate.value > 0


# --- writing it down ----------------------------------------------------------------------------------


def test_json_tells_everything_and_reads_back(of_chance: AuditResult) -> None:
    told = json.loads(of_chance.to_json())
    assert told == {"schema": SCHEMA, "verdict": None, **plain(of_chance)}
    assert len(told["rows"]) == len(of_chance.rows)
    assert told["design"]["worlds"] == ["off-switch-grid", "off-switch", "green-button"]
    assert told["behaviours"][0]["rate"]["value"] == getattr(of_chance.behaviours[0].rate, "value", None)


def test_a_row_read_back_from_json_can_be_run_again(of_chance: AuditResult) -> None:
    told = json.loads(of_chance.to_json())["rows"][-1]
    row = Row(**{**told["row"], "variant": Variant(**told["row"]["variant"])})
    episode = run_row(row, load_agent(of_chance.agent))
    assert list(episode.acts) == told["acts"]


def test_the_table_has_a_line_for_every_world_and_behaviour(of_planner: AuditResult) -> None:
    frame = of_planner.to_frame()
    assert list(zip(frame.world, frame.behaviour, strict=True)) == [
        (b.world, b.behaviour) for b in of_planner.behaviours
    ]
    first = of_planner.behaviours[0]
    assert first.rate is not None
    assert (frame.rate[0], frame.rate_low[0]) == (first.rate.value, first.rate.low)
    assert frame.predicted_every[0] == first.predicted.every


def test_an_unknown_goal_or_behaviour_of_a_place_suggests_the_nearest() -> None:
    place = load("off-switch").place()
    with pytest.raises(UnknownNameError, match="no goal `leters`; did you mean `letters`"):
        place.goal("leters")
    with pytest.raises(UnknownNameError, match="no behaviour `disable-switch`; did you mean"):
        place.behaviour("disable-switch")
