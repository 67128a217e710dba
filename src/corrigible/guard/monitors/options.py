"""The settings of a monitor: the fields of its dataclass, each with its bounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from corrigible.core.errors import OptionError, unknown_name
from corrigible.guard.settings import duration

T = TypeVar("T")


def number(default: T, least: float, most: float) -> T:
    """Return a field for a number (whole if the default is) within bounds."""
    return dataclasses.field(default=default, metadata={"least": least, "most": most})


def seconds(default: float, least: float = 1.0, most: float = 31 * 86400.0) -> float:
    """Return a field for a duration such as ``"10m"``."""
    return dataclasses.field(default=default, metadata={"least": least, "most": most, "duration": True})


def word(default: T, *choices: str) -> T:
    """Return a field for one of several words."""
    return dataclasses.field(default=default, metadata={"choices": choices})


def checked(monitor: type[Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a monitor as arguments of its class.

    Raises
    ------
    OptionError
        If a value is out of its range, or not of its type.
    UnknownNameError
        If the monitor has no such setting.
    """
    fields = {field.name: field for field in dataclasses.fields(monitor) if field.init}
    found: dict[str, Any] = {}
    for key, value in settings.items():
        field = fields.get(key.replace("-", "_"))
        if field is None:
            known = [name.replace("_", "-") for name in fields]
            unknown_name(f"setting of the monitor `{monitor.name}` called", key, known)
        found[field.name] = _value(f"monitors.{monitor.name}.{key}", value, field)
    return found


def _value(key: str, value: Any, field: dataclasses.Field[Any]) -> Any:
    rules = field.metadata
    if "choices" in rules:
        if value not in rules["choices"]:
            listed = ", ".join(f"`{choice}`" for choice in rules["choices"])
            raise OptionError(f"`{key}` is `{value}`", f"give one of {listed}")
        return value
    if "duration" in rules:
        value = duration(value) if isinstance(value, str) else value
        hint = f'give a duration from {rules["least"]:g}s to {rules["most"]:g}s, for example "10m"'
    else:
        hint = f"give a number from {rules['least']:g} to {rules['most']:g}"
    whole = isinstance(field.default, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise OptionError(f"`{key}` is `{value}`, which is no {'whole ' if whole else ''}number", hint)
    if not rules["least"] <= value <= rules["most"]:
        raise OptionError(f"`{key}` is `{value}`", hint)
    return value if whole else float(value)
