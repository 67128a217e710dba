"""What a tool is, in one digest, so that a tool that changes after it was judged is found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from corrigible.guard.canonical import digest

PARTS = ("name", "description", "inputSchema", "outputSchema", "annotations")
"""What agents and people judge a tool by."""


def definition(tool: Mapping[str, Any]) -> str:
    """Return the digest of a tool as its server lists it; parts that are absent or null count as equal.

    Raises
    ------
    ValueError, TypeError
        If it holds what JSON has no word for.
    """
    return digest({part: tool[part] for part in PARTS if tool.get(part) is not None})
