"""Where the HTTP door stands: its address, and its life from the first client to the last signal."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from corrigible.core.errors import OptionError
from corrigible.core.listening import listen as core_listen
from corrigible.guard.mcp.http_door import IDLE, MOST, PATH, HTTPDoor, Serve
from corrigible.guard.mcp.http_wire import is_near
from corrigible.guard.mcp.jsonrpc import LONGEST

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, Server, StreamResponse

HEAD = 15.0
"""Seconds that a new connection has for the head of its first request."""
KEPT = 75.0
"""Seconds that a connection without requests is kept."""
LAST = 1.0
"""Seconds that responses have to end, when the door closes."""
STOPPING = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int, token: str = "") -> socket.socket:
    """Return a socket that listens; port 0: at any that is free.

    Raises
    ------
    OptionError
        If nobody can listen there, or others could reach it and it takes no token.
    """
    made = core_listen(host, port)
    if not token and not is_near(str(made.getsockname()[0])):
        made.close()
        raise OptionError(
            f"`{host}` can be reached from elsewhere", "give --token-env, or listen at 127.0.0.1"
        )
    return made


async def serve_http(
    serve: Serve,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    started: Callable[[str], None],
    token: str = "",
    session: str = "main",
    idle: float = IDLE,
    most: int = MOST,
) -> None:
    """Serve agents over streamable HTTP until SIGINT or SIGTERM, or until cancelled.

    Parameters
    ----------
    serve
        Serves one client: `corrigible.guard.mcp.proxy.Proxy.serve`.
    host, port
        Where to listen; port 0: any that is free.
    started
        Is told the address, as soon as there is one.
    token, session, idle, most
        As `corrigible.guard.mcp.http_door.HTTPDoor` has them.

    Raises
    ------
    OptionError
        If nobody can listen there, or others could reach it and it takes no token.
    """
    from aiohttp.web import ServerRunner, SockSite

    listening = listen(host, port, token)
    door = HTTPDoor(serve, hosts=_names_of(host), token=token, session=session, idle=idle, most=most)
    runner = ServerRunner(_server(door), shutdown_timeout=LAST)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    tidying = asyncio.create_task(door.tidy())
    try:
        with suppress(NotImplementedError):  # where there are no signals, the caller cancels
            for number in STOPPING:
                loop.add_signal_handler(number, stop.set)
        await runner.setup()
        await SockSite(runner, listening).start()
        shown = f"[{host}]" if ":" in host else host
        started(f"http://{shown}:{listening.getsockname()[1]}{PATH}")
        await stop.wait()
    finally:
        with suppress(NotImplementedError):
            for number in STOPPING:
                loop.remove_signal_handler(number)
        tidying.cancel()
        with suppress(asyncio.CancelledError):
            await tidying
        await door.close()
        await runner.cleanup()
        listening.close()


def _server(door: HTTPDoor) -> Server:
    from aiohttp import web

    waiting: dict[Any, asyncio.TimerHandle] = {}

    def dismiss(protocol: web.RequestHandler) -> None:
        if waiting.pop(protocol, None) is not None and protocol.transport is not None:
            protocol.transport.abort()

    async def handle(request: BaseRequest) -> StreamResponse:
        if (timer := waiting.pop(request.protocol, None)) is not None:
            timer.cancel()
        return await door.handle(request)

    def read(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LONGEST)

    class Hurried(web.Server):
        """Does not wait for ever for clients that connect and say nothing."""

        def __call__(self) -> web.RequestHandler:
            protocol = super().__call__()
            waiting[protocol] = asyncio.get_running_loop().call_later(HEAD, dismiss, protocol)
            return protocol

    return Hurried(
        handle,
        request_factory=read,
        handler_cancellation=True,
        keepalive_timeout=KEPT,
        auto_decompress=False,
        access_log=None,
    )


def _names_of(host: str) -> list[str]:
    """Return by which names clients may call a server that listens at ``host``."""
    names = ["127.0.0.1", "localhost", "[::1]"]
    if host not in ("0.0.0.0", "::", ""):
        return [*names, f"[{host}]" if ":" in host else host]
    name = socket.gethostname()
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, None)]
    except OSError:
        found = []
    return [*names, name, *(f"[{address}]" if ":" in address else address for address in found)]
