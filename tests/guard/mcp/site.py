"""A proxy at work within the test: a real guard, servers that are real or scripted, and clients of two kinds."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from mcp.shared.message import SessionMessage
from mcp_types.jsonrpc import jsonrpc_message_adapter

from corrigible.guard import Guard, Manifest, open_store
from corrigible.guard.ledger import record
from corrigible.guard.manifest import ApprovalRules, Server, Tool
from corrigible.guard.mcp.proxy import Connect, Proxy
from corrigible.guard.mcp.reach import connect
from corrigible.guard.policy import Policy

POLICY = """
@id("reads")
permit (principal, action in Action::"read", resource);
@id("asked")
permit (principal, action in Action::"write", resource) when { context.approved };
@id("no-deleting")
forbid (principal, action in Action::"destroy", resource);
"""
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "tester", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class End:
    """One end of a connection within the process."""

    def __init__(self, inbox: asyncio.Queue[Any], outbox: asyncio.Queue[Any]) -> None:
        self.inbox, self.outbox, self.closed = inbox, outbox, False

    async def receive(self) -> bytes | None:
        found = await self.inbox.get()
        if isinstance(found, Exception):
            raise found
        return found

    async def send(self, message: bytes) -> None:
        if self.closed:
            raise ConnectionError("closed")
        await self.outbox.put(message)

    async def close(self) -> None:
        self.closed = True
        await self.outbox.put(None)


def ends() -> tuple[End, End]:
    """Return the two ends of a connection."""
    one: asyncio.Queue[Any] = asyncio.Queue()
    other: asyncio.Queue[Any] = asyncio.Queue()
    return End(one, other), End(other, one)


def reads(name: str, **fields: Any) -> Tool:
    """Return a tool that only reads."""
    return Tool(name=name, reads=("things",), open=True, **fields)


def writes(name: str, **fields: Any) -> Tool:
    """Return a tool that writes, and is asked about."""
    return Tool(name=name, writes=("things",), open=True, **fields)


def server(name: str, *tools: Tool, **fields: Any) -> Server:
    """Return a server with tools."""
    return Server(name=name, tools={tool.name: tool for tool in tools}, **fields)


Script = Callable[[End], Awaitable[None]]
"""A server within the process: what it does with its end of the connection."""


def scripted(script: Script) -> Connect:
    """Return how a scripted server is reached."""

    async def reach() -> End:
        ours, theirs = ends()

        async def run() -> None:
            with suppress(ConnectionError):
                await script(theirs)
            ours.inbox.put_nowait(None)

        ours.task = asyncio.create_task(run())  # type: ignore[attr-defined]
        return ours

    return reach


def answering(
    tools: Mapping[str, Callable[[dict[str, Any]], Any]], **listed: Any
) -> Callable[[End], Awaitable[None]]:
    """Return a script that lists tools and answers calls; each answer is a result, or None for silence."""

    async def script(end: End) -> None:
        while (raw := await end.receive()) is not None:
            said = json.loads(raw)
            method, number = said.get("method"), said.get("id")
            if number is None:
                continue
            if method == "initialize":
                result: Any = {
                    "protocolVersion": said["params"]["protocolVersion"],
                    "capabilities": {"tools": {"listChanged": True}},
                    "serverInfo": {"name": "scripted", "version": "1"},
                }
            elif method == "tools/list":
                result = {
                    "tools": [{"name": name, "inputSchema": {"type": "object"}} | listed for name in tools]
                }
            elif method == "tools/call":
                result = tools[said["params"]["name"]](said["params"])
                if asyncio.iscoroutine(result):
                    result = await result
            else:
                result = {"echo": said}
            if result is not None:
                await end.send(json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode())

    return script


def text(said: str, **fields: Any) -> dict[str, Any]:
    """Return the result of a tool that says something."""
    return {"content": [{"type": "text", "text": said}], **fields}


@dataclass
class Driver:
    """A client that speaks raw messages and keeps all that it hears."""

    end: End
    heard: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    on_request: Callable[[dict[str, Any]], Any] | None = None
    _numbers: Any = field(default_factory=itertools.count)
    _waiting: dict[Any, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def listen(self) -> None:
        """Take what comes until it ends."""
        while (raw := await self.end.receive()) is not None:
            said = json.loads(raw)
            self.heard.append(said)
            self.raw.append(raw)
            if "method" in said:
                if "id" in said and self.on_request is not None:
                    result = self.on_request(said)
                    if result is not None:
                        await self.send({"jsonrpc": "2.0", "id": said["id"], "result": result})
            elif (waiting := self._waiting.pop(said.get("id"), None)) is not None:
                waiting.set_result(said)

    async def send(self, body: Any) -> None:
        """Send a message, or bytes that may be none."""
        await self.end.send(body if isinstance(body, bytes) else json.dumps(body).encode())

    async def notify(self, method: str, **params: Any) -> None:
        """Send a notification."""
        await self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def start(self, method: str, params: Any = None, number: Any = None) -> asyncio.Future[dict[str, Any]]:
        """Send a request; return what will hold the response."""
        number = f"c{next(self._numbers)}" if number is None else number
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
        self.end.outbox.put_nowait(json.dumps(body).encode())
        return waiting

    async def ask(self, method: str, params: Any = None, number: Any = None) -> dict[str, Any]:
        """Send a request and return the response."""
        return await asyncio.wait_for(self.start(method, params, number), 30)

    async def hello(self, **capabilities: Any) -> dict[str, Any]:
        """Shake hands."""
        said = {
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "clientInfo": {"name": "tester", "version": "1"},
        }
        found = await self.ask("initialize", said)
        await self.notify("notifications/initialized")
        return found

    async def call(self, name: str, meta: Any = None, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return the result."""
        params = {"name": name, "arguments": arguments} | ({} if meta is None else {"_meta": meta})
        found = await self.ask("tools/call", params)
        return found.get("result") or found["error"]


@dataclass
class Site:
    """A proxy at work."""

    guard: Guard
    proxy: Proxy
    notes: list[str]

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the records of the ledger, or those of one type."""
        # In a transaction, which comes after all that are under way.
        found = self.guard.store.transact(lambda tx: [record(body) for _, body in tx.records()])
        return [told for told in found if not kind or told["type"] == kind]

    @asynccontextmanager
    async def driver(self, session: str = "main") -> AsyncIterator[Driver]:
        """Yield a raw client."""
        ours, theirs = ends()
        driver = Driver(ours)
        tasks = [asyncio.create_task(self.proxy.serve(theirs, session)), asyncio.create_task(driver.listen())]
        try:
            yield driver
        finally:
            await ours.close()
            await tasks[0]
            tasks[1].cancel()

    @asynccontextmanager
    async def transport(self, session: str = "main") -> AsyncIterator[Any]:
        """Yield what a client of the protocol's own software speaks through."""
        ours, theirs = ends()
        into, read = anyio.create_memory_object_stream[Any](0)
        write, out = anyio.create_memory_object_stream[Any](0)

        async def hear() -> None:
            with suppress(anyio.BrokenResourceError):  # the client has left
                await tell()

        async def tell() -> None:
            async with into:
                while (raw := await ours.receive()) is not None:
                    await into.send(SessionMessage(jsonrpc_message_adapter.validate_json(raw, by_name=False)))

        async def say() -> None:
            async with out:
                async for said in out:
                    await ours.send(said.message.model_dump_json(by_alias=True, exclude_unset=True).encode())

        serving = asyncio.create_task(self.proxy.serve(theirs, session))
        async with anyio.create_task_group() as group:
            group.start_soon(hear)
            group.start_soon(say)
            try:
                yield read, write
            finally:
                await read.aclose()
                await write.aclose()
                await ours.close()
                await serving
                group.cancel_scope.cancel()


def site(
    folder: Path,
    *servers: Server,
    scripts: Mapping[str, Script] | None = None,
    policy: str = POLICY,
    numbered: bool = False,
    **changes: Any,
) -> Site:
    """Return a guard with a store in ``folder`` and a proxy in front of servers."""
    changes.setdefault("approval", ApprovalRules(wait=10.0))
    (folder / "guard").mkdir(exist_ok=True)
    rules = Manifest(
        name="site",
        servers={one.name: one for one in servers},
        store=f"sqlite:{folder / 'guard' / 'guard.db'}",
        **changes,
    )
    guard = Guard.open(rules, policy=Policy.parse(policy, rules), store=open_store(rules.store))
    notes: list[str] = []
    reach = {
        one.name: scripted(scripts[one.name]) if scripts and one.name in scripts else partial(connect, one)
        for one in servers
    }
    return Site(guard, Proxy(guard, reach, numbered=numbered, note=notes.append), notes)


@asynccontextmanager
async def opened(folder: Path, *servers: Server, **settings: Any) -> AsyncIterator[Site]:
    """Yield a site, and close its guard."""
    made = site(folder, *servers, **settings)
    try:
        yield made
    finally:
        made.guard.close()
