"""A real server of the protocol's own software, which speaks both eras over its standard streams."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

server = MCPServer("modern", version="1.0", instructions="Be kind.")


class Name(BaseModel):
    """What a user is asked."""

    name: str


async def name() -> Elicit[Name]:
    return Elicit("Who are you?", Name)


@server.tool()
async def look(a: int = 0) -> str:
    return f"looked {a}"


@server.tool()
async def put(a: int = 0) -> str:
    return f"put {a}"


@server.tool()
async def greet(who: Annotated[Name, Resolve(name)]) -> str:
    return f"Hello {who.name}"


@server.tool()
async def count(to: int, context: Context[Any, Any]) -> str:
    for number in range(1, to + 1):
        await context.report_progress(number, to)
        await asyncio.sleep(0.01)
    return f"counted to {to}"


@server.tool()
async def sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"


@server.resource("note://{name}")
async def note(name: str) -> str:
    return f"the note {name}"


@server.prompt()
async def advice(topic: str) -> str:
    return f"Think of {topic}"


if __name__ == "__main__":
    server.run("stdio")
