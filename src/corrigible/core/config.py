"""Runs described in TOML files: what is read, and what is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from corrigible.core.errors import FileFormatError


class ListOf(NamedTuple):
    """A list whose elements are of some type."""

    element: Any


WORDS, NUMBERS = ListOf(str), ListOf((int, float))
NUMBER = (int, float)


def read_config(path: Path | str, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a TOML file says of a run; lists as tuples.

    Parameters
    ----------
    path
        The file.
    kinds
        For each key that it may have, the type of its value: a type, several of them, or a `ListOf`.

    Raises
    ------
    FileFormatError
        If the file cannot be read, is no TOML, has another key, or a value of another type.
    """
    try:
        given: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = str(getattr(error, "strerror", None) or "it is not UTF-8 text").lower()
        raise FileFormatError(f"`{path}` cannot be read: {reason}", "check the path") from error
    except tomllib.TOMLDecodeError as error:
        raise FileFormatError(f"`{path}` is not TOML: {error}") from error
    for key, value in given.items():
        if key not in kinds:
            raise FileFormatError(f"`{path}` has the unknown key `{key}`", f"known: {', '.join(kinds)}")
        if not _is(value, kinds[key]):
            raise FileFormatError(f"`{path}` has `{key} = {value!r}`", "that is of the wrong kind")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


def _is(value: Any, kind: Any) -> bool:
    if isinstance(kind, ListOf):
        return isinstance(value, list) and all(_is(each, kind.element) for each in value)
    # Of TOML's types only one is a subtype of another: a truth value is no number.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
