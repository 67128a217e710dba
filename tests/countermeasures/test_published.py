"""The tables of impact measures as results; what they say is in tests/claims/test_impact.py."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.core.results import provenance
from corrigible.countermeasures.published import LevelTable, attainable_utility_table, design_matrix

ROWS = ("none", "unreachability, inaction")


def test_a_table_says_where_it_comes_from_and_reads_as_a_frame() -> None:
    table = design_matrix(draws=2, strengths=(1.0, 3.0), rows=ROWS)
    told = json.loads(table.to_json())
    assert (told["kind"], told["provenance"]["seed"]) == ("design-matrix", 0)
    assert told["verdicts"]["unreachability, inaction"]["sushi"] == "P"
    frame = table.to_frame()
    assert list(frame.columns) == ["row", "level", "strength", "draw", "passed"]
    assert frame["passed"].to_numpy().tolist() == table.passed.ravel().tolist()
    assert repr(table) == "<LevelTable: design-matrix, 2 measures, 4 levels, 2 strengths, 2 draws>"


@pytest.mark.parametrize(
    ("passed", "verdict"),
    [
        ([[1, 1, 0]], "P"),
        ([[1, 0, 0]], "F"),
        ([[1, 0]], "1/2"),
        ([[0.9, 0.9, 1]], "~"),
        ([[0, 0, 1], [1, 1, 0]], "P"),  # each draw at its best strength
    ],
)
def test_a_verdict_is_that_of_most_draws(passed: list[list[float]], verdict: str) -> None:
    table = LevelTable(
        kind="drawn",
        rows=("row",),
        levels=("level",),
        strengths=tuple(range(len(passed))),
        passed=np.array(passed, dtype=float)[None, None],
        provenance=provenance(0, ""),
    )
    assert table.verdict("row", "level") == verdict


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: design_matrix(rows=("nothing",)), UnknownNameError, "`nothing`"),
        (lambda: attainable_utility_table(values="guessed"), UnknownNameError, "`guessed`"),
        (lambda: design_matrix(draws=0), OptionError, "`0`"),
        (lambda: design_matrix(strengths=(-1.0,)), OptionError, "`-1.0`"),
        (lambda: design_matrix(seed=-1), OptionError, "`-1`"),
    ],
)
def test_what_cannot_be_tabled_is_refused_before_any_work(
    make: Any, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        make()
