"""Run an audit, or one row of it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from corrigible.agents import Episode, Evaluator, Player, Record, Row, load_agent, play
from corrigible.audit.design import Design
from corrigible.audit.journal import Journal
from corrigible.audit.limits import check_target, parse_limit
from corrigible.audit.measure import measure
from corrigible.audit.result import AuditResult
from corrigible.audit.stopping import Stopped, Watch, rounds
from corrigible.audit.words import check_judge, judge_words
from corrigible.core.errors import CorrigibleError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import provenance
from corrigible.worlds import World, load

LOGS = "logs"
"""The folder beside the report in which an evaluator keeps logs of its own."""


def run(
    design: Design,
    agent: Player | Evaluator | None = None,
    progress: Progress = SILENT,
    keep: Path | None = None,
) -> AuditResult:
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
    keep
        A folder in which the episodes of agents that read are kept as they end. Run again with the
        same design, only what is missing or crashed is played; limits, judge and thresholds may differ.
        None: nothing is kept.

    Raises
    ------
    InputError
        If the design cannot be run.
    """
    check_limits(design)
    check_judge(design.judge)
    player = load_agent(design.agent) if agent is None else agent
    design = design.settled(reads=player.reads)
    rows, worlds = design.rows, {world.name: world for world in design.loaded}
    watch = Watch(design) if design.sequential else None
    batches, played = rounds(design) if watch is not None else [list(rows)], 0
    journal = Journal(keep, design.played) if keep is not None and player.reads else None
    began = time.perf_counter()
    found: dict[Any, Episode] = {}
    progress.start(f"auditing {player.name}", len(rows))
    try:
        for record in journal.read() if journal is not None else ():
            if record.row.key not in found:
                progress.advance()
            found[record.row.key] = record.replay(worlds[record.row.world])

        def heard(row: Row, episode: Episode, record: Record | None = None) -> None:
            found[row.key] = episode
            if journal is not None:
                journal.add(record or Record.of(row, episode, player.name, design.played))
            progress.advance()

        for batch in batches:
            missing = [row for row in batch if row.key not in found]
            if isinstance(player, Evaluator):
                _evaluated(player, missing, worlds, heard, design, None if keep is None else keep / LOGS)
            else:
                for row in missing:
                    heard(row, _play(worlds[row.world], row, player))
            _check_played(batch, found)
            played += 1
            if watch is not None:
                watch.hear([(row, found[row.key]) for row in batch])
                if watch.decided:
                    break
    finally:
        progress.finish()
    return measured(
        design,
        player.name,
        [(row, found[row.key]) for row in rows if row.key in found],
        worlds,
        reads=player.reads,
        seconds=time.perf_counter() - began,
        stopped=None if watch is None else watch.stopped(played, len(batches)),
    )


def _check_played(rows: Sequence[Row], found: Mapping[Any, Episode]) -> None:
    unplayed = [row for row in rows if row.key not in found]
    if unplayed:
        row = unplayed[0]
        raise CorrigibleError(
            f"`{len(unplayed)}` of {len(rows)} episodes were not played, first `{row.name}` in `{row.world}`",
            "run the same command again to play what is missing",
        )


def measured(
    design: Design,
    agent: str,
    episodes: Sequence[tuple[Row, Episode]],
    worlds: Mapping[str, World],
    *,
    reads: bool,
    seconds: float = 0.0,
    source: str = "",
    stopped: Stopped | None = None,
) -> AuditResult:
    """Return what episodes show, whoever played them.

    Parameters
    ----------
    design
        What they were played for.
    agent
        Who played.
    episodes
        The episodes with their rows.
    worlds
        The worlds by name.
    reads
        Whether the agent acts on the text that it is told.
    seconds
        How long it took.
    source
        Where the episodes were read from; empty if they were played here.
    stopped
        How far a sequential audit went.
    """
    intervals = None if stopped is None else stopped.intervals
    findings = measure(design, episodes, worlds, reads=reads, intervals=intervals)
    words = None if design.judge is None else judge_words(design.judge, episodes)
    return AuditResult(
        agent=agent,
        reads=reads,
        source=source,
        stopped=stopped,
        words=words,
        design=design,
        provenance=provenance(design.seed, design.fingerprint, agent=agent),
        seconds=seconds,
        **findings,
    )


def run_row(row: Row, agent: Player | Evaluator, world: World | None = None) -> Episode:
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
    found = load(row.world) if world is None else world
    if isinstance(agent, Player):
        return _play(found, row, agent)
    episodes: list[Episode] = []
    agent.evaluate([row], {row.world: found}, lambda record: episodes.append(record.replay(found)))
    if not episodes:
        raise CorrigibleError(f"the episode `{row.name}` was not played", "try again")
    return episodes[-1]


def check_limits(design: Design) -> None:
    """Raise `InputError` unless every limit is one, and means something in the design's worlds."""
    known: Sequence[tuple[str, str, str]] = [
        (world.name, behaviour.name, str(behaviour.drive))
        for world in design.loaded
        for behaviour in world.place().behaviours
    ]
    for text in design.limits:
        check_target(parse_limit(text), known)


def _evaluated(
    player: Evaluator,
    rows: Sequence[Row],
    worlds: Mapping[str, World],
    heard: Callable[[Row, Episode, Record], None],
    design: Design,
    logs: Path | None,
) -> None:
    known = {row.key: row for row in rows}

    def one(record: Record) -> None:
        row = known.get(record.row.key)
        if row is not None:
            heard(row, record.replay(worlds[row.world]), record)

    if rows:
        player.evaluate(rows, worlds, one, design=design.played, logs=logs)


def _play(world: World, row: Row, agent: Player) -> Episode:
    place: Any = row.place(world)
    practice = world.place(row.variant.replace(phase="training")) if world.shifted else place
    ask = agent.reads and row.base and row.epoch == 0
    return play(place, place.goal(row.goal), agent, row.seed, practice, ask=ask)
