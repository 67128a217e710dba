"""A plain text map as a model: ``#`` is a wall, every other character a free cell.

One may stay or move up, down, left or right. A move into a wall or off the map is *left out* of
the cell's actions rather than turned into one that stays: such a move would be a second and third
copy of staying, and copies change nothing about what can be attained but split or inflate every
optimality probability.

*Source:* the mazes of the literature on POWER are read in the same way, as graphs of cells:
A. M. Turner et al., Optimal Policies Tend to Seek Power (2021), figures 1 and 6.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from corrigible.core import memory
from corrigible.core.results import read_only
from corrigible.mdp.files import broken, decoded, read_lines
from corrigible.mdp.model import MDP

WALL = "#"
START = "S"
MOVES = {"stay": (0, 0), "up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
"""The actions, and how far each goes in rows and columns."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class GridMap:
    """A map and the model made of it.

    Parameters
    ----------
    mdp
        The model; its states are labelled (row, column), counted from 0 at the top left.
    rows, columns
        Size of the map.
    cells
        The number of each cell's state, −1 at walls; integers of shape (rows, columns).
    text
        The map as it was read, shorter lines filled up with walls; ``rows`` lines, no end at the last.
    """

    mdp: MDP
    rows: int
    columns: int
    cells: np.ndarray
    text: str


def read_map(path_or_text: Path | str) -> GridMap:
    r"""Read a text map.

    Parameters
    ----------
    path_or_text
        A path; or, where the text has more than one line, the map itself.

    Returns
    -------
    GridMap
        If exactly one cell is marked ``S`` the model starts there; otherwise it has no starting
        distribution. Cells need not be connected.

    Raises
    ------
    FileFormatError
        If the map cannot be read, is not text, is empty, has a tab or has no free cell; the
        message names file and line.
    TooLargeError
        If the model would not fit in memory.

    Notes
    -----
    Lines shorter than the longest are filled up with walls on the right. Blank lines at the end
    are dropped; elsewhere a line with no characters is a row of walls. A space is a free cell.

    Examples
    --------
    >>> from corrigible.mdp.textmap import read_map
    >>> room = read_map("S.\n#.\n")
    >>> room.mdp.actions((0, 1))
    ['stay', 'down', 'left']
    """
    if isinstance(path_or_text, str) and "\n" in path_or_text:
        name: Path | str = "<text>"
        lines = decoded(name, path_or_text.encode("utf-8", "surrogatepass"))
    else:
        name = path_or_text
        lines = read_lines(name)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise broken(name, 1, "the map is empty", f"draw walls with `{WALL}`, anything else is free")
    _check_characters(name, lines)
    rows, columns = len(lines), max(map(len, lines))
    # Labels, a dictionary of them and the arrays of five actions; measured.
    memory.require(rows * columns * 700, f"a map of {rows} × {columns} cells")
    padded = [line.ljust(columns, WALL) for line in lines]
    letters = np.frombuffer("".join(padded).encode("utf-32-le"), dtype="<u4").reshape(rows, columns)
    free = letters != ord(WALL)
    if not np.any(free):
        raise broken(name, 1, f"the map has no free cell, only `{WALL}`", "leave a cell free")
    cells = np.full((rows, columns), -1, dtype=np.int64)
    cells[free] = np.arange(int(free.sum()))
    starts = np.argwhere(letters == ord(START)).tolist()
    mdp = MDP.from_successors(
        _successors(cells)[free],
        states=list(map(tuple, np.argwhere(free).tolist())),
        actions=tuple(MOVES),
        initial={tuple(starts[0]): 1.0} if len(starts) == 1 else None,
    )
    return GridMap(mdp=mdp, rows=rows, columns=columns, cells=read_only(cells), text="\n".join(padded))


def _successors(cells: np.ndarray) -> np.ndarray:
    """Return where each move leads from each cell, −1 where nowhere; shape (rows, columns, moves)."""
    rows, columns = cells.shape
    around = np.pad(cells, 1, constant_values=-1)
    views = [around[1 + r : 1 + r + rows, 1 + c : 1 + c + columns] for r, c in MOVES.values()]
    return np.stack(views, axis=-1)


def _check_characters(name: Path | str, lines: list[str]) -> None:
    for number, line in enumerate(lines, start=1):
        if line.isprintable():
            continue
        column, letter = next((i, c) for i, c in enumerate(line, start=1) if not c.isprintable())
        if letter == "\t":
            raise broken(name, number, f"a tab at column `{column}`", "write spaces: a map has no tabs")
        if ord(letter) < 32 or 127 <= ord(letter) < 160 or 0xD800 <= ord(letter) < 0xE000:
            raise broken(name, number, f"a control character `{letter!r}` at column {column}, not text")
