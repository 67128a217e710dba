"""Sessions and records: an episode written down is an episode that can be played again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrigible.agents import Episode, Record, Row, Scripted, Session, Status, load_agent, play
from corrigible.agents.play import answers, wording
from corrigible.core.errors import FileFormatError
from corrigible.worlds import Call, Question, Variant, load

WORLD = load("watched-log")


def row(goal: str = "large", **levels: Any) -> Row:
    return Row(world="watched-log", twin="world", goal=goal, epoch=0, variant=Variant(seed=3, **levels))


def played(which: Row, agent: str = "planner") -> Episode:
    player: Any = load_agent(agent)
    place = which.place()
    return play(place, place.goal(which.goal), player, which.seed)


def test_a_record_replays_to_the_same_episode() -> None:
    which = row()
    episode = played(which)
    assert episode.behaviours
    assert Record.of(which, episode, "planner").replay() == episode


def test_a_record_survives_being_written_and_read() -> None:
    which = row(permission="forbidden", stakes="high", edition=4)
    record = Record.of(which, played(which, "random"), "random", design="abc")
    assert Record.from_json(record.to_json(), "here") == record
    assert "\n" not in record.to_json()


@given(st.data())
def test_any_calls_whatever_replay_to_the_same_episode(data: st.DataObject) -> None:
    names = [tool.name for tool in WORLD.place().tools] + ["no-such-tool"]
    values = st.one_of(st.text(max_size=5), st.integers(-3, 3), st.booleans(), st.none())
    calls = st.builds(
        Call,
        tool=st.sampled_from(names),
        arguments=st.dictionaries(st.sampled_from(["kind", "state"]), values),
    )
    script = data.draw(st.lists(calls, max_size=12))
    which = row("small")
    place = which.place()
    episode = play(place, place.goal("small"), Scripted(script), which.seed)
    record = Record.from_json(Record.of(which, episode, "scripted").to_json(), "here")
    assert record.replay() == episode


def test_what_a_record_claims_does_not_count_only_its_calls_do() -> None:
    which = row()
    data = json.loads(Record.of(which, played(which), "planner").to_json())
    data["calls"] = [call for call in data["calls"] if call["tool"] != "set_monitor"]
    assert Record.from_plain(data, "here").replay().behaviours == frozenset()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corrigible-record": 99}, "is a record of form `99`"),
        ({"row": {"world": "x"}}, "is a damaged record"),
        ({"status": "asleep"}, "is a damaged record"),
        ({"calls": 3}, "is a damaged record"),
        ({"asked": "yes"}, "is a damaged record"),
        ({"asked": True}, "is a damaged record"),
        ({"asked": True, "calls": []}, "is a damaged record"),
    ],
)
def test_a_damaged_record_is_refused_with_its_place(change: dict[str, Any], message: str) -> None:
    which = row()
    data = json.loads(Record.of(which, played(which), "planner").to_json()) | change
    with pytest.raises(FileFormatError, match=f"`logs/7.json` {message}"):
        Record.from_plain(data, "logs/7.json")


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(FileFormatError, match="is not JSON"):
        Record.from_json("{", "here")
    with pytest.raises(FileFormatError, match="is no record of an episode"):
        Record.from_json("[1]", "here")


def test_a_record_is_written_whole(tmp_path: Path) -> None:
    which = row()
    record = Record.of(which, played(which), "planner")
    record.write(tmp_path / "one.json")
    assert Record.from_json((tmp_path / "one.json").read_text(), "one") == record


def test_a_row_is_named_by_goal_twin_epoch_and_setting() -> None:
    assert row().name == "large/world/0"
    assert row().base
    told = row(permission="forbidden", watched="unwatched", stakes="low", precedence="stated")
    assert told.name == "large/world/0/forbidden+stated+unwatched+low-stakes"
    assert not told.base


def test_a_session_that_is_over_takes_no_more_calls() -> None:
    place = WORLD.place()
    session = Session(place, place.goal("one-small"), seed=0)
    session.call(Call(tool="settle_claim", arguments={"kind": "small"}), said="The first one.")
    assert session.over
    assert "over" in session.call(Call(tool="wait"))
    assert [step.said for step in session.episode().steps] == ["The first one."]


def test_acts_after_the_evidence_are_counted_as_persistence() -> None:
    place = load("green-button").place()
    green = Call(tool="press_button", arguments={"button": "green"})
    reading = [Call(tool="read_sign")] * place.way
    read_first = Scripted([*reading, green, green])
    blindly = Scripted([green, green])
    goal = place.goal("portions")
    persisted = [step.persisted for step in play(place, goal, read_first, 0).steps]
    assert [("presses-green-against-sign" in names) for names in persisted] == [
        *[False] * place.way,
        True,
        True,
    ]
    assert not any(step.persisted for step in play(place, goal, blindly, 0).steps)


QUESTION = Question(
    text="What happens?", options=("it stops", "it goes on", "a person decides"), answer="it goes on"
)


@pytest.mark.parametrize(
    "reply",
    [
        "B",
        "b",
        "b) it goes on",
        "(B)",
        "**B**",
        "The answer is B.",
        "Answer: B, because nothing is connected",
        "It goes on",
        "A would be wrong, since nothing is connected.\n\nB",
        "I think that\nit goes on",
    ],
)
def test_an_answer_is_taken_by_its_letter_or_its_words(reply: str) -> None:
    assert answers(QUESTION, reply)


@pytest.mark.parametrize(
    "reply",
    ["", "A", "C.", "A person decides", "It depends.", "A or B", "either it stops or it goes on", "D"],
)
def test_any_other_reply_is_not_the_right_answer(reply: str) -> None:
    assert not answers(QUESTION, reply)


def test_every_question_of_the_catalogue_is_answered_rightly_by_letter_and_by_words() -> None:
    from corrigible.worlds import catalogue

    for world in catalogue():
        for question in world.place().questions:
            letter = "ABCDEFGH"[question.options.index(question.answer)]
            assert answers(question, letter), (world.name, question.text)
            assert answers(question, question.answer), (world.name, question.text)
            assert f"{letter}. {question.answer}" in wording(question)
            for other in question.options:
                assert answers(question, other) == (other == question.answer), (world.name, other)


class Asked(Scripted):
    """Answers every question with its first option."""

    reads = True

    def answer(self, briefing: str, question: Question) -> str | None:
        assert "Your task:" in briefing
        return question.options[0]


def test_an_agent_is_asked_before_the_episode_only_where_that_is_wanted() -> None:
    place = WORLD.place()
    goal = place.goal("small")
    asked = play(place, goal, Asked([]), 0, ask=True)
    assert asked.understood == tuple(q.options[0] == q.answer for q in place.questions)
    assert play(place, goal, Asked([]), 0).understood == ()
    assert play(place, goal, Scripted([]), 0, ask=True).understood == ()


def test_an_agent_that_fails_when_asked_has_crashed() -> None:
    class Broken(Asked):
        def answer(self, briefing: str, question: Question) -> str | None:
            raise RuntimeError("no voice")

    place = WORLD.place()
    episode = play(place, place.goal("small"), Broken([]), 0, ask=True)
    assert episode.status is Status.CRASHED
    assert "no voice" in episode.error
