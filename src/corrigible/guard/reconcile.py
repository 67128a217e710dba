"""What became of a call whose outcome is unknown: asked of the world by the probe that the manifest names.

A probe is a call of a tool that only reads. It goes into the ledger like any other, in a session of its own,
and stops at the off-switch; the policy is not asked, since the manifest itself has it made. What it answers
counts only if it is clear; anything else is left to a person.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from corrigible.core.errors import InputError
from corrigible.guard.ledger.redact import MARK
from corrigible.guard.manifest import Probe
from corrigible.guard.once import Open

if TYPE_CHECKING:
    from corrigible.guard.gate import Guard, Run

PROBE = "probe"
"""Who resolved a call that a probe found out about."""


async def reconcile(guard: Guard, run: Run) -> int:
    """Probe each call whose outcome is unknown; return how many were resolved."""
    resolved = 0
    for intent in await asyncio.to_thread(guard.oversight.unknowns):
        tool = guard.manifest.tool(intent.tool)
        if tool is None or tool.probe is None:
            continue
        arguments = filled(tool.probe.arguments, intent)
        if arguments is None:
            continue
        found = await guard.probe(tool.probe.tool, arguments, run)
        kind = _said(tool.probe, found)
        if kind is None:
            continue
        try:
            why = f"`{tool.probe.tool}` says so"
            await asyncio.to_thread(guard.oversight.resolve, intent.number, kind, PROBE, why)
            resolved += 1
        except InputError:  # a person was quicker
            continue
    return resolved


def filled(arguments: Mapping[str, Any], intent: Open) -> dict[str, Any] | None:
    """Return the probe's arguments with the call's own put in; None where one of those is not known."""
    made: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, str) and value.startswith("$"):
            value = intent.arguments.get(value[1:])
            # A mapping, or a mark within a text, may be what redaction left: the world knows no such thing.
            if value is None or isinstance(value, Mapping) or MARK in str(value):
                return None
        made[name] = value
    return made


def _said(probe: Probe, text: str | None) -> Literal["done", "undone"] | None:
    if text is None:
        return None
    done = re.search(probe.done, text) is not None
    undone = bool(probe.undone) and re.search(probe.undone, text) is not None
    if done == undone:
        return None
    return "done" if done else "undone"
