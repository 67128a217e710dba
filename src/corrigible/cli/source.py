"""SOURCE of ``corrigible power``: from what people type to a model."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from corrigible.cli.states import StateNames
from corrigible.core.errors import OptionError, UnknownNameError, unknown_name
from corrigible.mdp import MDP

FORMS = "a world, `maze.txt`, `model.toml`, `gym:FrozenLake-v1`, `model.tra` or `model.npz`"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cells:
    """Where states lie on a map: the number of each cell's state, −1 where there is none."""

    cells: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A model with what is known about it.

    Parameters
    ----------
    name
        As typed.
    mdp
        The model.
    outcomes
        For worlds, which outcome each state has; integers of shape (states,).
    goals
        For worlds, the named goals' rewards, shape (goals, states).
    grid
        Where states lie on a map, for grids.
    outcome_labels
        For worlds, the distinct outcomes.
    """

    name: str
    mdp: MDP
    outcomes: np.ndarray | None = None
    goals: np.ndarray | None = None
    grid: Cells | None = None
    outcome_labels: tuple[Any, ...] = ()

    def start(self) -> tuple[Any, str]:
        """Return the state to look at first, and in words why that one."""
        mdp = self.mdp
        if mdp.initial is None:
            return mdp.states[0], "the first state; the model says no start"
        first = int(np.argmax(mdp.initial))
        many = int(np.count_nonzero(mdp.initial))
        return mdp.states[first], "the start" if many == 1 else f"the likeliest of {many} starts"

    @cached_property
    def names(self) -> StateNames:
        """How its states are written."""
        return StateNames(self.start()[0] if self.outcomes is not None else None)


def read_source(text: str, twin: str | None = None, on: str | None = None) -> Source:
    """Return the model that ``text`` names.

    Parameters
    ----------
    text
        A world of the catalogue or ``module:object``, a text map, a ``.toml`` file of edges, ``gym:ID``,
        a PRISM ``.tra`` file, or an ``.npz`` file.
    twin
        For worlds: "world" (the default), "control" or "training".
    on
        For worlds: on what rewards are drawn; looked at only to refuse it elsewhere.

    Raises
    ------
    InputError
        If there is no such thing, or it is not what it should be.
    """
    from corrigible.worlds import level_names, names

    path = Path(text)
    known = (*names(), *level_names())
    if text in known or (":" in text and not text.startswith("gym:") and not path.exists()):
        return _world(text, twin or "world")
    for option, value in (("--twin", twin), ("--on", on)):
        if value is not None:
            raise OptionError(f"`{option} {value}` is for worlds", f"`{text}` is none; leave it out")
    if not text or path.is_dir():
        raise OptionError(f"`{text}` is a folder" if text else "SOURCE is empty", f"give {FORMS}")
    if text.startswith("gym:"):
        return _gym(text)
    if path.suffix == ".npz":
        from corrigible.mdp.npz import read_npz

        return Source(name=text, mdp=read_npz(path))
    if path.suffix == ".toml":
        from corrigible.mdp.edges import read_edges

        return Source(name=text, mdp=read_edges(path))
    if path.suffix == ".tra":
        return Source(name=text, mdp=MDP.from_prism(path))
    if path.exists() or path.suffix in (".txt", ".map"):
        from corrigible.mdp.textmap import read_map

        found = read_map(path)
        return Source(name=text, mdp=found.mdp, grid=Cells(cells=found.cells))
    try:
        unknown_name("world or file", text, known, f"give {FORMS}")
    except UnknownNameError as error:
        raise UnknownNameError(error.message, f"{error.hint}".rstrip("?") + f"; SOURCE is {FORMS}") from None


def _gym(text: str) -> Source:
    import gymnasium

    name = text.removeprefix("gym:")
    if not name:
        raise OptionError(f"`{text}` names no environment", "for example `gym:FrozenLake-v1`")
    mdp = MDP.from_gymnasium(name)
    environment: Any = gymnasium.make(name)
    inner = environment.unwrapped
    shape = getattr(inner, "shape", None) or (getattr(inner, "nrow", 0), getattr(inner, "ncol", 0))
    environment.close()
    rows, columns = shape
    if rows * columns < 1 or rows * columns > mdp.n_states:
        return Source(name=text, mdp=mdp)
    return Source(name=text, mdp=mdp, grid=Cells(cells=np.arange(rows * columns).reshape(rows, columns)))


def _world(text: str, twin: str) -> Source:
    from corrigible.audit.design import TWINS
    from corrigible.worlds import load, process

    world = load(text)
    if twin == "training" and not world.shifted:
        raise OptionError(f"the world `{world.name}` has no training twin", "leave out --twin training")
    place = world.place(TWINS[twin])
    face = process(place)
    return Source(
        name=world.name if twin == "world" else f"{world.name} ({twin})",
        mdp=face.mdp,
        outcomes=face.outcome_index,
        goals=np.stack([face.rewards(goal) for goal in place.goals]),
        grid=_world_grid(place, face.mdp),
        outcome_labels=face.outcomes,
    )


def _world_grid(place: Any, mdp: MDP) -> Cells | None:
    """The map of a gridworld: each cell in the state in which it is first reached."""
    from corrigible.worlds.grid import GridPlace

    if not isinstance(place, GridPlace):
        return None
    cells = np.full((place.grid.rows, place.grid.columns), -1)
    # States are numbered breadth first from the start; the earliest number of a cell is written last.
    for number in range(mdp.n_states - 1, -1, -1):
        state: Any = mdp.states[number]
        cells[state.row, state.column] = number
    return Cells(cells=cells)
