"""The maker of gridworlds: a text map with objects, and places one moves about in.

A gridworld is three things: a `Grid` (the map), a frozen subclass of `GridState` (where the agent
is, and what else the world remembers), and a subclass of `GridPlace` that says what a move brings
about::

    GRID = read_grid("#####\\n#A B#\\n#####\\n", {"A": "agent", "B": "button"})

    @dataclasses.dataclass(frozen=True)
    class State(GridState):
        pressed: bool = False

    class Room(GridPlace[State]):
        grid = GRID
        def happen(self, state, action, moved):
            on_button = self.grid.name(moved.cell) == "button"
            return [(1.0, dataclasses.replace(moved, pressed=moved.pressed or on_button))]

Maps and moves follow `corrigible.mdp.textmap`: cells are (row, column) from 0 at the top left, and
a move into a wall is no action at all rather than one that changes nothing.

Two grid cells can be told apart by what is in the map, never by what is in the state: an object
that moves or goes away (a box, a coin) is a variable of the state that starts at `Grid.all`, and
`GridPlace.drawn` says where it is seen now.

So that an edition draws another map, `lay_down` turns and mirrors one; goals and words that speak of
places go through the `Layout` it returns.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from corrigible.core.errors import WorldError
from corrigible.mdp.files import broken, decoded, read_lines
from corrigible.mdp.textmap import MOVES, WALL
from corrigible.worlds.contract import Observation, Place
from corrigible.worlds.tools import Action, Call, Tool, schema
from corrigible.worlds.variant import Variant

Cell = tuple[int, int]
"""A row and a column, from 0 at the top left."""

FLOOR = " ."
"""The characters of free cells with nothing on them."""

AGENT = "agent"
"""The name of the object that marks where the agent starts; it is not drawn once the agent moves."""

STAY = Action("stay", "wait")
UP, DOWN, LEFT, RIGHT = (
    Action(name, "move", (("direction", name),)) for name in ("up", "down", "left", "right")
)

SYNONYMS = {"north": "up", "south": "down", "west": "left", "east": "right"}

MOVE = Tool(
    name="move",
    description="Move one cell up, down, left or right on the map. Up is towards row 0.",
    parameters=schema(direction=("up", "down", "left", "right")),
    rule="north, south, west and east mean up, down, left and right; "
    "a direction in which there is no way means nothing",
)
WAITING = Tool(name="wait", description="Stay where you are for one move.", rule="always possible")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grid:
    """A map with objects.

    Parameters
    ----------
    lines
        The rows of the map, all of the same length.
    legend
        For each character of an object, its name, in words that can be shown.
    """

    lines: tuple[str, ...]
    legend: Mapping[str, str]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.lines)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.lines[0])

    def letter(self, cell: Cell) -> str:
        """Return the character of a cell; a wall off the map."""
        row, column = cell
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        return self.lines[row][column] if inside else WALL

    def free(self, cell: Cell) -> bool:
        """Return whether a cell is no wall."""
        return cell in self._free

    def name(self, cell: Cell) -> str:
        """Return the name of the object that the map has in a cell; empty where there is none."""
        return self.objects.get(cell, "")

    def cells(self) -> list[Cell]:
        """Return all free cells, row by row."""
        return list(self._free)

    # Asked for at every step and in every picture, so they are looked for once.
    @cached_property
    def _free(self) -> dict[Cell, None]:
        places = ((r, c) for r in range(self.rows) for c in range(self.columns))
        return dict.fromkeys(cell for cell in places if self.letter(cell) != WALL)

    @cached_property
    def objects(self) -> Mapping[Cell, str]:
        """The cells with an object and its name, row by row."""
        return {
            cell: self.legend[self.letter(cell)] for cell in self._free if self.letter(cell) in self.legend
        }

    def all(self, name: str) -> tuple[Cell, ...]:
        """Return the cells of the objects called ``name``, row by row; there may be none."""
        return tuple(cell for cell, found in self.objects.items() if found == name)

    def one(self, name: str) -> Cell:
        """Return the cell of the only object called ``name``.

        Raises
        ------
        WorldError
            If there is none, or more than one; the message says where.
        """
        found = self.all(name)
        if len(found) == 1:
            return found[0]
        where = ", ".join(f"line {row + 1} column {column + 1}" for row, column in found)
        raise WorldError(
            f"the map has {len(found) or 'no'} cell{'s' * bool(found)} `{name}`{where and ': ' + where}",
            "it needs exactly one",
        )


def read_grid(path_or_text: Path | str, legend: Mapping[str, str]) -> Grid:
    """Read a map with objects.

    Parameters
    ----------
    path_or_text
        A path; or, where the text has more than one line, the map itself. ``#`` is a wall, a space
        or a full stop a free cell; lines shorter than the longest are filled up with walls.
    legend
        For each other character, the name of its object.

    Raises
    ------
    FileFormatError
        If the map cannot be read, is empty, has no free cell, or holds a character that is not in
        the legend; the message names file, line and column.
    WorldError
        If the legend names a character that is not one, a wall or a free cell.

    Examples
    --------
    >>> room = read_grid("####\\n#A.#\\n####\\n", {"A": "agent"})
    >>> room.one("agent"), room.free((1, 2)), room.free((0, 2))
    ((1, 1), True, False)
    """
    for letter in legend:
        if len(letter) != 1 or letter in WALL + FLOOR:
            raise WorldError(
                f"the legend names `{letter}`", f"give one character; `{WALL}` and `{FLOOR}` are taken"
            )
    if isinstance(path_or_text, str) and "\n" in path_or_text:
        source: Path | str = "<text>"
        lines = decoded(source, path_or_text.encode("utf-8", "surrogatepass"))
    else:
        source = path_or_text
        lines = read_lines(source)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise broken(source, 1, "the map is empty", f"draw walls with `{WALL}`, free cells with spaces")
    for number, line in enumerate(lines, start=1):
        for column, letter in enumerate(line, start=1):
            if letter not in WALL + FLOOR and letter not in legend:
                shown = ", ".join(f"`{known}`" for known in legend)
                raise broken(
                    source,
                    number,
                    f"the character `{letter}` at column {column} is not in the legend",
                    f"use `{WALL}`, a space, a full stop{shown and ' or one of ' + shown}",
                )
    width = max(map(len, lines))
    grid = Grid(lines=tuple(line.ljust(width, WALL) for line in lines), legend=dict(legend))
    if not grid.cells():
        raise broken(source, 1, f"the map has no free cell, only `{WALL}`", "leave a cell free")
    return grid


SIDES = {"north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}


@dataclasses.dataclass(frozen=True)
class Layout:
    """One of the eight ways to lay down a map: mirrored or not, then turned.

    Parameters
    ----------
    drawn
        The map as it is drawn.
    mirrored
        Whether east and west are exchanged.
    quarters
        By how many quarters it is turned clockwise after that.
    """

    drawn: Grid
    mirrored: bool = False
    quarters: int = 0

    @cached_property
    def grid(self) -> Grid:
        """The map as it lies."""
        lines = [line[::-1] for line in self.drawn.lines] if self.mirrored else list(self.drawn.lines)
        for _ in range(self.quarters):
            lines = ["".join(column) for column in zip(*reversed(lines), strict=True)]
        return Grid(lines=tuple(lines), legend=self.drawn.legend)

    def there(self, cell: Cell) -> Cell:
        """Return where a cell of the drawn map lies."""
        rows, columns = self.drawn.rows, self.drawn.columns
        row, column = cell
        if self.mirrored:
            column = columns - 1 - column
        for _ in range(self.quarters):
            row, column, rows, columns = column, rows - 1 - row, columns, rows
        return row, column

    def side(self, drawn: str) -> str:
        """Return on which side the drawn ``north``, ``south-west`` and so on lies."""
        down, right = (sum(steps) for steps in zip(*(SIDES[name] for name in drawn.split("-")), strict=True))
        if self.mirrored:
            right = -right
        for _ in range(self.quarters):
            down, right = right, -down
        return "-".join(name for name, (row, column) in SIDES.items() if row * down + column * right > 0)


def lay_down(drawn: Grid, variant: Variant) -> Layout:
    """Return the layout that a variant's edition draws; edition 0 leaves the map as it is drawn."""
    return Layout(drawn, variant.number((False, True), "mirrored"), variant.number((0, 1, 2, 3), "quarters"))


@dataclasses.dataclass(frozen=True)
class GridState:
    """Where the agent is; worlds add what else decides the future."""

    row: int
    column: int

    @property
    def cell(self) -> Cell:
        """Where the agent is, as (row, column)."""
        return self.row, self.column


G = TypeVar("G", bound=GridState)


class GridPlace(Place[G]):
    """A place one moves about in.

    To be given besides what `Place` asks for: `grid`, and `happen`. To be overridden where wanted:
    `passable` (what blocks the way), `acts` (actions that are no moves, with their tools), `drawn`
    (where objects are seen now), `status` (what else is seen), `terminal` (nothing ends it here).

    Attributes
    ----------
    grid
        The map.
    """

    grid: Grid
    noop = STAY
    tools = (MOVE, WAITING)

    # --- what a world says --------------------------------------------------------------------

    @abstractmethod
    def happen(self, state: G, action: Action, moved: G) -> list[tuple[float, G]]:
        """Return what comes of an action, as (probability, next state).

        Parameters
        ----------
        state, action
            What was done, and where.
        moved
            The same state with the agent where its move takes it; ``state`` itself for all other
            actions. Where the move brings about nothing else this is the next state; where it fails
            (a door that turns out to be locked) the next state is ``state``.
        """

    def passable(self, state: G, target: Cell) -> bool:
        """Return whether the agent may try to move to a neighbouring cell; here, to any but a wall."""
        return self.grid.free(target)

    def acts(self, state: G) -> list[Action]:
        """Return the actions possible in a state besides staying and moving; here none."""
        return []

    def drawn(self, state: G) -> dict[Cell, str]:
        """Return the characters seen on the floor now; here, all objects where the map has them."""
        return {cell: self.grid.letter(cell) for cell, name in self.grid.objects.items() if name != AGENT}

    def status(self, state: G) -> str:
        """Return what is seen besides the map; here nothing."""
        return ""

    # --- the contract of a place --------------------------------------------------------------

    def actions(self, state: G) -> list[Action]:
        moves = [a for a in (UP, DOWN, LEFT, RIGHT) if self.passable(state, beside(state.cell, a))]
        return [STAY, *moves, *self.acts(state)]

    def step(self, state: G, action: Action) -> list[tuple[float, G]]:
        if action.tool != MOVE.name:
            return self.happen(state, action, state)
        row, column = beside(state.cell, action)
        return self.happen(state, action, dataclasses.replace(state, row=row, column=column))

    def terminal(self, state: G) -> bool:
        return False

    def observe(self, state: G) -> Observation:
        """Return the map with its legend, and the variables of the state in order, as numbers."""
        seen = (self.picture(state), self.key(state), self.status(state))
        numbers = [np.ravel(np.asarray(v, dtype=np.float64)) for v in dataclasses.astuple(state)]
        return Observation("\n".join(part for part in seen if part), np.concatenate(numbers))

    def ground(self, state: G, call: Call) -> Action | None:
        if call.tool == MOVE.name:
            said = str(call.arguments.get("direction", "")).strip().casefold()
            call = Call(tool=call.tool, arguments={"direction": SYNONYMS.get(said, said)})
        return super().ground(state, call)

    def reply(self, state: G, call: Call, action: Action | None, after: G) -> str:
        if action is None:
            if call.tool != MOVE.name:
                return "Nothing happens."
            said = str(call.arguments.get("direction", "")).strip().casefold()
            return f"There is no way {said} from here." if said in _WORDS else "Which way?"
        if action == STAY:
            return "You stay where you are."
        return f"You are at row {after.row}, column {after.column}."

    # --- the picture --------------------------------------------------------------------------

    def picture(self, state: G) -> str:
        """Return the map with the agent in it as ``A``, with the numbers of rows and columns."""
        seen = self.drawn(state) | {state.cell: "A"}
        wide = len(str(self.grid.rows - 1))
        columns = [str(c).rjust(len(str(self.grid.columns - 1))) for c in range(self.grid.columns)]
        head = [" " * (wide + 1) + "".join(digits) for digits in zip(*columns, strict=True)]
        body = [
            f"{row:>{wide}} "
            + "".join(
                seen.get((row, column), " " if self.grid.free((row, column)) else WALL)
                for column in range(self.grid.columns)
            )
            for row in range(self.grid.rows)
        ]
        return "\n".join([*head, *body])

    def key(self, state: G) -> str:
        """Return what the characters of the picture mean, in an order drawn by the seed."""
        seen = set((self.drawn(state) | {state.cell: "A"}).values()) - {"A"}
        known = [f"{c} {name}" for c, name in self.grid.legend.items() if c in seen]
        told = ", ".join(self.variant.shuffled(known, "key"))
        return f"A you (row {state.row}, column {state.column}), {WALL} wall{told and ', ' + told}."


_WORDS = frozenset(MOVES) | frozenset(SYNONYMS)


def beside(cell: Cell, move: Action) -> Cell:
    """Return the cell next to ``cell`` in the direction of a move."""
    rows, columns = MOVES[move.name]
    return cell[0] + rows, cell[1] + columns


def distances(grid: Grid, start: Cell, shut: Collection[str] = ()) -> dict[Cell, int]:
    """Return the number of moves from ``start`` to each cell that can be reached.

    Parameters
    ----------
    grid
        The map.
    start
        Where to start.
    shut
        Names of objects that block the way.
    """
    found = {start: 0}
    queue = [start]
    for cell in queue:
        for move in (UP, DOWN, LEFT, RIGHT):
            target = beside(cell, move)
            if target not in found and grid.free(target) and grid.name(target) not in shut:
                found[target] = found[cell] + 1
                queue.append(target)
    return found
