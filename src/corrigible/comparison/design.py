"""A comparison as data: levels × countermeasures × strengths × seeds, decided before it is run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, final

from corrigible.core.errors import InputError, OptionError
from corrigible.core.results import digest
from corrigible.core.seeds import check_seed
from corrigible.core.version import VERSION
from corrigible.countermeasures import Countermeasure
from corrigible.countermeasures.over_goals import SAMPLES
from corrigible.worlds import Goal, Place, World, level_names, load
from corrigible.worlds.level import LevelPlace


@final
@dataclasses.dataclass(frozen=True)
class Cell:
    """What is computed at once.

    Parameters
    ----------
    world, goal
        Names of the level and of the task in it.
    countermeasure
        The column it belongs to; its name with the parameters that are the same in the whole column.
    strength
        The value of the countermeasure's dial; ``None`` where it has none.
    seed
        The seed of what it draws; ``None`` where nothing is drawn.
    """

    world: str
    goal: str
    countermeasure: str
    strength: Any
    seed: int | None

    @property
    def key(self) -> str:
        """What tells cells of one design apart, as text."""
        return f"{self.world}/{self.goal} {self.countermeasure} strength={self.strength!r} seed={self.seed}"


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Site:
    """A row of the table: a level and a task in it.

    Parameters
    ----------
    given
        The world as it was given; text is loaded anew in each process.
    goal
        The task's name.
    horizon
        The number of steps; ``None``: the place's.
    """

    given: str | World
    goal: str
    horizon: int | None = None

    @property
    def world(self) -> World:
        """The world itself."""
        return load(self.given) if isinstance(self.given, str) else self.given

    def place(self) -> Place[Any]:
        """Return the place."""
        return self.world.place()


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Column:
    """A column of the table: a countermeasure, the strengths and the seeds at which it is tried.

    Parameters
    ----------
    text
        Its name, with the parameters that are the same in the whole column.
    measure
        The countermeasure, with its dial where the column's name leaves it.
    strengths
        The values of the dial; ``(None,)`` where it has none.
    seeds
        Its seeds; ``(None,)`` where nothing is drawn.
    """

    text: str
    measure: Countermeasure
    strengths: tuple[Any, ...]
    seeds: tuple[int | None, ...]

    def at(self, strength: Any, seed: int | None) -> Countermeasure:
        """Return the countermeasure of a cell."""
        measure = self.measure if strength is None else self.measure.at(strength)
        return measure if seed is None else measure.replace(seed=seed)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """A comparison, decided before it is run.

    Parameters
    ----------
    worlds
        The levels: names (``vase``, ``vase/errand``: with another task than the first), text
        ``module:object``, or `World` objects.
    countermeasures
        The countermeasures. One whose dial stands at its default is tried on its whole ladder; a strength
        given with it is kept.
    strengths
        The strengths at which every countermeasure with a dial is tried instead.
    seeds
        How often a countermeasure with a parameter ``seed`` is drawn anew, from the seed that it has on;
        the others are exact and computed once.
    samples
        How many goals POWER is averaged over.
    horizon
        The number of steps of an episode; ``None``: each level's own.
    seed
        The seed of these goals, and of the episodes that are shown.
    out
        A folder in which cells are kept as they are found, so that an interrupted comparison goes on;
        ``None``: nothing is kept.

    Raises
    ------
    OptionError
        If there is nothing to compare, something is named twice, or a number is out of its range.
    UnknownNameError
        If there is no such world, or no such task in it.

    Examples
    --------
    >>> from corrigible.countermeasures.none import NoCountermeasure
    >>> design = Comparison(worlds=("maze",), countermeasures=(NoCountermeasure(),))
    >>> [cell.key for cell in design.cells()]
    ['maze/reading-desk none strength=None seed=None']
    """

    worlds: Sequence[str | World]
    countermeasures: Sequence[Countermeasure]
    strengths: Sequence[Any] | None = None
    seeds: int = 1
    samples: int = SAMPLES
    horizon: int | None = None
    seed: int = 0
    out: Path | str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        _whole("seeds", self.seeds, 1)
        _whole("samples", self.samples, 2)
        if self.horizon is not None:
            _whole("steps", self.horizon, 1)
        if not self.worlds:
            raise OptionError("there is no world to compare in", "name one, or none for all")
        if not self.countermeasures:
            raise OptionError("there is no countermeasure to compare", "name one, or none for all")
        if self.strengths is not None and not self.strengths:
            raise OptionError("there is no strength to compare at", "give one, or none for each one's own")
        for measure in self.countermeasures:
            if not isinstance(measure, Countermeasure):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise OptionError(f"`{measure!r}` is no countermeasure", "give objects of one of its doors")
        _once("world", [f"{site.world.name}/{site.goal}" for site in self.sites])
        _once("countermeasure", [column.text for column in self.columns])
        for column in self.columns:
            for strength in column.strengths:
                _try(column, strength)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The rows."""
        return tuple(_site(given, self.horizon) for given in self.worlds)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns."""
        return tuple(self._column(measure) for measure in self.countermeasures)

    def cells(self) -> list[Cell]:
        """Return everything to be computed, row by row and in it column by column, the weakest first."""
        return [
            Cell(site.world.name, site.goal, column.text, strength, seed)
            for site in self.sites
            for column in self.columns
            for seed in column.seeds
            for strength in column.strengths
        ]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the cells, and of the version that computes them."""
        worlds = [
            (site.given if isinstance(site.given, str) else _kind(site.given), site.goal)
            for site in self.sites
        ]
        columns = [
            (_kind(column.measure), column.text, column.strengths, column.seeds) for column in self.columns
        ]
        return digest(repr((VERSION, worlds, columns, self.samples, self.horizon, self.seed)))

    def _column(self, measure: Countermeasure) -> Column:
        defaults = {field.name: field.default for field in dataclasses.fields(measure)}  # pyright: ignore[reportArgumentType]
        strengths: tuple[Any, ...] = (None,)
        base = measure
        if measure.dial:
            kept = getattr(measure, measure.dial) != defaults[measure.dial]
            if self.strengths is not None:
                strengths = tuple(self.strengths)
                base = measure.at(defaults[measure.dial])
            elif kept or not measure.ladder:
                strengths = (getattr(measure, measure.dial),)
            else:
                strengths = tuple(measure.ladder)
        if "seed" not in defaults:
            return Column(base.describe(), base, strengths, (None,))
        first: Any = getattr(measure, "seed")  # noqa: B009
        base = base.replace(seed=defaults["seed"])
        return Column(base.describe(), base, strengths, tuple(range(first, first + self.seeds)))


def _site(given: str | World, horizon: int | None) -> Site:
    """Return the row that a world, or text such as ``vase/errand``, names."""
    if not isinstance(given, str):
        return Site(given, given.place().goals[0].name, horizon)
    name, _, goal = given.partition("/")
    place = load(name).place()
    found: Goal = place.goal(goal) if goal else place.goals[0]
    return Site(name, found.name, horizon)


def _try(column: Column, strength: Any) -> None:
    """Raise what is wrong with a strength, and with whose."""
    try:
        column.at(strength, column.seeds[-1])
    except InputError as error:
        raise OptionError(f"`{column.text}` at strength `{strength}`: {error.message}", error.hint) from error


def _kind(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def _once(kind: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"the {kind} `{name}` is named twice", "name it once")


def _whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(
            f"the number of {name} `{value}` is no whole number of at least {least}", f"give {least} or more"
        )


def rows() -> tuple[str, ...]:
    """Return the rows of the whole table: every level of the literature, and for those of goal misgeneralisation
    also an agent that has learnt the proxy."""
    found: list[str] = []
    for name in level_names():
        place = load(name).place()
        proxy = place.proxy if isinstance(place, LevelPlace) else ""
        found += [name, f"{name}/{proxy}"] if proxy else [name]
    return tuple(found)
