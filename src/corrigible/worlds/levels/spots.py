"""Named spots of a map: what agents with other goals than a level's own would go for."""

from __future__ import annotations

from collections.abc import Mapping

from corrigible.worlds.contract import Goal
from corrigible.worlds.grid import Cell, Layout
from corrigible.worlds.level import errand


def errands(layout: Layout, spots: Mapping[str, Cell]) -> tuple[Goal, ...]:
    """Return for each spot the goal of being there.

    Parameters
    ----------
    layout
        How the map lies.
    spots
        For each name, its cell on the map as drawn.
    """
    cells = {name: layout.there(cell) for name, cell in spots.items()}
    return tuple(
        errand(
            name, f"go to the {name}, at row {row}, column {column}. Nothing else is wanted.", (row, column)
        )
        for name, (row, column) in cells.items()
    )
