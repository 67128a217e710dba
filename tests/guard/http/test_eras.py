"""The protocol's own client, in both eras, through the door and a guard to real servers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from mcp import types
from mcp.client.client import Client

from corrigible.guard.gate import Guard
from corrigible.guard.ledger import SigningKey, record
from corrigible.guard.manifest import Argument, Manifest, Server, Tool
from corrigible.guard.mcp.proxy import Proxy
from corrigible.guard.mcp.reach import connects
from corrigible.guard.policy import Policy
from corrigible.guard.store import open_store

from .standin import door, events, stateless, through

ERAS = ("legacy", "2026-07-28", "auto")
SERVERS = Path(__file__).parents[1] / "servers"
POLICY = """
@id("all") permit (principal, action, resource);
@id("no") forbid (principal, action == Action::"echo/echo", resource) when { context.arguments.text == "no" };
"""
ARGUMENTS = {
    "echo": {"text": Argument(required=True)},
    "count": {"to": Argument(kind="integer")},
    "sleep": {"seconds": Argument(kind="number")},
    "route": {"region": Argument()},
    "cancelled": {},
    "ask": {},
    "interrupted": {},
}


def manifest(url: str, folder: Path) -> Manifest:
    tools = {f"echo/{name}": Tool(name=f"echo/{name}", arguments=given) for name, given in ARGUMENTS.items()}
    SigningKey.create(folder / "guard.key", "example.com/test")
    return Manifest(
        name="example.com/test",
        store=f"sqlite:{folder / 'guard.db'}",
        key=folder / "guard.key",
        servers={"echo": Server(name="echo", url=url, tools=tools)},
    )


@asynccontextmanager
async def guarded(url: str, folder: Path) -> AsyncGenerator[tuple[str, Guard]]:
    """Keep a door open with a guard behind it."""
    rules = manifest(url, folder)
    guard = Guard.open(rules, policy=Policy.parse(POLICY, rules))
    try:
        async with door(Proxy(guard, connects(rules)).serve) as place:
            yield place, guard
    finally:
        guard.close()


def text(result: types.CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, types.TextContent))


def records(folder: Path) -> list[dict[str, Any]]:
    store = open_store(f"sqlite:{folder / 'guard.db'}", create=False)
    try:
        return [record(body) for _, body in store.read(lambda reader: list(reader.records()))]
    finally:
        store.close()


async def sure(context: Any, params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"sure": True})


@pytest.mark.parametrize("era", ERAS)
def test_calls_progress_cancellation_and_denials_pass_in_both_eras(
    era: str, echo: str, tmp_path: Path
) -> None:
    async def check() -> None:
        seen: list[float] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(done)

        async with (
            guarded(echo, tmp_path) as (url, _),
            Client(url, mode=era, elicitation_callback=sure) as client,
        ):
            assert {tool.name for tool in (await client.list_tools()).tools} == set(ARGUMENTS)
            assert text(await client.call_tool("echo", {"text": "hei"})) == "Echo: hei"
            assert (
                text(await client.call_tool("count", {"to": 3}, progress_callback=progress)) == "counted to 3"
            )
            assert seen == [1, 2, 3]
            assert text(await client.call_tool("route", {"region": "Tromsø"})) == "in Tromsø"
            denied = await client.call_tool("echo", {"text": "no"})
            assert denied.is_error
            assert "policy.no" in text(denied)
            before = int(text(await client.call_tool("cancelled", {})))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.4):
                    await client.call_tool("sleep", {"seconds": 30})
            while int(text(await client.call_tool("cancelled", {}))) == before:
                await asyncio.sleep(0.05)
            if era == "legacy":
                assert text(await client.call_tool("ask", {})) == "accept True"
                assert text(await client.call_tool("interrupted", {})) == "in spite of all"

    asyncio.run(check())
    kinds = [entry["type"] for entry in records(tmp_path)]
    assert kinds.count("intent") == kinds.count("outcome")
    assert kinds.count("denied") == 1


def test_many_clients_at_once_each_get_their_own(echo: str, tmp_path: Path) -> None:
    async def one(url: str, era: str, name: str) -> None:
        async with Client(f"{url}/{name}", mode=era) as client:
            calls = (client.call_tool("echo", {"text": f"{name} {number}"}) for number in range(5))
            told = [text(result) for result in await asyncio.gather(*calls)]
            assert told == [f"Echo: {name} {number}" for number in range(5)]

    async def check() -> None:
        async with guarded(echo, tmp_path) as (url, _):
            await asyncio.gather(*(one(url, ERAS[n % 2], f"n{n % 4}") for n in range(8)))

    asyncio.run(check())
    intents = [entry for entry in records(tmp_path) if entry["type"] == "intent"]
    assert {entry["session"] for entry in intents} == {f"main/n{n}" for n in range(4)}
    assert len(intents) == 40


def test_a_subscription_bears_the_id_that_its_client_gave_it(echo: str, tmp_path: Path) -> None:
    async def check() -> None:
        async with guarded(echo, tmp_path) as (url, _), ClientSession() as web:
            body, headers = stateless(
                "mine", "subscriptions/listen", notifications={"toolsListChanged": True}
            )
            async with web.post(url, json=body, headers=headers) as response:
                ((_, told),) = await events(response, 1)
            assert told["method"] == "notifications/subscriptions/acknowledged"
            assert told["params"]["_meta"] == {"io.modelcontextprotocol/subscriptionId": "mine"}

    asyncio.run(check())


def test_a_server_that_breaks_off_leaves_an_outcome_that_nobody_knows(tmp_path: Path) -> None:
    from aiohttp import web

    from .test_client import served

    async def answer(request: web.BaseRequest) -> web.Response:
        said = await request.json()
        if said["method"] == "tools/call":
            assert request.transport is not None
            request.transport.abort()
        tools = [{"name": "echo", "inputSchema": {"type": "object"}}]
        result = {"tools": tools, "protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
        info = {"serverInfo": {"name": "s", "version": "1"}}
        return web.json_response({"jsonrpc": "2.0", "id": said.get("id"), "result": result | info})

    async def check() -> None:
        async with (
            served(answer) as server,
            guarded(server, tmp_path) as (url, _),
            Client(url, mode="legacy") as client,
        ):
            assert "not known" in text(await client.call_tool("echo", {"text": "x"}))

    asyncio.run(check())
    assert [entry["kind"] for entry in records(tmp_path) if entry["type"] == "outcome"] == ["unknown"]


@pytest.fixture(scope="module")
def everything() -> Iterator[str]:
    """The address of the server from npm that has everything of the handshake's era."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = SERVERS / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"
    environment = os.environ | {"PORT": str(port)}
    with subprocess.Popen(
        ["node", str(program), "streamableHttp"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert running.poll() is None
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            running.kill()


def test_a_server_from_npm_is_served_with_its_resources_and_prompts(everything: str) -> None:
    async def check() -> None:
        # The client finds that the server begins with a handshake.
        async with door(through(everything)) as url, Client(url, mode="auto") as client:
            assert text(await client.call_tool("echo", {"message": "hi"})) == "Echo: hi"
            listed = (await client.list_resources()).resources
            assert listed
            assert (await client.read_resource(listed[0].uri)).contents
            assert (await client.list_prompts()).prompts
            seen: list[float] = []

            async def progress(done: float, total: float | None, message: str | None) -> None:
                seen.append(done)

            long = {"duration": 0.2, "steps": 4}
            await client.call_tool("trigger-long-running-operation", long, progress_callback=progress)
            assert seen == [1, 2, 3, 4]

    asyncio.run(check())


def test_a_signal_ends_the_program_and_leaves_nothing_running(echo: str, tmp_path: Path) -> None:
    manifest(echo, tmp_path)
    (tmp_path / "policy.cedar").write_text(POLICY)
    server = tmp_path / "server.py"
    server.write_text("import sys\nfor line in sys.stdin: pass\n")
    (tmp_path / "guard.toml").write_text(
        '[guard]\nname = "example.com/test"\npolicy = "policy.cedar"\nstore = "sqlite:guard.db"\n'
        f"[servers.echo]\ncommand = [{json.dumps(sys.executable)}, {json.dumps(str(server))}]\n"
        '[servers.echo.tools.echo.arguments.text]\nkind = "string"\nrequired = true\n'
    )
    command = [sys.executable, "-m", "corrigible", "guard", "mcp", "--manifest", str(tmp_path / "guard.toml")]
    with subprocess.Popen([*command, "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        url = running.stderr.readline().split()[-1]
        port = url.split(":")[2].split("/")[0]
        taken = subprocess.run(
            [*command, "--http", f"127.0.0.1:{port}"], capture_output=True, text=True, check=False
        )
        assert (taken.returncode, taken.stderr.count("\n")) == (2, 1)
        assert "cannot be listened at" in taken.stderr
        head = "Host: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})
        with socket.create_connection(("127.0.0.1", int(port))) as client:  # its answer never comes
            client.sendall(f"POST /mcp HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            while not children(running.pid):
                time.sleep(0.05)
            (child,) = children(running.pid)
            running.send_signal(signal.SIGTERM)
            assert running.wait(10) == 0
        assert not Path(f"/proc/{child}").exists()
        assert "Traceback" not in running.stderr.read()


def children(pid: int) -> list[int]:
    return [int(found) for found in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
