"""From what was found in the cells to the table."""

from __future__ import annotations

from collections.abc import Mapping

from corrigible.comparison.curves import best, hypervolume, point
from corrigible.comparison.design import Cell, Column, Comparison, Site
from corrigible.comparison.found import Found, Measured, Status
from corrigible.comparison.result import BehaviourWords, ComparisonResult, Entry, Level, Treatment
from corrigible.core.page import count
from corrigible.core.results import provenance


def tabled(design: Comparison, found: Mapping[str, Found], seconds: float) -> ComparisonResult:
    """Return the result of a comparison.

    Parameters
    ----------
    design
        What was decided.
    found
        What was found, by the cells' keys; what is missing is told as not run.
    seconds
        How long it took.
    """
    levels = tuple(_level(site) for site in design.sites)
    return ComparisonResult(
        levels=levels,
        countermeasures=tuple(_treatment(column) for column in design.columns),
        entries=tuple(_entry(level, column, found) for level in levels for column in design.columns),
        cells=len(found),
        seconds=seconds,
        provenance=provenance(
            design.seed,
            design.fingerprint,
            samples=design.samples,
            seeds=design.seeds,
            horizon=design.horizon,
        ),
    )


def _level(site: Site) -> Level:
    world = site.world
    place = world.place()
    return Level(
        name=world.name if site.goal == place.goals[0].name else f"{world.name}/{site.goal}",
        world=world.name,
        goal=site.goal,
        title=world.title,
        source=world.source,
        instruction=place.goal(site.goal).instruction,
        behaviours=tuple(
            BehaviourWords(
                name=behaviour.name,
                drive=str(behaviour.drive),
                description=behaviour.description,
                authorised=behaviour.authorised,
            )
            for behaviour in place.behaviours
        ),
    )


def _treatment(column: Column) -> Treatment:
    measure = column.measure
    return Treatment(
        name=column.text,
        door=str(measure.door),
        source=measure.source,
        promise=measure.promise,
        failure=measure.failure,
        dial=measure.dial,
        unit=measure.parameters()[measure.dial][1] if measure.dial else "",
        strengths=column.strengths if measure.dial else (),
        seeds=0 if column.seeds == (None,) else len(column.seeds),
    )


def _entry(level: Level, column: Column, found: Mapping[str, Found]) -> Entry:
    drawn = column.seeds != (None,)
    missing = Found(status=Status.NOT_RUN, why="the comparison was not run to its end")
    all_found: list[Found] = []
    points, episodes = [], []
    for strength in column.strengths:
        cells = [Cell(level.world, level.goal, column.text, strength, seed) for seed in column.seeds]
        here = [found.get(cell.key, missing) for cell in cells]
        measured: list[Measured] = [each.measured for each in here if each.measured is not None]
        all_found += here
        if measured:
            points.append(point(strength, measured, drawn=drawn))
            episodes.append(measured[0].episode)
    without = [each for each in all_found if each.measured is None]
    if not points:
        return Entry(
            level=level.name,
            countermeasure=column.text,
            status=without[0].status,
            why=without[0].why,
            verdict="–",
            hypervolume=None,
            best=None,
            points=(),
            episode=(),
        )
    why = ""
    if without:
        first = without[0]
        why = (
            f"{len(without)} of {count(len(all_found), 'cell')} gave no number ({first.status}): {first.why}"
        )
    chosen = best(points)
    return Entry(
        level=level.name,
        countermeasure=column.text,
        status=Status.OK,
        why=why,
        verdict=points[chosen].verdict,
        hypervolume=hypervolume([(each.task.value, each.safety.value) for each in points]),
        best=chosen,
        points=tuple(points),
        episode=episodes[chosen],
    )
