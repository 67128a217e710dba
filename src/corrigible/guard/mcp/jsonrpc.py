"""JSON-RPC messages: read strictly where they are judged, and otherwise only as far as they must be.

Two programs that read one message differently are a way past a guard: if the guard sees the first of two
members called ``method`` and the server the second, what was judged is not what is done. So a message of the
client is refused unless there is one way to read it: no member twice, none that differs from a known one by
case alone, no text that is not Unicode, no number that is not finite, and not nested deeper than `DEPTH`.

*Source:* JSON-RPC 2.0; RFC 8259, sections 4, 6 and 8; MCP 2025-11-25 and 2026-07-28, "Base protocol".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard, cast, final

Id = int | str
Body = dict[str, Any]

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, INTERNAL_ERROR = -32602, -32603
NOT_DONE = (PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS)
"""Errors that say that a request was not carried out."""
GONE = -32000
"""The server that would answer is gone, or cannot."""

LONGEST = 64 * 2**20
"""Bytes of a message, at most."""
DEPTH = 128
"""Objects and arrays within one another, at most."""
EDGE = 4096
"""Bytes that are kept of the beginning and the end of a message that was too long."""
WHOLE = 64 * 2**10
"""A message of a server up to this length is always read whole."""
OURS = "corrigible:"
"""How the ids of the proxy's own requests begin."""


@final
class TooLong(Exception):
    """A message was longer than `LONGEST`; ``head`` and ``tail`` are what is left of it."""

    def __init__(self, head: bytes, tail: bytes) -> None:
        super().__init__("a message is too long")
        self.head, self.tail = head, tail


@final
class Malformed(Exception):
    """What came in is no message; ``code`` and the text go back to the sender, with ``id`` if it has one."""

    def __init__(self, code: int, text: str, identifier: Id | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.id = code, text, identifier


def read_strictly(raw: bytes) -> Body:
    """Return a message of the client.

    Raises
    ------
    Malformed
        If it is none, or could be read in more than one way.
    """
    try:
        body = json.loads(
            raw.decode(),
            object_pairs_hook=_once,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise Malformed(INVALID_REQUEST, "the message is nested too deep") from None
    except ValueError as error:
        asked = _asked(read(raw) or {})
        raise Malformed(PARSE_ERROR, f"the message is no JSON: {error}", asked) from None
    if not isinstance(body, dict):
        what = "batches are not part of the protocol" if isinstance(body, list) else "it is no object"
        raise Malformed(INVALID_REQUEST, f"the message is refused: {what}")
    body = cast(Body, body)
    if complaint := _complaint(raw, body):
        raise Malformed(INVALID_REQUEST, complaint, _asked(body))
    return body


def _asked(body: Body) -> Id | None:
    """Return the id of a request; a response must not be answered under the id that it has."""
    identifier = body.get("id")
    return identifier if "method" in body and is_id(identifier) else None


def _complaint(raw: bytes, body: Body) -> str:
    if body.get("jsonrpc") != "2.0":
        return "the member `jsonrpc` must be `2.0`"
    if odd := ambiguous(body, ("jsonrpc", "id", "method", "params", "result", "error")):
        return f"the member `{odd}` can be taken for another"
    if "id" in body and not is_id(body["id"]) and ("method" in body or body["id"] is not None):
        return "the member `id` must be text of at most 1024 characters or an integer within 2^53"
    identifier = body.get("id")
    if isinstance(identifier, str) and identifier.startswith(OURS) and "method" in body:
        return f"ids that begin with `{OURS}` are taken"
    if "method" in body:
        if not isinstance(body["method"], str):
            return "the member `method` must be text"
        if "result" in body or "error" in body:
            return "a request has no result"
        if not isinstance(body.get("params", {}), dict):
            return "the member `params` must be an object"
    elif "id" not in body or ("result" in body) == ("error" in body):
        return "it is neither request, notification nor response"
    if raw.count(b"{") + raw.count(b"[") > DEPTH and _deep(body):
        return f"the message is nested deeper than {DEPTH}"
    if b"\\u" in raw and _SURROGATE.search(raw) and _broken(body):
        return "the message has text that is not Unicode"
    return ""


def ambiguous(found: Mapping[str, Any], known: tuple[str, ...]) -> str:
    """Return a member that some readers take for a known one, since they do not mind case; empty: none."""
    return next((name for name in found if name not in known and name.casefold() in _folded(known)), "")


def _folded(known: tuple[str, ...]) -> set[str]:
    return {name.casefold() for name in known}


def read(raw: bytes) -> Body | None:
    """Return a message of a server, read as its client would; None if it is none."""
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None
    return cast(Body, body) if isinstance(body, dict) else None


def answered(head: bytes, tail: bytes) -> Id | None:
    """Return which request a long message answers, from its two ends; None where that cannot be seen.

    Software writes ``id`` before or after the result. At the very end of a message only a member of the
    outermost object can stand, and at the very beginning too.
    """
    found = _LAST.search(tail) or _FIRST.match(head)
    if found is None:
        return None
    try:
        identifier = json.loads(found.group(1))
    except ValueError:
        return None
    return identifier if is_id(identifier) else None


def dump(body: Mapping[str, Any]) -> bytes:
    """Return a message as bytes."""
    return json.dumps(body, separators=(",", ":")).encode()


def response(identifier: Id, result: Mapping[str, Any]) -> bytes:
    """Return a response."""
    return dump({"jsonrpc": "2.0", "id": identifier, "result": result})


def failure(identifier: Id | None, code: int, text: str, data: Any = None) -> bytes:
    """Return an error response."""
    error = {"code": code, "message": text} | ({} if data is None else {"data": data})
    return dump({"jsonrpc": "2.0", "id": identifier, "error": error})


def request(identifier: Id, method: str, params: Mapping[str, Any]) -> bytes:
    """Return a request."""
    return dump({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})


def notification(method: str, params: Mapping[str, Any]) -> bytes:
    """Return a notification."""
    return dump({"jsonrpc": "2.0", "method": method, "params": params})


def meta(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``params._meta`` of a message; nothing where there is none."""
    return part(part(body, "params"), "_meta")


def part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object; an empty one where there is none or it is something else."""
    value = found.get(name)
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def is_id(value: Any) -> TypeGuard[Id]:
    """Return whether this can be the id of a request: text, or an integer that every reader can hold."""
    if isinstance(value, str):
        return len(value) <= 1024
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _once(pairs: list[tuple[str, Any]]) -> Body:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member occurs twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _deep(body: Body) -> bool:
    level: list[Any] = [body]
    for _ in range(DEPTH):
        level = [
            item
            for value in level
            for item in (cast(Body, value).values() if isinstance(value, dict) else cast(list[Any], value))
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def _broken(body: Body) -> bool:
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_VALUE = rb'("(?:[^"\\]|\\.)*"|-?[0-9]+)'
_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*' + _VALUE + rb"\s*[,}]")
_LAST = re.compile(rb'[{,]\s*"id"\s*:\s*' + _VALUE + rb'\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')
