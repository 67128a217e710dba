"""The connection to a server over HTTP: real servers of both eras, and servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from corrigible.core.errors import OptionError
from corrigible.guard.mcp import http_client, http_wire
from corrigible.guard.mcp.http_client import HTTPUpstream

from .standin import request, stateless

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(answer: Answer) -> AsyncGenerator[str]:
    """Keep a server that answers so; give its address."""
    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncGenerator[HTTPUpstream]:
    upstream = HTTPUpstream(url, **options)
    try:
        yield upstream
    finally:
        await upstream.close()


async def asked(upstream: HTTPUpstream, message: dict[str, Any]) -> dict[str, Any]:
    """Send a message and return what comes back first."""
    await upstream.send(json.dumps(message).encode())
    return json.loads(await upstream.receive() or b"null")


def fixed(status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> Answer:
    async def answer(request: web.BaseRequest) -> web.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers={"Content-Type": kind, **given})

    return answer


def broken_off(*pieces: bytes) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        assert request.transport is not None
        request.transport.abort()
        return response

    return answer


async def silence(request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(10)
    return web.Response()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (fixed(200, b"<html>", "text/html"), "unknown"),
        (fixed(200, b"{"), "unknown"),
        (fixed(200, b"[]"), "unknown"),
        (fixed(200, b"[" * 100_000), "unknown"),
        (fixed(200, b'{"jsonrpc":"2.0","id":2,"result":{}}'), "unknown"),
        (fixed(200, b'{"jsonrpc":"2.0","id":"1","result":{}}'), "unknown"),
        (fixed(200, b'{"jsonrpc":"2.0","id":1,"method":"evil"}'), "unknown"),
        (fixed(200, b"\x1f\x8b", Content_Encoding="gzip"), "unknown"),
        (fixed(200, b" " * 5000), "unknown"),
        (fixed(200, b"data: " + b" " * 5000, "text/event-stream"), "unknown"),
        (fixed(200, b"data: x\n\n", "text/event-stream"), "unknown"),
        (fixed(200, b"data: {}\n\n", "text/event-stream"), "unknown"),
        (fixed(202), "unknown"),
        (fixed(204), "unknown"),
        (fixed(302, Location="/mcp"), "unknown"),
        (fixed(307, Location="/mcp"), "failed"),
        (fixed(307, Location="http://evil.example/mcp"), "failed"),
        (fixed(308, Location="https://127.0.0.1/mcp"), "failed"),
        (fixed(400), "failed"),
        (fixed(401), "failed"),
        (fixed(404), "failed"),
        (fixed(408), "unknown"),
        (fixed(429), "failed"),
        (fixed(500), "unknown"),
        (fixed(502, b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}'), "unknown"),
        (broken_off(), "unknown"),
        (broken_off(b"data: {"), "unknown"),
        (silence, "unknown"),
    ],
)
def test_whatever_a_server_does_a_request_is_answered_with_what_is_known_of_it(
    answer: Answer, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_wire, "LONGEST", 4000)
    monkeypatch.setattr(http_client, "SILENCE", 0.2)

    async def check() -> None:
        async with served(answer) as url, connected(url) as upstream:
            said = await asked(upstream, request(1, "tools/call", name="x"))
            assert (said["id"], said["error"]["data"]) == (1, {"outcome": outcome})

    asyncio.run(check())


def test_a_server_that_is_not_there_surely_did_nothing() -> None:
    async def check() -> None:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            url = f"http://127.0.0.1:{gone.getsockname()[1]}/mcp"
        for place in (url, "http://nowhere.invalid/mcp"):
            async with connected(place) as upstream:
                assert (await asked(upstream, request(1, "a")))["error"]["data"] == {"outcome": "failed"}

    asyncio.run(check())


def test_an_error_of_the_server_is_passed_on_under_the_id_of_the_request() -> None:
    async def check() -> None:
        body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":7}}'
        async with served(fixed(400, body)) as url, connected(url) as upstream:
            said = await asked(upstream, request("r", "server/discover"))
            assert (said["id"], said["error"]) == ("r", {"code": -32022, "message": "no", "data": 7})

    asyncio.run(check())


def test_a_message_upon_several_lines_arrives_on_one() -> None:
    async def check() -> None:
        spread = b'{\r\n "jsonrpc": "2.0",\n "id": 1,\n "result": {"text": "a\\nb"}\n}'
        events = b"".join(b"data: " + line + b"\n" for line in spread.splitlines()) + b"\n"
        for answer in (fixed(200, spread), fixed(200, events, "text/event-stream")):
            async with served(answer) as url, connected(url) as upstream:
                await upstream.send(json.dumps(request(1, "a")).encode())
                said = await upstream.receive()
                assert said is not None
                assert b"\n" not in said
                assert json.loads(said)["result"] == {"text": "a\nb"}

    asyncio.run(check())


def test_a_redirect_is_followed_within_the_same_place_only() -> None:
    async def check() -> None:
        paths: list[str] = []

        async def answer(request: web.BaseRequest) -> web.Response:
            paths.append(request.path)
            if request.path == "/mcp":
                return web.Response(status=307, headers={"Location": "/mcp/"})
            return web.json_response({"jsonrpc": "2.0", "id": 1, "result": {}})

        async with served(answer) as url, connected(url) as upstream:
            assert "result" in await asked(upstream, request(1, "a"))
            assert "result" in await asked(upstream, request(1, "a"))
        assert paths == ["/mcp", "/mcp/", "/mcp/"]

    asyncio.run(check())


def test_a_session_that_the_server_ended_is_over() -> None:
    async def check() -> None:
        async def answer(request: web.BaseRequest) -> web.Response:
            if request.method != "POST":
                return web.Response(status=405)
            said = await request.json()
            if said["method"] == "initialize":
                result = {"jsonrpc": "2.0", "id": said["id"], "result": {"protocolVersion": "2025-11-25"}}
                return web.json_response(result, headers={"Mcp-Session-Id": "s"})
            shown = request.headers.get("Mcp-Session-Id"), request.headers.get("MCP-Protocol-Version")
            assert shown == ("s", "2025-11-25")
            return web.Response(status=404)

        async with served(answer) as url, connected(url) as upstream:
            await asked(upstream, request(0, "initialize"))
            assert (await asked(upstream, request(1, "a")))["error"]["data"] == {"outcome": "failed"}
            assert await upstream.receive() is None
            with pytest.raises(ConnectionError):
                await upstream.send(b'{"jsonrpc":"2.0","id":2,"method":"a"}')

    asyncio.run(check())


def test_a_token_is_shown_and_never_in_the_clear_to_another_machine() -> None:
    async def check() -> None:
        async def answer(request: web.BaseRequest) -> web.Response:
            shown = request.headers.get("Authorization")
            return web.json_response({"jsonrpc": "2.0", "id": 1, "result": {"shown": shown}})

        async with served(answer) as url, connected(url, token="t") as upstream:
            assert (await asked(upstream, request(1, "a")))["result"] == {"shown": "Bearer t"}

    asyncio.run(check())
    HTTPUpstream("https://example.com/mcp", token="t")
    for url in ("http://example.com/mcp", "http://127.0.0.1.example.com/mcp"):
        with pytest.raises(OptionError, match="in the clear"):
            HTTPUpstream(url, token="t")


@pytest.mark.parametrize(
    "url", ["", "mcp", "ftp://a/b", "http://", "http://u:p@a/", "http://a:b/", "http://[::1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(OptionError, match="no address"):
        HTTPUpstream(url)


def test_arguments_go_into_headers_even_if_nobody_listed_the_tools(echo: str) -> None:
    async def check() -> None:
        async with connected(echo) as upstream:
            body, _ = stateless(1, "tools/call", name="route", arguments={"region": "Århus\n"})
            said = await asked(upstream, body)
            assert said["result"]["content"][0]["text"] == "in Århus\n"

    asyncio.run(check())


def test_a_stateless_request_is_cancelled_by_closing_its_stream(echo: str) -> None:
    async def check() -> None:
        async with connected(echo) as upstream:
            count, _ = stateless(1, "tools/call", name="cancelled", arguments={})
            before = int((await asked(upstream, count))["result"]["content"][0]["text"])
            slow, _ = stateless(2, "tools/call", name="sleep", arguments={"seconds": 30})
            await upstream.send(json.dumps(slow).encode())
            await asyncio.sleep(0.2)
            cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}
            await upstream.send(json.dumps(cancelled).encode())
            while int((await asked(upstream, count))["result"]["content"][0]["text"]) == before:
                await asyncio.sleep(0.05)

    asyncio.run(check())


def test_closing_ends_the_session_at_the_server() -> None:
    async def check() -> None:
        methods: list[str] = []

        async def answer(request: web.BaseRequest) -> web.Response:
            methods.append(request.method)
            if request.method != "POST":
                return web.Response(status=405)
            result = {"jsonrpc": "2.0", "id": 0, "result": {}}
            return web.json_response(result, headers={"Mcp-Session-Id": "s"})

        async with served(answer) as url, connected(url) as upstream:
            await asked(upstream, request(0, "initialize"))
            await upstream.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
            while "GET" not in methods:
                await asyncio.sleep(0.01)
        assert methods == ["POST", "POST", "GET", "DELETE"]
        assert await upstream.receive() is None

    asyncio.run(check())
