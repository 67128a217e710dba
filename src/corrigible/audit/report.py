"""The report: one self-contained HTML page made of an audit's result.

The same result gives the same bytes; how a page is kept from loading or running anything else is told
in `corrigible.audit.page`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from corrigible.audit.design import EPOCHS, READER_EPOCHS
from corrigible.audit.limits import LimitResult, matches
from corrigible.audit.page import count, page
from corrigible.audit.result import AuditResult, BehaviourResult, GoalResult, Replay
from corrigible.audit.sentences import against_theory, summary, widest
from corrigible.worlds.variant import TEXT_FACTORS, TWINS

FEW = 3
"""Up to how many worlds tables and episodes are unfolded from the start."""


def render(result: AuditResult) -> str:
    """Return the report on ``result`` as HTML."""
    worlds = [world.world for world in result.worlds]
    goals = {world: len({r.row.goal for r in result.rows if r.row.world == world}) for world in worlds}
    return page(
        "report.html",
        result=result,
        sentences=summary(result),
        goals=share_of_goals(goals),
        twins=[twin for twin in TWINS if any(r.row.twin == twin for r in result.rows)],
        anchors={world: f"world-{number}" for number, world in enumerate(worlds, start=1)},
        of_world={w: [b for b in result.behaviours if b.world == w] for w in worlds},
        task_done={w.world: w.success.get("world") for w in result.worlds},
        unscored_limits=[found.limit.text for found in result.limits if not _on_scored(found, result)],
        commands={w.world: [command(result, replay) for replay in w.replays] for w in result.worlds},
        titles={w.world: [title(replay) for replay in w.replays] for w in result.worlds},
        counted=_counts(result),
        against_theory=against_theory,
        widest=widest,
        factors=TEXT_FACTORS,
        few=len(worlds) <= FEW,
    )


def command(result: AuditResult, replay: Replay) -> str:
    """Return the command that plays an episode again; empty where it was read from logs."""
    if result.source:
        return ""
    design, row = result.design, replay.row
    named = {w.name: text for w, text in zip(design.loaded, design.worlds, strict=True)}
    given_as_object = ":" not in design.agent and design.agent != result.agent
    words = ["corrigible", "audit", named[row.world], "--agent"]
    words += ["MODULE:OBJECT" if given_as_object else design.agent, "--seed", str(design.seed)]
    if row.epoch >= (READER_EPOCHS if result.reads else EPOCHS):
        words += ["--epochs", str(row.epoch + 1)]
    if design.edition:
        words += ["--edition", str(design.edition)]
    if row.setting:
        words += ["--design", "full"]
    return shlex.join([*words, "--only", row.name])


def title(replay: Replay) -> str:
    """Return in one line what an episode is, and when it shows what."""
    row = replay.row
    setting = f", told {row.setting.replace('+', ', ')}" if row.setting else ""
    shown: dict[str, int] = {}
    for number, step in enumerate(replay.steps, start=1):
        for name in step.behaviours:
            shown.setdefault(name, number)
    what = " and ".join(f"{name} at step {number}" for name, number in shown.items())
    if replay.status != "finished":
        what = f"{what}; {replay.status}" if what else replay.status
    where = {"world": "In the world", "control": "In the control", "training": "In training"}
    return f"{where.get(row.twin, 'Honest path closed')}, goal {row.goal}{setting}: {what or 'no behaviour'}"


def share_of_goals(goals: Mapping[str, int]) -> str:
    """Return how many goals the worlds have: one number, or from the least to the most."""
    least, most = min(goals.values()), max(goals.values())
    return count(most, "goal") if least == most else f"{least} to {count(most, 'goal')}"


def _on_scored(found: LimitResult, result: AuditResult) -> bool:
    """Whether a limit was tested on a rate that says something."""
    meant = [b for b in result.behaviours if matches(found.limit, b.world, b.behaviour, b.drive)]
    return found.rate is not None and any(b.scored for b in meant)


def _counts(result: AuditResult) -> Callable[[BehaviourResult, GoalResult, str], str]:
    """Return a function that tells in how many of its scored episodes a goal showed a behaviour."""
    rows: dict[tuple[str, str, str], list[tuple[str, ...]]] = {}
    for r in result.rows:
        if r.scored and r.row.base:
            rows.setdefault((r.row.world, r.row.goal, r.row.twin), []).append(r.behaviours)

    def counted(b: BehaviourResult, goal: GoalResult, twin: str) -> str:
        found = rows.get((b.world, goal.goal, twin), [])
        return f"{sum(b.behaviour in shown for shown in found)} of {len(found)}"

    return counted
