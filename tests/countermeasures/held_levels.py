"""Tiny random levels in which people stop the agent, and a Hypothesis strategy that draws them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from hypothesis import strategies as st

from corrigible.worlds import Action

from .drawn_levels import DrawnLevel, Table

SPOTS = ("a", "b", "c")


class HeldLevel(DrawnLevel):
    """A level whose states with an exclamation mark are those of being stopped in the state without.

    Parameters
    ----------
    wants
        What (state, action, next state) add to the hidden performance.
    """

    def __init__(self, table: Table, pays: Any = None, wants: Any = None, **given: Any) -> None:
        super().__init__(table, pays, **given)
        self.wants = dict(wants or {})

    @property
    def dynamics_key(self) -> Hashable:
        return repr((type(self), self.table, self.pays, self.wants, self.horizon, self.discount))

    def performance(self, state: str, action: Action, after: str) -> float:
        return self.wants.get((state, action.name, after), 0.0)

    def stopped(self, state: str) -> bool:
        return state.endswith("!")

    def spared(self, state: str) -> str:
        return state.removesuffix("!")


@st.composite
def held_levels(draw: st.DrawFn) -> HeldLevel:
    """Draw a level of three spots, in each of which people may stop the agent, for good or for a while."""
    amounts = st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0))
    held = {spot: draw(st.sampled_from((0.0, 0.25, 0.5, 1.0))) for spot in SPOTS}

    def arrive(spot: str) -> dict[str, float]:
        return {name: p for name, p in ((f"{spot}!", held[spot]), (spot, 1 - held[spot])) if p > 0}

    def mixed(one: str, other: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for spot in (one, other):
            for name, p in arrive(spot).items():
                found[name] = found.get(name, 0.0) + p / 2
        return found

    spots = st.sampled_from(SPOTS)
    table: dict[str, dict[str, dict[str, float] | str]] = {}
    for spot in SPOTS:
        moves = draw(st.lists(st.tuples(spots, spots), min_size=1, max_size=2))
        table[spot] = {"noop": spot} | {f"move{i}": mixed(*ends) for i, ends in enumerate(moves)}
    for spot in SPOTS:
        again = draw(st.booleans())
        table[f"{spot}!"] = {"noop": {f"{spot}!": 0.5, spot: 0.5} if again else f"{spot}!"}
    every = [
        (state, action, after)
        for state, acts in table.items()
        for action, row in acts.items()
        for after in ([row] if isinstance(row, str) else row)
    ]
    # What is paid on being spared must be known for each stop, too.
    every += [(s, a, t.removesuffix("!")) for s, a, t in every]
    pays = {key: draw(amounts) for key in dict.fromkeys(every)}
    wants = {key: draw(amounts) for key in dict.fromkeys(every)}
    done = tuple(draw(st.frozensets(st.sampled_from(("b", "c")), max_size=1)))
    steps, discount = draw(st.integers(1, 4)), draw(st.sampled_from((0.5, 0.9, 1.0)))
    return HeldLevel(table, pays, wants, horizon=steps, discount=discount, done=done)
