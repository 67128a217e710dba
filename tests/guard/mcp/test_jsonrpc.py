"""Messages are read in one way, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.jsonrpc import Malformed

CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}'
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense",
        b"\xff\xfe{\x00}\x00",
        CALL.encode("utf-16"),
        b"\xef\xbb\xbf" + CALL.encode(),
        CALL[:-1].encode(),
        f"[{CALL}]".encode(),
        b'"text"',
        b"{}",
        CALL.replace('"2.0"', '"1.0"').encode(),
        CALL.replace('"id":1', '"id":1.0').encode(),
        CALL.replace('"id":1', '"id":true').encode(),
        CALL.replace('"id":1', '"id":null').encode(),
        CALL.replace('"id":1', '"id":[]').encode(),
        CALL.replace('"id":1', f'"id":{2**53}').encode(),
        CALL.replace('"id":1', f'"id":"{"x" * 1025}"').encode(),
        CALL.replace('"id":1', '"id":"corrigible:0"').encode(),
        CALL.replace('"id":1', '"id":1,"id":2').encode(),
        CALL.replace('"method":"tools/call"', '"method":"ping","method":"tools/call"').encode(),
        CALL.replace('"method":"tools/call"', '"method":"ping","Method":"tools/call"').encode(),
        CALL.replace('"params"', '"result":{},"params"').encode(),
        CALL.replace('"params":{', '"params":{"a":NaN,').encode(),
        CALL.replace('"params":{', '"params":{"a":1e999,').encode(),
        CALL.replace('"params":{', '"params":{"a":"\\ud800",').encode(),
        CALL.replace('"params":{', '"params":{"a":"\x00",').encode(),
        CALL.replace('"params":{', f'"params":{{"a":{"9" * 5000},').encode(),
        CALL.replace('"params":{"name":"x"}', '"params":[1]').encode(),
        CALL.replace('"x"', "[" * 200 + "]" * 200).encode(),
        CALL.replace('"x"', "[" * 100_000 + "]" * 100_000).encode(),
        CALL.replace('"x"', "[" * 100_000).encode(),
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
    ],
    ids=range(32),
)
def test_what_could_be_read_in_two_ways_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        jsonrpc.read_strictly(raw)


def test_a_letter_that_is_another_in_small_makes_no_second_method() -> None:
    long_s = CALL.replace('"params"', '"param\u017f":{},"params"')
    with pytest.raises(Malformed, match="can be taken for another"):
        jsonrpc.read_strictly(long_s.encode())


@given(VALUES)
def test_a_message_that_is_read_means_the_same_when_it_is_written_anew(value: Any) -> None:
    raw = jsonrpc.request(1, "tools/call", {"name": "x", "arguments": {"a": value}})
    assert jsonrpc.read_strictly(raw) == json.loads(raw)
    assert jsonrpc.dump(jsonrpc.read_strictly(raw)) == raw


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_are_too_odd_to_be_refused(raw: bytes) -> None:
    try:
        body = jsonrpc.read_strictly(raw)
    except Malformed:
        return
    assert body["jsonrpc"] == "2.0"


@given(
    identifier=st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    value=VALUES,
    order=st.permutations(["jsonrpc", "id", "result"]),
    separators=st.sampled_from([(",", ":"), (", ", ": ")]),
)
def test_the_id_seen_at_the_ends_of_a_message_is_the_one_that_it_has(
    identifier: Any, value: Any, order: list[str], separators: tuple[str, str]
) -> None:
    whole = {"jsonrpc": "2.0", "id": identifier, "result": {"id": 7, "value": value, "jsonrpc": "2.0"}}
    raw = json.dumps({name: whole[name] for name in order}, separators=separators).encode()
    seen = jsonrpc.answered(raw[: jsonrpc.EDGE], raw[-jsonrpc.EDGE :])
    assert seen in (None, identifier)
    if order != ["jsonrpc", "result", "id"] and order[1] == "result":
        return
    assert seen == identifier


def test_an_id_within_a_result_is_not_taken_for_that_of_the_message() -> None:
    raw = b'{"result":{"text":"{\\"id\\":7}","deep":{"id":7}},"x":[{"id":7}]}'
    assert jsonrpc.answered(raw, raw) is None
