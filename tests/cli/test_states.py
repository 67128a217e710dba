"""How states are written and found."""

from __future__ import annotations

import dataclasses

import pytest

from corrigible.cli.states import START, StateNames
from corrigible.core.errors import UnknownNameError


@dataclasses.dataclass(frozen=True)
class Office:
    hour: int = 0
    has: tuple[bool, ...] = (False, False)
    armed: bool = True
    name: str = ""


STATES = [Office(), Office(hour=2, armed=False), Office(has=(True, False), name="blue key")]
NAMES = StateNames(STATES[0])


def test_a_state_is_told_by_what_differs_from_the_start():
    assert [NAMES.short(state) for state in STATES] == [START, "hour=2 armed=no", "has=10 name=blue-key"]


def test_the_legend_tells_the_start_in_full():
    assert "hour=0 has=00 armed=yes name=none" in NAMES.legend


def test_labels_that_are_no_records_are_shown_as_they_are():
    assert StateNames().short((1, 2)) == "(1, 2)"
    assert StateNames().legend == ""


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_found_by_its_short_its_full_and_its_python_name(state):
    for text in (NAMES.short(state), NAMES.full(state), repr(state), NAMES.full(state).upper()):
        assert NAMES.find(text, STATES) is state


def test_brackets_and_spaces_do_not_matter():
    assert StateNames().find("3,9", [(3, 8), (3, 9)]) == (3, 9)


def test_an_unknown_state_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean `hour=2 armed=no`"):
        NAMES.find("hour=3 armed=no", STATES)
