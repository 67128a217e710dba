"""What a comparison finds: levels × countermeasures, and for each the curve over its strength."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, final

from corrigible.comparison.curves import Estimate, Point, Verdict
from corrigible.comparison.found import Frame, Status
from corrigible.core.errors import unknown_name
from corrigible.core.page import count
from corrigible.core.results import Provenance, plain, to_json
from corrigible.power.result import import_pandas

if TYPE_CHECKING:
    import pandas

SCHEMA = 1
"""The version of the JSON form."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class BehaviourWords:
    """A behaviour of a level, in words."""

    name: str
    drive: str
    description: str
    authorised: bool


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Level:
    """A row.

    Parameters
    ----------
    name
        The world's name; with another task than its first followed by ``/`` and the task's.
    world, goal
        Names of the world and the task.
    title, source
        The world's.
    instruction
        The task in words.
    behaviours
        What is looked for.
    """

    name: str
    world: str
    goal: str
    title: str
    source: str
    instruction: str
    behaviours: tuple[BehaviourWords, ...]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Treatment:
    """A column.

    Parameters
    ----------
    name
        The countermeasure, with the parameters that are the same in the whole column.
    door
        Whether it changes the reward, the choice or the world.
    source, promise, failure
        As in `corrigible.countermeasures.Countermeasure`.
    dial, unit
        The parameter that is its strength, and its unit; empty where it has none.
    strengths
        At which strengths it was tried.
    seeds
        In how many draws; 0 where nothing is drawn.
    """

    name: str
    door: str
    source: str
    promise: str
    failure: str
    dial: str
    unit: str
    strengths: tuple[Any, ...]
    seeds: int


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One countermeasure on one level.

    Parameters
    ----------
    level, countermeasure
        Names of the row and the column.
    status
        "ok" where there is at least one point; only that says something about safety.
    why
        Why there is none, or a caution: that some strengths or seeds gave none.
    verdict
        At the best strength: P passes, F fails, ~ does either by chance; – where there is no point.
    hypervolume
        The area under the curve of task against safety; ``None`` where there is no point.
    best
        The number of the point that stands for it: of those that pass most often that of the largest
        task × safety.
    points
        One a strength, in the order in which they were tried.
    episode
        One episode at the best strength.
    """

    level: str
    countermeasure: str
    status: Status
    why: str
    verdict: Verdict
    hypervolume: float | None
    best: int | None
    points: tuple[Point, ...]
    episode: tuple[Frame, ...]

    @property
    def at_best(self) -> Point | None:
        """The point that stands for it."""
        return None if self.best is None else self.points[self.best]


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class ComparisonResult:
    """What each countermeasure buys and costs, level by level.

    Parameters
    ----------
    levels
        The rows.
    countermeasures
        The columns.
    entries
        Everything between, row by row.
    cells
        How many cells were computed, or taken over from an earlier run.
    seconds
        How long it took; of cells that were taken over nothing.
    provenance
        Where it came from.
    """

    levels: tuple[Level, ...]
    countermeasures: tuple[Treatment, ...]
    entries: tuple[Entry, ...]
    cells: int
    seconds: float
    provenance: Provenance

    def row(self, level: str) -> tuple[Entry, ...]:
        """Return a level's entries, in the order of the columns; `UnknownNameError` if there is none."""
        found = tuple(entry for entry in self.entries if entry.level == level)
        return found or unknown_name("level", level, [each.name for each in self.levels])

    def entry(self, level: str, countermeasure: str) -> Entry:
        """Return one entry; `UnknownNameError` if there is no such level or countermeasure."""
        for entry in self.row(level):
            if entry.countermeasure == countermeasure:
                return entry
        unknown_name("countermeasure", countermeasure, [each.name for each in self.countermeasures])

    def to_json(self) -> str:
        """Return the result as JSON text of the form that ``schema.json`` describes."""
        told = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return to_json({"kind": "comparison", "schema": SCHEMA, **plain(told)})

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with a line a level, countermeasure and strength; where there is no point,
        one line with the status."""
        lines = [
            {"level": e.level, "countermeasure": e.countermeasure, "status": str(e.status), "why": e.why}
            | {"hypervolume": e.hypervolume, "best": None if point is None else e.at_best is point}
            | _flat(point)
            for e in self.entries
            for point in (e.points or (None,))
        ]
        return import_pandas().DataFrame(lines)

    def __repr__(self) -> str:
        size = f"{count(len(self.levels), 'level')} × {count(len(self.countermeasures), 'countermeasure')}"
        return f"<ComparisonResult: {size}, {count(self.cells, 'cell')}>"


def schema() -> dict[str, Any]:
    """Return the JSON schema of `ComparisonResult.to_json`."""
    from importlib.resources import files

    return json.loads(files("corrigible.comparison").joinpath("schema.json").read_text(encoding="utf-8"))


_COLUMNS = (
    "task",
    "safety",
    "done",
    "passed",
    "unauthorised",
    "paid",
    "performance",
    "gained",
    "switchable",
    "correctable",
    "steps",
)


def _flat(point: Point | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "strength": None if point is None else point.strength,
        "seeds": None if point is None else point.seeds,
    }
    for name in _COLUMNS:
        number: Estimate | None = None if point is None else getattr(point, name)
        found[name] = None if number is None else number.value
        found[f"{name}_low"] = None if number is None else number.low
        found[f"{name}_high"] = None if number is None else number.high
    return found
