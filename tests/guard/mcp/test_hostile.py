"""Malformed and hostile messages from both sides: the proxy lives, nothing unjudged is done, nobody waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corrigible.guard.mcp.jsonrpc import TooLong
from tests.guard.mcp.site import End, Site, reads, server, site, text, writes

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["tools/call", "look", "put", "2.0", "corrigible:0", "corrigible.1.x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
METHODS = st.sampled_from(
    [
        *("initialize", "ping", "tools/list", "tools/call", "Tools/Call", "resources/read", "nonsense"),
        *("notifications/cancelled", "notifications/progress", "notifications/initialized"),
        *("notifications/tools/list_changed", "elicitation/create", "sampling/createMessage", "roots/list"),
    ]
)
IDS = st.sampled_from([0, 1, 2, "a", "corrigible:0", None, 1.5, True, [], 2**60])
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["look", "put", "wipe", "it__look", 1, None]),
        "arguments": JSON,
        "_meta": JSON | st.fixed_dictionaries({"progressToken": IDS, "corrigible/evidence": JSON}),
        "requestId": IDS,
        "requestState": st.sampled_from(["corrigible.1.AAAA", "x"]) | JSON,
        "progressToken": IDS,
        "cursor": JSON,
        "tools": JSON,
    },
)
BODIES = st.fixed_dictionaries(
    {"jsonrpc": st.sampled_from(["2.0", "1.0", 2])},
    optional={
        "id": IDS,
        "method": METHODS | JSON,
        "params": PARAMS | JSON,
        "result": PARAMS | JSON,
        "error": JSON,
    },
)
LIKELY = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": METHODS, "params": PARAMS}, optional={"id": IDS}
)
RAW = (
    BODIES.map(json.dumps).map(str.encode)
    | LIKELY.map(json.dumps).map(str.encode)
    | st.lists(LIKELY, max_size=2).map(json.dumps).map(str.encode)
    | st.binary(max_size=12)
    | st.sampled_from(
        [b"[" * 300, b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', b"\xff\x00"]
    )
)
MESSAGES = st.lists(RAW | st.builds(TooLong, RAW, RAW), max_size=8)


@dataclass(repr=False)
class Place:
    """A proxy, its server's ends of connections that nobody uses yet, and what the server heard."""

    site: Site
    ends: list[End] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A proxy whose server keeps what it hears, and answers only what it is asked in the end."""
    heard: list[Any] = []
    reached: list[End] = []

    async def script(end: End) -> None:
        reached.append(end)
        while (raw := await end.receive()) is not None:
            said = json.loads(raw)
            heard.append(said)
            if said.get("method") == "tools/list":
                await end.send(
                    json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": {"tools": []}}).encode()
                )
            elif said.get("id") == "last":
                await end.send(json.dumps({"jsonrpc": "2.0", "id": "last", "result": text("alive")}).encode())

    rules = server("it", reads("it/look", timeout=0.02), writes("it/put"))
    made = site(
        tmp_path_factory.mktemp("hostile"),
        rules,
        scripts={"it": script},
        policy='permit (principal, action in Action::"read", resource);',
    )
    yield Place(made, reached, heard)
    made.guard.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(client=MESSAGES, upstream=MESSAGES)
def test_whatever_either_side_says_the_proxy_lives_and_does_nothing_unjudged(
    place: Place, client: list[Any], upstream: list[Any]
) -> None:
    made, reached, heard = place.site, place.ends, place.heard
    heard.clear()

    async def run() -> None:
        async with made.driver("hostile") as driver:
            while not reached:
                await asyncio.sleep(0)
            end = reached.pop()
            for pair in range(max(len(client), len(upstream))):
                for side, outbox in ((client, driver.end.outbox), (upstream, end.outbox)):
                    if pair < len(side):
                        outbox.put_nowait(side[pair])
                await asyncio.sleep(0)
            answer = await asyncio.wait_for(driver.start("tools/call", {"name": "look"}, "last"), 10)
            assert answer.keys() & {"result", "error"}
            cut = sum(isinstance(message, TooLong) for message in client)
            _none_was_answered_twice([m for m in map(_read, client) if m is not None], cut, driver.heard)

    asyncio.run(run())
    made_calls = [said for said in heard if said.get("method") == "tools/call"]
    keys = {one["idempotency"] for one in made.records("intent")}
    for said in made_calls:
        assert said["params"]["name"] == "look"
        assert said["params"]["_meta"]["corrigible/idempotency-key"] in keys
    assert not [said for said in heard if said.get("method") in ("Tools/Call", "nonsense")]


def _read(raw: Any) -> dict[str, Any] | None:
    try:
        found = json.loads(raw.decode())
    except (AttributeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _none_was_answered_twice(asked: list[dict[str, Any]], cut: int, heard: list[dict[str, Any]]) -> None:
    for identifier in {json.dumps(one["id"]) for one in asked if one.get("id") is not None}:
        times = sum(json.dumps(one.get("id")) == identifier for one in asked)
        answers = [one for one in heard if "method" not in one and json.dumps(one.get("id")) == identifier]
        assert len(answers) <= times + cut
