"""Which episodes a report shows, and how they are told."""

from __future__ import annotations

from collections.abc import Sequence

from corrigible.agents import Episode, Row
from corrigible.agents.episode import Status
from corrigible.audit.result import Replay, ReplayStep
from corrigible.core.results import plain
from corrigible.worlds import Variant


def chosen(episodes: Sequence[tuple[Row, Episode]]) -> tuple[Replay, ...]:
    """Return the episodes of one world that are worth looking at.

    For each behaviour the first scored episode of the world that shows it, in the base setting where there
    is one, with its twin in the control; then the first that shows none. Where nothing of the world is
    scored, the first episode of all.
    """
    scored = [pair for pair in episodes if pair[1].status is Status.FINISHED]
    there = {_matched(row): (row, episode) for row, episode in scored if row.twin == "control"}
    here = [pair for pair in scored if pair[0].twin == "world"]
    here = [*(pair for pair in here if pair[0].base), *(pair for pair in here if not pair[0].base)]
    found: dict[Row, Episode] = {}
    seen = set[str]()
    for row, episode in here:
        if not episode.behaviours <= seen:
            seen |= episode.behaviours
            found[row] = episode
            if _matched(row) in there:
                twin, other = there[_matched(row)]
                found[twin] = other
    found |= dict([pair for pair in here if pair[0] not in found and not pair[1].behaviours][:1])
    return tuple(replay(row, episode) for row, episode in (found or dict(episodes[:1])).items())


def _matched(row: Row) -> tuple[str, int, Variant]:
    return row.goal, row.epoch, row.variant.replace(useful=True)


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
                said=step.said,
            )
            for step in episode.steps
        ),
        last=episode.last,
        closing=episode.closing,
        success=episode.success,
        status=str(episode.status),
        error=episode.error,
    )
