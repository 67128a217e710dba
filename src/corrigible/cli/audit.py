"""``corrigible audit``: does this agent show the behaviours, more than in the controls?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.terminal import Page, progress, say, table

if TYPE_CHECKING:
    from corrigible.audit import AuditResult, BehaviourResult, Design
    from corrigible.core.statistics import Difference, Rate

EXAMPLES = """\b
Examples:
  corrigible audit
  corrigible audit off-switch --agent boltzmann:0.01
  corrigible audit --agent q-learning --epochs 20 --out reports/learner
  corrigible audit --agent my_agent:Curious --limit "self-preservation<=0.05"
  corrigible audit off-switch --only invoices/world/0
\b
Exit status: 0 without limits or if all hold; 1 if one fails or is
inconclusive, or if nothing was scored; 2 bad input; 130 interrupted.
"""

NUMBERS = ("rate", "control", "effect", "goals", "theory", "task")


@click.command(epilog=EXAMPLES, short_help="Audit an agent over worlds and their controls.")
@click.argument("worlds", nargs=-1, metavar="[WORLD …]")
@click.option(
    "--agent",
    metavar="AGENT",
    help="planner (default), boltzmann:T, random, q-learning, or module:object for your own.",
)
@click.option("--goals", type=int, metavar="N", help="Use the first N goals of each world; default all.")
@click.option("--epochs", type=int, metavar="N", help="Episodes for each goal and twin; default 5.")
@click.option("--seed", type=int, metavar="S", help="Seed of everything; default 0.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME<=RATE",
    help="Largest acceptable rate of a drive, a behaviour or world/behaviour, tested on the upper "
    "confidence bound; repeatable.",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="A design in TOML.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write report.html, audit.json and junit.xml here.",
)
@click.option(
    "--only", metavar="GOAL/TWIN/EPOCH", help="Play one episode of the design again and tell it; one WORLD."
)
@click.option("--json", "as_json", is_flag=True, help="Print audit.json instead of tables.")
def audit(
    worlds: tuple[str, ...],
    agent: str | None,
    goals: int | None,
    epochs: int | None,
    seed: int | None,
    limits: tuple[str, ...],
    config: Path | None,
    out: Path | None,
    only: str | None,
    as_json: bool,
) -> int:
    """Audit AGENT in each WORLD (default: the whole catalogue), in its control, and where it has one in
    its training twin.

    Each behaviour gets its rate with a 95% interval, the rate in the control, the difference (the
    instrumental effect), how far it holds across final goals, and what theory predicts.
    """
    from corrigible.audit import Design, Verdict, run
    from corrigible.core.errors import OptionError

    given: dict[str, Any] = {
        "worlds": worlds or None,
        "agent": agent,
        "goals": goals,
        "epochs": epochs,
        "seed": seed,
        "limits": limits or None,
    }
    if only is not None and (as_json or out is not None):
        raise OptionError(
            f"`--only {only}` and `{'--json' if as_json else '--out'}` exclude each other",
            "leave out one of them",
        )
    if config is not None:
        design = Design.from_toml(config, **given)
    else:
        design = Design(**{key: value for key, value in given.items() if value is not None})
    if only is not None:
        _tell_episode(design, only)
        return 0
    if out is not None:
        from corrigible.audit.write import check_folder

        check_folder(out)
    with progress() as listens:
        result = run(design, progress=listens)
    files: tuple[Path, ...] = ()
    if out is not None:
        from corrigible.audit.write import write

        # Before anything is shown: a closed pipe must not cost the report.
        files = write(result, out)
    if as_json:
        click.echo(result.to_json())
    else:
        _show(result)
    if files:
        click.echo(f"Report: {files[0].resolve().as_uri()}", err=as_json)
        click.echo(f"Beside it: {', '.join(file.name for file in files[1:])}", err=as_json)
    if not any(b.scored for b in result.behaviours):
        say("corrigible: nothing was scored; this says nothing about the agent")
        return 1
    return 0 if result.verdict in (None, Verdict.HOLDS) else 1


def _show(result: AuditResult) -> None:
    page = Page()
    design = result.design
    shown = table(("world: behaviour", *NUMBERS), numbers=NUMBERS)
    about = {world.world: world for world in result.worlds}
    for b in result.behaviours:
        done = about[b.world].success.get("world")
        shown.add_row(
            f"{b.world}: {b.behaviour}",
            _rate(b.rate) if b.scored else "not scored",
            "–" if b.control is None else f"{b.control.value * 100:.0f}",
            _effect(b.effect) if b.scored else "–",
            _convergence(b),
            _theory(b),
            "–" if done is None else f"{done.value * 100:.0f}",
        )
    page.table(
        f"Agent {result.agent}: {len(result.rows):,} episodes in {len(result.worlds)} "
        f"{'world' if len(result.worlds) == 1 else 'worlds'}, seed {design.seed}",
        shown,
    )
    page.write()
    page.write(
        "In per cent, with 95% intervals. Effect: rate minus rate in the control, paired. Goals: for how "
        "many the effect is above zero. Theory: share of goals for which every (to some) optimal agent "
        "shows the behaviour. Task: goals met in the world.",
        style="dim",
    )
    notes = [f"{b.world}, {b.behaviour}: {b.note}" for b in result.behaviours if b.note]
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
    if notes or result.limits:
        page.write()
    for note in notes:
        page.item("Note.", f"{note}.")
    for limit in result.limits:
        page.item(f"Limit {limit.limit.text}: {str(limit.verdict).upper()}:", f"{limit.reason}.")


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return "–"
    return f"{rate.value * 100:.0f} [{rate.low * 100:.0f},{rate.high * 100:.0f}]"


def _effect(effect: Difference | None) -> str:
    if effect is None:
        return "–"
    return f"{effect.value * 100:+.0f} [{effect.low * 100:+.0f},{effect.high * 100:+.0f}]"


def _convergence(b: BehaviourResult) -> str:
    if b.convergence is None:
        return "–"
    return f"{b.convergence.share.events}/{b.convergence.share.episodes}"


def _theory(b: BehaviourResult) -> str:
    every, some = b.predicted.every, b.predicted.some
    return f"{every * 100:.0f}" if every == some else f"{every * 100:.0f}–{some * 100:.0f}"


def _tell_episode(design: Design, only: str) -> None:
    from corrigible.agents import load_agent
    from corrigible.audit import run_row
    from corrigible.core.errors import OptionError, unknown_name

    if len(design.worlds) != 1:
        raise OptionError(
            f"`--only {only}` needs one world", "for example `corrigible audit off-switch --only …`"
        )
    rows = {f"{row.goal}/{row.twin}/{row.epoch}": row for row in design.rows}
    if only not in rows:
        unknown_name("episode", only, rows, f"the first is `{next(iter(rows))}`")
    episode = run_row(rows[only], load_agent(design.agent), design.loaded[0])
    out = sys.stdout
    out.write(f"{episode.briefing}\n\n")
    for number, step in enumerate(episode.steps, start=1):
        arguments = ", ".join(f"{key}={value!r}" for key, value in step.call.arguments.items())
        out.write(
            f"{number:3d}. {step.observation}\n     > {step.call.tool}({arguments})\n     < {step.reply}\n"
        )
        for behaviour in step.behaviours:
            out.write(f"     ! {behaviour}\n")
    met = "met" if episode.success else "not met"
    out.write(f"     {episode.last}\n\nEpisode {episode.status}; goal {met}, reward {episode.reward:.3g}.\n")
    if episode.error:
        out.write(f"{episode.error}\n")
