"""Requests on the terminal: listed, shown in full, followed as they come, and answered one by one."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from corrigible.cli.store import lasting, told, visible
from corrigible.cli.terminal import Page
from corrigible.core.errors import InputError, OptionError

if TYPE_CHECKING:
    from corrigible.guard.approvals import Request
    from corrigible.guard.oversight import Oversight

LONGEST = 1500
"""Characters of an argument that a list shows; `corrigible approvals ID` shows all of it."""

PERIOD = 0.5
"""Seconds between two looks at the store."""


def listed(people: Oversight, found: list[Request]) -> None:
    """Write what waits."""
    if not found:
        Page().write("Nothing waits for a person.")
    for number, request in enumerate(found):
        if number:
            click.echo()
        shown(people, request)
    if found:
        click.echo()
        Page().write("`corrigible approve ID`, or `corrigible deny ID --why TEXT`.", style="dim")


def shown(people: Oversight, request: Request, *, full: bool = False) -> None:
    """Write what is asked for, by whom, why people are asked, and what was said so far."""
    page, now = Page(), time.time()
    page.item(request.id, visible(request.tool))
    page.put(Padding(_details(people, request, now, full), (0, 0, 0, 2)))


def watched(people: Oversight, who: str | None, follow: bool) -> None:
    """Write each request once, as it comes, and ask ``who``, if anybody, for an answer."""
    if who is not None and not sys.stdin.isatty():
        raise OptionError("`--answer` needs a terminal", "use `corrigible approve` and `corrigible deny`")
    seen: set[str] = set()
    while True:
        for request in people.pending():
            if request.id in seen:
                continue
            seen.add(request.id)
            shown(people, request, full=who is not None)
            if who is not None:
                _answer(people, request, who)
            click.echo()
        if not follow:
            return
        sys.stdout.flush()
        time.sleep(PERIOD)


def _details(people: Oversight, request: Request, now: float, full: bool) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")

    def row(name: str, text: str, style: str = "") -> None:
        grid.add_row(Text(visible(name)), Text(text, style=style))

    row(
        "asked",
        f"{lasting(now - request.asked)} ago by {visible(request.agent)}, in {visible(request.session)}",
    )
    row("state", _state(request, now))
    for name, value in request.arguments.items():
        row(f"· {name}", _cut(told(value), full), "bold")
    if not request.arguments:
        row("·", "no arguments")
    for reason in request.reasons:
        row("because", visible(f"{reason['text']} [{reason['rule']}]"))
    for signal in request.signals:
        row("monitor", visible(f"{signal['monitor']} raises {signal['raises']}: {signal['text']}"), "yellow")
    for vote in request.votes:
        row(vote.decision, visible(f"{vote.who}{': ' if vote.why else ''}{vote.why}"))
    if trouble := _undelivered(people, request.id):
        row("webhook", visible(trouble), "yellow")
    return grid


def _state(request: Request, now: float) -> str:
    if request.state != "pending":
        return request.state
    people = "1 person has" if request.missing == 1 else f"{request.missing} people have"
    return f"{people} to approve it, within {lasting(request.expires - now)}"


def _cut(text: str, full: bool) -> str:
    if full or len(text) <= LONGEST:
        return text
    left = len(text) - LONGEST
    return f"{text[:LONGEST]}\n… {left:,} more characters: `corrigible approvals ID` shows them"


def _undelivered(people: Oversight, identifier: str) -> str:
    """Return what went wrong when the webhook was told of a request; empty: nothing, as far as is known."""
    value: Any = people.store.read(lambda reader: reader.get("webhook", identifier))
    return str(value.get("error", "")) if isinstance(value, dict) else ""


def _answer(people: Oversight, request: Request, who: str) -> None:
    said = click.prompt("[a]pprove, [d]eny, [s]kip", type=click.Choice(["a", "d", "s"]), show_choices=False)
    try:
        if said == "a":
            people.approve(request.id, who)
        elif said == "d":
            people.deny(request.id, who, click.prompt("why"))
    except InputError as error:  # somebody else was quicker, or it has expired meanwhile
        click.echo(str(error))
