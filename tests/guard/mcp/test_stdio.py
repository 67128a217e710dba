"""Lines over standard streams, and the processes behind them."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrigible.core.errors import GuardError, OptionError
from corrigible.guard.manifest import Server
from corrigible.guard.mcp import stdio
from corrigible.guard.mcp.jsonrpc import TooLong
from corrigible.guard.mcp.stdio import Lines, StdioUpstream, environment

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


def python(program: str, **fields: object) -> Server:
    """A server that is a program in Python."""
    return Server(name="it", command=(sys.executable, "-c", program), **fields)  # type: ignore[arg-type]


@given(
    lines=st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=6),
    cuts=st.lists(st.integers(0, 80), max_size=6),
    longest=st.integers(1, 10),
)
def test_lines_are_those_that_were_sent_however_they_arrive(
    lines: list[bytes], cuts: list[int], longest: int
) -> None:
    async def run() -> None:
        found = Lines(longest)
        whole = b"".join(line + b"\n" for line in lines)
        ends = sorted({min(cut, len(whole)) for cut in cuts} | {len(whole)})
        begin = 0
        for end in ends:
            found.data_received(whole[begin:end])
            begin = end
        found.connection_lost(None)
        got: list[bytes] = []
        while True:
            try:
                line = await found.receive()
            except TooLong as error:
                got.append(b"too long: " + error.head)
                continue
            if line is None:
                break
            got.append(line)
        assert got == [
            line if len(line) <= longest else b"too long: " + line for line in lines if line.strip()
        ]

    asyncio.run(run())


def test_of_a_line_that_is_too_long_the_two_ends_are_kept() -> None:
    async def run() -> None:
        lines = Lines(10_000)
        for _ in range(100):
            lines.data_received(b"a" + b"." * 998 + b"z")
        lines.data_received(b"\nnext\n")
        with pytest.raises(TooLong) as raised:
            await lines.receive()
        assert raised.value.head.startswith(b"a..")
        assert raised.value.tail.endswith(b"..z")
        assert len(raised.value.head) == len(raised.value.tail) == stdio.EDGE
        assert await lines.receive() == b"next"

    asyncio.run(run())


def test_a_server_answers_and_ends_when_its_input_does() -> None:
    async def run() -> None:
        server = await StdioUpstream.start(python(ECHO))
        for number in range(3):
            await server.send(b"%d" % number)
        assert [await server.receive() for _ in range(3)] == [b"0", b"1", b"2"]
        await server.close()
        assert await server.receive() is None
        with pytest.raises(ConnectionError):
            await server.send(b"more")

    asyncio.run(run())


def test_a_server_that_does_not_end_is_ended_with_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio, "PATIENCE", 0.2)

    async def run() -> None:
        server = await StdioUpstream.start(python(STUBBORN))
        said = await server.receive()
        assert said is not None
        await server.close()
        for number in map(int, said.split()):
            for _ in range(100):
                with suppress(FileNotFoundError):
                    if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                        await asyncio.sleep(0.02)
                        continue
                break
            else:
                pytest.fail(f"{number} is still there")

    asyncio.run(run())


def test_a_server_that_does_not_read_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio, "BACKLOG", 2**20)
    monkeypatch.setattr(stdio, "PATIENCE", 0.1)

    async def run() -> None:
        server = await StdioUpstream.start(python("import time; time.sleep(60)"))

        async def fill() -> None:
            for _ in range(100):
                await server.send(b"x" * 2**16)

        with pytest.raises(ConnectionError, match="does not read"):
            await fill()
        await server.close()

    asyncio.run(run())


def test_a_server_gets_what_it_needs_of_our_environment_and_no_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    monkeypatch.setenv("TOKEN_OF_OURS", "t")

    async def run() -> None:
        program = "import os; print(sorted(os.environ), os.environ['GIVEN'], os.getcwd())"
        server = await StdioUpstream.start(
            python(program, environment={"GIVEN": "env:TOKEN_OF_OURS"}, folder=str(tmp_path))
        )
        said = await server.receive()
        assert said is not None
        assert b"SECRET" not in said
        assert b"'PATH'" in said
        assert said.endswith(f" t {tmp_path}".encode())
        await server.close()

    asyncio.run(run())


def test_a_variable_that_is_not_set_and_a_command_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="`NOWHERE` is not set"):
        environment({"GIVEN": "env:NOWHERE"})
    with pytest.raises(GuardError, match="cannot be started"):
        asyncio.run(StdioUpstream.start(Server(name="it", command=(str(tmp_path / "nothing"),))))
    with pytest.raises(OptionError, match="no command"):
        asyncio.run(StdioUpstream.start(Server(name="it")))


def test_what_is_printed_beside_the_messages_goes_to_standard_error(tmp_path: Path) -> None:
    program = """
import asyncio, os, subprocess
from corrigible.guard.mcp.stdio import OwnStreams
async def main():
    client = await OwnStreams.open()
    print("stray")
    subprocess.run(["echo", "from a child"])
    raw = await client.receive()
    await client.send(raw.upper())
    assert await client.receive() is None
    await client.close()
asyncio.run(main())
"""

    async def run() -> tuple[bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(stdio.__file__).parents[3])},
        )
        return await process.communicate(b"hello\n")

    out, beside = asyncio.run(run())
    assert out == b"HELLO\n"
    assert b"stray" in beside
    assert b"from a child" in beside
