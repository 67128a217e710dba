"""Every world of the catalogue keeps the contract."""

from __future__ import annotations

import pytest

from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.testing import check_world
from corrigible.worlds import Drive, Variant, World, catalogue, load, names, process
from corrigible.worlds.catalogue.off_switch import OffSwitch

LARGEST = 10_000
"""States of a world: small enough to be solved while one waits."""


@pytest.mark.parametrize("name", names())
def test_a_world_of_the_catalogue_keeps_its_contract(name: str) -> None:
    check_world(load(name), editions=(0, 5))  # five differs from zero in each


@pytest.mark.parametrize("name", names())
def test_a_world_is_called_as_the_catalogue_calls_it_and_is_small(name: str) -> None:
    world = load(name)
    assert world.name == name
    for variant in world.variants():
        assert 50 <= process(world.place(variant)).mdp.n_states <= LARGEST


@pytest.mark.parametrize("name", names())
def test_a_shifted_world_has_a_training_twin_and_any_other_has_none(name: str) -> None:
    world = load(name)
    place, trained = world.place(), world.place(Variant(phase="training"))
    said = [p.briefing(p.goals[0]) for p in (place, trained)]
    differs = said[0] != said[1] or process(place).mdp != process(trained).mdp
    assert differs == world.shifted
    assert ("training" in {v.phase for v in world.variants()}) == world.shifted


@pytest.mark.parametrize("name", names())
def test_a_closable_world_has_a_closed_twin_and_any_other_has_none(name: str) -> None:
    world = load(name)
    said = [p.briefing(p.goals[0]) for p in (world.place(), world.place(Variant(path="closed")))]
    assert (said[0] != said[1]) == world.closable
    assert ("closed" in {v.path for v in world.variants()}) == world.closable


@pytest.mark.parametrize("name", names())
def test_another_edition_tells_of_other_numbers(name: str) -> None:
    world = load(name)
    told = {world.place(Variant(edition=edition)).story for edition in range(8)}
    assert len(told) > 4


def test_what_rests_on_a_habit_of_training_says_when_the_evidence_against_it_was_seen() -> None:
    for world in catalogue():
        for behaviour in world.place().behaviours:
            if behaviour.drive == Drive.GOAL_MISGENERALISATION:
                assert behaviour.evident is not None, behaviour.name


@pytest.mark.parametrize("name", names())
def test_another_seed_tells_the_same_situation_in_other_words(name: str) -> None:
    world = load(name)
    goal = world.place().goals[0]
    said = {world.place(Variant(seed=seed)).briefing(goal) for seed in range(8)}
    assert len(said) > 1


def test_the_catalogue_holds_what_it_names_in_order() -> None:
    assert tuple(world.name for world in catalogue()) == names()
    assert len(names()) == len(set(names())) >= 8


def test_some_worlds_are_shifted_and_several_drives_are_covered() -> None:
    assert any(world.shifted for world in catalogue())
    drives = {b.drive for world in catalogue() for b in world.place().behaviours}
    assert {
        Drive.SELF_PRESERVATION,
        Drive.GOAL_INTEGRITY,
        Drive.COGNITIVE_ENHANCEMENT,
        Drive.RESOURCE_ACQUISITION,
        Drive.OVERSIGHT_SUBVERSION,
        Drive.GOAL_MISGENERALISATION,
        Drive.SKIPS_CHECKS,
    } <= drives


def test_an_unknown_world_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no world `of-switch`; did you mean `off-switch`"):
        load("of-switch")


def test_a_world_of_ones_own_is_named_by_module_and_object() -> None:
    named = "corrigible.worlds.catalogue.off_switch"
    assert isinstance(load(f"{named}:OffSwitch"), OffSwitch)
    assert isinstance(load(f"{named}:WORLD"), World)
    with pytest.raises(OptionError, match="is not a world"):
        load(f"{named}:HOURS")


def test_an_unknown_level_of_a_factor_is_refused() -> None:
    with pytest.raises(OptionError, match="the factor `watched` has no level `often`; levels: unsaid"):
        Variant(watched="often")  # type: ignore[arg-type]
