"""Events as they come in pieces, and headers as the protocol's own software has them."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared import inbound

from corrigible.guard.mcp.http_events import Events, Overlong, written
from corrigible.guard.mcp.http_headers import decoded, encoded, headers_of, mismatch, schema_of
from corrigible.guard.mcp.http_shared import with_id

from .standin import stateless

LINES = st.sampled_from(
    [
        b"data: a",
        b"data:b",
        b"data",
        b"id: 7",
        b"retry: 20",
        b"retry: x",
        b": c",
        b"event: other",
        b"event: message",
        b"",
    ]
)
BREAKS = st.sampled_from([b"\n", b"\r", b"\r\n"])


def slowly(stream: bytes) -> list[tuple[bytes, str | None, float | None]]:
    """Read a stream as a whole, line by line."""
    found: list[tuple[bytes, str | None, float | None]] = []
    data, number, retry, kind = [], None, None, b"message"
    lines = stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for line in lines[:-1]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if line == b"":
            if kind == b"message":
                found.append((b" ".join(data), number, retry))
            data, number, retry, kind = [], None, None, b"message"
        elif field == b"data":
            data.append(value)
        elif field == b"id":
            number = value.decode()
        elif field == b"retry" and value.isdigit():
            retry = int(value) / 1000
        elif field == b"event":
            kind = value
    return found


@given(st.lists(st.tuples(LINES, BREAKS)), st.lists(st.integers(0, 200)))
def test_events_are_the_same_in_whatever_pieces_they_come(
    lines: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(line + end for line, end in lines) + b": end\n"
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    events = Events(10_000)
    found = [event for begin, end in itertools.pairwise(places) for event in events.feed(stream[begin:end])]
    assert [(event.data, event.number, event.retry) for event in found] == slowly(stream)


def test_what_is_written_is_read_again_and_what_is_too_long_is_refused() -> None:
    events = Events(100)
    (event,) = events.feed(written(b'{"a":1}', "3-4"))
    assert (event.data, event.number) == (b'{"a":1}', "3-4")
    with pytest.raises(Overlong):
        Events(100).feed(b"data: " + b"x" * 101)
    with pytest.raises(Overlong):
        Events(100).feed(b"data: xxxxxxxx\n" * 20)


@given(st.text())
def test_headers_are_written_and_read_as_the_protocols_own_software_does(text: str) -> None:
    assert encoded(text) == inbound.encode_header_value(text)
    assert decoded(encoded(text)) == text
    assert decoded(text) == inbound.decode_header_value(text)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "deep": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
        "flag": {"type": "boolean", "x-mcp-header": "Flag"},
        "plain": {"type": "string"},
    },
}
values = st.none() | st.text(max_size=5) | st.integers() | st.booleans() | st.lists(st.none(), max_size=1)


@given(
    st.dictionaries(st.sampled_from(["region", "flag", "plain"]), values),
    st.none() | st.dictionaries(st.just("n"), values),
)
def test_a_call_goes_with_the_headers_that_servers_expect(arguments: dict[str, Any], deep: Any) -> None:
    arguments |= {} if deep is None else {"deep": deep}
    body, _ = stateless(1, "tools/call", name="tørst", arguments=arguments)
    headers = headers_of(body, schema_of({"inputSchema": SCHEMA}))
    lower = {name.lower(): value for name, value in headers.items()}
    assert isinstance(inbound.classify_inbound_request(body, headers=lower), inbound.InboundModernRoute)
    assert inbound.validate_mcp_param_headers(SCHEMA, arguments, headers) is None
    assert mismatch(body, headers.items()) == ""
    for name in ("Mcp-Method", "Mcp-Name", "MCP-Protocol-Version"):
        assert mismatch(body, (headers | {name: "x"}).items())
        assert mismatch(body, [item for item in headers.items() if item[0] != name])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a", 'q"']), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["id", "result", "jsonrpc", "x"]), json_values), st.integers(0, 2))
def test_another_id_changes_nothing_else(message: dict[str, Any], indent: int) -> None:
    raw = json.dumps(message, indent=indent or None, ensure_ascii=False).encode("utf-8", "surrogatepass")
    changed = json.loads(with_id(raw, "new"))
    assert changed == (message | {"id": "new"} if "id" in message else message)
