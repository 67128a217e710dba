"""The texts within the arguments of a call, however deep they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DEPTH = 32
"""Levels that are looked into; what lies deeper is read as the text that Python shows of it."""


def leaves(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each text in the arguments as (argument, nearest key, text).

    Keys of inner objects count as texts too, since a tool may read them; numbers are read as they are
    written; true, false and null say nothing.
    """
    stack: list[tuple[str, str, Any, int]] = [
        (name, name, value, 0) for name, value in reversed(list(arguments.items()))
    ]
    while stack:
        argument, key, value, depth = stack.pop()
        if isinstance(value, str):
            yield argument, key, value
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, Mapping) and depth < DEPTH:
            for inner, item in value.items():
                yield argument, key, str(inner)
                stack.append((argument, str(inner), item, depth + 1))
        elif isinstance(value, list | tuple) and depth < DEPTH:
            stack.extend((argument, key, item, depth + 1) for item in value)
        else:
            yield argument, key, str(value)
