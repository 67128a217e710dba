"""An episode to look at: drawn from a conduct, with a picture of each state."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from corrigible.comparison.found import Frame
from corrigible.core.seeds import stream
from corrigible.countermeasures import Conduct
from corrigible.worlds import Place
from corrigible.worlds.grid import GridPlace
from corrigible.worlds.wrapped import WrappedPlace


def episode(conduct: Conduct, seed: int, *path: str | int) -> tuple[Frame, ...]:
    """Return an episode of a conduct, drawn; without the steps at its end that change nothing.

    Parameters
    ----------
    conduct
        What the agent does.
    seed, path
        Of the stream that it is drawn from; one number for each choice, so that conducts which do the
        same under the same seed show the same.
    """
    case, policy = conduct.case, conduct.policy
    mdp, draws = case.mdp, stream(seed, "episode", *path).random((case.horizon + 1, 2))
    state = _drawn(case.start, draws[-1, 0])
    frames: list[Frame] = []
    still = 0  # how many of the last frames nothing came of
    for t in range(case.horizon):
        if case.ends[state]:
            break
        pairs = slice(int(mdp.action_offset[state]), int(mdp.action_offset[state + 1]))
        pair = pairs.start + _drawn(policy[t, pairs], draws[t, 0])
        row = slice(int(mdp.row_offset[pair]), int(mdp.row_offset[pair + 1]))
        entry = row.start + _drawn(mdp.probability[row], draws[t, 1])
        shows = tuple(name for name, flags in case.face.behaviours.items() if flags[entry])
        frames.append(Frame(picture(case.place, mdp.states[state]), str(mdp.action(pair)), shows))
        after = int(mdp.successor[entry])
        still = still + 1 if after == state and not shows else 0
        state = after
    return (*frames[: len(frames) - still], Frame(picture(case.place, mdp.states[state]), ""))


def picture(place: Place[Any], state: Any) -> str:
    """Return a state as text: its map where it has one, and what else it remembers."""
    own = ""
    while isinstance(place, WrappedPlace):
        own += "".join(f"\n{line}" for line in _variables(state) if not line.startswith("inner: "))
        place, state = place.inner, state.inner
    if isinstance(place, GridPlace):
        seen = place.picture(state)
        status = place.status(state)
        return f"{seen}\n{status}{own}" if status else f"{seen}{own}"
    return "\n".join(_variables(state)) + own


def _variables(state: Any) -> list[str]:
    if not dataclasses.is_dataclass(state):
        return [str(state)]
    return [f"{field.name}: {getattr(state, field.name)}" for field in dataclasses.fields(state)]


def _drawn(chances: np.ndarray, number: float) -> int:
    """Return which of some chances a number from [0, 1) falls on."""
    upto = np.cumsum(chances)
    found = int(np.searchsorted(upto, number * upto[-1], side="right"))
    return min(found, int(np.flatnonzero(chances)[-1]))
