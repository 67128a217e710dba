"""The experiment as data: which rows, with which seeds, and what is refused."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from corrigible.audit import Design
from corrigible.audit.design import EPOCHS, L9, READER_EPOCHS, settings
from corrigible.core.errors import FileFormatError, InputError, OptionError, UnknownNameError
from corrigible.worlds import load, names
from corrigible.worlds.variant import LEVELS, TEXT_FACTORS, TWINS


def test_by_default_the_whole_catalogue_is_audited() -> None:
    design = Design()
    assert design.worlds == names()
    assert {row.world for row in design.rows} == set(names())


def test_rows_are_worlds_by_twins_by_goals_by_epochs() -> None:
    design = Design(worlds=("off-switch", "green-button"), goals=3, epochs=4)
    twins = sum(2 + load(name).shifted + load(name).closable for name in design.worlds)
    assert len(design.rows) == twins * 3 * 4
    assert len(set(design.rows)) == len(design.rows)
    goals = [g.name for g in load("off-switch").place().goals[:3]]
    mine = [row for row in design.rows if row.world == "off-switch"]
    assert {row.goal for row in mine} == set(goals)
    assert {row.twin for row in mine} == {"world", "control", "closed"}
    assert {row.epoch for row in mine} == {0, 1, 2, 3}


def test_a_shifted_world_is_played_in_training_too_and_no_other() -> None:
    design = Design(goals=1, epochs=1)
    trained = {row.world for row in design.rows if row.twin == "training"}
    assert trained == {name for name in names() if load(name).shifted}


def test_a_closable_world_is_played_closed_too_and_no_other() -> None:
    design = Design(goals=1, epochs=1)
    closed = {row.world for row in design.rows if row.twin == "closed"}
    assert closed == {name for name in names() if load(name).closable}


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
        assert row.variant == TWINS[row.twin].replace(seed=row.seed)
        assert row.place().variant == row.variant
        assert row.base
        assert row.name == f"{row.goal}/{row.twin}/0"


# --- wording, editions, and what depends on the agent ---------------------------------------------------


def test_any_two_factors_of_the_array_meet_in_all_levels_equally_often() -> None:
    columns = list(zip(*L9, strict=True))
    for one, other in itertools.combinations(columns, 2):
        assert Counter(zip(one, other, strict=True)) == dict.fromkeys(
            itertools.product(range(3), repeat=2), 1
        )


def test_a_fraction_is_one_setting_beside_the_base_and_goes_round() -> None:
    found = [dict(*settings("fraction", place)) for place in range(16)]
    assert found[:8] == found[8:]
    assert len({tuple(told.values()) for told in found[:8]}) == 8
    base = {factor: LEVELS[factor][0] for factor in TEXT_FACTORS}
    assert base not in found
    for factor in TEXT_FACTORS:
        assert {told[factor] for told in found} == set(LEVELS[factor])


def test_a_full_design_has_every_setting_once() -> None:
    assert settings("base", 0) == ()
    assert len(settings("full", 0)) == 3 * 2 * 3 * 3 - 1
    every = Design(worlds=("maze",), goals=1, epochs=1, factors="full").rows
    rows = [row for row in every if row.twin in ("world", "control")]
    assert len(rows) == len(set(rows)) == len({row.name for row in rows}) == 2 * 54
    assert sum(row.base for row in rows) == 2


def test_only_world_and_control_are_told_in_other_words_and_a_setting_has_its_pair() -> None:
    rows = Design(worlds=("green-button",), goals=3, epochs=2, factors="fraction").rows
    others = [row for row in rows if not row.base]
    assert {row.twin for row in others} == {"world", "control"}
    assert len(others) == 2 * 3 * 2
    pairs = Counter((row.goal, row.epoch, row.setting) for row in others)
    assert set(pairs.values()) == {2}
    assert all(row.name.endswith(f"/{row.epoch}/{row.setting}") for row in others)
    for row in others:
        assert row.variant.dynamics() == TWINS[row.twin]


def test_what_depends_on_the_agent_is_settled_once() -> None:
    told, untold = Design(worlds=("maze",)), Design(worlds=("maze",), epochs=3, factors="base")
    assert (told.settled(reads=False).epochs, told.settled(reads=False).factors) == (EPOCHS, "base")
    assert (told.settled(reads=True).epochs, told.settled(reads=True).factors) == (READER_EPOCHS, "fraction")
    assert untold.settled(reads=True) == untold.settled(reads=False) == untold
    assert told.rows == told.settled(reads=False).rows


def test_an_edition_is_that_of_every_row() -> None:
    rows = Design(worlds=("green-button",), goals=1, epochs=1, edition=9, factors="fraction").rows
    assert {row.variant.edition for row in rows} == {9}
    assert any(row.base for row in rows)


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
        {"comprehension": 0.7},
        {"factors": "full"},
        {"edition": 1},
        {"sequential": True},
        {"judge": "rules"},
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
        ({"comprehension": 2}, "the comprehension `2` is not a share"),
        ({"factors": "half"}, "there is no design `half`; give `base`, `fraction` or `full`"),
        ({"edition": -1}, "the edition `-1` is out of range"),
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
    rows = Design(worlds=("maze",), goals=has, epochs=1).rows
    assert len(rows) == (2 + load("maze").shifted + load("maze").closable) * has


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
