"""What the verbs of people share: where the store is, who one is, and how what an agent wrote is shown."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from corrigible.core.errors import FileFormatError, OptionError

if TYPE_CHECKING:
    from corrigible.guard.oversight import Oversight
    from corrigible.guard.store import Store

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE = "CORRIGIBLE_STORE"
"""The environment variable that says where the store is."""

MANIFEST = Path("guard.toml")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def store_options(command: F) -> F:
    """Add ``--manifest`` and ``--store``."""
    for option in (
        click.option(
            "--store", metavar="URL", help=f"The store itself: sqlite:PATH or postgresql://…; or {VARIABLE}."
        ),
        click.option(
            "--manifest",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The guard's settings, which say where its store is; default guard.toml.",
        ),
    ):
        command = option(command)
    return command


def by_option(command: F) -> F:
    """Add ``--by``."""
    return click.option("--by", metavar="NAME", help="Who decides; default you, as the system knows you.")(
        command
    )


def json_option(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def place(manifest: Path | None, store: str | None) -> str:
    """Return where the store is.

    Of the manifest only that is read, so that a mistake elsewhere in it is no reason why a halt does not
    come through.

    Raises
    ------
    OptionError
        If both or neither are said.
    FileFormatError
        If the manifest is no TOML.
    """
    if store is not None and manifest is not None:
        raise OptionError("`--store` and `--manifest` are both given", "one of them says where the store is")
    if store is None and manifest is None:
        store = os.environ.get(VARIABLE)
    if store is not None:
        return store
    import tomllib

    path = manifest or MANIFEST
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8")).get("guard")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        advice = f"give --manifest FILE, --store URL, or set {VARIABLE}"
        raise OptionError(f"`{path}` cannot be read: {reason}", advice) from error
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = at.group(1) if at else "1"
        raise FileFormatError(f"{path}:{line}: this is no TOML: {error}", "or give --store URL") from error
    url: Any = told.get("store", "sqlite:guard.db") if isinstance(told, dict) else None
    if not isinstance(url, str):
        raise FileFormatError(f"{path}:1: this says nothing of a store", "or give --store URL")
    scheme, _, rest = url.partition(":")
    if scheme == "env":
        url = os.environ.get(rest, "")
        if not url:
            raise OptionError(
                f"`{path}` names the variable `{rest}`, which is not set", "or give --store URL"
            )
        scheme, _, rest = url.partition(":")
    if scheme == "sqlite":
        folder = os.path.dirname(os.path.abspath(path))
        url = f"sqlite:{os.path.normpath(os.path.join(folder, os.path.expanduser(rest)))}"
    return url


@contextmanager
def opened(manifest: Path | None, store: str | None) -> Generator[Store]:
    """Yield the store, which must be there, and let go of it."""
    from corrigible.guard.store import open_store

    found = open_store(place(manifest, store), create=False)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def oversight(manifest: Path | None, store: str | None) -> Generator[Oversight]:
    """Yield the people's side of a guard."""
    from corrigible.guard.ledger.log import Ledger
    from corrigible.guard.oversight import Oversight

    with opened(manifest, store) as found:
        yield Oversight(found, Ledger.join(found))


def person(by: str | None) -> str:
    """Return who decides."""
    if by is not None:
        return by
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise OptionError("the system does not know who you are", "say it: --by NAME") from error


def seconds(text: str) -> float:
    """Return the seconds of a duration as the manifest writes them: ``30s``, ``5m``, ``2h``, ``1d``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if found is None or not float(found.group(1)):
        raise OptionError(f"`{text}` is no duration", "give for example 30s, 5m, 2h or 1d")
    return float(found.group(1)) * UNITS[found.group(2)]


def lasting(span: float) -> str:
    """Return how long something is, in one unit."""
    for least, unit, size in ((172800, "d", 86400), (7200, "h", 3600), (120, "min", 60)):
        if span >= least:
            return f"{span / size:.0f} {unit}"
    return f"{max(span, 0):.0f} s"


def visible(text: str) -> str:
    """Return a text in which every character can be seen; only line ends are left as they are.

    What an agent asks for is its own words: they must not move the cursor, change colours, or, by characters
    that turn the direction of writing, look like something else.
    """
    return "".join(
        c
        if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )


def told(value: Any) -> str:
    """Return a value as a person reads it: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return visible(value)
    return visible(json.dumps(value, ensure_ascii=False, sort_keys=True))


def print_json(value: Any) -> None:
    """Write a value to standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
