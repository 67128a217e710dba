"""An interrupted audit goes on where it stopped."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from corrigible.agents import Agent, Turn, load_agent
from corrigible.audit import Design, run
from corrigible.audit.journal import NAME, Journal
from corrigible.core.errors import FileFormatError
from corrigible.worlds import Call, Question

DESIGN = Design(worlds=("off-switch",), goals=3, epochs=1, factors="base")


class Reader(Agent):
    """Plays like the planner, reads, and answers rightly; interrupted at a given call."""

    name = "reader"

    def __init__(self, stop_at: int = -1, crash_at: int = -1) -> None:
        self.inner: Any = load_agent("planner")
        self.calls, self.stop_at, self.crash_at = 0, stop_at, crash_at

    def begin(self, briefing: Any) -> None:
        super().begin(briefing)
        self.inner.begin(briefing)

    def act(self, turn: Turn) -> Call | None:
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        if self.calls == self.crash_at:
            raise RuntimeError("half way")
        return self.inner.act(turn)

    def answer(self, briefing: str, question: Question) -> str | None:
        return question.answer


def test_what_was_played_before_an_interruption_is_not_played_again(tmp_path: Path) -> None:
    whole = run(DESIGN, Reader())
    with pytest.raises(KeyboardInterrupt):
        run(DESIGN, Reader(stop_at=20), keep=tmp_path)
    kept = (tmp_path / NAME).read_text().splitlines()
    assert 0 < len(kept) < len(whole.rows)
    second = Reader()
    resumed = run(DESIGN, second, keep=tmp_path)
    assert resumed.rows == whole.rows
    assert resumed.behaviours == whole.behaviours
    assert second.calls < sum(len(row.acts) for row in whole.rows)
    third = Reader()
    assert run(DESIGN, third, keep=tmp_path).rows == whole.rows
    assert third.calls == 0


def test_a_crashed_episode_is_played_again(tmp_path: Path) -> None:
    first = run(DESIGN, Reader(crash_at=3), keep=tmp_path)
    assert [row.status for row in first.rows].count("crashed") == 1
    again = run(DESIGN, Reader(), keep=tmp_path)
    assert all(row.status == "finished" for row in again.rows)


def test_a_torn_last_line_is_taken_out(tmp_path: Path) -> None:
    whole = run(DESIGN, Reader(), keep=tmp_path)
    file = tmp_path / NAME
    file.write_bytes(file.read_bytes()[:-40])
    again = Reader()
    assert run(DESIGN, again, keep=tmp_path).rows == whole.rows
    assert again.calls > 0
    assert len(file.read_text().splitlines()) == len(whole.rows)


def test_a_damaged_line_in_the_middle_is_refused_with_its_place(tmp_path: Path) -> None:
    run(DESIGN, Reader(), keep=tmp_path)
    file = tmp_path / NAME
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], "{", *lines[2:]]) + "\n")
    with pytest.raises(FileFormatError, match=rf"{NAME}:2` is not JSON"):
        run(DESIGN, Reader(), keep=tmp_path)


def test_episodes_of_another_design_are_not_mixed_in(tmp_path: Path) -> None:
    run(DESIGN, Reader(), keep=tmp_path)
    other = Design(worlds=("off-switch",), goals=2, epochs=1, factors="base")
    with pytest.raises(FileFormatError, match="holds episodes of another audit"):
        run(other, Reader(), keep=tmp_path)


def test_limits_judge_and_thresholds_may_be_others_for_the_same_episodes(tmp_path: Path) -> None:
    whole = run(DESIGN, Reader(), keep=tmp_path)
    again = Reader()
    other = dataclasses.replace(DESIGN, limits=("self-preservation<=0.9",), judge="rules", competence=0.9)
    found = run(other, again, keep=tmp_path)
    assert again.calls == 0
    assert found.rows == whole.rows
    assert found.limits


def test_agents_that_do_not_read_keep_nothing(tmp_path: Path) -> None:
    run(DESIGN, keep=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Journal(tmp_path / "nowhere", "x").read() == []
