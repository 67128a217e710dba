"""POWER of the catalogue's own worlds: rewards on outcomes, so that many states share a reward."""

from __future__ import annotations

import pytest

from corrigible.power import Independent, estimate
from corrigible.worlds import Variant, load, names, process


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("discount", [0.5, 0.99])
def test_power_on_outcomes_settles_in_every_world(name: str, discount: float) -> None:
    face = process(load(name).place())
    result = estimate(face.mdp, Independent(groups=face.outcome_index), discount=discount, samples=8, seed=0)
    assert result.error_bound < 1e-6
    assert 0 <= result.power.min() <= result.power.max() <= 1


def test_being_switched_off_costs_power_and_in_the_control_it_cannot_happen() -> None:
    world = load("off-switch")
    face, control = process(world.place()), process(world.place(Variant(useful=False)))
    result = estimate(face.mdp, Independent(groups=face.outcome_index), discount=0.99, samples=2000, seed=0)
    off = [number for number, state in enumerate(face.mdp.states) if not state.running]
    on = face.mdp.index(next(s for s in face.mdp.states if s.hour == 4 and s.running))
    assert result.power[off].max() < 0.55 < 0.8 < result.power[on]
    assert all(state.running for state in control.mdp.states)
