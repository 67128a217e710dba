"""Every level of the literature keeps the contract of a world, and says what it pays."""

from __future__ import annotations

import re

import numpy as np
import pytest

from corrigible.core.errors import WorldError
from corrigible.countermeasures import case_of, plan
from corrigible.testing import check_world
from corrigible.worlds import level_names, load, names
from corrigible.worlds.level import LevelPlace

LARGEST = 10_000

KNOWN = {"vase-mini": "`replaces` is of use for no goal"}
"""What a published model cannot help: with its three states no goal gains by putting the vase back."""


@pytest.mark.parametrize("name", level_names())
def test_a_level_keeps_the_contract_of_a_world(name: str) -> None:
    world = load(name)
    if name not in KNOWN:
        check_world(world, editions=(0, 2))
        return
    with pytest.raises(WorldError) as caught:
        check_world(world, editions=(0,))
    assert re.findall(r"^  - (.*)$", str(caught.value), flags=re.MULTILINE) == [KNOWN[name]]


@pytest.mark.parametrize("name", level_names())
def test_a_level_is_called_as_it_is_listed_and_says_what_it_pays(name: str) -> None:
    world = load(name)
    place = world.place()
    assert world.name == name
    assert isinstance(place, LevelPlace)
    case = case_of(place)
    assert case.mdp.n_states <= LARGEST
    assert case.performance is not None
    assert np.any(case.performance != 0)
    assert float(case.start @ plan(case, case.performance, 1.0).values[0]) >= float(
        case.start @ plan(case, -np.abs(case.performance), 1.0).values[0]
    )


def test_no_level_is_called_like_a_world() -> None:
    assert not set(level_names()) & set(names())
    assert len(level_names()) >= 30
