"""What the guard adds to a call over standard streams, with its ledger and a policy on, next to other proxies.

A client of raw lines calls the tool ``echo`` of a server of raw lines directly, through the guard, and through
two other proxies, in turn, so that whatever else the machine does falls on all of them. FastMCP runs with the
interpreter in ``FASTMCP_PYTHON``, or with this one if it is installed there.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.guard.http import cpu

CALLS, WARM = 1000, 100
EVERY = 4
"""The other proxies, which take longer, are called each fourth time."""
GUARD = "guard"
WATCHED = "watched"
"""The guard with the monitors that are on where the manifest names none; the other has one of them."""
NAMES = {
    "directly": "directly",
    GUARD: "**through the guard**: ledger and policy, one monitor",
    WATCHED: "**the same with the four monitors that are on by default**",
    "ping": "ping, directly",
    "ping guard": "**ping, through the guard** (not judged)",
    "sdk": "through a thin proxy of the protocol's own SDK",
    "fastmcp": "through a FastMCP proxy",
}
SERVER = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    method, result = said["method"], {}
    if method == "initialize":
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                  "serverInfo": {"name": "echo", "version": "1"}}
    elif method == "tools/list":
        schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
        result = {"tools": [{"name": "echo", "inputSchema": schema}]}
    elif method == "tools/call":
        result = {"content": [{"type": "text", "text": "Echo: " + said["params"]["arguments"]["text"]}]}
    if "id" in said:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": result}) + "\\n")
        sys.stdout.flush()
"""
SDK = """
import sys, anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
async def main():
    server = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])
    async with Client(stdio_client(server), mode="legacy") as client:
        async def listed(context, params):
            return await client.list_tools()
        async def called(context, params):
            return await client.call_tool(params.name, params.arguments)
        proxy = Server("proxy", on_list_tools=listed, on_call_tool=called)
        async with stdio_server() as (read, write):
            await proxy.run(read, write, proxy.create_initialization_options())
anyio.run(main)
"""
FASTMCP = """
import sys
from fastmcp.client.transports import StdioTransport
from fastmcp.server import create_proxy
create_proxy(StdioTransport(sys.argv[1], sys.argv[2:])).run(show_banner=False)
"""
POLICY = (
    'permit (principal, action == Action::"echo/echo", resource) when { context.arguments.text != "no" };'
)


class Lines:
    """Speaks raw lines with a process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        info = {"name": "bench", "version": "1"}
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
        self._ask(0, "initialize", hello)
        self._say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, number: int) -> float:
        """Make a call; return its milliseconds."""
        begun = time.perf_counter()
        answer = self._ask(number, "tools/call", {"name": "echo", "arguments": {"text": f"n{number}"}})
        took = time.perf_counter() - begun
        assert f"Echo: n{number}".encode() in answer, answer
        return took * 1000

    def ping(self, number: int) -> float:
        """Ask for nothing; return the milliseconds."""
        begun = time.perf_counter()
        self._ask(number, "ping", {})
        return (time.perf_counter() - begun) * 1000

    def _ask(self, number: int, method: str, params: Any) -> bytes:
        self._say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        assert self.process.stdout is not None
        while True:
            line = self.process.stdout.readline()
            assert line, f"{self.process.args} ended"
            if json.loads(line).get("id") == number:
                return line

    def _say(self, body: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(body).encode() + b"\n")
        self.process.stdin.flush()


@contextmanager
def program(command: Sequence[str], folder: Path) -> Iterator[Lines]:
    """Run a program that speaks over its standard streams."""
    with (
        open(folder / "stderr", "ab") as beside,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=beside, cwd=folder
        ) as running,
    ):
        try:
            yield Lines(running)
        finally:
            assert running.stdin is not None
            running.stdin.close()
            running.wait(20)


def guarded(server: Sequence[str], folder: Path, monitors: str = "") -> list[str]:
    """Return the command of a guard in front of ``server``, with its files in a folder of its own."""
    from corrigible.guard.ledger import SigningKey

    folder.mkdir(exist_ok=True)
    SigningKey.create(folder / "guard.key", "example.com/bench")
    (folder / "policy.cedar").write_text(POLICY)
    (folder / "guard.toml").write_text(
        '[guard]\nname = "example.com/bench"\npolicy = "policy.cedar"\nstore = "sqlite:guard.db"\n'
        f"[servers.echo]\ncommand = {json.dumps(list(server))}\n"
        '[servers.echo.tools.echo.arguments.text]\nkind = "string"\nrequired = true\n'
        f"{monitors}"
    )
    command = [str(Path(sys.executable).with_name("corrigible")), "guard", "mcp"]
    return [*command, "--manifest", str(folder / "guard.toml")]


def measured() -> dict[str, list[float]]:
    """Return the milliseconds of calls by way, and ``cpu``: of the guard, each call."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "server.py").write_text(SERVER)
        server = [sys.executable, str(folder / "server.py")]
        ways = {
            "directly": stack.enter_context(program(server, folder)),
            GUARD: stack.enter_context(
                program(guarded(server, folder / "one", "[monitors.denials]\n"), folder)
            ),
            WATCHED: stack.enter_context(program(guarded(server, folder / "four"), folder)),
            "sdk": stack.enter_context(program([sys.executable, "-c", SDK, *server], folder)),
        }
        python = os.environ.get("FASTMCP_PYTHON", sys.executable)
        if not subprocess.run([python, "-c", "import fastmcp"], capture_output=True, check=False).returncode:
            ways["fastmcp"] = stack.enter_context(program([python, "-c", FASTMCP, *server], folder))
        took: dict[str, list[float]] = {}
        begun = 0.0
        for number in range(1, WARM + CALLS + 1):
            if number == WARM + 1:
                took, begun = {way: [] for way in ways}, cpu(ways[GUARD].process.pid)
            for way, lines in ways.items():
                if way in ("directly", GUARD, WATCHED) or number % EVERY == 0:
                    took.setdefault(way, []).append(lines.call(number))
        took["cpu"] = [(cpu(ways[GUARD].process.pid) - begun) / CALLS]
        for number in range(WARM + CALLS + 1, WARM + 2 * CALLS + 1):
            for way, name in (("directly", "ping"), (GUARD, "ping guard")):
                took.setdefault(name, []).append(ways[way].ping(number))
    return took


def written(found: dict[str, list[float]]) -> str:
    """Return the table."""
    lines = [
        "### A call over standard streams",
        "",
        "A client of raw lines, each way in turn; ledger and policy on; milliseconds.",
        "",
        "| way | p50 | p95 | added, p50 | × the guard's |",
        "|---|---:|---:|---:|---:|",
    ]
    base = statistics.median(found["directly"])
    ours = statistics.median(found[GUARD]) - base
    for way, name in NAMES.items():
        if way not in found:
            lines.append(f"| {name} | not run | | | |")
            continue
        middle, high = statistics.median(found[way]), statistics.quantiles(found[way], n=20)[18]
        under = statistics.median(found["ping"]) if way.startswith("ping") else base
        added = "" if way in ("directly", "ping") else f"{middle - under:+.2f}"
        ratio = f"{(middle - under) / ours:.1f}" if way in ("sdk", "fastmcp") else ""
        lines.append(f"| {name} | {middle:.2f} | {high:.2f} | {added} | {ratio} |")
    share = f"The guard's process took {found['cpu'][0]:.2f} ms of processor time a call."
    return "\n".join([*lines, "", share])


if __name__ == "__main__":
    print(written(measured()))
