"""Text maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core import memory
from corrigible.core.errors import FileFormatError, TooLargeError
from corrigible.mdp.textmap import MOVES, read_map

DATA = Path(__file__).parent / "data"


def test_a_map_becomes_cells_with_moves():
    grid = read_map(DATA / "room.txt")
    assert (grid.rows, grid.columns) == (4, 5)
    assert list(grid.mdp.states) == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert grid.cells[1].tolist() == [-1, 0, 1, 2, -1]
    assert grid.mdp.actions((1, 1)) == ["stay", "down", "right"]
    assert grid.mdp.actions((1, 3)) == ["stay", "left"]
    assert grid.mdp.deterministic


def test_moves_lead_where_they_say():
    mdp = read_map("...\n...\n...\n").mdp
    middle = mdp.index((1, 1))
    ends = [mdp.states[mdp.successor[k]] for k in mdp.pairs(middle)]
    assert dict(zip(mdp.actions((1, 1)), ends, strict=True)) == {
        "stay": (1, 1),
        "up": (0, 1),
        "down": (2, 1),
        "left": (1, 0),
        "right": (1, 2),
    }


def test_moves_into_walls_and_off_the_map_are_left_out():
    mdp = read_map("#.#\n###\n").mdp
    assert mdp.actions((0, 1)) == ["stay"]


def test_short_lines_are_filled_up_with_walls():
    grid = read_map(DATA / "room.txt")
    assert grid.text.split("\n")[2] == "#.###"
    assert grid.cells[2].tolist() == [-1, 3, -1, -1, -1]


def test_one_start_is_where_the_model_starts():
    mdp = read_map(DATA / "room.txt").mdp
    assert mdp.initial.tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("text", ["..\n..\n", "S.\n.S\n"])
def test_no_start_or_more_than_one_means_none(text):
    assert read_map(text).mdp.initial is None


def test_cells_that_the_start_does_not_reach_are_allowed():
    assert read_map("S#.\n").mdp.reachable().tolist() == [True, False]


def test_blanks_are_cells_and_blank_lines_at_the_end_are_dropped():
    grid = read_map(". .\r\n\n  \n\n\n")
    assert (grid.rows, grid.columns) == (3, 3)
    assert grid.cells.tolist() == [[0, 1, 2], [-1, -1, -1], [3, 4, -1]]


def test_letters_beyond_ascii_are_cells():
    assert read_map("★é\n").mdp.n_states == 2


def test_the_array_of_cells_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        read_map("..\n").cells[0, 0] = 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r":1: the map is empty"),
        (b"\n\n", r":1: the map is empty"),
        (b"##\n##\n", r":1: the map has no free cell"),
        (b"..\n.\t.\n", r":2: a tab at column `2`"),
        (b"..\n.\x07\n", r":2: a control character `'\\x07'` at column 2"),
        (b"..\n..\n\xff\xfe", r":3: byte `0xff` is not UTF-8 text"),
        (b"..\n\x00", r":2: holds a zero byte"),
    ],
)
def test_a_broken_map_names_file_and_line(tmp_path, content, message):
    path = tmp_path / "maze.txt"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="maze.txt" + message):
        read_map(str(path))


def test_a_map_that_is_not_there_or_is_a_folder_is_named(tmp_path):
    with pytest.raises(FileFormatError, match=r"gone.txt:1: cannot be read: no such file"):
        read_map(tmp_path / "gone.txt")
    with pytest.raises(FileFormatError, match=":1: cannot be read: is a directory"):
        read_map(tmp_path)


def test_a_map_too_large_for_memory_says_the_estimate(monkeypatch):
    monkeypatch.setattr(memory, "physical", lambda: 1000)
    with pytest.raises(TooLargeError, match=r"a map of 2 × 3 cells would take about `4.1 KiB`"):
        read_map("...\n...\n")


@settings(deadline=None)
@given(st.lists(st.text("#.S", min_size=1, max_size=7), min_size=2, max_size=7))
def test_every_move_of_every_cell_is_right(lines):
    text = "\n".join(lines)
    free = {(r, c) for r, line in enumerate(lines) for c, x in enumerate(line) if x != "#"}
    if not free:
        with pytest.raises(FileFormatError):
            read_map(text)
        return
    mdp = read_map(text).mdp
    assert set(mdp.states) == free
    for r, c in free:
        expected = {name: (r + i, c + j) for name, (i, j) in MOVES.items() if (r + i, c + j) in free}
        pairs = mdp.pairs(mdp.index((r, c)))
        ends = [mdp.states[mdp.successor[k]] for k in pairs]
        assert dict(zip(mdp.actions((r, c)), ends, strict=True)) == expected


def test_cells_number_the_states():
    grid = read_map("S..\n.#.\n")
    for (r, c), number in np.ndenumerate(grid.cells):
        assert number == -1 or grid.mdp.states[number] == (r, c)
