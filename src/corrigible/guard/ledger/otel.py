"""A ledger as OpenTelemetry spans, in the JSON that collectors read (OTLP), without an SDK.

A call that was let through is a span from its intent to its outcome. One that was denied, or put before a
person, is a span too, with what was decided in attributes of our own (``corrigible.…``) and the votes as
events. A session is a trace. Identifiers follow from the ledger's name and the record's number, so that an
export made twice gives the same spans.

*Source:* OpenTelemetry, semantic conventions for generative AI and for the Model Context Protocol
(``gen_ai.*`` and ``mcp.*``, in development, as of 2026); OTLP 1.x, JSON encoding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from corrigible.core.version import VERSION
from corrigible.guard.canonical import canonical

INTERNAL, CLIENT = 1, 3
"""Kinds of spans: something within the agent, a request to a server."""
OK, ERROR = 1, 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def spans(
    records: Iterable[tuple[int, Mapping[str, Any]]], origin: str, servers: Collection[str] = ()
) -> dict[str, Any]:
    """Return the spans of a ledger as OTLP has them.

    Parameters
    ----------
    records
        Numbers and records, in order.
    origin
        The ledger's name.
    servers
        The servers that speak MCP, by name: their calls are told as requests of that protocol.
    """
    made: dict[int, dict[str, Any]] = {}
    asked: dict[str, dict[str, Any]] = {}
    for number, said in records:
        match said["type"]:
            case "intent" | "denied" | "asked":
                made[number] = _span(number, said, origin, servers)
                if said["type"] == "asked":
                    asked[str(said["request"])] = made[number]
            case "outcome" if said["intent"] in made:
                _end(made[said["intent"]], said, _server(made[said["intent"]]) in servers)
            case "resolved" if said["intent"] in made:
                _event(made[said["intent"]], said, ("kind", "who", "why"))
            case "vote" | "expired" if said["request"] in asked:
                _event(asked[said["request"]], said, ("who", "decision", "why"))
                asked[said["request"]]["endTimeUnixNano"] = _nanoseconds(said["at"])
            case _:
                pass
    resource = {"service.name": origin}
    scope = {"name": "corrigible.guard", "version": VERSION}
    scoped = {"scope": scope, "spans": list(made.values())}
    return {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scoped]}]}


def _span(number: int, said: Mapping[str, Any], origin: str, servers: Collection[str]) -> dict[str, Any]:
    server, _, tool = str(said["tool"]).partition("/")
    mcp = server in servers
    kind = said["type"]
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.type": "extension" if mcp else "function",
        "gen_ai.tool.call.id": said.get("idempotency") or f"{origin}/{number}",
        "gen_ai.tool.call.arguments": canonical(said["arguments"]).decode(),
        "gen_ai.agent.name": said["agent"],
        "gen_ai.conversation.id": said["session"],
        "corrigible.record": number,
        "corrigible.server": server,
        "corrigible.decision": {"intent": "allow", "asked": "ask"}.get(kind, said.get("decision", "deny")),
        "corrigible.rules": [str(reason["rule"]) for reason in said["reasons"]],
        "corrigible.reasons": [str(reason["text"]) for reason in said["reasons"]],
        "corrigible.request": said.get("request"),
        "corrigible.step": said.get("step") or None,
        "corrigible.confidence": said.get("confidence"),
        "corrigible.cost": said.get("cost"),
    }
    if mcp:
        attributes["mcp.method.name"] = "tools/call"
    if kind == "denied":
        attributes["error.type"] = "denied"
    at = _nanoseconds(said["at"])
    return {
        "traceId": hashlib.sha256(canonical([origin, said["session"]])).hexdigest()[:32],
        "spanId": hashlib.sha256(canonical([origin, number])).hexdigest()[:16],
        "name": f"tools/call {tool}" if mcp else f"execute_tool {tool}",
        "kind": CLIENT if mcp else INTERNAL,
        "startTimeUnixNano": at,
        "endTimeUnixNano": at,
        "attributes": _attributes(attributes),
        "events": [],
        "status": {"code": ERROR, "message": _because(said)} if kind == "denied" else {},
    }


def _server(span: Mapping[str, Any]) -> str:
    return next(a["value"]["stringValue"] for a in span["attributes"] if a["key"] == "corrigible.server")


def _because(said: Mapping[str, Any]) -> str:
    return "; ".join(f"{reason['text']} [{reason['rule']}]" for reason in said["reasons"])


def _end(span: dict[str, Any], said: Mapping[str, Any], mcp: bool) -> None:
    told: dict[str, Any] = {
        "corrigible.outcome": said["kind"],
        "corrigible.result.digest": said.get("digest"),
        "corrigible.result.bytes": said.get("bytes"),
    }
    if said["kind"] == "done":
        span["status"] = {"code": OK}
    else:
        failed = "tool_error" if mcp else "_OTHER"
        told["error.type"] = failed if said["kind"] == "failed" else "outcome_unknown"
        span["status"] = {"code": ERROR, "message": str(said.get("why") or said["kind"])}
    span["attributes"] += _attributes(told)
    span["endTimeUnixNano"] = _nanoseconds(said["at"])


def _event(span: dict[str, Any], said: Mapping[str, Any], fields: Iterable[str]) -> None:
    told = {f"corrigible.{field}": said.get(field) for field in fields}
    span["events"].append(
        {
            "timeUnixNano": _nanoseconds(said["at"]),
            "name": f"corrigible.{said['type']}",
            "attributes": _attributes(told),
        }
    )


def _nanoseconds(at: str) -> str:
    moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return str((moment - EPOCH) // timedelta(microseconds=1) * 1000)


def _attributes(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in told.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(item) for item in value]}}
        case str():
            return {"stringValue": value}
        case _:
            return {"stringValue": json.dumps(value, ensure_ascii=False)}
