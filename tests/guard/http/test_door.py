"""The door over HTTP, as clients of any kind find it: what it refuses, whom it tells what."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import OptionError
from corrigible.guard.mcp import http_door, http_listen, http_stream

from .standin import BOTH, VERSION, Parrot, door, events, opened, request, say, stateless

INITIALIZE = request(0, "initialize")
MODERN, HEADERS = stateless(1, "say")
NAMED, NAMED_HEADERS = stateless(1, "tools/call", name="read")


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "code"),
    [
        ("PUT", "/mcp", BOTH, INITIALIZE, 405, -32600),
        ("OPTIONS", "/mcp", {"Origin": "http://localhost"}, None, 405, -32600),
        ("GET", "/mcp", BOTH, None, 400, -32600),
        ("DELETE", "/mcp", BOTH, None, 400, -32600),
        ("GET", "/mcp", HEADERS, None, 405, -32600),
        ("POST", "/", BOTH, INITIALIZE, 404, -32600),
        ("POST", "/mcp/a%2Fb", BOTH, INITIALIZE, 404, -32600),
        ("POST", "/mcp/a/b", BOTH, INITIALIZE, 404, -32600),
        ("POST", "/mcp/..", BOTH, INITIALIZE, 404, -32600),
        ("POST", "/mcp", BOTH | {"Host": "evil.example"}, INITIALIZE, 421, -32600),
        ("POST", "/mcp", BOTH | {"Host": "localhost.evil.example"}, INITIALIZE, 421, -32600),
        ("POST", "/mcp", BOTH | {"Origin": "http://evil.example"}, INITIALIZE, 403, -32600),
        ("POST", "/mcp", BOTH | {"Origin": "null"}, INITIALIZE, 403, -32600),
        ("POST", "/mcp", BOTH | {"Content-Type": "text/plain"}, INITIALIZE, 415, -32600),
        ("POST", "/mcp", BOTH | {"Content-Encoding": "gzip"}, b"\x1f\x8b", 400, -32700),
        ("POST", "/mcp", BOTH | {"Accept": "application/json"}, INITIALIZE, 406, -32600),
        ("POST", "/mcp", BOTH, b"{", 400, -32700),
        ("POST", "/mcp", BOTH, b"", 400, -32700),
        ("POST", "/mcp", BOTH, b"[" * 100_000, 400, -32600),
        ("POST", "/mcp", BOTH, [INITIALIZE], 400, -32600),
        ("POST", "/mcp", BOTH, b'{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', 400, -32700),
        ("POST", "/mcp", BOTH, request(None, "initialize"), 400, -32600),
        ("POST", "/mcp", BOTH, request(1, "tools/call"), 400, -32600),
        ("POST", "/mcp", BOTH | {"Mcp-Session-Id": "0" * 32}, request(1, "say"), 404, -32600),
        ("POST", "/mcp", BOTH | {"Mcp-Session-Id": "0" * 32}, INITIALIZE, 404, -32600),
        (
            "POST",
            "/mcp",
            BOTH | {"MCP-Protocol-Version": "1999-01-01"},
            {"jsonrpc": "2.0", "method": "a"},
            400,
            -32022,
        ),
        ("POST", "/mcp", BOTH | {"MCP-Protocol-Version": VERSION}, request(1, "say"), 400, -32602),
        ("POST", "/mcp", HEADERS | {"MCP-Protocol-Version": "2027-01-01"}, MODERN, 400, -32020),
        ("POST", "/mcp", HEADERS | {"Mcp-Method": "other"}, MODERN, 400, -32020),
        ("POST", "/mcp", NAMED_HEADERS, NAMED, 400, -32020),
        ("POST", "/mcp", NAMED_HEADERS | {"Mcp-Name": "write"}, NAMED, 400, -32020),
        ("POST", "/mcp", NAMED_HEADERS | {"Mcp-Name": "=?base64?cmVhZB==?="}, NAMED, 400, -32020),
        ("POST", "/mcp", HEADERS, {"jsonrpc": "2.0", "id": 1, "result": {}}, 400, -32600),
    ],
)
def test_what_is_no_proper_request_is_refused_and_goes_no_further(
    method: str, path: str, headers: dict[str, str], body: Any, status: int, code: int
) -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve) as url, ClientSession() as web:
            place = url.removesuffix("/mcp")
            data = body if isinstance(body, bytes | None) else json.dumps(body)
            # The path goes out as it stands here, not put in order first.
            from yarl import URL

            async with web.request(
                method, URL(place + path, encoded=True), data=data, headers=headers
            ) as response:
                assert (response.status, (await response.json())["error"]["code"]) == (status, code)
                assert "Access-Control-Allow-Origin" not in response.headers
        assert parrot.heard == []

    asyncio.run(check())


def test_a_header_that_comes_twice_is_a_mismatch() -> None:
    async def check() -> None:
        async with door(Parrot().serve) as url, ClientSession() as web:
            twice = [*HEADERS.items(), ("Mcp-Method", "say")]
            async with web.post(url, json=MODERN, headers=twice) as response:
                assert (response.status, (await response.json())["error"]["code"]) == (400, -32020)

    asyncio.run(check())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", None]),
        "id": json_values,
        "method": st.sampled_from(["initialize", "say", "slow", "notifications/cancelled", 3]),
        "params": st.fixed_dictionaries({}, optional={"_meta": json_values, "requestId": json_values})
        | json_values,
        "result": json_values,
    },
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.binary(max_size=40) | messages.map(lambda message: json.dumps(message).encode()), max_size=20)
)
def test_whatever_is_posted_the_door_answers_and_stays_open(bodies: list[bytes]) -> None:
    async def check() -> None:
        async with door(Parrot().serve) as url, ClientSession(timeout=ClientTimeout(total=0.2)) as web:
            within = await opened(web, url)
            for body in bodies:
                for headers in (within, BOTH | {"MCP-Protocol-Version": VERSION, "Mcp-Method": "say"}):
                    try:
                        async with web.post(url, data=body, headers=headers) as response:
                            assert response.status in (200, 202, 400, 429)
                    except TimeoutError:
                        pass  # what is slow
            async with web.post(url, json=request("last", "say"), headers=within) as response:
                assert (await response.json())["id"] == "last"

    http_stream_soon = http_stream.SOON
    http_stream.SOON = 0.01
    try:
        asyncio.run(check())
    finally:
        http_stream.SOON = http_stream_soon


def test_a_session_begins_with_the_handshake_and_ends_with_delete() -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve) as url, ClientSession() as web:
            one, two = await opened(web, url), await opened(web, f"{url}/nightly")
            assert one["Mcp-Session-Id"] != two["Mcp-Session-Id"]
            async with web.post(url, json=request("a", "say", x=1), headers=one) as response:
                assert await response.json() == {"jsonrpc": "2.0", "id": "a", "result": {"params": {"x": 1}}}
            async with web.post(url, json=request("a", "say"), headers=two) as response:
                assert response.status == 404  # it is the session of another address
            told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            async with web.post(url, json=told, headers=one) as response:
                assert (response.status, await response.read()) == (202, b"")
            async with web.post(url, json=INITIALIZE, headers=one) as response:
                assert response.status == 400
            async with web.delete(url, headers=one) as response:
                assert response.status == 204
            async with web.post(url, json=request(1, "say"), headers=one) as response:
                assert response.status == 404
            assert parrot.left == 1
            assert [name for name, _ in parrot.heard] == ["main", "main/nightly", "main", "main"]
        assert parrot.left == 2

    asyncio.run(check())


def test_sessions_can_be_put_beneath_one() -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve, session="team") as url, ClientSession() as web:
            await opened(web, url)
            await opened(web, f"{url}/one")
        assert [name for name, _ in parrot.heard] == ["team", "team/one"]

    asyncio.run(check())


def test_only_so_many_sessions_are_open_and_those_without_use_are_closed() -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve, most=2, idle=0.2) as url, ClientSession() as web:
            await opened(web, url)
            listening = await opened(web, url)
            async with (
                web.get(url, headers=listening),
                web.post(url, json=INITIALIZE, headers=BOTH) as response,
            ):
                assert response.status == 503
                while parrot.left < 1:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.2)
                assert parrot.left == 1  # the other listens

    asyncio.run(check())


def test_progress_goes_to_the_response_of_its_request_and_a_lone_answer_is_one_message() -> None:
    async def check() -> None:
        async with door(Parrot().serve) as url, ClientSession() as web:
            within = await opened(web, url)
            asked = request(1, "steps", to=2, _meta={"progressToken": "t"})
            async with web.post(url, json=asked, headers=within) as response:
                assert response.content_type == "text/event-stream"
                told = [message for _, message in await events(response)]
            assert [message and message.get("method") for message in told] == [
                None,
                "notifications/progress",
                "notifications/progress",
                None,
            ]
            assert told[-1]["id"] == 1

    asyncio.run(check())


def test_a_stream_that_broke_goes_on_where_it_was() -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve) as url, ClientSession() as web:
            within = await opened(web, url)
            progress = {"progressToken": 5, "progress": 1}
            async with web.post(
                url, json=request(1, "slow", _meta={"progressToken": 5}), headers=within
            ) as broken:
                await say(parrot.clients[0], method="notifications/progress", params=progress)
                first = await events(broken, 2)
            await say(parrot.clients[0], method="notifications/progress", params={**progress, "progress": 2})
            await say(parrot.clients[0], id=1, result={"late": True})
            async with web.get(url, headers=within | {"Last-Event-ID": first[-1][0]}) as response:
                rest = [message for _, message in await events(response) if message]
            assert rest[0]["params"]["progress"] == 2
            assert rest[1] == {"jsonrpc": "2.0", "id": 1, "result": {"late": True}}
            async with web.get(url, headers=within | {"Last-Event-ID": "99-1"}) as response:
                assert response.status == 404

    asyncio.run(check())


def test_what_a_server_says_by_itself_waits_for_the_one_stream_that_listens() -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve) as url, ClientSession() as web:
            within = await opened(web, url)
            await say(parrot.clients[0], method="notifications/tools/list_changed")
            async with web.get(url, headers=within) as response:
                async with web.get(url, headers=within) as another:
                    assert another.status == 409
                await say(parrot.clients[0], id="s1", method="roots/list")
                told = await events(response, 3)
            assert [message and message["method"] for _, message in told] == [
                None,
                "notifications/tools/list_changed",
                "roots/list",
            ]
            answer = {"jsonrpc": "2.0", "id": "s1", "result": {"roots": []}}
            async with web.post(url, json=answer, headers=within) as response:
                assert response.status == 202
            async with web.post(url, json=request(2, "say"), headers=within):
                assert parrot.heard[1] == ("main", answer)

    asyncio.run(check())


def test_a_cancelled_request_ends_with_an_error_and_an_id_is_used_once_at_a_time() -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve) as url, ClientSession() as web:
            within = await opened(web, url)
            asking = asyncio.ensure_future(web.post(url, json=request(7, "slow"), headers=within))
            while len(parrot.heard) < 2:
                await asyncio.sleep(0.01)
            async with web.post(url, json=request(7, "say"), headers=within) as response:
                assert response.status == 429
            told = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
            async with web.post(url, json=told, headers=within):
                pass
            async with await asking as response:
                assert (await response.json())["error"]["code"] == -32800
            await say(parrot.clients[0], id=7, result={})  # too late: for nobody
            assert parrot.heard[-1] == ("main", told)

    asyncio.run(check())


def test_a_door_with_a_token_takes_nobody_without_it() -> None:
    async def check() -> None:
        async with door(Parrot().serve, token="secret") as url, ClientSession() as web:
            for shown in ({}, {"Authorization": "Bearer secre"}, {"Authorization": "Basic secret"}):
                async with web.post(url, json=INITIALIZE, headers=BOTH | shown) as response:
                    assert response.status == 401
            async with web.post(
                url, json=INITIALIZE, headers=BOTH | {"Authorization": "Bearer secret"}
            ) as response:
                assert response.status == 200

    asyncio.run(check())


def test_a_door_that_others_can_reach_needs_a_token() -> None:
    with pytest.raises(OptionError, match="can be reached from elsewhere"):
        http_listen.listen("0.0.0.0", 0)
    http_listen.listen("0.0.0.0", 0, "secret").close()


def test_a_port_that_is_taken_is_an_error_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OptionError) as caught:
        http_listen.listen("127.0.0.1", taken.getsockname()[1])
    assert "cannot be listened at" in caught.value.message
    assert "\n" not in str(caught.value)


def test_clients_that_dawdle_and_messages_that_are_too_long_are_dismissed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_listen, "HEAD", 0.1)
    monkeypatch.setattr(http_listen, "LONGEST", 1000)
    monkeypatch.setattr(http_door, "BODY", 0.1)

    async def check() -> None:
        async with door(Parrot().serve) as url, ClientSession() as web:
            port = int(url.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /mcp HTTP/1.1\r\nHost: loc")
            assert await reader.read() == b""
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = "".join(f"{name}: {value}\r\n" for name, value in (BOTH | {"Host": "localhost"}).items())
            writer.write(f"POST /mcp HTTP/1.1\r\n{head}Content-Length: 100\r\n\r\n{{".encode())
            assert b" 408 " in await reader.readline()
            writer.close()
            async with web.post(url, data=b" " * 1001, headers=BOTH) as response:
                assert response.status == 413

    asyncio.run(check())


def test_a_session_whose_service_fails_says_why() -> None:
    async def serve(client: Any, session: str) -> None:
        raise OptionError("there is no server `x`")

    async def check() -> None:
        async with door(serve) as url, ClientSession() as web:
            async with web.post(url, json=INITIALIZE, headers=BOTH) as response:
                assert (await response.json())["error"]["message"] == "there is no server `x`"
            async with web.post(url, json=MODERN, headers=HEADERS) as response:
                assert (response.status, (await response.json())["error"]["message"]) == (
                    503,
                    "there is no server `x`",
                )

    asyncio.run(check())
