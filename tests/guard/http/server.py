"""A real server, of the protocol's own software: both eras at one address, which it prints.

It is run as a program of its own: ``python server.py``.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Annotated, Any

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventMessage, EventStore
from pydantic import BaseModel, Field

server = MCPServer("echo", version="1.0")
counted = {"cancelled": 0}


class Yes(BaseModel):
    """What a user is asked."""

    sure: bool


class Kept(EventStore):
    """Keeps every event, so that streams can be taken up again."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    async def store_event(self, stream_id: str, message: Any) -> str:
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id: str, send_callback: Any) -> str | None:
        stream = self.events[int(last_event_id) - 1][0]
        for number, (name, message) in list(enumerate(self.events, 1))[int(last_event_id) :]:
            if name == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


@server.tool()
async def echo(text: str) -> str:
    return f"Echo: {text}"


@server.tool()
async def count(to: int, context: Context[Any, Any]) -> str:
    for number in range(1, to + 1):
        await context.report_progress(number, to)
        await asyncio.sleep(0.01)
    return f"counted to {to}"


@server.tool()
async def sleep(seconds: float) -> str:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        counted["cancelled"] += 1
        raise
    return "slept"


@server.tool()
async def cancelled() -> str:
    return str(counted["cancelled"])


@server.tool()
async def ask(context: Context[Any, Any]) -> str:
    answer = await context.elicit("Are you sure?", Yes)
    return f"{answer.action} {answer.data.sure if answer.action == 'accept' else ''}"


@server.tool()
async def interrupted(context: Context[Any, Any]) -> str:
    await context.close_sse_stream()
    await asyncio.sleep(0.05)
    return "in spite of all"


@server.tool()
async def route(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
    return f"in {region}"


if __name__ == "__main__":
    # The protocol is named, since asyncio else leaves small packets to wait for each other.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    app = server.streamable_http_app(event_store=Kept(), retry_interval=20)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
    config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
