"""What a server says of its tools: asked once, for a first manifest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from corrigible.core.errors import GuardError
from corrigible.core.version import VERSION
from corrigible.guard.manifest import Server
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.calls import CAPABILITIES, CLIENT
from corrigible.guard.mcp.calls import VERSION as PROTOCOL
from corrigible.guard.mcp.contract import Peer
from corrigible.guard.mcp.jsonrpc import Body, Id
from corrigible.guard.mcp.stdio import StdioUpstream
from corrigible.guard.mcp.upstream import Upstream

LEGACY, MODERN = "2025-11-25", "2026-07-28"
UNSUPPORTED = -32022
"""A server of 2026-07-28 alone answers so to the older handshake."""


async def list_tools(
    command: Sequence[str], folder: Path | str = ".", timeout: float = 60.0
) -> list[dict[str, Any]]:
    """Start a server, ask it for its tools, and end it.

    Parameters
    ----------
    command
        How it is started.
    folder
        Where.
    timeout
        Seconds until it must have answered.

    Raises
    ------
    GuardError
        If it cannot be started, or does not say.
    """
    peer = await StdioUpstream.start(Server(name="server", command=tuple(command), folder=str(folder)))
    return await tools_of(peer, " ".join(command), timeout)


async def tools_of(peer: Peer, name: str, timeout: float = 60.0) -> list[dict[str, Any]]:
    """Ask the server at the other end of a connection for its tools, and close it; as `list_tools`."""
    server = Upstream(name, peer, _Nobody(), lambda line: None)
    pump = asyncio.create_task(server.pump())
    try:
        async with asyncio.timeout(timeout):
            meta = await _greet(server)
            return await server.pages("tools/list", "tools", meta)
    except (ConnectionError, TimeoutError) as error:
        said = str(error) or f"no answer within {timeout:g} s"
        raise GuardError(f"`{name}` does not list its tools: {said}", "see what it writes") from None
    finally:
        await server.close()
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


async def _greet(server: Upstream) -> Mapping[str, Any]:
    """Agree on an era; return what each further request carries."""
    info = {"name": "corrigible", "version": VERSION}
    hello = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": info}
    reply = await server.request("initialize", hello, patience=600.0)
    if reply.result is not None:
        await server.send(jsonrpc.notification("notifications/initialized", {}))
        return {}
    if jsonrpc.part(reply.body, "error").get("code") not in (UNSUPPORTED, jsonrpc.METHOD_NOT_FOUND):
        said = jsonrpc.part(reply.body, "error").get("message")
        raise GuardError(f"`{server.name}` refuses the handshake: {said}", "see what it writes")
    return {PROTOCOL: MODERN, CLIENT: info, CAPABILITIES: {}}


@final
class _Nobody:
    """Takes what a server says, and answers that it has come to the wrong place."""

    async def passed(self, raw: bytes) -> None:
        pass

    async def said(self, server: Upstream, body: Body, raw: bytes) -> None:
        if jsonrpc.is_id(body.get("id")):
            if body["method"] == "ping":
                await server.send(jsonrpc.response(body["id"], {}))
            else:
                text = "there is no client here"
                await server.send(jsonrpc.failure(body["id"], jsonrpc.METHOD_NOT_FOUND, text))

    async def lost(self, server: Upstream, identifiers: list[Id], why: str) -> None:
        pass

    async def listed(self, server: Upstream, digests: Mapping[str, str]) -> None:
        pass
