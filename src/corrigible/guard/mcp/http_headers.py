"""The headers that repeat what a message says, so that what lies between can route without reading it.

The protocol of 2026-07-28 has its version, the method, the name of the tool and some of its arguments in
headers as well. Whoever reads only those must not be led astray: the door refuses a request whose headers say
anything else than its body, and upstream they are always made from the body that was judged.

*Source:* Model Context Protocol, revision 2026-07-28, "Transports", custom headers.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Versions that begin with a handshake."""
STATELESS = ("2026-07-28",)
"""Versions in which every request says all there is to know."""

SESSION = "Mcp-Session-Id"
VERSION = "MCP-Protocol-Version"
METHOD = "Mcp-Method"
NAME = "Mcp-Name"
LAST_EVENT = "Last-Event-ID"

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CLIENT_KEY = "io.modelcontextprotocol/clientInfo"
ABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"

_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_PLAIN = re.compile(r"[\x20-\x7E]*")
_ENCODED = re.compile(r"=\?base64\?(.*)\?=")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

Schema = Mapping[tuple[str, ...], str]
"""Which arguments of a tool go into headers: the way to the argument, and the end of the header's name."""


def encoded(value: str) -> str:
    """Return text as a header can carry it: as it is where that is safe, else in base64."""
    if _PLAIN.fullmatch(value) and value == value.strip() and not _ENCODED.fullmatch(value):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


def decoded(value: str | None) -> str | None:
    """Return what a header says; None where it says nothing, or nothing that can be read."""
    found = None if value is None else _ENCODED.fullmatch(value)
    if found is None:
        return value
    try:
        raw = base64.b64decode(found[1], validate=True)
        return raw.decode() if base64.b64encode(raw).decode() == found[1] else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def version_of(message: Mapping[str, Any]) -> str | None:
    """Return the version that a stateless message says it is of; None: it is not stateless."""
    value = _at(message, ("params", "_meta", VERSION_KEY))
    return value if isinstance(value, str) else None


def headers_of(message: Mapping[str, Any], schema: Schema) -> dict[str, str]:
    """Return the headers of a stateless message, made from what it says.

    Parameters
    ----------
    message
        The message.
    schema
        Which arguments go into headers, where it calls a tool.
    """
    method = str(message.get("method"))
    headers = {VERSION: str(version_of(message)), METHOD: method}
    if method in _NAMED and isinstance(name := _at(message, ("params", _NAMED[method])), str):
        headers[NAME] = encoded(name)
    for way, token in schema.items():
        value = _at(message, ("params", "arguments", *way))
        if isinstance(value, bool):
            value = "true" if value else "false"
        if isinstance(value, str | int | float):
            headers[f"Mcp-Param-{token}"] = encoded(str(value))
    return headers


def mismatch(message: Mapping[str, Any], headers: Iterable[tuple[str, str]]) -> str:
    """Return in what the headers of a stateless message are not what it says; empty: in nothing."""
    told: dict[str, str] = {}
    watched = {name.lower() for name in (VERSION, METHOD, NAME)}
    for key, value in headers:
        key = key.lower()
        if key in told and key in watched:
            return f"the header {key} appears more than once"
        told[key] = value
    for name, value in headers_of(message, {}).items():
        if decoded(told.get(name.lower())) != decoded(value):
            return f"the header {name} is not what the message says"
    return ""


def schema_of(tool: Mapping[str, Any]) -> Schema:
    """Return which arguments of a tool, as its server lists it, go into headers."""
    found: dict[tuple[str, ...], str] = {}
    taken: set[str] = set()
    for way, token in _annotated(tool.get("inputSchema"), ()):
        if token.lower() in taken:
            return {}
        taken.add(token.lower())
        found[way] = token
    return found


def _annotated(schema: Any, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    properties = _at(schema, ("properties",))
    if not isinstance(properties, dict) or len(way) > 32:
        return
    for name, inner in cast("dict[str, Any]", properties).items():
        token = _at(inner, ("x-mcp-header",))
        kind = _at(inner, ("type",))
        if isinstance(token, str) and _TOKEN.fullmatch(token) and kind in ("string", "integer", "boolean"):
            yield (*way, name), token
        yield from _annotated(inner, (*way, name))


def _at(value: Any, way: tuple[str, ...]) -> Any:
    for key in way:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, Any]", value).get(key)
    return value
