"""Proofs for people without access, the ledger's key, and copies of its checkpoints."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corrigible.cli.store import MANIFEST, opened, person, store_options
from corrigible.cli.terminal import say
from corrigible.core.errors import FileFormatError, OptionError

if TYPE_CHECKING:
    from corrigible.guard.ledger import Ledger
    from corrigible.guard.manifest import Manifest

vkey_option = click.option(
    "--vkey",
    "vkeys",
    multiple=True,
    metavar="KEY",
    help="A trusted public key, or its .pub file; default the one beside the manifest's key.",
)


@click.command(short_help="Prove a record to somebody who has no access.")
@click.argument("number", required=False, type=click.IntRange(0))
@click.option("--check", type=click.Path(path_type=Path), metavar="PROOF", help="Check such a proof instead.")
@click.option(
    "--from",
    "older",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Prove that the ledger goes on from the (last) checkpoint in this file.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Default: standard output.")
@store_options
@vkey_option
def prove(
    number: int | None,
    check: Path | None,
    older: Path | None,
    out: Path | None,
    manifest: Path | None,
    store: str | None,
    vkeys: tuple[str, ...],
) -> None:
    """Write a proof that record NUMBER is in the ledger, or check one.

    A proof holds the record, the hashes that lead from it to the head of the tree, and the signed
    checkpoint; whoever has the public key can check it, without the ledger.
    """
    from corrigible.guard.ledger import proofs
    from corrigible.guard.ledger.anchors import kept

    if sum(given is not None for given in (number, check, older)) != 1:
        raise OptionError(
            "what is to be proven is not said", "give one of NUMBER, --from FILE and --check PROOF"
        )
    if check is not None:
        _check(check, trusted_keys(vkeys, manifest, store))
        return
    with opened(manifest, store) as where:
        if number is not None:
            made = where.read(lambda reader: proofs.prove(reader, number))
        else:
            assert older is not None
            notes = kept(older)
            if not notes:
                raise OptionError(f"`{older}` holds no checkpoint", "give a file with one")
            made = where.read(lambda reader: proofs.prove_growth(reader, notes[-1]))
    if out is None:
        click.echo(made, nl=False)
    else:
        from corrigible.core.files import write_whole

        write_whole(out, made)
        say(f"written: {out}")


@click.command(short_help="Have a new key sign from now on.")
@click.option(
    "--manifest", type=click.Path(path_type=Path), metavar="FILE", help="The guard's; default guard.toml."
)
@click.option("--by", metavar="NAME", help="Who does it; default you, as the system knows you.")
def rotate(manifest: Path | None, by: str | None) -> None:
    """Make a new signing key, vouched for by the old one; guards that are at work take it up by themselves.

    Whoever trusted the old public key can go on with it: verification follows from key to key.
    """
    from corrigible.guard.clock import Clock

    with _signing(manifest) as (signed, _):
        clock = Clock()
        key = signed.rotate(signed.store.transact(clock.tick), person(by))
    click.echo(key.vkey)


@click.command(short_help="Copy the last checkpoint elsewhere, now.")
@click.option(
    "--manifest", type=click.Path(path_type=Path), metavar="FILE", help="The guard's; default guard.toml."
)
def anchor(manifest: Path | None) -> None:
    """Copy the last checkpoint to every place that the manifest names in [[anchors]]."""
    from corrigible.guard.ledger.anchors import Anchoring

    with _signing(manifest) as (signed, settings):
        if not settings.anchors:
            raise OptionError(
                "the manifest names no place for checkpoints", 'add [[anchors]] with to = "file:PATH"'
            )
        problems = Anchoring(signed, settings.anchors, run=False).now()
    for problem in problems:
        say(f"corrigible: {problem}")
    if problems:
        click.get_current_context().exit(1)
    say(f"copied to {', '.join(each.to for each in settings.anchors)}")


@contextmanager
def _signing(manifest: Path | None) -> Generator[tuple[Ledger, Manifest]]:
    """Yield the ledger with its key, and the manifest."""
    from corrigible.guard.ledger import Ledger, SigningKey
    from corrigible.guard.manifest_file import load
    from corrigible.guard.store import open_store

    settings = load(manifest or MANIFEST)
    if settings.key is None:
        raise OptionError("the manifest names no key", "add `key` to [guard]")
    key = SigningKey.load(settings.key)
    found = open_store(settings.store, create=False)
    try:
        yield Ledger(found, settings.name, key), settings
    finally:
        found.close()


def trusted_keys(given: tuple[str, ...], manifest: Path | None, store: str | None) -> list[str]:
    """Return the public keys that are trusted."""
    from corrigible.guard.ledger import public_path
    from corrigible.guard.manifest_file import load

    if given:
        return [_vkey(Path(each)) if Path(each).is_file() else each for each in given]
    if (
        store is None
        and (manifest or MANIFEST).exists()
        and (key := load(manifest or MANIFEST).key) is not None
    ):
        return [_vkey(public_path(key))]
    raise OptionError("no public key is given to check signatures with", "give --vkey KEY, or the .pub file")


def _vkey(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path}: cannot be read as a public key", "give --vkey") from error


def _check(path: Path, vkeys: list[str]) -> None:
    from corrigible.guard.canonical import canonical
    from corrigible.guard.ledger import Verifier, proofs

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path}: cannot be read as a proof", "give what `prove` wrote") from error
    shown = proofs.check(text, [Verifier.of(vkey) for vkey in vkeys])
    at = f"{shown.checkpoint.origin} at {shown.checkpoint.size}"
    if shown.older is not None:
        click.echo(f"the ledger of {at} goes on from its first {shown.older.size} records")
        return
    click.echo(canonical(shown.said).decode())
    say(f"record {shown.number} of {at}")
