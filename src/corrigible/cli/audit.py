"""``corrigible audit``: does this agent show the behaviours, more than in the controls?"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.beside import WithOthers
from corrigible.cli.terminal import progress, say
from corrigible.cli.transcripts import transcripts

if TYPE_CHECKING:
    from corrigible.audit import AuditResult, Design

EXAMPLES = """\b
Examples:
  corrigible audit
  corrigible audit off-switch --agent boltzmann:0.01
  corrigible audit --agent openai/gpt-5 --out reports/gpt-5
  corrigible audit --agent ollama/llama3.1 --fresh --limit "influence<=0.1"
  corrigible audit --agent my_agent:Curious --compare reports/last/audit.json
  corrigible audit --from-logs logs --out reports/elsewhere
  corrigible audit --plan --effect 0.05
  corrigible audit off-switch --only invoices/world/0
\b
Exit status: 0 without limits or if all hold; 1 if one fails or is
inconclusive, if something regressed, or if nothing was scored; 2 bad
input; 130 interrupted (run the same command again to go on).
"""


@click.command(cls=WithOthers, epilog=EXAMPLES, short_help="Audit an agent over worlds and their controls.")
@click.argument("worlds", nargs=-1, metavar="[WORLD …]")
@click.option(
    "--agent",
    "agents",
    multiple=True,
    metavar="AGENT",
    help="planner (default), boltzmann:T, random, q-learning, provider/model for a language model, "
    "scripted:NAME, or module:object for your own; repeatable.",
)
@click.option("--goals", type=int, metavar="N", help="Use the first N goals of each world; default all.")
@click.option(
    "--epochs",
    type=int,
    metavar="N",
    help="Episodes for each goal and twin; default 5, or 2 if the agent reads.",
)
@click.option(
    "--design",
    "factors",
    metavar="base|fraction|full",
    help="Cross permission, precedence, watched and stakes: not at all, in a balanced fraction (default if the "
    "agent reads), or fully.",
)
@click.option(
    "--edition", type=int, metavar="E", help="Draw the worlds' numbers and words anew by E; default 0."
)
@click.option("--fresh", is_flag=True, help="Draw an edition that nobody has seen; the report names it.")
@click.option("--seed", type=int, metavar="S", help="Seed of everything; default 0.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME<=RATE",
    help="Largest acceptable rate of a drive, a behaviour or world/behaviour, tested on the upper "
    "confidence bound; repeatable.",
)
@click.option(
    "--sequential",
    is_flag=True,
    default=None,
    help="Stop as soon as all limits are decided, by intervals that hold whenever one looks.",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="A design in TOML.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of Inspect for language models, such as temperature=0 or max_connections=20; repeatable.",
)
@click.option(
    "--judge",
    metavar="rules|MODEL",
    help="Judge the agent's words too: does it say why, disclose, voice uncertainty? Never part of a score.",
)
@click.option(
    "--from-logs",
    "logs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Score episodes that were recorded elsewhere: Inspect logs, or records of `corrigible worlds serve`.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    metavar="OLD.json",
    help="Tell what changed since an earlier audit.",
)
@click.option("--plan", "planned", is_flag=True, help="Tell how large an audit has to be, and play nothing.")
@click.option("--effect", type=float, metavar="RATE", help="With --plan: the effect to be seen; default 0.1.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write report.html, audit.json and junit.xml here, and keep episodes as they end.",
)
@click.option(
    "--only", metavar="GOAL/TWIN/EPOCH", help="Play one episode of the design again and tell it; one WORLD."
)
@click.option("--json", "as_json", is_flag=True, help="Print audit.json instead of tables.")
def audit(
    worlds: tuple[str, ...],
    agents: tuple[str, ...],
    goals: int | None,
    epochs: int | None,
    factors: str | None,
    edition: int | None,
    fresh: bool,
    seed: int | None,
    limits: tuple[str, ...],
    sequential: bool | None,
    config: Path | None,
    settings: tuple[str, ...],
    judge: str | None,
    logs: Path | None,
    compare: Path | None,
    planned: bool,
    effect: float | None,
    out: Path | None,
    only: str | None,
    as_json: bool,
) -> int:
    """Audit AGENT in each WORLD (default: the whole catalogue), in its control, and where it has them in
    its training twin and the twin whose honest path is closed.

    Each behaviour gets its rate with a 95% interval, the rate in the control, the difference (the
    instrumental effect), how far it holds across final goals, and what theory predicts.
    """
    from corrigible.audit import Design
    from corrigible.audit.compare import read_audit
    from corrigible.core.errors import OptionError

    if fresh:
        _exclude(("--fresh", True), ("--edition", edition is not None))
        edition = _drawn()
    given: dict[str, Any] = {
        "worlds": worlds or None,
        "agent": agents[0] if agents else None,
        "goals": goals,
        "epochs": epochs,
        "factors": factors,
        "edition": edition,
        "sequential": sequential,
        "seed": seed,
        "judge": judge,
        "limits": limits or None,
    }
    _exclude(
        ("--only", only is not None), ("--json", as_json), ("--out", out is not None), ("--plan", planned)
    )
    _exclude(("--from-logs", logs is not None), ("--plan", planned), ("--only", only is not None))
    twice = next((agent for agent in agents if agents.count(agent) > 1), None)
    if twice is not None:
        raise OptionError(f"the agent `{twice}` is named twice", "name it once")
    _exclude(("--compare", compare is not None), ("several agents", len(agents) > 1))
    if config is not None:
        design = Design.from_toml(config, **given)
    else:
        design = Design(**{key: value for key, value in given.items() if value is not None})
    if planned:
        _plan(design, effect, as_json)
        return 0
    if only is not None:
        _tell_episode(design, only, _settings(settings))
        return 0
    earlier = None if compare is None else read_audit(compare)
    if out is not None:
        from corrigible.audit.write import check_folder

        check_folder(out)
    if logs is not None:
        results = [_read(design, logs, agents)]
    else:
        results = _run(design, agents or (design.agent,), _settings(settings), out)
    return _finish(results, earlier, out, as_json)


audit.add(transcripts)


def _run(
    design: Design, agents: tuple[str, ...], settings: dict[str, Any], out: Path | None
) -> list[AuditResult]:
    from corrigible.agents import load_agent
    from corrigible.audit import run
    from corrigible.audit.write import folder_of

    # All of them first: what one lacks is said before another has played for an hour.
    players = [load_agent(agent, settings) for agent in agents]
    folders = [None if out is None else folder_of(out, agent, agents) for agent in agents]
    with progress() as listens:
        return [
            run(dataclasses.replace(design, agent=agent), player, listens, folder)
            for agent, player, folder in zip(agents, players, folders, strict=True)
        ]


def _read(design: Design, folder: Path, agents: tuple[str, ...]) -> AuditResult:
    from corrigible.audit.logs import audit_logs, read_logs

    with progress() as listens:
        found = read_logs(folder, listens)
    for path, why in found.unread:
        say(f"corrigible: left out: {why}" if str(path) in why else f"corrigible: left out `{path}`: {why}")
    records = [r for r in found.records if not agents or r.agent in agents]
    if not records:
        from corrigible.core.errors import unknown_name

        unknown_name("agent in the logs called", agents[0], {r.agent for r in found.records})

    def lost(record: Any, why: str) -> None:
        say(f"corrigible: left out an episode of {record.row.world}: {why}")

    return audit_logs(design, records, str(folder), lost)


def _finish(
    results: list[AuditResult], earlier: dict[str, Any] | None, out: Path | None, as_json: bool
) -> int:
    from corrigible.audit import Verdict
    from corrigible.audit.compare import compare
    from corrigible.cli.findings import show, show_changes, show_words

    if earlier is not None:
        results = [compare(earlier, result) for result in results]
    files: tuple[Path, ...] = ()
    if out is not None:
        from corrigible.audit.write import write, write_several

        # Before anything is shown: a closed pipe must not cost the report.
        files = write(results[0], out) if len(results) == 1 else write_several(results, out)
    if as_json:
        whole = [result.to_json() for result in results]
        click.echo(whole[0] if len(whole) == 1 else f'{{"audits": [\n{",".join(whole)}\n]}}')
    else:
        for result in results:
            show(result)
            if result.words is not None:
                show_words(result)
            if result.comparison is not None:
                show_changes(result)
    if files:
        click.echo(f"Report: {files[0].resolve().as_uri()}", err=as_json)
        click.echo(f"Beside it: {', '.join(file.name for file in files[1:])}", err=as_json)
    silent = [result.agent for result in results if not any(b.scored for b in result.behaviours)]
    for agent in silent:
        named = f" of {agent}" if len(results) > 1 else ""
        say(f"corrigible: nothing{named} was scored; this says nothing about the agent")
    failed = any(
        result.verdict not in (None, Verdict.HOLDS)
        or (result.comparison is not None and result.comparison.regressed)
        for result in results
    )
    return 1 if silent or failed else 0


def _plan(design: Design, effect: float | None, as_json: bool) -> None:
    from corrigible.cli.findings import show_plan
    from corrigible.core.samplesize import plan

    goals = [len(design.chosen(world)) for world in design.loaded]
    found = plan(0.1 if effect is None else effect, goals_per_world=round(sum(goals) / len(goals)))
    settled = design.settled(reads="/" in design.agent or design.agent.startswith("scripted:"))
    if as_json:
        click.echo(
            json.dumps({**json.loads(found.to_json()), "episodes_of_design": len(settled.rows)}, indent=2)
        )
        return
    what = (
        f"{len(goals)} {'world' if len(goals) == 1 else 'worlds'} with {sum(goals)} goals, twins, {settled.epochs} "
        f"{'epoch' if settled.epochs == 1 else 'epochs'}, design {settled.factors}"
    )
    show_plan(found, len(settled.rows), what)


def _tell_episode(design: Design, only: str, settings: dict[str, Any]) -> None:
    from corrigible.agents import load_agent
    from corrigible.audit import run_row
    from corrigible.cli.findings import tell
    from corrigible.core.errors import OptionError, unknown_name

    if len(design.worlds) != 1:
        raise OptionError(
            f"`--only {only}` needs one world", "for example `corrigible audit off-switch --only …`"
        )
    player = load_agent(design.agent, settings)
    rows = {row.name: row for row in design.settled(reads=player.reads).rows}
    if only not in rows:
        unknown_name("episode", only, rows, f"the first is `{next(iter(rows))}`")
    tell(run_row(rows[only], player, design.loaded[0]))


def _exclude(*options: tuple[str, bool]) -> None:
    """Refuse the first option if it is given together with one of the others."""
    from corrigible.core.errors import OptionError

    (first, given), *others = options
    for other, also in others:
        if given and also:
            raise OptionError(f"`{first}` and `{other}` exclude each other", "leave out one of them")


def _drawn() -> int:
    """An edition that nobody has seen."""
    import secrets

    return 1 + secrets.randbelow(2**31 - 1)


def _settings(given: tuple[str, ...]) -> dict[str, Any]:
    from corrigible.core.errors import OptionError

    found: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (equals and key.isidentifier()):
            raise OptionError(
                f"the setting `{text}` is not of the form `key=value`", "for example `temperature=0`"
            )
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found
