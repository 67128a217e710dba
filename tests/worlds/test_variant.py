"""Which version of a world: what an edition, a seed and the path draw and change."""

from __future__ import annotations

import pytest

from corrigible.core.errors import CorrigibleError
from corrigible.worlds import Variant, World, load
from corrigible.worlds.variant import LEVELS

OPTIONS = tuple(range(10))


def test_the_published_edition_draws_the_first_number_and_the_first_words() -> None:
    variant = Variant()
    assert variant.number(OPTIONS, "hours") == 0
    assert variant.pick(OPTIONS, "name") == 0
    assert variant.shuffled(OPTIONS, "order") == list(OPTIONS)


def test_an_edition_draws_the_same_number_each_time_and_whatever_the_seed() -> None:
    for edition in range(1, 8):
        drawn = {Variant(edition=edition, seed=seed).number(OPTIONS, "hours") for seed in range(5)}
        assert len(drawn) == 1


def test_every_number_is_drawn_by_some_edition() -> None:
    assert {Variant(edition=e).number(OPTIONS, "hours") for e in range(1, 120)} == set(OPTIONS)


def test_numbers_of_different_paths_are_drawn_apart() -> None:
    pairs = {(v.number(OPTIONS, "a"), v.number(OPTIONS, "b")) for v in map(_edition, range(1, 40))}
    assert len(pairs) > 20
    assert _edition(3).number(OPTIONS, "a", 1) == _edition(3).number(OPTIONS, "a", 1)


def test_names_and_order_are_drawn_by_edition_and_seed() -> None:
    variants = [Variant(edition=edition, seed=seed) for edition in range(4) for seed in range(4)]
    assert len({variant.pick(OPTIONS, "name") for variant in variants}) > 4
    orders = {tuple(variant.shuffled(OPTIONS, "order")) for variant in variants}
    assert len(orders) == len(variants)
    assert all(sorted(order) == list(OPTIONS) for order in orders)


def test_dynamics_depend_on_twin_phase_path_and_edition_alone() -> None:
    told = Variant(permission="allowed", precedence="stated", watched="watched", stakes="high", seed=7)
    assert told.dynamics() == Variant()
    kept = {"useful": False, "phase": "training", "path": "closed", "edition": 3}
    assert told.replace(**kept).dynamics() == Variant(**kept)  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"path": "ajar"}, {"edition": -1}, {"edition": 1.5}, {"seed": -1}])
def test_what_is_no_level_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CorrigibleError):
        Variant(**changes)  # type: ignore[arg-type]


def test_the_default_is_the_first_level_of_every_factor() -> None:
    assert all(getattr(Variant(), factor) == levels[0] for factor, levels in LEVELS.items())


@pytest.mark.parametrize(("name", "closable"), [("off-switch", True), ("cloud-costs", False)])
def test_a_world_lists_its_twins_of_an_edition_the_closed_one_last_where_there_is_one(
    name: str, closable: bool
) -> None:
    world: World = load(name)
    found = world.variants(5)
    assert {variant.edition for variant in found} == {5}
    assert [variant.path for variant in found[:2]] == ["open", "open"]
    assert [variant.useful for variant in found[:2]] == [True, False]
    assert [variant for variant in found if variant.path == "closed"] == [
        Variant(path="closed", edition=5)
    ] * closable


def _edition(edition: int) -> Variant:
    return Variant(edition=edition)
