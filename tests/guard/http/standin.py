"""Stand-ins for what is judged elsewhere: what serves clients here passes messages on, or answers itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, ClientSession

from corrigible.guard.mcp.contract import Peer
from corrigible.guard.mcp.http_client import HTTPUpstream
from corrigible.guard.mcp.http_listen import serve_http

BOTH = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
VERSION = "2026-07-28"


def through(url: str) -> Callable[[Peer, str], Awaitable[None]]:
    """Return what passes every message on to the server at ``url``."""

    async def serve(client: Peer, session: str) -> None:
        server = HTTPUpstream(url)

        async def down() -> None:
            while (message := await server.receive()) is not None:
                await client.send(message)

        pumping = asyncio.create_task(down())
        try:
            while (message := await client.receive()) is not None:
                await server.send(message)
        finally:
            pumping.cancel()
            await server.close()

    return serve


class Parrot:
    """Serves clients by itself and remembers what it was sent; it speaks both eras, or one."""

    def __init__(self, *, stateless: bool = True) -> None:
        self.stateless = stateless
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.clients: list[Peer] = []
        self.left = 0

    async def serve(self, client: Peer, session: str) -> None:
        """Answer ``say`` at once, ``slow`` never, and ``steps`` after some progress."""
        self.clients.append(client)
        while (raw := await client.receive()) is not None:
            message = json.loads(raw)
            self.heard.append((session, message))
            if "id" in message and "method" in message:
                await self._answer(client, message)
        self.left += 1

    async def _answer(self, client: Peer, message: dict[str, Any]) -> None:
        method, params = message["method"], message.get("params") or {}
        answer: dict[str, Any] = {"result": {"params": params}}
        if method == "server/discover":
            answer = {"result": {"supportedVersions": [VERSION]}}
        if method in ("slow", "server/discover") and not (self.stateless and method != "slow"):
            if method == "slow":
                return
            answer = {"error": {"code": -32601, "message": "what?"}}
        if method == "steps":
            for number in range(params["to"]):
                token = params["_meta"]["progressToken"]
                await say(
                    client,
                    method="notifications/progress",
                    params={"progressToken": token, "progress": number},
                )
        await say(client, id=message["id"], **answer)


async def say(client: Peer, **members: Any) -> None:
    """Send a message."""
    await client.send(json.dumps({"jsonrpc": "2.0", **members}).encode())


@asynccontextmanager
async def door(serve: Callable[[Peer, str], Awaitable[None]], **options: Any) -> AsyncGenerator[str]:
    """Keep a door open; give its address."""
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_http(serve, port=0, started=started.set_result, **options))
    await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield started.result() if started.done() else str(await serving)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def request(number: Any, method: str, **params: Any) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def stateless(number: Any, method: str, **params: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a request of 2026-07-28 and its headers."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        **params.pop("_meta", {}),
    }
    return request(number, method, **params, _meta=meta), BOTH | {
        "MCP-Protocol-Version": VERSION,
        "Mcp-Method": method,
    }


async def opened(web: ClientSession, url: str) -> dict[str, str]:
    """Begin a session; return the headers of what follows in it."""
    async with web.post(url, json=request(0, "initialize"), headers=BOTH) as response:
        assert response.status == 200
        return BOTH | {
            "Mcp-Session-Id": response.headers["Mcp-Session-Id"],
            "MCP-Protocol-Version": "2025-11-25",
        }


async def events(response: ClientResponse, most: int = 1000) -> list[tuple[str, Any]]:
    """Return numbers and messages of a stream until it ends, or there are ``most``."""
    found: list[tuple[str, Any]] = []
    number = ""
    while len(found) < most and (line := await response.content.readline()):
        if line.startswith(b"id: "):
            number = line[4:].strip().decode()
        elif line.startswith(b"data:"):
            found.append((number, json.loads(line[5:]) if line[5:].strip() else None))
    return found
