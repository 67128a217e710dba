"""Episodes played from outside: whose turn it is, and the record that grows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from corrigible.agents import Status
from corrigible.agents.play import wording
from corrigible.agents.record import Record, Row
from corrigible.agents.rounds import Rounds
from corrigible.agents.session import OVER, Session
from corrigible.agents.sitting import CUT_OFF, Asking, Playing
from corrigible.core.errors import InputError, OutputError
from corrigible.worlds import Variant, load


def row(goal: str = "one-letter", epoch: int = 0, **factors: object) -> Row:
    variant = Variant(seed=7 + epoch).replace(**factors)
    return Row(world="off-switch", twin="world", goal=goal, epoch=epoch, variant=variant)


def read(path: Path) -> Record:
    return Record.from_json(path.read_text(encoding="utf-8"), str(path))


LETTER = ("process", {"kind": "letter"}, "me")


def test_a_record_grows_with_every_call_and_replays_to_the_same_episode(tmp_path: Path) -> None:
    sitting = Rounds([row("letters")], tmp_path).next()
    assert isinstance(sitting, Playing)
    mirror = Session(sitting.place, sitting.place.goal("letters"), sitting.row.seed)
    assert not sitting.path.exists()
    for _ in range(3):
        answer = sitting.call(*LETTER)
        assert answer.text == f"{sitting.session.reply}\n\n{sitting.session.observation.text}"
        assert read(sitting.path).status is Status.CRASHED
        assert read(sitting.path).error == CUT_OFF
    sitting.end()
    kept = read(sitting.path)
    assert (kept.status, kept.error, kept.agent, len(kept.calls)) == (Status.FINISHED, "", "me", 3)
    for call, _ in kept.calls:
        mirror.call(call)
    assert kept.replay() == mirror.episode() == sitting.session.episode()


def test_an_episode_that_is_over_is_finished_and_says_so(tmp_path: Path) -> None:
    sitting = Playing(row(), tmp_path / "a.json")
    assert sitting.call(*LETTER).text.endswith(OVER)
    assert read(tmp_path / "a.json").status is Status.FINISHED
    assert sitting.call(*LETTER).text == OVER
    assert len(read(tmp_path / "a.json").calls) == 1


@pytest.mark.parametrize(("tool", "arguments"), [("nonsense", {}), ("process", {"kind": 3}), ("process", {})])
def test_what_the_schema_refuses_is_recorded_and_marked(
    tmp_path: Path, tool: str, arguments: dict[str, object]
) -> None:
    sitting = Playing(row(), tmp_path / "a.json")
    answer = sitting.call(tool, arguments, "me")
    assert answer.refused
    assert tool in answer.text
    assert read(tmp_path / "a.json").calls[0][0].tool == tool


def test_a_sitting_without_a_call_leaves_nothing_and_its_row_is_free_again(tmp_path: Path) -> None:
    rounds = Rounds([row()], tmp_path)
    first = rounds.next()
    assert first is not None
    assert rounds.next() is None
    first.end()
    first.end()
    assert list(tmp_path.iterdir()) == []
    assert rounds.next() is not None


def test_rows_are_handed_out_in_order_and_once(tmp_path: Path) -> None:
    rows = [row(epoch=epoch) for epoch in range(3)]
    rounds = Rounds(rows, tmp_path)
    sittings = [rounds.next() for _ in range(4)]
    assert [s and s.row for s in sittings] == [*rows, None]
    for sitting in sittings[:2]:
        assert sitting is not None
        sitting.call(*LETTER)
        sitting.end()
    assert rounds.left() == (rows[2],)
    assert Rounds(rows, tmp_path).left() == (rows[2],)


def test_rows_that_differ_in_anything_have_files_of_their_own(tmp_path: Path) -> None:
    rows = [row(), row(permission="forbidden"), row(edition=3)]
    rounds = Rounds(rows, tmp_path)
    sittings = [rounds.next() for _ in rows]
    assert len({s.path for s in sittings if s is not None}) == 3


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps({"a": 1}))
    (tmp_path / "broken.json").write_text("{")
    assert Rounds([row()], tmp_path).next() is not None


def test_another_process_gets_another_row_and_a_dead_one_keeps_none(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from tests.agents.test_sitting import row
from corrigible.agents.rounds import Rounds
rounds = Rounds([row(epoch=0), row(epoch=1)], Path({str(tmp_path)!r}))
print(rounds.next().row.epoch, flush=True)
input()
"""
    here = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "0"
        rounds = Rounds([row(epoch=0), row(epoch=1)], tmp_path)
        mine = rounds.next()
        assert mine is not None
        assert mine.row.epoch == 1
        other.kill()
    after = rounds.next()
    assert after is not None
    assert after.row.epoch == 0


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write into"):
        Rounds([row()], tmp_path / "file")


def test_the_task_is_the_briefing_and_what_is_seen(tmp_path: Path) -> None:
    place = load("off-switch").place(row().variant)
    sitting = Playing(row(), tmp_path / "a.json")
    assert place.briefing(place.goal("one-letter")) in sitting.task
    assert place.observe(place.start()[0][1]).text in sitting.task


def two_questions(tmp_path: Path) -> Asking:
    return Asking(
        Row(world="watched-log", twin="world", goal="large", epoch=0, variant=Variant(seed=7)),
        tmp_path / "a.json",
    )


def test_who_is_asked_gets_the_briefing_the_questions_and_one_tool(tmp_path: Path) -> None:
    sitting = two_questions(tmp_path)
    assert sitting.task.startswith(sitting.place.briefing(sitting.place.goal("large")))
    for number, question in enumerate(sitting.place.questions, start=1):
        assert f"Question {number}. {wording(question)}" in sitting.task
    assert [tool.name for tool in sitting.tools] == ["answer"]
    alone = Asking(row(), tmp_path / "b.json")
    assert wording(alone.place.questions[0]) in alone.task
    assert "Question" not in alone.task
    assert alone.call("answer", {"answer": "A"}, "me").text.endswith(OVER)


def test_answers_are_recorded_as_they_come_and_the_first_one_counts(tmp_path: Path) -> None:
    sitting = two_questions(tmp_path)
    one, two = sitting.place.questions
    wrong = next(option for option in one.options if option != one.answer)
    told = [sitting.call("answer", {"question": 1, "answer": wrong}, "me").text]
    assert read(sitting.path).status is Status.CRASHED
    assert read(sitting.path).understood == (False, False)
    assert sitting.call("answer", {"question": 1, "answer": one.answer}, "me").refused
    told.append(sitting.call("answer", {"question": 2, "answer": two.answer}, "me").text)
    assert told == ["Noted. Still open: 2.", f"Noted.\n\n{OVER}"]
    assert sitting.call("answer", {"question": 2, "answer": "B"}, "me").text == OVER
    kept = read(sitting.path)
    assert kept == sitting.record(Status.FINISHED, "")
    assert (kept.asked, kept.calls, kept.agent, kept.status) == (True, (), "me", Status.FINISHED)
    assert kept.understood == (False, True)
    assert kept.closing == f"1. {wrong}\n2. {two.answer}"
    with pytest.raises(InputError, match="no episode"):
        kept.replay()


def test_what_is_left_open_or_names_no_option_is_wrong(tmp_path: Path) -> None:
    sitting = two_questions(tmp_path)
    sitting.call("answer", {"question": 2, "answer": "Either of them"}, "me")
    sitting.end()
    assert read(sitting.path).understood == (False, False)
    assert read(sitting.path).status is Status.FINISHED


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("wait", {}),
        ("settle_claim", {"kind": "large"}),
        ("answer", {"answer": "A"}),
        ("answer", {"question": 3, "answer": "A"}),
        ("answer", {"question": 1, "answer": 2}),
    ],
)
def test_a_call_that_is_no_answer_leaves_no_record(
    tmp_path: Path, tool: str, arguments: dict[str, object]
) -> None:
    sitting = two_questions(tmp_path)
    assert sitting.call(tool, arguments, "me").refused
    sitting.end()
    assert not sitting.path.exists()


def test_questions_come_first_and_once_and_do_not_stand_for_the_episode(tmp_path: Path) -> None:
    rounds = Rounds([row(), row(epoch=1)], tmp_path, questions=[row()])
    assert (rounds.sessions, rounds.unasked()) == (3, (row(),))
    sittings = [rounds.next() for _ in range(4)]
    assert [type(s) for s in sittings] == [Asking, Playing, Playing, type(None)]
    asked = sittings[0]
    assert asked is not None
    asked.end()
    again = rounds.next()
    assert isinstance(again, Asking)
    again.call("answer", {"answer": "A"}, "me")
    assert (rounds.unasked(), rounds.left()) == ((), (row(), row(epoch=1)))
