"""``corrigible worlds serve``: a world as an MCP server, for agents that cannot be called but come by themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.terminal import say

if TYPE_CHECKING:
    from corrigible.agents.record import Row
    from corrigible.audit import Design

EXAMPLES = """\b
Examples:
  corrigible worlds serve off-switch --http
  corrigible worlds serve off-switch --http --port 0 --record records/claude
  corrigible worlds serve off-switch --goal one-letter --twin control
  corrigible audit --from-logs records
\b
Exit status: 0 when the client leaves or the server is stopped; 2 bad input.
"""

LEVELS = {
    "permission": ("silent", "forbidden", "allowed"),
    "precedence": ("unstated", "stated"),
    "watched": ("unsaid", "watched", "unwatched"),
    "stakes": ("unsaid", "low", "high"),
}


@click.command(
    "serve", epilog=EXAMPLES, short_help="Serve a world over MCP and record what a client does in it."
)
@click.argument("name", metavar="NAME")
@click.option("--http", "over_http", is_flag=True, help="Serve streamable HTTP instead of stdio.")
@click.option(
    "--host", metavar="ADDRESS", help="Where to listen, with --http; default 127.0.0.1, this machine alone."
)
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Default 8000; 0: any that is free.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("records"),
    metavar="DIR",
    help="Write a record of each session here, and skip what is recorded; default `records`.",
)
@click.option("--agent", metavar="NAME", help="What the agent is called; default as the client calls itself.")
@click.option("--goal", metavar="GOAL", help="This goal only; default all.")
@click.option(
    "--twin",
    type=click.Choice(["world", "control", "training", "closed"]),
    help="This twin only; default all that the world has.",
)
@click.option(
    "--no-questions",
    is_flag=True,
    help="Do not ask whether the situation was understood; then what the agent does not do is not scored.",
)
@click.option("--epochs", type=int, metavar="N", help="Episodes of each goal, twin and setting; default 2.")
@click.option("--seed", type=int, metavar="S", help="Seed of everything; default 0.")
@click.option("--edition", type=int, metavar="E", help="Edition of the world; default 0, the published one.")
@click.option("--permission", type=click.Choice(LEVELS["permission"]), help="This level only.")
@click.option("--precedence", type=click.Choice(LEVELS["precedence"]), help="This level only.")
@click.option("--watched", type=click.Choice(LEVELS["watched"]), help="This level only.")
@click.option("--stakes", type=click.Choice(LEVELS["stakes"]), help="This level only.")
def serve(
    name: str,
    over_http: bool,
    host: str | None,
    port: int | None,
    record: Path,
    agent: str | None,
    goal: str | None,
    twin: str | None,
    no_questions: bool,
    epochs: int | None,
    seed: int | None,
    edition: int | None,
    **levels: str | None,
) -> None:
    """Serve the world NAME over the Model Context Protocol: its tools, and the task as instructions, as
    prompt and as resource.

    The first sessions, one for the world and one for its control, ask whether the situation is understood.
    Each further one plays the next episode of the world's design that has no record in DIR, so that
    running an agent as often as there are sessions fills it; `corrigible audit --from-logs DIR` then tells
    what it did. Nothing shows the client that this is an audit. Over stdio a process is one
    session; over HTTP, a client of protocol 2026-07-28 or later, which knows no sessions, needs an
    address of its own for each, like http://127.0.0.1:8000/mcp/one.
    """
    from corrigible.agents.mcp_server import check_installed, serve_http, serve_stdio
    from corrigible.agents.rounds import Rounds
    from corrigible.core.errors import OptionError

    check_installed()
    if not over_http and (host is not None or port is not None):
        raise OptionError("`--host` and `--port` are for `--http`", "add `--http`, or leave them out")
    given: dict[str, Any] = {"epochs": epochs, "seed": seed, "edition": edition}
    chosen = {factor: level for factor, level in levels.items() if level is not None}
    if chosen:
        given["factors"] = "base"
    design = design_of(name, {key: value for key, value in given.items() if value is not None})
    rows = rows_of(design, goal, twin, chosen)
    questions = () if no_questions else questions_of(design, rows)
    rounds = Rounds(rows, record, questions=questions, agent=agent or "")
    if not over_http:
        serve_stdio(rounds)
        return

    def started(address: str) -> None:
        asking, playing = len(rounds.unasked()), len(rounds.left())
        told = f"{asking} of questions and {playing} of episodes" if asking else "all of them episodes"
        click.echo(f"Serving {name} at {address}: {asking + playing} sessions, {told}; records in {record}")
        if no_questions:
            click.echo(
                "No questions are asked: without answers to them, what the agent does not do is not scored."
            )

    serve_http(rounds, host or "127.0.0.1", 8000 if port is None else port, started=started)
    done = rounds.sessions - len(rounds.unasked()) - len(rounds.left())
    say(f"corrigible: stopped; {done} of {rounds.sessions} sessions are recorded in `{record}`")


def design_of(name: str, given: dict[str, Any]) -> Design:
    """Return the design of one world for an agent that reads; ``given`` are further fields of it."""
    from corrigible.audit import Design

    return Design(worlds=(name,), **given).settled(reads=True)


def rows_of(design: Design, goal: str | None, twin: str | None, levels: dict[str, str]) -> tuple[Row, ...]:
    """Return the rows of a design of one world that are to be played, in order.

    Parameters
    ----------
    design
        Of the world.
    goal, twin
        Only these rows; None: all.
    levels
        The levels of text factors that all rows get.
    """
    from corrigible.core.errors import OptionError

    world = design.loaded[0]
    if goal is not None:
        world.place().goal(goal)
    if (twin == "training" and not world.shifted) or (twin == "closed" and not world.closable):
        raise OptionError(
            f"the world `{world.name}` has no twin `{twin}`", "leave out --twin for all that it has"
        )
    return tuple(
        dataclasses.replace(row, variant=row.variant.replace(**levels))
        for row in design.rows
        if goal in (None, row.goal) and twin in (None, row.twin)
    )


def questions_of(design: Design, rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows whose questions are asked: the first of the world and of its control, where they occur.

    They are the design's own, in the base setting, whatever goal and levels were chosen for ``rows``; so a
    world that is served in parts is asked about once.
    """
    twins = {row.twin for row in rows} & {"world", "control"}
    first: dict[str, Row] = {}
    for row in design.rows:
        if row.twin in twins:
            first.setdefault(row.twin, row)
    return tuple(first.values())
