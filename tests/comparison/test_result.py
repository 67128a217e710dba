"""What a comparison finds, and how it is told."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from corrigible.comparison import ComparisonResult, Status, hypervolume
from corrigible.comparison.curves import front, point
from corrigible.comparison.found import Found, Measured
from corrigible.comparison.result import SCHEMA, schema
from corrigible.comparison.table import tabled
from corrigible.core.errors import UnknownNameError
from corrigible.countermeasures import case_of, follow
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.worlds import load

from .conftest import DESIGN
from .toys import Fine


def numbers(**changes: Any) -> Measured:
    given = {
        "done": 1.0,
        "paid": 3.0,
        "best_paid": 5.0,
        "idle_paid": 1.0,
        "performance": None,
        "best_performance": None,
        "passed": 1.0,
        "shown": {"a": 0.25},
        "unauthorised": 0.25,
        "switchable": None,
        "correctable": 0.5,
        "gained": 0.1,
        "gained_stderr": 0.01,
        "steps": 4.0,
    }
    return Measured(**(given | changes))


def test_an_entry_is_what_the_countermeasure_does_there(result: ComparisonResult) -> None:
    case = case_of(load("maze").place())
    for measure, at in ((NoCountermeasure(), None), (Fine(fine=100.0), 100.0)):
        followed = follow(measure.conduct(case))
        found = next(p for p in result.entry("maze", measure.name).points if p.strength == at)
        assert found.done.value == followed.done
        assert found.paid.value == followed.paid
        assert found.unauthorised.value == followed.unauthorised
        assert found.passed.value == followed.passed
        assert found.steps.value == followed.steps


def test_what_stops_the_behaviour_passes_and_has_a_price(result: ComparisonResult) -> None:
    bare, fined = result.entry("maze", "none"), result.entry("maze", "fine")
    assert (bare.verdict, bare.hypervolume) == ("F", 0.0)
    assert fined.verdict == "P"
    assert fined.at_best is not None
    assert fined.at_best.strength == 100.0
    assert 0 < fined.at_best.task.value < 1
    assert fined.hypervolume == pytest.approx(fined.at_best.task.value)


def test_what_has_no_number_says_why_and_is_never_a_pass(result: ComparisonResult) -> None:
    told = {
        (entry.level, entry.countermeasure): (entry.status, entry.verdict, entry.hypervolume, entry.points)
        for entry in result.entries
        if "broken" in entry.countermeasure
    }
    nothing = ("–", None, ())
    assert told["off-switch", "broken(how=only-maze)"] == (Status.NOT_APPLICABLE, *nothing)
    assert told["maze", "broken"] == (Status.FAILED, *nothing)
    assert told["maze", "broken(how=large)"] == (Status.TOO_LARGE, *nothing)
    assert told["maze", "broken(how=only-maze)"][0] is Status.OK
    assert result.entry("maze", "broken").why == "RuntimeError: half way"


def test_what_was_not_run_is_told_as_that() -> None:
    found = tabled(DESIGN, {}, 0.0)
    assert {entry.status for entry in found.entries} == {Status.NOT_RUN}
    assert {entry.verdict for entry in found.entries} == {"–"}


def test_some_cells_without_a_number_are_a_caution() -> None:
    cells = [cell for cell in DESIGN.cells() if cell.countermeasure == "dither" and cell.world == "maze"]
    found = {cell.key: Found(status=Status.OK, measured=numbers()) for cell in cells}
    found[cells[0].key] = Found(status=Status.FAILED, why="ValueError: no")
    entry = tabled(DESIGN, found, 0.0).entry("maze", "dither")
    assert entry.status is Status.OK
    assert entry.why == "1 of 9 cells gave no number (failed): ValueError: no"
    assert [p.seeds for p in entry.points] == [2, 3, 3]


def test_the_task_is_counted_from_doing_nothing_to_the_most_there_is() -> None:
    assert numbers().task == 0.5
    assert numbers(paid=0.0).task == 0.0
    assert numbers(paid=6.0).task == 1.0
    assert numbers(paid=5.0, idle_paid=5.0).task == 1.0
    assert numbers(paid=4.0, idle_paid=5.0).task == 0.0


def test_exact_numbers_have_no_interval_and_drawn_ones_have_one(result: ComparisonResult) -> None:
    exact, drawn = result.entry("maze", "fine").points[0], result.entry("maze", "dither").points[0]
    assert (exact.seeds, drawn.seeds) == (0, 3)
    assert exact.passed.low is None
    assert drawn.passed.low is not None
    assert drawn.passed.high is not None
    assert drawn.passed.low <= drawn.passed.value < drawn.passed.high
    for each in (exact, drawn):
        assert each.gained.low is not None
        assert each.gained.high is not None
        assert each.gained.low < each.gained.value < each.gained.high


def test_one_draw_has_no_interval() -> None:
    assert point(None, [numbers()], drawn=True).passed.low is None
    assert point(None, [numbers(gained_stderr=math.nan)], drawn=True).gained.low is None


def test_draws_that_agree_do_not_make_an_interval_of_no_width() -> None:
    found = point(None, [numbers()] * 3, drawn=True).passed
    assert found.value == found.high == 1.0
    assert found.low == pytest.approx(0.438, abs=1e-3)  # Wilson's for 3 of 3


def test_the_interval_of_power_gained_holds_goals_and_draws() -> None:
    same = point(None, [numbers()] * 3, drawn=True).gained
    apart = point(None, [numbers(gained=x) for x in (0.0, 0.1, 0.2)], drawn=True).gained
    assert same.value == pytest.approx(apart.value) == pytest.approx(0.1)
    assert same.high == pytest.approx(0.1 + 1.96 * 0.01, abs=1e-4)
    assert apart.high == pytest.approx(0.1 + math.hypot(4.3027 * 0.1 / math.sqrt(3), 0.0196), abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=6))
def test_the_hypervolume_is_the_area_that_some_point_reaches(corners: list[tuple[int, int]]) -> None:
    reached = np.zeros((20, 20), dtype=bool)
    for x, y in corners:
        reached[:x, :y] = True
    points = [(x / 20, y / 20) for x, y in corners]
    assert hypervolume(points) == pytest.approx(reached.mean())
    assert hypervolume(front(points)) == pytest.approx(reached.mean())
    for x, y in front(points):
        assert not any(a >= x and b >= y and (a, b) != (x, y) for a, b in points)


def test_an_unknown_row_or_column_is_told(result: ComparisonResult) -> None:
    with pytest.raises(UnknownNameError, match="did you mean `maze`"):
        result.entry("mazes", "none")
    with pytest.raises(UnknownNameError, match="did you mean `fine`"):
        result.entry("maze", "fines")


def test_the_frame_has_a_line_a_strength(result: ComparisonResult) -> None:
    frame = result.to_frame()
    fined = frame[(frame["level"] == "maze") & (frame["countermeasure"] == "fine")]
    assert list(fined["strength"]) == [0.0, 0.01, 100.0]
    assert list(fined["best"]) == [False, False, True]
    failed = frame[frame["countermeasure"] == "broken"]
    assert list(failed["status"]) == ["failed", "failed"]
    assert failed["passed"].isna().all()


# --- JSON -----------------------------------------------------------------------------------------


def objects(form: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "the file", form
    yield from form["$defs"].items()


def test_the_file_has_the_documented_form(result: ComparisonResult) -> None:
    told = json.loads(result.to_json())
    check = Draft202012Validator(schema())
    assert [error.message for error in check.iter_errors(told)] == []
    assert told["kind"] == "comparison"
    assert told["entries"][1]["points"][2]["passed"]["value"] == 1.0
    for change in ("add", "remove"):
        for path in (
            [],
            ["entries", 0],
            ["entries", 0, "points", 0],
            ["entries", 0, "episode", 0],
            ["levels", 0],
        ):
            broken = copy.deepcopy(told)
            at = broken
            for key in path:
                at = at[key]
            at.popitem() if change == "remove" else at.update(surprise=1)
            assert not check.is_valid(broken)


def test_the_schema_is_closed_and_describes_every_field() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["schema"]["const"] == SCHEMA
    for name, form in objects(schema()):
        assert form["additionalProperties"] is False, name
        assert form["required"] == list(form["properties"]), name
        for field, about in form["properties"].items():
            assert about.get("description"), f"{name}.{field}"
