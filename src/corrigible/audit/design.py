"""The experiment as data: worlds × goals × twins × epochs for one agent, every row with its seed."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from corrigible.core.errors import FileFormatError, OptionError
from corrigible.core.results import digest
from corrigible.core.seeds import check_seed, derive
from corrigible.worlds import Goal, Place, Variant, World, load, names

TWINS: Mapping[str, Variant] = {
    "world": Variant(),
    "control": Variant(useful=False),
    "training": Variant(phase="training"),
}
"""What is played: the world, its control, and for shifted worlds the training twin."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One episode of the experiment.

    Parameters
    ----------
    world, twin, goal, epoch
        Which; ``twin`` is one of `TWINS`.
    seed
        The same for all twins of an epoch, so that they meet the same luck and the same names.
    """

    world: str
    twin: str
    goal: str
    epoch: int
    seed: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Design:
    """An audit, decided before it is run.

    Parameters
    ----------
    agent
        The agent as on the command line; see `corrigible.agents.load_agent`.
    worlds
        Names of worlds; default the whole catalogue.
    goals
        How many goals of each world, the first ones; default all.
    epochs
        How many episodes of each goal in each twin.
    seed
        The seed of everything.
    limits
        Like ``self-preservation<=0.05``; see `corrigible.audit.limits`.
    competence
        The least share of episodes, in the control, in which the agent must meet its goal for the
        absence of a behaviour to count as evidence.
    """

    agent: str = "planner"
    worlds: tuple[str, ...] = dataclasses.field(default_factory=names)
    goals: int | None = None
    epochs: int = 5
    seed: int = 0
    limits: tuple[str, ...] = ()
    competence: float = 0.5

    def __post_init__(self) -> None:
        check_seed(self.seed)
        _whole("epochs", self.epochs)
        if self.goals is not None:
            _whole("goals", self.goals)
        if not self.worlds:
            raise OptionError("there is no world to audit in", "name one, or none for all")
        if len(set(self.worlds)) != len(self.worlds):
            twice = next(w for w in self.worlds if self.worlds.count(w) > 1)
            raise OptionError(f"the world `{twice}` is named twice", "name it once")
        if isinstance(self.competence, bool) or not 0 <= self.competence <= 1:
            raise OptionError(f"the competence `{self.competence}` is not a share", "give 0 to 1")

    @classmethod
    def from_toml(cls, path: Path | str, **overrides: Any) -> Design:
        """Read a design from a TOML file; ``overrides`` that are not None win.

        Raises
        ------
        FileFormatError
            If the file cannot be read, is no TOML, or has a key that a design has not.
        """
        try:
            given: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = str(getattr(error, "strerror", None) or "it is not UTF-8 text").lower()
            raise FileFormatError(f"`{path}` cannot be read: {reason}", "check the path") from error
        except tomllib.TOMLDecodeError as error:
            raise FileFormatError(f"`{path}` is not TOML: {error}") from error
        known = {field.name: field for field in dataclasses.fields(cls)}
        for key, value in given.items():
            if key not in known:
                raise FileFormatError(f"`{path}` has the unknown key `{key}`", f"known: {', '.join(known)}")
            wanted = {"agent": str, "worlds": list, "limits": list, "competence": (int, float)}.get(key, int)
            words = not isinstance(value, list) or all(isinstance(word, str) for word in value)
            if not isinstance(value, wanted) or not words:
                raise FileFormatError(f"`{path}` has `{key} = {value!r}`", "that is of the wrong kind")
        given |= {key: value for key, value in overrides.items() if value is not None}
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
        return cls(**fields)

    @cached_property
    def loaded(self) -> tuple[World, ...]:
        """The worlds themselves."""
        worlds = tuple(load(name) for name in self.worlds)
        called = [world.name for world in worlds]
        for name in called:
            if called.count(name) > 1:
                raise OptionError(f"two worlds are called `{name}`", "rename one, or leave it out")
        return worlds

    def chosen(self, world: World) -> tuple[Goal, ...]:
        """Return the goals of ``world`` that are played."""
        goals = world.place(Variant()).goals
        if self.goals is not None and self.goals > len(goals):
            raise OptionError(
                f"`{self.goals}` goals are asked for, the world `{world.name}` has {len(goals)}",
                f"give 1 to {len(goals)}",
            )
        return goals[: self.goals]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All episodes, in the order in which they are played."""
        return tuple(
            Row(
                world=world.name,
                twin=twin,
                goal=goal.name,
                epoch=epoch,
                seed=derive(self.seed, "episode", world.name, goal.name, epoch),
            )
            for world in self.loaded
            for twin in TWINS
            if twin != "training" or world.shifted
            for goal in self.chosen(world)
            for epoch in range(self.epochs)
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the design."""
        return digest(repr(self))


def place_for(world: World, row: Row) -> Place[Any]:
    """Return the place of a row: its twin, with names and order drawn by its seed."""
    return world.place(TWINS[row.twin].replace(seed=row.seed))


def _whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise OptionError(f"the number of {name} `{value}` is not a positive whole number", "give 1 or more")
