"""Pictures: of the right kind, whole files, and honest refusals."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from corrigible import MDP
from corrigible.core.errors import MissingExtraError, OptionError, OutputError
from corrigible.mdp.textmap import read_map
from corrigible.power import estimate, optimality_probability, plots

pytest.importorskip("matplotlib")
MAZE = read_map("S..#.\n.#...\n.....\n")
LAMP = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})


def test_a_map_shows_power_in_free_cells_and_nothing_in_walls():
    result = estimate(MAZE.mdp, samples=20)
    [axes] = plots.figure(result, MAZE).axes
    shown = axes.images[0].get_array()
    np.testing.assert_array_equal(np.ma.getmaskarray(shown), MAZE.cells < 0)
    np.testing.assert_allclose(shown.compressed(), result.power)
    assert len(axes.texts) == MAZE.mdp.n_states


def test_several_discounts_on_a_map_are_several_maps():
    results = estimate(MAZE.mdp, discount=[0.5, 0.9], samples=20)
    assert len(plots.figure(results, MAZE).axes) == 2


def test_several_discounts_without_a_map_are_lines_named_at_their_ends():
    results = estimate(MAZE.mdp, discount=[0.9, 0.5], samples=20)
    [axes] = plots.figure(results).axes
    assert len(axes.lines) == 6
    assert axes.lines[0].get_xdata().tolist() == [0.5, 0.9]
    assert len(axes.texts) == 6


def test_a_ranking_of_many_states_says_what_it_leaves_out():
    mdp = MDP.from_successors(np.arange(100)[:, None], states=[f"s{i}" for i in range(100)])
    [axes] = plots.figure(estimate(mdp, samples=20)).axes
    assert len(axes.get_yticks()) == 24
    assert axes.texts[0].get_text() == "76 states between"


def test_preferred_actions_are_bars():
    [axes] = plots.figure(optimality_probability(LAMP, "on", samples=100)).axes
    assert len(axes.patches) == 2
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["on", "off"]


def test_a_single_sample_is_drawn_without_error_bars():
    [axes] = plots.figure(estimate(LAMP, samples=1)).axes
    assert "unknown error" in axes.get_xlabel()


@pytest.mark.parametrize(("name", "head"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.PDF", b"%PDF")])
def test_pictures_are_written_in_the_format_of_their_suffix_and_repeatably(tmp_path, name, head):
    for folder in ("one", "two"):
        plots.save(plots.figure(estimate(LAMP, samples=20)), tmp_path / folder / name)
    data = (tmp_path / "one" / name).read_bytes()
    assert data.startswith(head)
    assert data == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", ["a.gif", "a", "a.png.txt"])
def test_other_suffixes_are_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(OptionError, match=r"\.png, \.svg or \.pdf"):
        plots.save(plots.figure(estimate(LAMP, samples=2)), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match=r"a\.png"):
        plots.save(plots.figure(estimate(LAMP, samples=2)), tmp_path / "a.png")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    result = estimate(LAMP, samples=2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"corrigible\[plot\]"):
        plots.figure(result)


def test_nothing_to_draw_is_an_error():
    with pytest.raises(OptionError, match="no result"):
        plots.figure([])


def test_labels_beyond_all_measure_are_cut_in_the_middle():
    assert plots.short("x" * 100) == "x" * 23 + "…" + "x" * 23
