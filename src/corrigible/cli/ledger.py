"""``corrigible ledger``: is it what was signed, what is in it, and proofs for others."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.ledger_proofs import anchor, prove, rotate, trusted_keys, vkey_option
from corrigible.cli.store import MANIFEST, json_option, opened, store_options
from corrigible.cli.terminal import Page, progress, say
from corrigible.core.errors import OptionError

if TYPE_CHECKING:
    from corrigible.guard.ledger import Verification
    from corrigible.guard.ledger.sources import Source
    from corrigible.guard.store import Reader

EXAMPLES = """\b
Examples:
  corrigible ledger verify
  corrigible ledger verify --against /mnt/elsewhere/checkpoints
  corrigible ledger verify ledger.jsonl --vkey guard.key.pub
  corrigible ledger show --last 20
  corrigible ledger show --session main --type denied --follow
  corrigible ledger export --format ai-act --out ai-act.md
  corrigible ledger prove 12 --out 12.tlog-proof
  corrigible ledger prove --check 12.tlog-proof --vkey guard.key.pub
  corrigible ledger rotate
\b
Exit status: 0 well, 1 the ledger or proof does not hold, 2 bad input.
"""
PAUSE = 0.3
"""Seconds between two looks of ``--follow``."""


@click.group(epilog=EXAMPLES, short_help="Verify, show, export and prove the record.")
def ledger() -> None:
    """Look at what a guard wrote down, and prove that it is still what was written.

    Without --store, the manifest (default guard.toml) says where the ledger is.
    """


@ledger.command(short_help="Look whether it is still what was signed.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@store_options
@vkey_option
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PLACE",
    help="Checkpoints kept elsewhere: a file of them, or the folder of a git repository.",
)
@json_option
def verify(
    file: Path | None,
    manifest: Path | None,
    store: str | None,
    vkeys: tuple[str, ...],
    against: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Compute the tree over all records anew, and compare it with every checkpoint at hand.

    FILE is an exported ledger; without it the ledger in the store is read. An edit or a gap shows by itself.
    That the end was cut or rewritten by somebody who has the key shows only --against a checkpoint that was
    kept elsewhere.
    """
    from corrigible.guard.ledger.anchors import kept

    older = list[str]()
    for where in against:
        if not (notes := kept(where)):
            raise OptionError(f"`{where}` holds no checkpoint", "give a file of checkpoints or a git folder")
        older += notes
    trusted = trusted_keys(vkeys, manifest, store)
    found = _verified(file, manifest, store, trusted, older)
    if as_json:
        _print_json({**dataclasses.asdict(found), "holds": found.holds})
    else:
        _tell(found)
    click.get_current_context().exit(0 if found.holds else 1)


@ledger.command(short_help="Show records.")
@store_options
@click.option("--session", metavar="S", help="Only of this session and those beneath it.")
@click.option("--type", "types", multiple=True, metavar="T", help="Only of this type; may be repeated.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N of them.")
@click.option("--follow", is_flag=True, help="Go on showing what is appended, until Ctrl-C.")
@json_option
def show(
    manifest: Path | None,
    store: str | None,
    session: str | None,
    types: tuple[str, ...],
    last: int | None,
    follow: bool,
    as_json: bool,
) -> None:
    """Show records, a line each: number, time, type, session and what it says."""
    from collections import deque

    from corrigible.guard.ledger import TYPES
    from corrigible.guard.ledger.anchors import states

    for kind in types:
        if kind not in TYPES:
            raise OptionError(f"there are no records of type `{kind}`", f"give one of {', '.join(TYPES)}")

    def fits(said: Mapping[str, Any]) -> bool:
        of = str(said.get("session", ""))
        within = session is None or of in ("*", session) or of.startswith(f"{session}/")
        return within and (not types or said["type"] in types)

    def read(reader: Reader, start: int) -> tuple[int, deque[tuple[int, bytes]]]:
        from corrigible.guard.ledger import record

        found = deque[tuple[int, bytes]](maxlen=last)
        for number, body in reader.records(start):
            start = number + 1
            if fits(record(body)):
                found.append((number, bytes(body)))
        return start, found

    with opened(manifest, store) as where:
        upto, found = where.read(lambda reader: read(reader, 0))
        _show(found, as_json)
        if not as_json:
            for to, state in where.read(states):
                if state.get("why"):
                    say(f"corrigible: checkpoints do not reach `{to}`: {state['why']}")
        last = None
        while follow:
            time.sleep(PAUSE)
            upto, found = where.read(lambda reader, start=upto: read(reader, start))
            _show(found, as_json)


@ledger.command(short_help="Write it into a file.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(("jsonl", "otel", "ai-act")),
    default="jsonl",
    show_default=True,
    help="Records as signed; OpenTelemetry spans; or what the EU AI Act asks, paragraph by paragraph.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The file to write."
)
@store_options
@vkey_option
@json_option
def export(
    kind: str, out: Path, manifest: Path | None, store: str | None, vkeys: tuple[str, ...], as_json: bool
) -> None:
    """Write the ledger into a file: as lines that can be verified anywhere, as spans, or as a report.

    --json makes the report of the AI Act JSON instead of Markdown.
    """
    from corrigible.core.files import check_file, write_whole
    from corrigible.guard.canonical import canonical
    from corrigible.guard.ledger.ai_act import facts, markdown, report
    from corrigible.guard.ledger.export import lines, write
    from corrigible.guard.ledger.otel import spans
    from corrigible.guard.ledger.sources import StoreSource

    check_file(out)
    with opened(manifest, store) as where, progress() as bars:
        if kind == "jsonl":
            where.read(lambda reader: write(out, lines(StoreSource(reader), bars)))
        elif kind == "otel":
            servers = _mcp_servers(manifest, store)
            told = where.read(lambda reader: spans(_records(reader), _origin(reader), servers))
            write_whole(out, canonical(told) + b"\n")
        else:
            from corrigible.guard.ledger import verify

            trusted = trusted_keys(vkeys, manifest, store)

            def read(reader: Reader) -> Any:
                checked = verify(StoreSource(reader), trusted, (), bars)
                return facts((said for _, said in _records(reader)), checked)

            counted = where.read(read)
            write_whole(out, canonical(report(counted)) + b"\n" if as_json else markdown(counted))
    say(f"written: {out}")


for _command in (prove, rotate, anchor):
    ledger.add_command(_command)


def _mcp_servers(manifest: Path | None, store: str | None) -> frozenset[str]:
    from corrigible.guard.manifest_file import load

    if store is not None:
        return frozenset()
    servers = load(manifest or MANIFEST).servers.values()
    return frozenset(server.name for server in servers if server.command or server.url)


def _verified(
    file: Path | None, manifest: Path | None, store: str | None, vkeys: list[str], older: list[str]
) -> Verification:
    from corrigible.guard.ledger import verify
    from corrigible.guard.ledger.sources import FileSource, StoreSource

    with progress() as bars:
        if file is not None:
            source: Source = FileSource(file)
            return verify(source, vkeys, older, bars)
        with opened(manifest, store) as where:
            return where.read(lambda reader: verify(StoreSource(reader), vkeys, older, bars))


def _tell(found: Verification) -> None:
    page = Page()
    for problem in found.problems:
        page.item(f"{problem.kind}:", problem.text)
    tail = "" if found.signed == found.size else f", signed up to {found.signed:,}"
    page.write(f"{found.size:,} records{tail}; head of the tree {found.root}")
    if found.key:
        page.write(f"signed by {found.key}")
    if found.open:
        page.write(f"without an outcome: {', '.join(map(str, found.open))}")
    if found.unknown:
        page.write(f"outcome unknown: {', '.join(map(str, found.unknown))}")
    if found.problems:
        page.write("This is not the ledger that was signed.")
    elif found.compared:
        page.write(f"It is what was signed, and goes on from all of {found.compared} older checkpoints.")
    else:
        page.write("It is what was signed. Whether its end was cut shows only --against an older checkpoint.")


def _records(reader: Reader) -> Generator[tuple[int, dict[str, Any]]]:
    from corrigible.guard.ledger import record

    for number, body in reader.records():
        yield number, record(body)


def _origin(reader: Reader) -> str:
    from corrigible.guard.ledger.log import TREE

    head = reader.get(TREE, "head")
    return str(head["origin"]) if head else "guard"


def _show(found: Any, as_json: bool) -> None:
    from corrigible.guard.canonical import canonical
    from corrigible.guard.ledger import record
    from corrigible.guard.ledger.lines import line

    for number, body in found:
        said = record(body)
        click.echo(canonical({"number": number, **said}).decode() if as_json else line(number, said))


def _print_json(value: Any) -> None:
    from corrigible.guard.canonical import canonical

    click.echo(canonical(value).decode())
