"""The experiment as data: which rows, with which seeds, and what is refused."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from corrigible.audit import Design
from corrigible.audit.design import TWINS, place_for
from corrigible.core.errors import FileFormatError, InputError, OptionError, UnknownNameError
from corrigible.worlds import load, names


def test_by_default_the_whole_catalogue_is_audited() -> None:
    design = Design()
    assert design.worlds == names()
    assert {row.world for row in design.rows} == set(names())


def test_rows_are_worlds_by_twins_by_goals_by_epochs() -> None:
    design = Design(worlds=("off-switch", "green-button"), goals=3, epochs=4)
    assert len(design.rows) == (2 + 3) * 3 * 4
    assert len(set(design.rows)) == len(design.rows)
    goals = [g.name for g in load("off-switch").place().goals[:3]]
    mine = [row for row in design.rows if row.world == "off-switch"]
    assert {row.goal for row in mine} == set(goals)
    assert {row.twin for row in mine} == {"world", "control"}
    assert {row.epoch for row in mine} == {0, 1, 2, 3}


def test_a_shifted_world_is_played_in_training_too_and_no_other() -> None:
    design = Design(goals=1, epochs=1)
    trained = {row.world for row in design.rows if row.twin == "training"}
    assert trained == {name for name in names() if load(name).shifted}


def test_the_twins_of_an_epoch_share_a_seed_and_nothing_else_does() -> None:
    seeds = defaultdict(set)
    design = Design(worlds=("green-button", "maze"), epochs=3)
    for row in design.rows:
        seeds[row.seed].add((row.world, row.goal, row.epoch))
    assert all(len(rows) == 1 for rows in seeds.values())
    assert len(seeds) == len({(r.world, r.goal, r.epoch) for r in design.rows})


def test_a_row_keeps_its_seed_whatever_else_is_audited() -> None:
    small = Design(worlds=("off-switch",), goals=2, epochs=2, seed=5)
    large = Design(worlds=("maze", "off-switch"), epochs=4, seed=5)
    assert set(small.rows) < set(large.rows)


def test_another_seed_gives_every_row_another_seed() -> None:
    one, other = Design(worlds=("maze",), seed=0), Design(worlds=("maze",), seed=1)
    assert {row.seed for row in one.rows}.isdisjoint(row.seed for row in other.rows)


def test_a_row_is_played_in_its_twin_with_words_drawn_by_its_seed() -> None:
    for row in Design(worlds=("green-button",), goals=1, epochs=1).rows:
        variant = place_for(load(row.world), row).variant
        assert variant == TWINS[row.twin].replace(seed=row.seed)


def test_equal_designs_have_equal_fingerprints() -> None:
    assert Design(seed=1).fingerprint == Design(seed=1).fingerprint
    changes: list[dict[str, Any]] = [
        {"seed": 2},
        {"agent": "random"},
        {"goals": 3},
        {"epochs": 2},
        {"worlds": ("maze",)},
        {"limits": ("influence<=0.1",)},
        {"competence": 0.7},
    ]
    prints = {dataclasses.replace(Design(), **change).fingerprint for change in changes}
    assert len(prints | {Design().fingerprint}) == len(changes) + 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": 0}, "the number of epochs `0` is not a positive whole number; give 1 or more"),
        ({"epochs": True}, "the number of epochs `True` "),
        ({"epochs": 2.0}, "the number of epochs `2.0` "),
        ({"goals": 0}, "the number of goals `0` "),
        ({"goals": -1}, "the number of goals `-1` "),
        ({"seed": -1}, "the seed `-1` is out of range"),
        ({"seed": "x"}, "the seed `x` is not a whole number"),
        ({"worlds": ()}, "there is no world to audit in"),
        ({"worlds": ("maze", "off-switch", "maze")}, "the world `maze` is named twice"),
        ({"competence": 1.5}, "the competence `1.5` is not a share"),
        ({"competence": float("nan")}, "the competence `nan` is not a share"),
        ({"competence": True}, "the competence `True` is not a share"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError) as caught:
        Design(**changes)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_more_goals_than_a_world_has_are_refused_and_the_number_is_told() -> None:
    has = len(load("maze").place().goals)
    with pytest.raises(OptionError) as caught:
        _ = Design(worlds=("maze",), goals=has + 1).rows
    assert str(caught.value) == (
        f"`{has + 1}` goals are asked for, the world `maze` has {has}; give 1 to {has}"
    )
    assert len(Design(worlds=("maze",), goals=has, epochs=1).rows) == 2 * has


def test_an_unknown_world_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="there is no world `mase`; did you mean `maze`"):
        _ = Design(worlds=("mase",)).rows


def test_two_worlds_of_one_name_are_refused() -> None:
    twice = ("off-switch", "corrigible.worlds.catalogue.off_switch:OffSwitch")
    with pytest.raises(OptionError, match="two worlds are called `off-switch`"):
        _ = Design(worlds=twice).rows


# --- TOML -------------------------------------------------------------------------------------------


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "audit.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_file_gives_a_design_and_what_is_said_besides_wins(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'agent = "random"\nworlds = ["maze"]\ngoals = 2\nepochs = 3\nseed = 4\n'
        'limits = ["maze/x<=0.5"]\ncompetence = 1\n',
    )
    expected = Design(
        agent="random",
        worlds=("maze",),
        goals=2,
        epochs=3,
        seed=4,
        limits=("maze/x<=0.5",),
        competence=1,
    )
    assert Design.from_toml(path) == expected
    overridden = Design.from_toml(path, epochs=1, agent=None, worlds=["off-switch"])
    assert overridden == dataclasses.replace(expected, epochs=1, worlds=("off-switch",))


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert Design.from_toml(written(tmp_path, "")) == Design()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epoch = 3\n", "has the unknown key `epoch`; known: agent, worlds, goals"),
        ("[audit]\nepochs = 3\n", "has the unknown key `audit`"),
        ('epochs = "3"\n', "has `epochs = '3'`; that is of the wrong kind"),
        ("epochs = 3.0\n", "has `epochs = 3.0`"),
        ('worlds = "maze"\n', "has `worlds = 'maze'`"),
        ("worlds = [1]\n", "has `worlds = [1]`"),
        ('limits = [["a<=1"]]\n', "has `limits = [['a<=1']]`"),
        ("agent = []\n", "has `agent = []`"),
        ('competence = "0.5"\n', "has `competence = '0.5'`"),
        ("epochs = \n", "is not TOML: "),
        (b"\xff\xfe", "cannot be read: "),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(FileFormatError) as caught:
        Design.from_toml(path)
    assert str(caught.value).startswith(f"`{path}` {told}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["epochs = 0\n", "epochs = true\n", "seed = -3\n", "competence = nan\n"])
def test_a_value_out_of_range_is_refused_from_a_file_too(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        Design.from_toml(written(tmp_path, text))


def test_a_file_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="cannot be read: no such file or directory"):
        Design.from_toml(tmp_path / "none.toml")
