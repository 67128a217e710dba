"""One way to write a value down, so that equal values have equal digests.

Objects are sorted by key, nothing is spaced, text is UTF-8 and not escaped, and numbers are written as
Python's ``json`` writes them: as RFC 8785 has it for text, integers and objects. A float keeps its point
(``1.0`` is not ``1``), since a tool may tell them apart. What JSON has no word for is refused.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

DEPTH = 160
"""Objects and arrays within one another, at most: what is nested deeper not all programs can read."""


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of ``value``.

    Raises
    ------
    ValueError, TypeError
        If JSON has no word for it: infinities, not-a-number, lone surrogates, keys that are not text; or if it
        is nested deeper than `DEPTH`.
    """
    _check_keys(value)
    return written(value)


def written(value: Any) -> bytes:
    """Return the same of what is known to have keys of text, and to be nested no deeper than `DEPTH`."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """Return ``sha256:`` and the hexadecimal SHA-256 of the canonical JSON of ``value``."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def _check_keys(value: Any, depth: int = 0) -> None:
    """Raise `TypeError` at a key that is not text, which ``json`` would make the same as one that is."""
    if depth > DEPTH:
        raise ValueError(f"it is nested deeper than {DEPTH}")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is not text")
            _check_keys(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_keys(inner, depth + 1)
