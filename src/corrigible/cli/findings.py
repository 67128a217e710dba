"""An audit's findings on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from corrigible.cli.terminal import Page, table

if TYPE_CHECKING:
    from corrigible.agents import Episode
    from corrigible.audit import AuditResult, BehaviourResult
    from corrigible.core.samplesize import Plan
    from corrigible.core.statistics import Difference, Rate

NUMBERS = ("rate", "control", "effect", "p", "goals", "theory", "task")


FIRST = 33
"""The widest that the first column gets; a table is then at most a hundred columns wide."""


def show(result: AuditResult) -> None:
    """Write the table of all behaviours, what must be said with it, and the verdicts."""
    page = Page()
    design = result.design
    shown = table(("world: behaviour", *NUMBERS), numbers=NUMBERS)
    shown.collapse_padding, shown.columns[0].max_width = True, FIRST
    about = {world.world: world for world in result.worlds}
    for b in result.behaviours:
        done = about[b.world].success.get("world")
        shown.add_row(
            f"{b.world}: {b.behaviour}",
            _rate(b.rate) if b.scored else "not scored",
            "–" if b.control is None or not b.scored else f"{b.control.value * 100:.0f}",
            _effect(b.effect) if b.scored else "–",
            _p(b.p_holm),
            _convergence(b) if b.scored else "–",
            _theory(b),
            "–" if done is None else f"{done.value * 100:.0f}",
        )
    page.table(
        f"Agent {result.agent}: {len(result.rows):,} episodes in {len(result.worlds)} "
        f"{'world' if len(result.worlds) == 1 else 'worlds'}, seed {design.seed}"
        + (f", edition {design.edition}" if design.edition else "")
        + (f", read from {result.source}" if result.source else ""),
        shown,
    )
    page.write()
    page.write(
        "In per cent, with 95% intervals. Effect: rate minus rate in the control, paired; p: that there is none, "
        "corrected by Holm. Goals: for how many the effect is above zero. Theory: share of goals for which every "
        "(to some) optimal agent shows the behaviour. Task: goals met in the world.",
        style="dim",
    )
    notes = _notes(result)
    if notes or result.limits or result.stopped is not None:
        page.write()
    for note in notes:
        page.item("Note.", f"{note}.")
    if result.stopped is not None:
        page.item(
            "Sequential.",
            f"{'Stopped after' if result.stopped.rounds < result.stopped.of else 'Played all'} "
            f"{result.stopped.rounds} of {result.stopped.of} rounds of goals; the limits are judged "
            "on intervals that hold whenever one looks.",
        )
    for limit in result.limits:
        page.item(f"Limit {limit.limit.text}: {str(limit.verdict).upper()}:", f"{limit.reason}.")


def _notes(result: AuditResult) -> list[str]:
    """What must be said with the numbers; what holds of several behaviours is said once."""
    where: dict[str, dict[str, list[str]]] = {}
    for b in result.behaviours:
        if b.note:
            where.setdefault(b.note, {}).setdefault(b.world, []).append(b.behaviour)
    notes = [
        f"{note[0].upper()}{note[1:]}: "
        + "; ".join(f"{world} ({', '.join(behaviours)})" for world, behaviours in found.items())
        for note, found in where.items()
    ]
    for world in result.worlds:
        if world.crashed:
            notes.append(
                f"{world.world}: the agent crashed in {world.crashed} of {world.episodes} episodes, "
                f"first with {world.first_error}"
            )
        if world.silent:
            notes.append(
                f"{world.world}: the agent never acted in {world.silent} of {world.episodes} episodes"
            )
        if world.comprehends is False and world.understood is not None:
            notes.append(
                f"{world.world}: the agent answered {world.understood.events} of {world.understood.episodes} "
                "questions about the situation rightly"
            )
    return notes


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return "–"
    return f"{rate.value * 100:.0f} [{rate.low * 100:.0f},{rate.high * 100:.0f}]"


def _effect(effect: Difference | None) -> str:
    if effect is None:
        return "–"
    return f"{_signed(effect.value)} [{_signed(effect.low)},{_signed(effect.high)}]"


def _signed(share: float) -> str:
    """A difference in per cent with its sign; one that rounds to zero has none."""
    return f"{share * 100:+.0f}" if abs(share) >= 0.005 else "0"


def _p(p: float | None) -> str:
    if p is None:
        return "–"
    return "<.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _convergence(b: BehaviourResult) -> str:
    if b.convergence is None:
        return "–"
    return f"{b.convergence.share.events}/{b.convergence.share.episodes}"


def _theory(b: BehaviourResult) -> str:
    every, some = b.predicted.every, b.predicted.some
    return f"{every * 100:.0f}" if every == some else f"{every * 100:.0f}–{some * 100:.0f}"


def show_changes(result: AuditResult) -> None:
    """Write what changed since an earlier audit."""
    assert result.comparison is not None, "asked for only where there is one"
    old = result.comparison
    page = Page()
    shown = table(
        ("world: behaviour", "before", "now", "change", "verdict"), numbers=("before", "now", "change")
    )
    for found in old.changes:
        change = found.change
        told = "–"
        if change.value is not None and change.low is not None and change.high is not None:
            told = f"{_signed(change.value)} [{_signed(change.low)},{_signed(change.high)}]"
        verdict = str(change.verdict) + (f": {change.reason}" if change.reason else "")
        shown.add_row(f"{found.world}: {found.behaviour}", _rate(found.old), _rate(found.new), told, verdict)
    page.write()
    page.table(f"Since the audit of {old.agent} with seed {old.seed}", shown)
    page.write()
    page.write(
        "In per cent. The interval of a change is corrected for the number of behaviours compared; "
        "“no change seen” does not say that there is none.",
        style="dim",
    )


def show_plan(plan: Plan, episodes: int, what: str) -> None:
    """Write how large an audit has to be."""
    page = Page()
    numbers = ("epochs", "goals", "to see it", "for the limit", "worlds", "episodes", "least limit")
    shown = table(numbers, numbers=numbers)
    for row in plan.rows:
        shown.add_row(
            str(row.epochs),
            f"{row.goals:,}",
            f"{row.goals_effect:,}",
            f"{row.goals_limit:,}",
            f"{row.worlds:,}",
            f"{row.episodes:,}",
            f"{row.bound:.1%}",
        )
    page.table(f"To see an effect of {plan.effect:.0%} with a chance of {plan.power:.0%}", shown)
    page.write()
    page.write(
        f"Taken for granted: a rate of {plan.rate_control:.0%} in the control, and a correlation of "
        f"{plan.correlation:g} between the episodes of a goal. Goals: in all worlds together; to see it: those that "
        "the effect needs; for the limit: those that a limit of this size needs if no episode shows the behaviour. "
        "Episodes: in the worlds and their controls, in the base setting.",
        style="dim",
    )
    page.item("Note.", f"{plan.advice[0].upper()}{plan.advice[1:]}.")
    page.item("This design", f"plays {episodes:,} episodes: {what}.")


def tell(episode: Episode) -> None:
    """Write one episode, step by step."""
    out = sys.stdout
    out.write(f"{episode.briefing}\n\n")
    for number, step in enumerate(episode.steps, start=1):
        arguments = ", ".join(f"{key}={value!r}" for key, value in step.call.arguments.items())
        if step.said:
            out.write(f"     “{step.said}”\n")
        out.write(
            f"{number:3d}. {step.observation}\n     > {step.call.tool}({arguments})\n     < {step.reply}\n"
        )
        for behaviour in step.behaviours:
            out.write(f"     ! {behaviour}\n")
    met = "met" if episode.success else "not met"
    out.write(f"     {episode.last}\n\nEpisode {episode.status}; goal {met}, reward {episode.reward:.3g}.\n")
    if episode.error:
        out.write(f"{episode.error}\n")


def show_words(result: AuditResult) -> None:
    """Write what a judge found in the agent's words."""
    assert result.words is not None, "asked for only where there is one"
    page = Page()
    numbers = ("said", "of episodes", "silent", "not judged", "agreement")
    shown = table(("mark", *numbers), numbers=numbers)
    for mark in result.words.marks:
        shown.add_row(
            mark.mark,
            _rate(mark.rate),
            "–" if mark.rate is None else str(mark.rate.episodes),
            str(mark.silent),
            str(mark.unjudged),
            _rate(mark.agreement),
        )
    page.write()
    page.table(f"Words, judged by {result.words.judge}", shown)
    page.write()
    page.write(
        "Of the episodes that showed a behaviour: in how many, in per cent, the agent's words bear the mark. Agreement: "
        "how often this judge is right on sentences whose truth is planted. Words are never part of a score.",
        style="dim",
    )
