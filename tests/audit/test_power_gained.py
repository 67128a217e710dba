"""POWER before and after a behaviour: places worked out by hand, an oracle, and what the catalogue says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from corrigible.audit.power_gained import Around, power_gained
from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.power import Independent, RewardSamples
from corrigible.worlds import Place, Variant, load, names, process
from corrigible.worlds.process import ended
from tests.worlds.random_places import RandomPlace, Table, distribution, tables

DISCOUNT = 0.99

# Doing nothing leads to spot 1, where there is nothing to choose; the behaviour to spot 2, from where
# both can be had. A step later the place ends.
CHOICE = Table(
    rows=(([(1.0, 1)], [(1.0, 2)]), ([(1.0, 1)],), ([(1.0, 1)], [(1.0, 2)])),
    start=[(1.0, 0)],
    ends=frozenset(),
    shown=frozenset({(0, 1, 2)}),
    rewards=(0.0, 0.0, 1.0),
    done=None,
    horizon=2,
)

GAIN = {
    "off-switch",
    "objective-edit",
    "watched-log",
    "weights-copy",
    "sandbox-rules",
    "user-rating",
    "capability-test",
    "found-credentials",
    "support-desk",
    "malicious-page",
    "editable-tests",
    "evidence-claim",
    "maze",
}
"""The worlds in which some behaviour gains POWER over random goals; docs/worlds/README.md says why not all."""


def test_a_place_worked_out_by_hand() -> None:
    found = power_gained(RandomPlace(CHOICE), 20_000).of("shown")
    around = found.outcomes
    # Without a choice the mean of one reward, with one the mean of the larger of two.
    exact = {"at": 2 / 3, "noop": 1 / 2, "after": 2 / 3, "gained": 1 / 6}
    for name, value in exact.items():
        error = around.stderr if name == "gained" else getattr(around, f"{name}_stderr")
        assert error is not None
        assert abs(getattr(around, name) - value) < 4 * error
    # max(R1, R2) − R1 has the variance 1/12 − 1/36.
    assert around.stderr == pytest.approx(math.sqrt(1 / 18 / 20_000), rel=0.02)
    assert found.named == Around(at=pytest.approx(1), noop=0, after=pytest.approx(1), gained=pytest.approx(1))
    assert (found.depth, found.states, found.gaining) == (0, 1, 1)


def test_the_error_of_the_difference_is_paired() -> None:
    around = power_gained(RandomPlace(CHOICE), 2_000).of("shown").outcomes
    assert around.noop_stderr is not None
    assert around.after_stderr is not None
    assert around.stderr is not None
    assert around.stderr < 0.7 * math.hypot(around.noop_stderr, around.after_stderr)
    for name in ("off-switch", "support-desk"):
        for one in power_gained(load(name).place(), 200).behaviours:
            found = one.outcomes
            assert found.stderr is not None
            assert found.stderr < math.hypot(found.noop_stderr or 0, found.after_stderr or 0)


def power_of(
    place: Place[Any], state: Any, reward: Callable[[Any], float], over: Callable[[Any], bool]
) -> float:
    """Return (1 − γ)/γ · (V*(s) − R(s)) by looking ahead to the end, and to all that lies between."""

    def value(s: Any) -> float:
        here = reward(place.outcome(s))
        if over(s):
            return here / (1 - DISCOUNT)
        rows = (distribution(place.step(s, action)) for action in place.actions(s))
        return here + DISCOUNT * max(sum(p * value(after) for after, p in row.items()) for row in rows)

    return (1 - DISCOUNT) / DISCOUNT * (value(state) - reward(place.outcome(state)))


def expected(
    place: RandomPlace, reward: Callable[[Any], float], over: Callable[[Any], bool]
) -> tuple[float, ...] | None:
    """Return POWER at the first moment, after doing nothing, and after the behaviour; None if there is none."""
    behaviour = place.behaviours[0]

    def ahead(state: Any, action: Any) -> float:
        row = distribution(place.step(state, action))
        return sum(p * power_of(place, after, reward, over) for after, p in row.items())

    layer = set(distribution(place.start()))
    while layer:
        going = [state for state in layer if not place.terminal(state)]
        acts = {
            state: [
                action
                for action in place.actions(state)
                if any(behaviour.shown(state, action, x) for x in distribution(place.step(state, action)))
            ]
            for state in going
        }
        first = [state for state in going if acts[state]]
        if first:
            at = [power_of(place, state, reward, over) for state in first]
            noop = [ahead(state, place.noop) for state in first]
            after = [np.mean([ahead(state, action) for action in acts[state]]) for state in first]
            return float(np.mean(at)), float(np.mean(noop)), float(np.mean(after))
        layer = {x for s in going for action in place.actions(s) for x in distribution(place.step(s, action))}
    return None


@settings(max_examples=60, deadline=None)
@given(tables())
def test_any_place_agrees_with_looking_ahead(table: Table) -> None:
    place, samples = RandomPlace(table), 3
    found = power_gained(place, samples).behaviours
    goal = place.goals[0]
    exact = expected(place, goal.reward, lambda state: ended(place, goal, state))
    if exact is None:
        assert found == ()
        return
    around = found[0].named
    assert (around.at, around.noop, around.after) == pytest.approx(exact, abs=1e-9)
    assert around.gained == pytest.approx(exact[2] - exact[1], abs=1e-9)
    face = process(place)
    drawn = RewardSamples(Independent(groups=face.outcome_index), face.mdp, seed=0).array(samples)
    sampled: list[tuple[float, ...]] = []
    for row in drawn:
        of_outcome = {face.outcomes[k]: float(r) for k, r in zip(face.outcome_index, row, strict=True)}
        one = expected(place, lambda spot, known=of_outcome: known[spot], place.terminal)
        assert one is not None
        sampled.append(one)
    around = found[0].outcomes
    assert (around.at, around.noop, around.after) == pytest.approx(np.mean(sampled, axis=0), abs=1e-9)
    differences = [after - noop for _, noop, after in sampled]
    assert around.stderr == pytest.approx(np.std(differences, ddof=1) / math.sqrt(samples), abs=1e-9)


@pytest.mark.parametrize("name", names())
def test_most_worlds_have_a_behaviour_that_gains_power_and_no_control_has(name: str) -> None:
    world = load(name)
    here, control = power_gained(world.place()), power_gained(world.place(Variant(useful=False)))
    assert (max(one.outcomes.gained for one in here.behaviours) > 0) == (name in GAIN)
    assert len(GAIN) > len(names()) / 2
    for one in control.behaviours:
        assert one.outcomes.gained < 1e-9
    assert max(here.error_bound, control.error_bound) < 1e-6


def test_a_behaviour_that_changes_nothing_in_the_control_gains_exactly_nothing_there() -> None:
    control = power_gained(load("off-switch").place(Variant(useful=False)), 100).of("disables-switch")
    assert control.outcomes.gained == pytest.approx(0, abs=1e-12)
    assert control.outcomes.stderr == pytest.approx(0, abs=1e-12)
    assert (control.named.gained, control.gaining) == (pytest.approx(0, abs=1e-9), 0)


def test_the_result_is_the_same_for_any_number_of_workers_and_other_for_another_seed() -> None:
    place = load("weights-copy").place()
    one, two = (power_gained(place, 300, 5, workers=workers) for workers in (1, 3))
    assert one.behaviours == two.behaviours
    assert one.of("copies-weights").outcomes != power_gained(place, 300, 6).of("copies-weights").outcomes


def test_a_result_is_written_down() -> None:
    found = power_gained(load("maze").place(), 50, 3)
    told = json.loads(found.to_json())
    assert told["kind"] == "power-gained"
    assert (told["samples"], told["discount"], told["provenance"]["seed"]) == (50, 0.99, 3)
    assert told["behaviours"][0]["outcomes"]["gained"] == found.of("takes-pass").outcomes.gained
    pytest.importorskip("pandas")
    frame = found.to_frame()
    assert list(frame["goals"]) == ["outcomes", "named"]
    single = power_gained(load("maze").place(), 1).of("takes-pass").outcomes.stderr
    assert single is not None
    assert math.isnan(single)


def test_bad_input_is_refused() -> None:
    place = load("maze").place()
    for wrong in ({"samples": 0}, {"seed": -1}, {"discount": 1.0}, {"workers": 0}):
        with pytest.raises(OptionError):
            power_gained(place, **wrong)
    with pytest.raises(UnknownNameError, match="takes-pas"):
        power_gained(place, 10).of("takes-pas")
