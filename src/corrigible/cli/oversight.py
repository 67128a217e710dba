"""The verbs of people: approve, deny, grant, revoke, halt, resume.

They need the store and nothing else: no manifest that is sound, no policy, and no guard that runs.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.store import (
    by_option,
    json_option,
    lasting,
    oversight,
    person,
    print_json,
    seconds,
    store_options,
    told,
    visible,
)
from corrigible.core.errors import OptionError

if TYPE_CHECKING:
    from corrigible.guard.approvals import Request
    from corrigible.guard.grants import Grant

STATUS = "Exit status: 0 well, 2 bad input.\n"
CONDITIONS = "is:VALUE, in:ONE,OTHER, like:PATTERN, min:NUMBER, max:NUMBER or any"
EVERYTHING = "*"


@click.command(
    short_help="Let a call that waits be made, once.",
    epilog=f"""\b
Examples:
  corrigible approve 3f9a01c2
  corrigible approve 3f --by ann --why "the draft is mine"
\b
{STATUS}""",
)
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--why", default="", metavar="TEXT", help="Why; it is recorded.")
@by_option
@store_options
@json_option
def approve(
    ids: tuple[str, ...], why: str, by: str | None, manifest: Path | None, store: str | None, as_json: bool
) -> None:
    """Let the calls of these requests be made, each once, exactly as they were asked for.

    The beginning of an ID is enough. What the manifest calls grave takes several people; who asks cannot
    approve. `corrigible approvals` lists what waits.
    """
    with oversight(manifest, store) as people:
        found = [people.request(each) for each in ids]
        _answered([people.approve(each.id, person(by), why) for each in found], as_json)


@click.command(
    short_help="Refuse a call that waits.",
    epilog=f"""\b
Examples:
  corrigible deny 3f9a01c2 --why "not this file"
\b
{STATUS}""",
)
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--why", required=True, metavar="TEXT", help="Why; the agent is told.")
@by_option
@store_options
@json_option
def deny(
    ids: tuple[str, ...], why: str, by: str | None, manifest: Path | None, store: str | None, as_json: bool
) -> None:
    """Refuse the calls of these requests; one person's no is enough.

    The beginning of an ID is enough.
    """
    with oversight(manifest, store) as people:
        found = [people.request(each) for each in ids]
        _answered([people.deny(each.id, person(by), why) for each in found], as_json)


@click.command(
    short_help="Approve a bounded set of calls in advance.",
    epilog=f"""\b
Examples:
  corrigible grant files/write_file --where path=like:/work/* \\
      --calls 10 --for 1h --why "drafts of today"
  corrigible grant pay/send --where to=in:ann,bob --where amount=max:100
  corrigible grant --from 3f9a01c2 --where content=any
\b
{STATUS}""",
)
@click.argument("tool", required=False)
@click.option("--from", "start", metavar="ID", help="Take tool, session and arguments from a request.")
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="ARG=CONDITION",
    help=f"What an argument must be: {CONDITIONS}; repeatable. Arguments that are not named are free.",
)
@click.option("--calls", type=int, default=10, show_default=True, help="How many calls it covers.")
@click.option("--for", "span", default="1h", metavar="TIME", show_default=True, help="How long it holds.")
@click.option("--session", metavar="S", help="Whose calls; default everybody's, with --from the request's.")
@click.option("--why", default="", metavar="TEXT", help="Why; it is recorded.")
@by_option
@store_options
@json_option
def grant(
    tool: str | None,
    start: str | None,
    conditions: tuple[str, ...],
    calls: int,
    span: str,
    session: str | None,
    why: str,
    by: str | None,
    manifest: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Approve calls in advance: of this TOOL, with such arguments, so many of them, for so long.

    A grant stands for one person's yes where the policy asks for one. It outweighs nothing that a monitor
    raises, covers nothing that is grave, and anyone may revoke it.
    """
    if (tool is None) == (start is None):
        raise OptionError("a grant needs a tool or a request", "give TOOL, or --from ID")
    with oversight(manifest, store) as people:
        ranges: dict[str, dict[str, Any]] = {}
        if start is not None:
            request = people.request(start)
            tool, session = request.tool, session or request.session
            ranges = {name: _exactly(value) for name, value in request.arguments.items()}
        _narrow(ranges, conditions)
        assert tool is not None
        given = people.grant(tool, ranges, calls, seconds(span), person(by), session or EVERYTHING, why)
    if as_json:
        print_json(_grant(given))
        return
    click.echo(f"granted {given.id}: {_covered(given)}")
    click.echo(f"take it back with: corrigible revoke {given.id}")


@click.command(
    short_help="List the grants that hold.",
    epilog=f"""\b
Examples:
  corrigible grants
\b
{STATUS}""",
)
@store_options
@json_option
def grants(manifest: Path | None, store: str | None, as_json: bool) -> None:
    """List the grants that hold, and what is left of them."""
    with oversight(manifest, store) as people:
        found = people.grants()
    if as_json:
        print_json([_grant(each) for each in found])
        return
    from corrigible.cli.terminal import Page

    page = Page()
    if not found:
        page.write("No grants hold.")
    for each in found:
        page.item(each.id, _covered(each))
        page.write(visible(f"  by {each.who}{': ' if each.why else ''}{each.why}"), style="dim")


@click.command(
    short_help="Take a grant back.",
    epilog=f"""\b
Examples:
  corrigible revoke 9c01 --why "the drafts are done"
\b
{STATUS}""",
)
@click.argument("identifier", metavar="ID")
@click.option("--why", default="", metavar="TEXT", help="Why; it is recorded.")
@by_option
@store_options
@json_option
def revoke(
    identifier: str, why: str, by: str | None, manifest: Path | None, store: str | None, as_json: bool
) -> None:
    """Take a grant back, whoever gave it. The beginning of its ID is enough."""
    with oversight(manifest, store) as people:
        found = people.revoke(identifier, person(by), why)
    _say({"revoked": found.id}, f"revoked {found.id}: {_covered(found)}", as_json)


@click.command(
    short_help="Stop a session, or everything, before its next call.",
    epilog=f"""\b
Examples:
  corrigible halt --all --why "it writes where it should not"
  corrigible halt --session main --why "wait for the review"
  corrigible halt --all --why drill --store postgresql://guard@db/guard
\b
{STATUS}""",
)
@click.option("--session", metavar="S", help="This session, and those beneath it.")
@click.option("--all", "everything", is_flag=True, help="Every session of every guard on the store.")
@click.option("--why", required=True, metavar="TEXT", help="Why; it is recorded, and the agent is told.")
@by_option
@store_options
@json_option
def halt(
    session: str | None,
    everything: bool,
    why: str,
    by: str | None,
    manifest: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Stop agents: before the next call of a tool starts, in every process that shares the store.

    A call that is under way is cancelled where its tool can be, and its outcome is recorded as unknown.
    """
    what = _whose(session, everything)
    with oversight(manifest, store) as people:
        people.halt(what, person(by), why)
    _say({"halted": what}, f"halted {_named(what)}; `corrigible resume {_option(what)}` ends it", as_json)


@click.command(
    short_help="Take a halt back.",
    epilog=f"""\b
Examples:
  corrigible resume --session main --why "reviewed"
\b
{STATUS}""",
)
@click.option("--session", metavar="S", help="The halt of this session.")
@click.option("--all", "everything", is_flag=True, help="The halt of everything.")
@click.option("--why", required=True, metavar="TEXT", help="Why; it is recorded.")
@by_option
@store_options
@json_option
def resume(
    session: str | None,
    everything: bool,
    why: str,
    by: str | None,
    manifest: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Let agents go on. Where the manifest says so, it takes another person than the one who halted."""
    what = _whose(session, everything)
    with oversight(manifest, store) as people:
        people.resume(what, person(by), why)
        left = [each.session for each in people.halts()]
    still = f"; still halted: {', '.join(map(_named, left))}" if left else ""
    _say({"resumed": what, "halted": left}, f"resumed {_named(what)}{still}", as_json)


@click.command(
    short_help="List the calls that wait for a person.",
    epilog=f"""\b
Examples:
  corrigible approvals
  corrigible approvals 3f
  corrigible approvals --watch --answer
\b
{STATUS}""",
)
@click.argument("identifier", required=False, metavar="[ID]")
@click.option("--watch", is_flag=True, help="Go on, and show what is asked for as it comes.")
@click.option("--answer", is_flag=True, help="Ask you for an answer to each, one by one.")
@by_option
@store_options
@json_option
def approvals(
    identifier: str | None,
    watch: bool,
    answer: bool,
    by: str | None,
    manifest: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """List the calls that wait for a person, oldest first; or show one of them in full, whatever its state.

    Secrets in the arguments are left out, and no character in them is hidden.
    """
    from corrigible.cli.requests import listed, shown, watched

    if as_json and (watch or answer):
        raise OptionError("`--json` is given with `--watch` or `--answer`", "leave one of them out")
    with oversight(manifest, store) as people:
        if identifier is not None:
            found = [people.request(identifier)]
        elif watch or answer:
            watched(people, person(by) if answer else None, watch)
            return
        else:
            found = people.pending()
        if as_json:
            print_json([_request(each) for each in found])
        elif identifier is not None:
            shown(people, found[0], full=True)
        else:
            listed(people, found)


def _whose(session: str | None, everything: bool) -> str:
    if (session is None) == (not everything):
        raise OptionError("whom it is about is not said, or twice", "give --session S or --all")
    if session == "" or session == EVERYTHING:
        raise OptionError(f"`{session}` is no session", "give --session S or --all")
    return session or EVERYTHING


def _named(session: str) -> str:
    return "everything" if session == EVERYTHING else f"`{visible(session)}`"


def _option(session: str) -> str:
    return "--all" if session == EVERYTHING else f"--session {visible(session)}"


def _exactly(value: Any) -> dict[str, Any]:
    """Return the condition that holds for this value alone, or for lists of such items."""
    return {"in": value} if isinstance(value, list) else {"is": value}


def _narrow(ranges: dict[str, dict[str, Any]], conditions: tuple[str, ...]) -> None:
    """Add what ``--where`` says to the conditions; the first word on an argument replaces what was there."""
    said: set[str] = set()
    for text in conditions:
        name, equals, condition = text.partition("=")
        kind, colon, value = condition.partition(":")
        if not name or not equals or not (condition == "any" or (colon and value)):
            raise OptionError(f"`{text}` is no condition", f"give ARG=CONDITION, which is {CONDITIONS}")
        if name not in said:
            ranges.pop(name, None)
            said.add(name)
        match kind:
            case "any":
                continue
            case "is":
                wanted: Any = _value(value)
            case "in":
                wanted = [_value(item) for item in value.split(",")]
            case "like":
                wanted = value
            case "min" | "max":
                wanted = _value(value)
                if isinstance(wanted, bool) or not isinstance(wanted, int | float):
                    raise OptionError(f"`{value}` is no number", f"give {name}={kind}:NUMBER")
            case _:
                raise OptionError(f"`{kind}` is no kind of condition", f"give {CONDITIONS}")
        bound = ranges.setdefault(name, {})
        if kind in bound:
            raise OptionError(f"`{name}` has two conditions `{kind}`", "leave one of them out")
        bound[kind] = wanted


def _value(text: str) -> Any:
    """Return a number, true, false, null or quoted text as JSON has it, and anything else as text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, dict | list) else value


def _covered(given: Grant) -> str:
    """Return what a grant covers, in one sentence."""
    bounds = [
        f"{name} {' and '.join(f'{kind} {told(value)}' for kind, value in wanted.items())}"
        for name, wanted in given.ranges.items()
    ]
    whose = "any session" if given.session == EVERYTHING else f"the session {given.session}"
    where = f" where {', '.join(bounds)}" if bounds else ""
    number = "1 call" if given.calls == 1 else f"{given.left} of {given.calls} calls"
    left = lasting(given.expires - time.time())
    return visible(f"{given.tool}{where}; {number} left, in {whose}, for {left}")


def _grant(given: Grant) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(given)


def _request(request: Request) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(request) | {"missing": request.missing}


def _answered(requests: list[Request], as_json: bool) -> None:
    if as_json:
        print_json([_request(each) for each in requests])
        return
    for each in requests:
        what = visible(f"{each.id}: {each.tool} in the session {each.session}")
        match each.state:
            case "pending":
                more = "1 more person has" if each.missing == 1 else f"{each.missing} more people have"
                click.echo(f"noted {what}; {more} to approve it")
            case "approved":
                span = lasting(each.expires - time.time())
                click.echo(f"approved {what}; it may be made once, within {span}")
            case state:
                click.echo(f"{state} {what}")


def _say(value: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        click.echo(text)
