"""How the servers of a manifest are reached, and one agent is served over our own standard streams."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from typing import TYPE_CHECKING

from corrigible.guard.manifest import Manifest, Server
from corrigible.guard.mcp.stdio import OwnStreams, StdioUpstream, environment

if TYPE_CHECKING:
    from corrigible.guard.mcp.contract import Peer
    from corrigible.guard.mcp.proxy import Connect, Proxy

TOKEN = "TOKEN"
"""The variable of a server at an address that holds what it is shown as ``Authorization: Bearer …``."""


async def connect(server: Server) -> Peer:
    """Open a connection to a server: start it, or go to its address.

    Raises
    ------
    GuardError
        If it cannot be started.
    OptionError
        If the manifest names a variable that is not set.
    """
    if server.url:
        from corrigible.guard.mcp.http_client import HTTPUpstream

        given = {name: value for name, value in server.environment.items() if name == TOKEN}
        return HTTPUpstream(server.url, token=environment(given).get(TOKEN, ""))
    return await StdioUpstream.start(server)


def connects(manifest: Manifest) -> dict[str, Connect]:
    """Return how each server of a manifest is reached, by its name."""
    return {name: partial(connect, server) for name, server in manifest.servers.items()}


async def serve_stdio(proxy: Proxy, session: str) -> None:
    """Serve the client at our standard input and output, until it leaves, SIGINT or SIGTERM."""
    client = await OwnStreams.open()
    serving = asyncio.ensure_future(proxy.serve(client, session))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await asyncio.wait({serving})
        if not serving.cancelled():
            serving.result()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        await client.close()
