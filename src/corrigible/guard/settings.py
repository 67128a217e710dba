"""TOML read strictly: nothing is guessed, no key is passed over, and every error names file, line and key.

`tomllib` tells no lines, so a small scanner finds where each key stands. It is given only text that `tomllib`
has read, and therefore need not doubt it.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, final

from corrigible.core.errors import FileFormatError

Keys = tuple[str | int, ...]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|\n|[^\S\n]+|[A-Za-z0-9_-]+|.',
    re.DOTALL,
)


@final
class Settings:
    """One table of a TOML file; what is asked of it is checked, what is never asked of it is refused.

    Parameters
    ----------
    values
        The table.
    path
        The file, for errors.
    lines
        Where keys stand (`lines_of`).
    keys
        Where the table lies in the file.
    """

    def __init__(self, values: Mapping[str, Any], path: Path, lines: Mapping[Keys, int], keys: Keys = ()):
        self.values = values
        self.path = path
        self.keys = keys
        self._lines = lines
        self._asked: dict[str, None] = {}

    def wrong(self, key: str, text: str, hint: str = "") -> NoReturn:
        """Raise `FileFormatError` about a key; ``text`` goes on after its name."""
        keys = (*self.keys, key) if key else self.keys
        name = ".".join(map(str, keys))
        said = f"`{name}` {text}" if name else text
        raise FileFormatError(f"{self.path}:{self._line(keys)}: {said}", hint)

    @property
    def line(self) -> int:
        """Where the table begins."""
        return self._line(self.keys)

    def _line(self, keys: Keys) -> int:
        while keys and keys not in self._lines:
            keys = keys[:-1]
        return self._lines.get(keys, 1)

    def take(self, key: str) -> Any:
        """Return the value of a key, or None where it is absent."""
        self._asked[key] = None
        return self.values.get(key)

    def end(self) -> None:
        """Refuse whatever was not asked for."""
        for key in self.values:
            if key not in self._asked:
                near = difflib.get_close_matches(key, list(self._asked), n=1, cutoff=0.6)
                known = ", ".join(f"`{name}`" for name in self._asked)
                self.wrong(key, "is unknown", f"did you mean `{near[0]}`?" if near else f"known: {known}")

    def text(self, key: str, default: str | None = "") -> str:
        """Return a text; None as the default: there must be one."""
        value = self.take(key)
        if value is None:
            if default is None:
                self.wrong("", f"needs `{key}`" if self.keys else f"the file needs `{key}`")
            return default
        if not isinstance(value, str) or not value.strip():
            self.wrong(key, f"must be a text, not `{_short(value)}`")
        if "\0" in value:
            self.wrong(key, "must not hold a null byte")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of several words."""
        value = self.text(key, default)
        if value not in choices:
            self.wrong(key, f"is `{value}`", f"give one of {', '.join(f'`{c}`' for c in choices if c)}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, f"must be true or false, not `{_short(value)}`")
        return value

    def whole(self, key: str, default: int | None = None, least: int = 0) -> int | None:
        """Return a whole number, ``least`` or more."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**53:
            self.wrong(key, f"must be a whole number from {least}, not `{_short(value)}`")
        return value

    def number(self, key: str, default: float | None = None) -> float | None:
        """Return a number, 0 or more."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.wrong(key, f"must be a number, not `{_short(value)}`")
        if not (math.isfinite(value) and 0 <= value <= 1e12):
            self.wrong(key, f"must be a number from 0 to 1e12, not `{_short(value)}`")
        return float(value)

    def seconds(self, key: str, default: float | None = None, *, zero: bool = False) -> float | None:
        """Return a duration such as ``30s``, in seconds; ``zero`` says whether ``0s`` is one."""
        value = self.take(key)
        if value is None:
            return default
        found = duration(value)
        if found is None or not (found or zero):
            self.wrong(
                key,
                f"must be a duration, not `{_short(value)}`",
                'write for example "30s", "5m", "2h" or "1d"',
            )
        return found

    def rate(self, key: str) -> tuple[int, float] | None:
        """Return how many in how many seconds, from ``60/1m``."""
        value = self.take(key)
        if value is None:
            return None
        many, _, window = value.partition("/") if isinstance(value, str) else ("", "", "")
        if not re.fullmatch(r"[1-9]\d{0,8}", many) or not (found := duration(window)):
            self.wrong(key, f"must be a rate, not `{_short(value)}`", 'write for example "60/1m"')
        return int(many), found

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            self.wrong(key, f"must be a list of texts, not `{_short(value)}`")
        return tuple(value)

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers, 0 or more."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(type(each) is int and each >= 0 for each in value):
            self.wrong(key, f"must be a list of whole numbers, not `{_short(value)}`")
        return tuple(value)

    def table(self, key: str) -> Settings:
        """Return a table, empty where there is none."""
        value = self.take(key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            self.wrong(
                key,
                f"must be a table, not `{_short(value)}`",
                f"write `[{'.'.join(map(str, (*self.keys, key)))}]`",
            )
        return Settings(value, self.path, self._lines, (*self.keys, key))

    def tables(self, key: str) -> Iterator[tuple[str, Settings]]:
        """Yield the tables within a table, with their names."""
        outer = self.table(key)
        for name in outer.values:
            yield name, outer.table(name)

    def each(self, key: str) -> Iterator[Settings]:
        """Yield the tables of an array of tables."""
        value = self.take(key)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.wrong(key, "must be an array of tables", f"write `[[{key}]]`")
        for number, entry in enumerate(value):
            yield Settings(entry, self.path, self._lines, (*self.keys, key, number))


def read(path: Path | str) -> Settings:
    """Return the outermost table of a TOML file.

    Raises
    ------
    FileFormatError
        If it cannot be read, or is no TOML.
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise FileFormatError(
            f"{file}:1: the file cannot be read: {said}", "give the path of a TOML file"
        ) from error
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{file}:1: the file is not UTF-8", "save it as UTF-8") from error
    return parse(text, file)


def parse(text: str, path: Path) -> Settings:
    """Return the outermost table of a TOML text; ``path`` is for errors."""
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        said = str(error)
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
        line = int(found[1]) if found and found[1] else text.rstrip("\n").count("\n") + 1
        said = said[: found.start()] if found else said
        raise FileFormatError(
            f"{path}:{line}: no TOML: {said[:1].lower()}{said[1:]}", "mend the line"
        ) from error
    return Settings(values, path, lines_of(text))


def duration(text: Any) -> float | None:
    """Return the seconds of a duration such as ``30s``; None if it is none."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    return float(found[1]) * _UNITS[found[2]] if found else None


def lines_of(text: str) -> dict[Keys, int]:
    """Return the line of every key and table header of a TOML text that is known to be valid.

    Keys within inline tables and arrays are not found; they stand where the key does that holds them.
    """
    lines: dict[Keys, int] = {}
    counts: dict[Keys, int] = {}
    table: Keys = ()
    names: list[str] = []
    line, depth, place = 1, 0, "start"
    for token in (found[0] for found in _TOKEN.finditer(text)):
        if place == "value":
            depth += (token in "[{") - (token in "]}")
            if token == "\n" and depth == 0:
                place = "start"
        elif token == "\n":
            place, names = "start", []
        elif not token.isspace() and token[0] != "#":
            if place == "start":
                place, names = ("header" if token == "[" else "key"), []
                if token == "[":
                    depth = 1
                    continue
            if place == "header" and token in "[]":
                if token == "[":
                    depth = 2
                elif names:
                    table = _header(names, depth == 2, counts)
                    _note(lines, table, 0, line)
                    names = []
            elif token == "=":
                _note(lines, (*table, *names), len(table), line)
                place, depth, names = "value", 0, []
            elif token != ".":
                names.append(_name(token))
        line += token.count("\n")
    return lines


def _header(names: list[str], many: bool, counts: dict[Keys, int]) -> Keys:
    table: Keys = ()
    for number, name in enumerate(names):
        table = (*table, name)
        if many and number == len(names) - 1:
            counts[table] = counts.get(table, -1) + 1
        if table in counts:
            table = (*table, counts[table])
    return table


def _note(lines: dict[Keys, int], keys: Keys, known: int, line: int) -> None:
    for end in range(known + 1, len(keys) + 1):
        lines.setdefault(keys[:end], line)


def _name(token: str) -> str:
    if token[0] == '"':
        return next(iter(tomllib.loads(f"{token} = 0")))
    return token[1:-1] if token[0] == "'" else token


def _short(value: Any) -> str:
    shown = str(value)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
