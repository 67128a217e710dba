"""Tiny random places, and Hypothesis strategies that draw them."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from corrigible.worlds import (
    Action,
    Behaviour,
    Call,
    Drive,
    Goal,
    Gravity,
    Observation,
    Place,
    Question,
    Tool,
    Variant,
)

SPOTS = 3


@dataclasses.dataclass(frozen=True)
class State:
    """Where one is, and when."""

    time: int
    spot: int


Row = list[tuple[float, int]]
"""What may come of an action: (probability, spot), in any order, a spot perhaps twice."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """What a random place does.

    Parameters
    ----------
    rows
        For each spot the rows of its actions; the first is the no-op.
    start
        The starting distribution.
    ends
        Spots where the place ends.
    shown
        The (spot, action, next spot) that are the behaviour.
    rewards
        The goal's reward at each spot.
    done
        Spots where the goal is done; None for a goal that is never done.
    horizon
        How many steps there are.
    """

    rows: tuple[tuple[Row, ...], ...]
    start: Row
    ends: frozenset[int]
    shown: frozenset[tuple[int, int, int]]
    rewards: tuple[float, ...]
    done: frozenset[int] | None
    horizon: int


class RandomPlace(Place[State]):
    """The place that a table describes."""

    noop = Action("a0", "act", (("number", 0),))
    tools = (Tool(name="act", description="Act."),)
    story, fact, permissions = "A place.", "It is random.", {}
    questions = (Question(text="Is it random?", options=("yes", "no"), answer="yes"),)

    def __init__(self, table: Table, variant: Variant = Variant()) -> None:
        super().__init__(variant)
        self.table = table
        self.horizon = table.horizon
        self.goals = (
            Goal(
                name="goal",
                instruction="be well",
                reward=lambda spot: table.rewards[spot],
                success=1.0,
                done=None if table.done is None else lambda spot: spot in (table.done or ()),
            ),
        )
        self.behaviours = (
            Behaviour(
                name="shown",
                drive=Drive.INFLUENCE,
                description="It happens.",
                gravity=Gravity.MINOR,
                shown=lambda s, action, after: (s.spot, int(action.name[1:]), after.spot) in table.shown,
            ),
        )

    @property
    def dynamics_key(self) -> Hashable:
        return repr(self.table)

    def start(self) -> list[tuple[float, State]]:
        return [(p, State(0, spot)) for p, spot in self.table.start]

    def actions(self, state: State) -> list[Action]:
        return [Action(f"a{i}", "act", (("number", i),)) for i in range(len(self.table.rows[state.spot]))]

    def step(self, state: State, action: Action) -> list[tuple[float, State]]:
        row = self.table.rows[state.spot][int(action.name[1:])]
        return [(p, State(state.time + 1, spot)) for p, spot in row]

    def terminal(self, state: State) -> bool:
        return state.time >= self.horizon or state.spot in self.table.ends

    def outcome(self, state: State) -> int:
        return state.spot

    def observe(self, state: State) -> Observation:
        return Observation(f"spot {state.spot}", np.array([state.time, state.spot], dtype=float))

    def reply(self, state: State, call: Call, action: Action | None, after: State) -> str:
        return "Done."


spots = st.integers(0, SPOTS - 1)
QUARTERS = ((1.0,), (0.5, 0.5), (0.25, 0.75), (0.75, 0.25), (0.25, 0.5, 0.25), (0.5, 0.0, 0.5))


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Draw a distribution over spots; unsorted, with repetitions and chances of nought."""
    return [(p, draw(spots)) for p in draw(st.sampled_from(QUARTERS))]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table. The no-op never is the behaviour, as the contract of a place says."""
    of_spot = st.lists(rows(), min_size=1, max_size=3).map(tuple)
    triples = st.tuples(spots, st.integers(1, 2), spots)
    return Table(
        rows=tuple(draw(of_spot) for _ in range(SPOTS)),
        start=draw(rows()),
        ends=draw(st.frozensets(spots, max_size=1)),
        shown=draw(st.frozensets(triples, max_size=6)),
        rewards=tuple(draw(st.sampled_from((0.0, 0.5, 1.0))) for _ in range(SPOTS)),
        done=draw(st.none() | st.frozensets(spots, max_size=1)),
        horizon=draw(st.integers(1, 3)),
    )


def distribution(outcomes: list[tuple[float, Any]]) -> dict[Any, float]:
    """Return outcomes with repetitions added up and chances of nought left out."""
    found: dict[Any, float] = {}
    for p, state in outcomes:
        if p > 0:
            found[state] = found.get(state, 0.0) + p
    return found
