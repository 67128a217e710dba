"""``corrigible guard status`` and ``unknown``: what is going on, and what nobody knows the outcome of."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.store import (
    MANIFEST,
    by_option,
    json_option,
    lasting,
    oversight,
    person,
    print_json,
    store_options,
    told,
    visible,
)
from corrigible.core.errors import InputError, OptionError

if TYPE_CHECKING:
    from corrigible.guard.manifest import Limits
    from corrigible.guard.once import Open
    from corrigible.guard.oversight import Oversight

STATUS = "Exit status: 0 well, 2 bad input.\n"


@click.command(
    short_help="Tell what is going on: sessions, halts, budgets, guards.",
    epilog=f"""\b
Examples:
  corrigible guard status
  corrigible guard status --store postgresql://guard@db/guard --json
\b
{STATUS}""",
)
@store_options
@json_option
def status(manifest: Path | None, store: str | None, as_json: bool) -> None:
    """Tell which guards are alive, what is halted, what waits for people, which calls have an unknown
    outcome, what sessions have used, and how far the ledger is signed.
    """
    limits = None if store is not None else _limits(manifest)
    with oversight(manifest, store) as people:
        found = _found(people, limits)
    if as_json:
        print_json(found)
    else:
        _tell(found)


@click.command(
    short_help="List calls of unknown outcome, or say what became of one.",
    epilog=f"""\b
Examples:
  corrigible guard unknown
  corrigible guard unknown 17 --done --why "the mail is in the outbox"
  corrigible guard unknown 17 --undone --why "it is not there"
\b
{STATUS}""",
)
@click.argument("number", type=int, required=False, metavar="[NUMBER]")
@click.option("--done/--undone", "done", default=None, help="What became of the call NUMBER.")
@click.option("--why", metavar="TEXT", help="How you know; it is recorded.")
@by_option
@store_options
@json_option
def unknown(
    number: int | None,
    done: bool | None,
    why: str | None,
    by: str | None,
    manifest: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """List the calls that were started, and of which nobody knows whether they were done; the same call is
    not made again until somebody has found out. With NUMBER, say what became of it.
    """
    if (number is None) != (done is None) or (number is None) != (why is None):
        raise OptionError(
            "only part of an answer is given", "give NUMBER, --done or --undone, and --why TEXT"
        )
    with oversight(manifest, store) as people:
        if number is None or done is None or why is None:
            found = [_open(each) for each in people.unknowns()]
            if as_json:
                print_json(found)
            else:
                _tell_unknown(found)
            return
        kind = "done" if done else "undone"
        people.resolve(number, kind, person(by), why)
    if as_json:
        print_json({"call": number, "kind": kind})
    else:
        click.echo(f"noted: call {number} was {'done' if done else 'not done, and may be made again'}")


def _limits(manifest: Path | None) -> Limits | None:
    """Return the limits of every session, as far as the manifest can be read."""
    from corrigible.guard.manifest_file import load

    try:
        return load(manifest or MANIFEST).limits
    except InputError:  # the store may be there all the same
        return None


def _found(people: Oversight, limits: Limits | None) -> dict[str, Any]:
    import dataclasses

    from corrigible.guard.ledger.log import checkpoint

    def read(reader: Any) -> dict[str, Any]:
        guards = [{"instance": name, **about} for name, about in reader.scan("guard")]
        anchors = [{"to": name, **about} for name, about in reader.scan("anchor")]
        return {
            "guards": guards,
            "records": reader.size,
            "checkpoint": checkpoint(reader),
            "anchors": anchors,
        }

    unknowns = people.unknowns()
    found = people.store.read(read)
    for each in found["guards"]:
        each["alive"] = people.store.alive(each["instance"])
    return {
        **found,
        "halts": [dataclasses.asdict(each) for each in people.halts()],
        "pending": len(people.pending()),
        "grants": len(people.grants()),
        "unknown": [_open(each) for each in unknowns],
        "sessions": people.sessions(),
        "limits": dataclasses.asdict(limits) if limits is not None else None,
    }


def _open(intent: Open) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(intent)


def _tell(found: dict[str, Any]) -> None:
    from corrigible.cli.terminal import Page, table

    page, now = Page(), time.time()
    for halt in found["halts"]:
        what = "everything" if halt["session"] == "*" else f"the session {halt['session']}"
        page.item(
            "HALTED:", visible(f"{what}, by {halt['who']} {lasting(now - halt['at'])} ago: {halt['why']}")
        )
    if not found["halts"]:
        page.item("Halts.", "None.")
    alive = [each for each in found["guards"] if each["alive"]]
    gone = len(found["guards"]) - len(alive)
    names = ", ".join(f"{each['name']} ({each['instance']})" for each in alive) or "none is alive"
    page.item("Guards.", visible(f"{names}{f'; {gone} ended without saying so' if gone else ''}"))
    waiting = found["pending"]
    page.item("Waiting.", f"{waiting} for people{': `corrigible approvals`' if waiting else ''}.")
    page.item("Grants.", f"{found['grants']} in force.")
    page.item(
        "Unknown.",
        f"{len(found['unknown'])} calls of unknown outcome"
        f"{': `corrigible guard unknown`' if found['unknown'] else ''}.",
    )
    signed = _signed(found["checkpoint"])
    page.item(
        "Ledger.",
        f"{found['records']:,} records, {'none of them' if signed is None else f'{signed:,} of them'} signed.",
    )
    for anchor in found["anchors"]:
        page.item("Anchor.", visible(f"{anchor['to']}: {_anchored(anchor, now)}"))
    limits: dict[str, Any] = found["limits"] or {}
    shown = table(("session", "calls", "cost", "began"), numbers=("calls", "cost", "began"))
    for each in found["sessions"]:
        shown.add_row(
            visible(each["session"]),
            _of(f"{each['calls']:,}", limits.get("calls")),
            _of(f"{each['cost']:g}", limits.get("cost")),
            f"{lasting(now - each['first'])} ago",
        )
    if found["sessions"]:
        page.write()
        page.table("Sessions", shown)


def _signed(note: str) -> int | None:
    """Return how many records the last checkpoint covers: its second line."""
    return int(note.split("\n")[1]) if note else None


def _anchored(anchor: dict[str, Any], now: float) -> str:
    error = anchor.get("error")
    size, at = anchor.get("size"), anchor.get("at")
    done = f"{size:,} records" if isinstance(size, int) else "nothing yet"
    when = f", {lasting(now - at)} ago" if isinstance(at, int | float) else ""
    return f"{done}{when}{f'; {error}' if error else ''}"


def _of(used: str, limit: float | None) -> str:
    return used if limit is None else f"{used} of {limit:,g}"


def _tell_unknown(found: list[dict[str, Any]]) -> None:
    from corrigible.cli.terminal import Page

    page, now = Page(), time.time()
    if not found:
        page.write("Of every call it is known what became of it.")
    for each in found:
        page.item(str(each["number"]), visible(each["tool"]))
        said = f"{lasting(now - each['at'])} ago in {each['session']}: {each['why']}"
        page.item("  asked", visible(said))
        for name, value in each["arguments"].items():
            page.item(f"  · {visible(name)}", told(value))
    if found:
        page.write("`corrigible guard unknown NUMBER --done --why TEXT`, or --undone.", style="dim")
