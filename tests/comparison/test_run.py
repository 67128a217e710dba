"""Running a comparison: one process or several, interrupted, wrong, or with a world that breaks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from corrigible.comparison import Comparison, ComparisonResult, Status, compare
from corrigible.comparison.journal import Journal
from corrigible.core.errors import FileFormatError, OptionError, OutputError
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.worlds import Place, Variant, World, load

from .toys import Broken, Dither, Fine

ROOT = Path(__file__).parents[2]

SMALL = Comparison(worlds=("maze",), countermeasures=(Fine(), Dither()), samples=10)


class Heard:
    """Progress that is interrupted after some steps."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.total = self.steps = 0
        self.stop_after = stop_after

    def start(self, task: str, total: int) -> None:
        self.total = total

    def advance(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps >= self.stop_after:
            raise KeyboardInterrupt

    def finish(self) -> None:
        pass


def told(result: ComparisonResult) -> dict[str, Any]:
    return json.loads(dataclasses.replace(result, seconds=0.0).to_json())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The countermeasures of the cells that were computed."""
    from corrigible.comparison import run

    real, seen = run.find, []

    def find(ground: Any, measure: Any, *rest: Any, **named: Any) -> Any:
        seen.append(measure.describe())
        return real(ground, measure, *rest, **named)

    monkeypatch.setattr(run, "find", find)
    return seen


def test_several_processes_find_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))  # where the processes find these countermeasures
    design = Comparison(worlds=("maze",), countermeasures=(Fine(), Broken()), samples=10)
    heard = Heard()
    assert told(compare(design, workers=2, progress=heard)) == told(compare(design, workers=1))
    assert heard.steps == heard.total == len(design.cells()) == 4


def test_an_interrupted_comparison_goes_on_where_it_was(tmp_path: Path, counted: list[str]) -> None:
    design = dataclasses.replace(SMALL, out=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        compare(design, workers=1, progress=Heard(stop_after=4))
    assert len(counted) == 4
    assert len((tmp_path / Journal.NAME).read_text().splitlines()) == 4
    with (tmp_path / Journal.NAME).open("a") as file:
        file.write('{"design": "torn')
    heard = Heard()
    resumed = compare(design, workers=1, progress=heard)
    assert len(counted) == heard.total == heard.steps == 6
    assert told(resumed) == told(compare(SMALL, workers=1))
    again = compare(design, workers=1)
    assert told(again) == told(resumed)
    assert len(counted) == 12  # only SMALL, which keeps nothing, was computed again


def test_what_failed_is_computed_again_and_what_does_not_apply_is_not(
    tmp_path: Path, counted: list[str]
) -> None:
    measures = (Broken(), Broken(how="none"), Broken(how="large"))
    design = Comparison(worlds=("maze",), countermeasures=measures, samples=10, out=tmp_path)
    compare(design, workers=1)
    compare(design, workers=1)
    assert counted == ["broken", "broken(how=none)", "broken(how=large)", "broken"]


def test_another_design_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    compare(dataclasses.replace(SMALL, out=tmp_path), workers=1)
    kept = (tmp_path / Journal.NAME).read_bytes()
    with pytest.raises(FileFormatError, match="another comparison"):
        compare(dataclasses.replace(SMALL, out=tmp_path, samples=11), workers=1)
    assert (tmp_path / Journal.NAME).read_bytes() == kept


def test_a_journal_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / Journal.NAME).write_text('{"cell": 1}\n[]\n')
    with pytest.raises(FileFormatError, match="no cell of a comparison"):
        compare(dataclasses.replace(SMALL, out=tmp_path), workers=1)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_computed(
    tmp_path: Path, counted: list[str]
) -> None:
    tmp_path.joinpath("file").write_text("")
    with pytest.raises(OutputError, match="cannot write into"):
        compare(dataclasses.replace(SMALL, out=tmp_path / "file" / "folder"), workers=1)
    assert counted == []


@pytest.mark.parametrize("workers", [0, -1, False])
def test_a_number_of_workers_below_one_is_refused(workers: int) -> None:
    with pytest.raises(OptionError, match="workers"):
        compare(SMALL, workers=workers)


class Crumbling(World):
    """A world whose place cannot be enumerated."""

    name = "crumbling"
    title = summary = source = "These tests."

    def place(self, variant: Variant = Variant()) -> Place[Any]:
        place = load("maze").place(variant)

        def step(state: Any, action: Any) -> Any:
            raise RuntimeError("no way")

        # Of a class of its own, since what is known of equal dynamics is kept.
        place.__class__ = type("CrumblingPlace", (type(place),), {"step": staticmethod(step)})
        return place


def test_a_world_that_breaks_takes_its_own_row_with_it_and_no_other() -> None:
    design = Comparison(
        worlds=(Crumbling(), "maze"), countermeasures=(NoCountermeasure(), Fine()), samples=10
    )
    found = compare(design, workers=1)
    assert {entry.why for entry in found.row("crumbling")} == {"RuntimeError: no way"}
    assert {entry.status for entry in found.row("crumbling")} == {Status.FAILED}
    assert {entry.status for entry in found.row("maze")} == {Status.OK}
