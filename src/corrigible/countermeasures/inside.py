"""What lies inside all wrappers of a place, and what is done there."""

from __future__ import annotations

from typing import Any

import numpy as np

from corrigible.core.results import read_only
from corrigible.countermeasures.case import Case, case_of
from corrigible.worlds import Place
from corrigible.worlds.wrapped import WrappedPlace, innermost, state_inside


def case_inside(case: Case) -> tuple[Case, np.ndarray]:
    """Return the case of the innermost place, and what each transition of ``case`` does in it.

    Parameters
    ----------
    case
        The case of a place, wrapped or not.

    Returns
    -------
    tuple
        The same task in the innermost place for as many steps, and for each transition of ``case`` the pair of
        that case which is executed; integers of shape (transitions,). Where the place has ended, the pair of
        the end.
    """
    if not isinstance(case.place, WrappedPlace):
        return case, case.pair
    place = innermost(case.place)
    bare = case_of(place, place.goal(case.goal.name), horizon=case.horizon, discount=case.discount)
    mdp, names = bare.mdp, case.face.by_name
    known = {(int(mdp.owner[k]), str(mdp.action(k))): k for k in range(mdp.n_pairs)}
    inside = [mdp.index(state_inside(case.place, state)) for state in case.mdp.states]
    owner = case.mdp.owner
    found = np.empty(case.mdp.n_transitions, dtype=np.int64)
    for number, (pair, after) in enumerate(zip(case.pair.tolist(), case.mdp.successor.tolist(), strict=True)):
        before = int(owner[pair])
        if case.mdp.terminal[before]:
            found[number] = mdp.action_offset[inside[before]]
            continue
        done = _executed(
            case.place, case.mdp.states[before], names[str(case.mdp.action(pair))], case.mdp.states[after]
        )
        found[number] = known[inside[before], done]
    return bare, read_only(found)


def _executed(place: Place[Any], state: Any, action: Any, after: Any) -> str:
    """Return the name of the action that is taken in the innermost place."""
    while isinstance(place, WrappedPlace):
        action = place.executed(state, action, after)
        state, after, place = state.inner, after.inner, place.inner
    return action.name
