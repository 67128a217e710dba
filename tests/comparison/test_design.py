"""A comparison is decided, and checked, before anything is computed."""

from __future__ import annotations

from typing import Any

import pytest

from corrigible.comparison import Comparison
from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.worlds import load

from .toys import Dither, Fine

NONE = NoCountermeasure()


def design(**changes: Any) -> Comparison:
    return Comparison(**({"worlds": ("maze",), "countermeasures": (NONE, Fine(), Dither())} | changes))


def test_each_countermeasure_is_tried_on_its_ladder_and_what_is_drawn_for_each_seed() -> None:
    tried = [(cell.countermeasure, cell.strength, cell.seed) for cell in design(seeds=2).cells()]
    assert tried == [
        ("none", None, None),
        *(("fine", strength, None) for strength in (0.0, 0.01, 100.0)),
        *(("dither", share, seed) for seed in (0, 1) for share in (0.0, 0.5, 1.0)),
    ]


def test_a_strength_and_a_first_seed_that_are_given_are_kept() -> None:
    cells = design(countermeasures=(Fine(fine=0.2), Fine(), Dither(seed=7)), seeds=2).cells()
    assert [(c.countermeasure, c.strength) for c in cells if "fine" in c.countermeasure] == [
        ("fine(fine=0.2)", 0.2),
        ("fine", 0.0),
        ("fine", 0.01),
        ("fine", 100.0),
    ]
    assert {(c.countermeasure, c.seed) for c in cells if c.seed is not None} == {("dither", 7), ("dither", 8)}


def test_strengths_of_the_comparison_take_the_place_of_the_ladders() -> None:
    cells = design(countermeasures=(NONE, Fine(fine=0.2)), strengths=(1, 0.5)).cells()
    assert [(c.countermeasure, c.strength) for c in cells] == [("none", None), ("fine", 1), ("fine", 0.5)]


def test_rows_are_worlds_with_a_task_each() -> None:
    found = design(
        worlds=(load("maze"), "off-switch-grid/bottles", "off-switch-grid"), countermeasures=(NONE,)
    )
    assert [(cell.world, cell.goal) for cell in found.cells()] == [
        ("maze", "reading-desk"),
        ("off-switch-grid", "bottles"),
        ("off-switch-grid", "crates"),
    ]


def test_the_measure_of_a_cell_is_the_countermeasure_at_its_strength_and_seed() -> None:
    column = design(countermeasures=(Dither(),), seeds=3).columns[0]
    assert column.at(0.25, 2) == Dither(share=0.25, seed=2)
    assert design(countermeasures=(NONE,)).columns[0].at(None, None) == NONE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"worlds": ()}, "no world"),
        ({"worlds": ("maze", "maze/reading-desk")}, "`maze/reading-desk` is named twice"),
        ({"countermeasures": ()}, "no countermeasure"),
        ({"countermeasures": (Fine(), Fine())}, "`fine` is named twice"),
        ({"countermeasures": (Fine, Fine())}, "is no countermeasure"),
        ({"countermeasures": ("fine",)}, "`'fine'` is no countermeasure"),
        ({"strengths": ()}, "no strength"),
        ({"seeds": 0}, "seeds `0`"),
        ({"seeds": True}, "seeds `True`"),
        ({"samples": 1}, "samples `1`"),
        ({"seed": -1}, "seed `-1`"),
    ],
)
def test_what_is_wrong_with_a_design_is_told_in_one_line(change: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        design(**change)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_strength_out_of_range_is_found_before_anything_runs() -> None:
    from corrigible.countermeasures.mild.quantiliser import Quantiliser

    with pytest.raises(OptionError, match=r"`quantiliser` at strength `2\.0`: the share"):
        design(countermeasures=(Quantiliser(),), strengths=(0.5, 2.0))


@pytest.mark.parametrize("world", ["mazes", "maze/see-galery"])
def test_an_unknown_world_or_task_is_told_with_the_nearest(world: str) -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        design(worlds=(world,))


def test_the_fingerprint_is_that_of_what_decides_the_cells_and_of_nothing_else() -> None:
    base = design().fingerprint
    assert design(out="elsewhere").fingerprint == base
    changes: list[dict[str, Any]] = [
        {"worlds": ("off-switch",)},
        {"countermeasures": (NONE, Fine())},
        {"strengths": (0.5,)},
        {"seeds": 2},
        {"samples": 50},
        {"seed": 1},
    ]
    found = {design(**change).fingerprint for change in changes}
    assert len(found | {base}) == len(changes) + 1
