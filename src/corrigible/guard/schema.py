"""The Cedar schema that a manifest gives: what policies can speak of, and of which type it is.

::

    principal  Session, in the Sessions it belongs to, in the Agent at work
    action     Action::"server/tool", in Action::"call" and, by its effects, in "read" (it reads, and changes
               nothing), "write", "grant", "destroy"
    resource   Tool::"server/tool", in Server::"server", with what the manifest says of it
    context    what is known of the call (`CONTEXT`) and, as ``context.arguments``, its arguments

*Source:* Cutler et al. 2024, "Cedar: a new language for expressive, fast, safe, and analyzable
authorization", and the Cedar reference, "Schema: JSON format" and "Entities: JSON format".
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import Any

from corrigible.guard.manifest import EFFECTS, Argument, Kind, Manifest, Tool

_STRING: dict[str, Any] = {"type": "String"}
_LONG: dict[str, Any] = {"type": "Long"}
_BOOL: dict[str, Any] = {"type": "Boolean"}
_DECIMAL: dict[str, Any] = {"type": "Extension", "name": "decimal"}
_WORDS: dict[str, Any] = {"type": "Set", "element": _STRING}
_TYPES: Mapping[Kind, dict[str, Any]] = {
    "string": _STRING,
    "integer": _LONG,
    "boolean": _BOOL,
    "number": _DECIMAL,
}
GROUPS = {"reads": "read", "writes": "write", "grants": "grant", "destroys": "destroy"}
ALL_GROUPS = ("call", *GROUPS.values())
CONTEXT: Mapping[str, dict[str, Any]] = {
    "approved": _BOOL,
    "session": _STRING,
    "step": _STRING,
    "calls": _LONG,
    "spent": _DECIMAL,
    "confidence": {**_DECIMAL, "required": False},
    "evidence": _LONG,
    "evidence_missing": _BOOL,
    "hosts": _WORDS,
    "signals": _WORDS,
    "tainted": _WORDS,
}
"""What ``context`` holds besides the arguments; `docs/guard-policy.md` tells what each means."""
PLACES = Decimal("0.0001")
"""What a Cedar decimal can tell apart."""


def schema(manifest: Manifest) -> dict[str, Any]:
    """Return the schema, as Cedar has it in JSON."""
    attributes = {
        "server": _STRING,
        "undoable": _BOOL,
        "idempotent": _BOOL,
        "grave": _BOOL,
        "cost": _DECIMAL,
        **dict.fromkeys(EFFECTS, _WORDS),
    }
    actions: dict[str, Any] = {"call": {}}
    actions |= {group: {"memberOf": [{"id": "call"}]} for group in GROUPS.values()}
    actions |= {name: _action(tool) for name, tool in manifest.tools.items()}
    return {
        "": {
            "entityTypes": {
                "Agent": {},
                "Session": {"memberOfTypes": ["Session", "Agent"]},
                "Server": {},
                "Tool": {"memberOfTypes": ["Server"], "shape": _record(attributes)},
            },
            "actions": actions,
        }
    }


def groups(tool: Tool) -> tuple[str, ...]:
    """Return the groups of actions that a tool is in."""
    found = [GROUPS[effect] for effect in EFFECTS if getattr(tool, effect)]
    return ("call", *(group for group in found if group != "read" or not tool.changes))


def entities(manifest: Manifest) -> list[dict[str, Any]]:
    """Return the servers and tools, as Cedar has entities in JSON; actions come with the schema."""
    made = [_entity("Server", name) for name in manifest.servers]
    for name, tool in manifest.tools.items():
        attributes = {
            "server": tool.server,
            "undoable": tool.undoable,
            "idempotent": tool.idempotent,
            "grave": tool.grave,
            "cost": decimal(above(tool.cost)),
            **{effect: list(getattr(tool, effect)) for effect in EFFECTS},
        }
        made.append(_entity("Tool", name, [("Server", tool.server)], attributes))
    return made


def people(sessions: tuple[str, ...], agent: str) -> list[dict[str, Any]]:
    """Return a session, those it belongs to (outermost first) and the agent, as entities."""
    made = [_entity("Agent", agent)]
    above: list[tuple[str, str]] = []
    for session in sessions[:-1]:
        made.append(_entity("Session", session, above))
        above = [("Session", session)]
    made.append(_entity("Session", sessions[-1], [*above, ("Agent", agent)]))
    return made


def can_be_shown(argument: Argument) -> bool:
    """Return whether policies can see an argument of this kind."""
    return (argument.items if argument.kind == "array" else argument.kind) in _TYPES


def above(number: float) -> Decimal:
    """Return a count of money or the like as Cedar can hold it, never less than it is."""
    most = Decimal("922337203685477.5807")
    return min(Decimal(repr(number)), most).quantize(PLACES, ROUND_UP)


def decimal(number: Decimal) -> dict[str, Any]:
    """Return a number as Cedar has decimals in JSON."""
    return {"__extn": {"fn": "decimal", "arg": format(number.quantize(PLACES), "f")}}


def _action(tool: Tool) -> dict[str, Any]:
    arguments = {
        name: {**_type(argument), "required": argument.required}
        for name, argument in tool.arguments.items()
        if can_be_shown(argument)
    }
    return {
        "memberOf": [{"id": group} for group in groups(tool)],
        "appliesTo": {
            "principalTypes": ["Session"],
            "resourceTypes": ["Tool"],
            "context": _record({**CONTEXT, "arguments": _record(arguments)}),
        },
    }


def _type(argument: Argument) -> dict[str, Any]:
    if argument.kind == "array":
        return {"type": "Set", "element": _TYPES[argument.items]}
    return _TYPES[argument.kind]


def _record(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Record", "attributes": dict(attributes)}


def _entity(
    kind: str,
    name: str,
    parents: list[tuple[str, str]] | None = None,
    attributes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": attributes or {},
        "parents": [{"type": of, "id": each} for of, each in parents or []],
    }
