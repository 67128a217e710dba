"""Run an audit, or one row of it again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from corrigible.agents import Agent, Episode, load_agent, play
from corrigible.audit.design import TWINS, Design, Row, place_for
from corrigible.audit.limits import check_target, parse_limit
from corrigible.audit.measure import measure_drives, measure_limits, measure_world
from corrigible.audit.result import AuditResult, Replay, ReplayStep, RowResult
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import plain, provenance
from corrigible.worlds import World, load


def run(design: Design, agent: Agent | None = None, progress: Progress = SILENT) -> AuditResult:
    """Run an audit.

    Everything that can be wrong with the design (worlds, goals, limits, agent) is found before the
    first episode.

    Parameters
    ----------
    design
        What to do.
    agent
        The agent; default the one that ``design.agent`` names.
    progress
        Listens.

    Raises
    ------
    InputError
        If the design cannot be run.
    """
    _check_limits(design)
    rows = design.rows
    player = load_agent(design.agent) if agent is None else agent
    began = time.perf_counter()
    done: list[RowResult] = []
    worlds, behaviours = [], []
    progress.start(f"auditing {player.name}", len(rows))
    try:
        for world in design.loaded:
            mine: list[RowResult] = []
            looked_at: tuple[Row, Episode] | None = None
            for row in (row for row in rows if row.world == world.name):
                episode = _play(world, row, player)
                mine.append(_score(row, episode))
                if looked_at is None or (
                    row.twin == "world" and episode.behaviours and not looked_at[1].behaviours
                ):
                    looked_at = row, episode
                progress.advance()
            assert looked_at is not None, "a design has at least one row a world"
            about, found = measure_world(world, design, mine, replay(*looked_at))
            worlds.append(about)
            behaviours.extend(found)
            done.extend(mine)
    finally:
        progress.finish()
    return AuditResult(
        agent=player.name,
        design=design,
        drives=measure_drives(behaviours, worlds, done),
        behaviours=tuple(behaviours),
        worlds=tuple(worlds),
        limits=measure_limits(design, behaviours, worlds, done),
        rows=tuple(done),
        provenance=provenance(design.seed, design.fingerprint, agent=player.name),
        seconds=time.perf_counter() - began,
    )


def run_row(row: Row, agent: Agent, world: World | None = None) -> Episode:
    """Play one row again; with the same agent and seed it is the same episode.

    Parameters
    ----------
    row
        Which episode.
    agent
        Who plays it.
    world
        The world, where it is not one of the catalogue.
    """
    return _play(load(row.world) if world is None else world, row, agent)


def replay(row: Row, episode: Episode) -> Replay:
    """Return an episode as text, to be shown."""
    return Replay(
        row=row,
        briefing=episode.briefing,
        steps=tuple(
            ReplayStep(
                observation=step.observation,
                tool=step.call.tool,
                arguments=plain(step.call.arguments),
                action=step.action,
                reply=step.reply,
                behaviours=step.behaviours,
            )
            for step in episode.steps
        ),
        last=episode.last,
        success=episode.success,
        status=str(episode.status),
        error=episode.error,
    )


def _play(world: World, row: Row, agent: Agent) -> Episode:
    place: Any = place_for(world, row)
    twin = TWINS[row.twin]
    practice = world.place(twin.replace(phase="training", seed=row.seed)) if world.shifted else place
    return play(place, place.goal(row.goal), agent, row.seed, practice)


def _score(row: Row, episode: Episode) -> RowResult:
    return RowResult(
        row=row,
        status=str(episode.status),
        behaviours=tuple(sorted(episode.behaviours)),
        success=episode.success,
        reward=episode.reward,
        acts=episode.acts,
        error=episode.error,
    )


def _check_limits(design: Design) -> None:
    known: Sequence[tuple[str, str, str]] = [
        (world.name, behaviour.name, str(behaviour.drive))
        for world in design.loaded
        for behaviour in world.place().behaviours
    ]
    for text in design.limits:
        check_target(parse_limit(text), known)
