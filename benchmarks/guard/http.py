"""What the guard adds to a call over streamable HTTP, with its ledger and a policy on, next to other proxies.

One client over one kept connection calls the tool ``echo`` of a real server directly, through the guard, and
through a FastMCP proxy, in turn, so that whatever else the machine does falls on all of them. FastMCP runs
with the interpreter in ``FASTMCP_PYTHON``, or with this one if it is installed there.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
CALLS, WARM = 1000, 100
EVERY = 10
"""FastMCP, which takes far longer, is called each tenth time."""
BOTH = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
ERAS = ("2025-11-25", "2026-07-28")
PEER = """
import sys
from fastmcp.server import create_proxy
create_proxy(sys.argv[1]).run(transport="http", host="127.0.0.1", port=int(sys.argv[2]), show_banner=False)
"""
POLICY = (
    'permit (principal, action == Action::"echo/echo", resource) when { context.arguments.text != "no" };'
)


class Client:
    """Calls ``echo`` over one kept connection, with nothing in between that takes time."""

    def __init__(self, url: str, era: str) -> None:
        self._connection = http.client.HTTPConnection(url.split("/")[2], timeout=30)
        self._headers, self._meta = dict(BOTH), {}
        if era == ERAS[0]:
            client = {"capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
            self._post("initialize", 0, {"protocolVersion": era, **client})
            self._headers |= {"Mcp-Session-Id": self._session, "MCP-Protocol-Version": era}
            self._post("notifications/initialized", None, {})
        else:
            prefix = "io.modelcontextprotocol/"
            self._meta = {f"{prefix}protocolVersion": era, f"{prefix}clientCapabilities": {}}
            self._headers |= {"MCP-Protocol-Version": era, "Mcp-Method": "tools/call", "Mcp-Name": "echo"}

    def call(self, number: int) -> float:
        """Make a call; return its milliseconds."""
        begun = time.perf_counter()
        answer = self._post("tools/call", number, {"name": "echo", "arguments": {"text": f"n{number}"}})
        took = time.perf_counter() - begun
        assert f"Echo: n{number}".encode() in answer, answer
        return took * 1000

    def _post(self, method: str, number: int | None, params: dict[str, object]) -> bytes:
        body = {
            "jsonrpc": "2.0",
            "method": method,
            "params": params | ({"_meta": self._meta} if self._meta else {}),
        }
        body |= {} if number is None else {"id": number}
        self._connection.request("POST", "/mcp", json.dumps(body).encode(), self._headers)
        response = self._connection.getresponse()
        self._session = response.headers.get("Mcp-Session-Id", "")
        return response.read()


@contextmanager
def program(command: list[str], stream: str) -> Iterator[tuple[str, int]]:
    """Run a program until the end; give the address in the first line of one of its streams, and its process."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: subprocess.PIPE}
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, text=True, env=environment, **quiet) as running:
        try:
            line = getattr(running, stream).readline()
            yield line[line.index("http://") :].split()[0], running.pid
        finally:
            running.terminate()


def guarded(server: str, folder: Path) -> list[str]:
    """Return the command of a guard in front of ``server``."""
    from corrigible.guard.ledger import SigningKey

    SigningKey.create(folder / "guard.key", "example.com/bench")
    (folder / "policy.cedar").write_text(POLICY)
    (folder / "guard.toml").write_text(
        f'[guard]\nname = "example.com/bench"\npolicy = "policy.cedar"\nstore = "sqlite:guard.db"\n'
        f'[servers.echo]\nurl = "{server}"\n'
        '[servers.echo.tools.echo.arguments.text]\nkind = "string"\nrequired = true\n'
    )
    command = [str(Path(sys.executable).with_name("corrigible")), "guard", "mcp"]
    return [*command, "--manifest", str(folder / "guard.toml"), "--http", "127.0.0.1:0"]


def cpu(pid: int) -> float:
    """Return the milliseconds of processor time that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1000


@contextmanager
def peer(server: str) -> Iterator[str | None]:
    """Run a FastMCP proxy in front of ``server``; give its address, or None if it is not installed."""
    python = os.environ.get("FASTMCP_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import fastmcp"], capture_output=True, check=False).returncode:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [python, "-c", PEER, server, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            while running.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            running.terminate()


def measured() -> dict[str, dict[str, list[float]]]:
    """Return the milliseconds of calls, by era and way, and ``cpu``: of the guard, each call."""
    found: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        echo = [sys.executable, "-W", "ignore", "-m", "tests.guard.http.server"]
        server, _ = stack.enter_context(program(echo, "stdout"))
        door, pid = stack.enter_context(program(guarded(server, folder), "stderr"))
        other = stack.enter_context(peer(server))
        for era in ERAS:
            ways = {"directly": Client(server, era), "guard": Client(door, era)}
            if other is not None and era == ERAS[0]:
                ways["FastMCP"] = Client(other, era)
            took: dict[str, list[float]] = {way: [] for way in ways}
            begun = 0.0
            for number in range(1, WARM + CALLS + 1):
                if number == WARM + 1:
                    took, begun = {way: [] for way in ways}, cpu(pid)
                for way, client in ways.items():
                    if way != "FastMCP" or number % EVERY == 0:
                        took[way].append(client.call(number))
            found[era] = took | {"cpu": [(cpu(pid) - begun) / CALLS]}
    return found


def written(found: dict[str, dict[str, list[float]]]) -> str:
    """Return the table."""
    lines = [
        "### A call over streamable HTTP",
        "",
        "A client over one kept connection, each way in turn; ledger and policy on; milliseconds.",
        "",
        "| way | p50 | p95 | added, p50 |",
        "|---|---:|---:|---:|",
    ]
    for era, ways in found.items():
        base = statistics.median(ways["directly"])
        for way, took in ways.items():
            if way == "cpu":
                continue
            middle, high = statistics.median(took), statistics.quantiles(took, n=20)[18]
            added = "" if way == "directly" else f"{middle - base:+.2f}"
            name = {"guard": "**through the guard**", "FastMCP": "through a FastMCP proxy"}.get(way, way)
            lines.append(f"| {era}, {name} | {middle:.2f} | {high:.2f} | {added} |")
    if "FastMCP" not in found[ERAS[0]]:
        lines.append("| through a FastMCP proxy | not run | | |")
    shares = " and ".join(f"{ways['cpu'][0]:.2f} ms ({era})" for era, ways in found.items())
    return "\n".join([*lines, "", f"The guard's process took {shares} of processor time a call."])


if __name__ == "__main__":
    print(written(measured()))
