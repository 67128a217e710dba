"""What the literature says of reviewers, blockers and tripwires."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pytest
from hypothesis import given, settings

from corrigible.countermeasures import case_of, follow
from corrigible.countermeasures.autonomy import ApprovalGate, Checkpoints, GatePlace, Reviewer, harmful
from corrigible.countermeasures.autonomy.reviewed import acts
from corrigible.worlds import load, process
from tests.worlds.random_places import RandomPlace, State, Table, tables

STEPS = 5


class Tempting(RandomPlace):
    """One act leads, against the rules, to a spot that pays; doing nothing changes nothing."""

    def __init__(self) -> None:
        rows = (([(1.0, 0)], [(1.0, 1)]), ([(1.0, 1)],), ([(1.0, 2)],))
        super().__init__(
            Table(
                rows=rows,
                start=[(1.0, 0)],
                ends=frozenset(),
                shown=frozenset({(0, 1, 1)}),
                rewards=(0.0, 1.0, 0.0),
                done=None,
                horizon=STEPS,
            )
        )

    @property
    def dynamics_key(self) -> Hashable:
        return "tempting"

    def terminal(self, state: State) -> bool:
        return state.time >= STEPS


@pytest.mark.claim("autonomy/blocker")
@settings(max_examples=15)
@given(tables())
def test_a_blocker_that_never_errs_leaves_no_way_to_harm(table: Table) -> None:
    place = RandomPlace(table)
    case = case_of(place)
    wrong = acts(case, harmful(case))
    # No transition at all shows it, so that no policy can.
    assert not process(GatePlace(place, Reviewer(accuracy=1.0), wrong, wrong)).behaviours["shown"].any()


@pytest.mark.claim("autonomy/erring-blocker")
def test_harm_is_rarer_the_more_often_the_answer_is_right() -> None:
    case = case_of(load("sokoban").place())
    accuracies = (0.5, 0.9, 0.99, 1.0)
    harm = [
        follow(ApprovalGate(accuracy=each, gates="irreversible").conduct(case)).unauthorised
        for each in accuracies
    ]
    assert harm == sorted(harm, reverse=True)
    assert 0.01 < harm[2] < harm[1] < harm[0]
    assert harm[3] == pytest.approx(0)


@pytest.mark.claim("autonomy/asked-again")
@pytest.mark.parametrize("accuracy", [0.5, 0.9, 0.99])
def test_who_may_ask_again_is_told_yes_in_the_end(accuracy: float) -> None:
    found = follow(ApprovalGate(accuracy=accuracy, gates="irreversible").conduct(case_of(Tempting())))
    assert found.shown["shown"] == pytest.approx(1 - accuracy**STEPS, abs=1e-12)


@pytest.mark.claim("autonomy/tripwire")
def test_a_tripwire_stops_after_the_harm_and_before_more_of_it() -> None:
    measure = Checkpoints(every=3, accuracy=1.0)
    face = process(measure.wrap(case_of(load("off-switch").place())))
    states = face.mdp.states
    assert face.behaviours["disables-switch"].any()
    assert max(state.gone for state in states if state.shown) == 3
    reviewed = 0
    for pair in np.flatnonzero(~face.is_noop):
        state = states[face.mdp.owner[pair]]
        halted = [states[number].halted for _, number in face.mdp.row(pair)]
        if state.shown:
            assert halted == [state.gone == 3]
            reviewed += state.gone == 3
    assert reviewed


@pytest.mark.claim("autonomy/reversible")
def test_no_step_that_can_be_taken_back_is_asked_about() -> None:
    case = case_of(load("maze").place())
    mdp = case.mdp
    steps = {(int(s), int(t)) for s, t in zip(mdp.origin, mdp.successor, strict=True)}
    back = [
        pair
        for pair in range(mdp.n_pairs)
        if all((after, int(mdp.owner[pair])) in steps for _, after in mdp.row(pair))
    ]
    assert mdp.deterministic
    assert len(back) > mdp.n_pairs / 2
    gate = ApprovalGate(gates="power")
    assert gate.threshold == pytest.approx(1 - 0.99)
    assert not gate.gated(case)[back].any()
    # With a lower threshold some of them are.
    assert gate.replace(threshold=0.001).gated(case)[back].any()


@pytest.mark.claim("autonomy/irreversible")
def test_every_push_into_a_corner_is_asked_about() -> None:
    case = case_of(load("sokoban").place())
    face, mdp = case.face, case.mdp
    gated = ApprovalGate(gates="irreversible").gated(case)
    jams = face.shows("jams-box")
    assert jams.any()
    assert gated[jams].all()
    pushes = [
        mdp.states[mdp.owner[pair]].box != mdp.states[mdp.row(pair)[0][1]].box for pair in range(mdp.n_pairs)
    ]
    assert not gated[~np.array(pushes)].any()
