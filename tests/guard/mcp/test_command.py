"""`corrigible guard mcp`, started by the protocol's own client as any client starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from corrigible.cli.main import main
from corrigible.guard.ledger import SigningKey
from tests.guard import servers

MANIFEST = """
[guard]
name = "it"
policy = "policy.cedar"
store = "sqlite:guard/guard.db"
key = "guard/guard.key"

[servers.files]
command = ["false"]
folder = "work"

[servers.files.tools.read_text_file]
reads = ["file:work/**"]
arguments.path = { means = "path", required = true }
"""
POLICY = '@id("reads") permit (principal, action in Action::"read", resource);'
COMMAND = (sys.executable, "-m", "corrigible", "guard", "mcp")


def written(folder: Path) -> Path:
    """Write a manifest and a policy."""
    (folder / "work").mkdir()
    (folder / "guard").mkdir()
    (folder / "work" / "a.txt").write_text("a file")
    (folder / "guard.toml").write_text(MANIFEST)
    (folder / "policy.cedar").write_text(POLICY)
    SigningKey.create(folder / "guard" / "guard.key", "it")
    return folder / "guard.toml"


@asynccontextmanager
async def client(*arguments: str) -> AsyncIterator[Client]:
    """Yield a client of the command."""
    parameters = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], *arguments])
    async with Client(stdio_client(parameters), mode="legacy") as found:
        yield found


def test_the_command_stands_before_a_server_and_leaves_a_record(tmp_path: Path) -> None:
    manifest = written(tmp_path)

    async def run() -> Any:
        command = servers.filesystem(tmp_path / "work")
        async with client(
            "--manifest", str(manifest), "--session", "s", "--agent", "a", "--", *command
        ) as found:
            listed = [tool.name for tool in (await found.list_tools()).tools]
            return listed, await found.call_tool("read_text_file", {"path": str(tmp_path / "work" / "a.txt")})

    listed, result = asyncio.run(run())
    assert listed == ["read_text_file"]
    assert result.content[0].text == "a file"
    with closing(sqlite3.connect(tmp_path / "guard" / "guard.db")) as store:
        bodies = b"".join(value for row in store.iterdump() for value in [row.encode()])
    assert bodies


async def _ran(*arguments: str, said: bytes = b"", stop: bool = False) -> tuple[int, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"NO_COLOR": "1"},
    )
    if stop:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(said)
        await process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, beside = await process.communicate()
    else:
        out, beside = await process.communicate(said)
    assert process.returncode is not None
    return process.returncode, out, beside


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--server", "other"), "no server `other`"),
        (("--http", "nowhere"), "`nowhere` is no address"),
        (("--http", "127.0.0.1:0", "--token-env", "NOWHERE"), "`NOWHERE` is not set"),
        (("--token-env", "X"), "is for `--http`"),
        (("--manifest", "none.toml"), "none.toml"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_told_and_standard_output_stays_clean(
    tmp_path: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["guard", "mcp", "--manifest", str(written(tmp_path)), *arguments])
    assert left.value.code == 2
    out, beside = capsys.readouterr()
    assert out == ""
    assert said in beside


def test_a_server_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    manifest = str(written(tmp_path))
    status, out, beside = asyncio.run(_ran("--manifest", manifest, "--", str(tmp_path / "nothing")))
    assert (status, out) == (1, b"")
    assert b"cannot be started" in beside


def test_a_guard_that_is_told_to_stop_lets_go_of_its_store(tmp_path: Path) -> None:
    manifest = str(written(tmp_path))
    bad = b"no message\n"

    async def run() -> None:
        status, _, beside = await _ran("--manifest", manifest, "--", "sleep", "60", said=bad, stop=True)
        assert status == 0, beside

    asyncio.run(run())
    with closing(sqlite3.connect(tmp_path / "guard" / "guard.db")) as store:
        assert '"type":"stop"' in "".join(
            bytes(value).decode(errors="replace") if isinstance(value, bytes) else str(value)
            for (name,) in store.execute("select name from sqlite_master where type = 'table'").fetchall()
            for row in store.execute(f"select * from {name}")
            for value in row
        )
