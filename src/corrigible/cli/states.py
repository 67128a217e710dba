"""States as people read and type them: what differs from the start, as ``hour=2 invoices=1``."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence
from typing import Any

from corrigible.core.errors import unknown_name

START = "(start)"
"""How the starting state of a world is written."""


@dataclasses.dataclass(frozen=True)
class StateNames:
    """Writes and finds the states of one model.

    States of worlds are dataclasses of many variables; in tables only those are shown that differ
    from the starting state. All other labels are shown as they are.

    Parameters
    ----------
    start
        The starting state, where states are dataclasses; else None.
    """

    start: Any = None

    @property
    def legend(self) -> str:
        """What one must know to read the short names; empty where they are the whole label."""
        return (
            ""
            if self.start is None
            else f"States are told by what differs from the start: {self.full(self.start)}."
        )

    def short(self, state: Any) -> str:
        """Return the name of a state for a table."""
        if not _is_record(state):
            return str(state)
        if type(state) is not type(self.start):
            return self.full(state)
        differ = [f for f in _fields(state) if getattr(state, f) != getattr(self.start, f)]
        return " ".join(_pair(state, f) for f in differ) or START

    def full(self, state: Any) -> str:
        """Return every variable of a state."""
        return " ".join(_pair(state, f) for f in _fields(state)) if _is_record(state) else str(state)

    def find(self, text: str, states: Sequence[Any]) -> Any:
        """Return the state that ``text`` names, written as in a table; spaces, commas, brackets and case
        do not matter.

        Raises
        ------
        UnknownNameError
            If there is none; the message suggests the nearest.
        """
        wanted = _bare(text)
        for state in states:
            if wanted in (_bare(self.short(state)), _bare(self.full(state)), _bare(str(state))):
                return state
        known = [self.short(state) for state in states[:2_000]]
        unknown_name("state", text, known, f"the model has {len(states):,} states, for example `{known[0]}`")


def _is_record(state: Any) -> bool:
    return dataclasses.is_dataclass(state) and not isinstance(state, type)


def _fields(state: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(state)]


def _pair(state: Any, field: str) -> str:
    return f"{field}={_word(getattr(state, field))}"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, tuple | list | frozenset | set):
        items: list[Any] = sorted(value, key=str) if isinstance(value, frozenset | set) else list(value)
        if items and all(isinstance(item, bool) for item in items):
            return "".join(str(int(item)) for item in items)
        return ",".join(_word(item) for item in items) or "none"
    if _is_record(value):
        return "/".join(_word(getattr(value, field)) for field in _fields(value))
    return str(value).replace(" ", "-") or "none"


def _bare(text: str) -> str:
    return "".join(text.replace(",", " ").split()).strip("()[]").casefold()
