"""Messages as lines: over our own standard streams, and over those of a server that we start.

*Source:* MCP 2025-11-25 and 2026-07-28, "Transports", stdio: messages are lines of UTF-8, a server ends when
its input does, and what it says besides goes to its standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
from collections import deque
from collections.abc import Mapping
from typing import cast, final

from corrigible.core.errors import GuardError, OptionError, in_short
from corrigible.guard.manifest import Server
from corrigible.guard.mcp.jsonrpc import EDGE, LONGEST, TooLong

BACKLOG = 2 * LONGEST
"""Bytes that may wait for a server that does not read; beyond, it counts as gone."""
PATIENCE = 2.0
"""Seconds that a server is given to end by itself, and again after it was told to."""
LINE = 100
"""Bytes that a line takes besides its own."""
NEEDED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL", "TERM")
"""What a server gets of our environment; whatever else it needs the manifest declares."""


@final
class Lines(asyncio.Protocol):
    """Cuts what comes in into lines.

    Parameters
    ----------
    longest
        Bytes of a line, at most; of a longer one the two ends are kept.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._ready: deque[bytes | TooLong] = deque()
        self._held = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._ended = False
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.ReadTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.ReadTransport, transport)

    def data_received(self, data: bytes) -> None:
        begin = 0
        while (end := data.find(b"\n", begin)) >= 0:
            self._add(data[begin:end])
            self._finish()
            begin = end + 1
        if begin < len(data):
            self._add(data[begin:])
        if self._held > self._longest and self._transport is not None and not self._paused:
            self._transport.pause_reading()
            self._paused = True
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._wake()

    async def receive(self) -> bytes | None:
        """Return the next line that is not empty; None after the last. A last line that is torn is no line."""
        while True:
            if self._ready:
                line = self._ready.popleft()
                if isinstance(line, TooLong):
                    raise line
                self._held -= len(line) + LINE
                if self._paused and self._held <= self._longest and self._transport is not None:
                    self._paused = False
                    self._transport.resume_reading()
                return line
            if self._ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _add(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size > self._longest and len(self._parts) > 1:
            whole = b"".join(self._parts)
            self._parts = [whole[:EDGE], whole[EDGE:][-EDGE:]]

    def _finish(self) -> None:
        line = b"".join(self._parts)
        if self._size > self._longest:
            self._ready.append(TooLong(line[:EDGE], line[-EDGE:]))
        elif line.strip():
            self._ready.append(line)
            self._held += len(line) + LINE
        self._parts, self._size = [], 0

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@final
class OwnStreams:
    """The client at the other end of our standard input and output.

    While they are used, what anything else in this process prints goes to standard error, and what it starts
    cannot read what the client says.
    """

    def __init__(self, lines: Lines, reading: asyncio.ReadTransport, writer: asyncio.StreamWriter) -> None:
        self._lines, self._reading, self._writer = lines, reading, writer

    @classmethod
    async def open(cls) -> OwnStreams:
        """Take standard input and output over.

        Raises
        ------
        OptionError
            If one of them is a plain file, in which no conversation can be held.
        """
        for number, name in ((0, "input"), (1, "output")):
            if stat.S_ISREG(os.fstat(number).st_mode):
                raise OptionError(
                    f"standard `{name}` is a plain file", "let an MCP client start this command"
                )
        loop = asyncio.get_running_loop()
        source, sink = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        sys.stdout.flush()
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.close(nothing)
        lines = Lines()
        reading, _ = await loop.connect_read_pipe(lambda: lines, os.fdopen(source, "rb", buffering=0))
        writing, flow = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(sink, "wb", buffering=0)
        )
        return cls(lines, reading, asyncio.StreamWriter(writing, flow, None, loop))

    async def receive(self) -> bytes | None:
        return await self._lines.receive()

    async def send(self, message: bytes) -> None:
        if self._writer.is_closing():
            raise ConnectionError("the client is gone")
        self._writer.writelines((message, b"\n"))
        await self._writer.drain()

    async def close(self) -> None:
        self._reading.close()
        self._writer.close()


@final
class StdioUpstream:
    """A server that we started, at the other end of its standard input and output.

    It runs in a process group of its own, so that what it started ends with it. It is not started again when
    it ends: what it held in memory is lost, and nobody but the agent's user can tell whether that matters.
    """

    def __init__(
        self, name: str, process: asyncio.SubprocessTransport, lines: Lines, exited: asyncio.Event
    ) -> None:
        self._name, self._process, self._lines, self._exited = name, process, lines, exited
        self._input = cast(asyncio.WriteTransport, process.get_pipe_transport(0))
        self._closed = False

    @classmethod
    async def start(cls, server: Server) -> StdioUpstream:
        """Start a server as the manifest says.

        Raises
        ------
        GuardError
            If it cannot be started.
        """
        if not server.command:
            raise OptionError(f"the server `{server.name}` has no command", "give it one in the manifest")
        loop = asyncio.get_running_loop()
        lines = Lines()
        watched = _Process(lines)
        try:
            process, _ = await loop.subprocess_exec(
                lambda: watched,
                *server.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=None,
                cwd=server.folder,
                env=environment(server.environment),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise GuardError(
                f"the server `{server.name}` cannot be started: {in_short(error)}",
                f"try `{' '.join(server.command)}` in `{server.folder}`",
            ) from None
        return cls(server.name, process, lines, watched.exited)

    async def receive(self) -> bytes | None:
        return await self._lines.receive()

    async def send(self, message: bytes) -> None:
        """Send without waiting for the server to read, so that one that hangs stops nobody else."""
        if self._input.is_closing() or self._input.get_write_buffer_size() > BACKLOG:
            raise ConnectionError(f"the server `{self._name}` is gone or does not read")
        self._input.writelines((message, b"\n"))

    async def close(self) -> None:
        """End the server: its input, then a request, then by force."""
        if self._closed:
            return
        self._closed = True
        try:
            self._input.close()
            if await self._ended():
                return
            for how in (signal.SIGTERM, signal.SIGKILL):
                self._signal(how)
                if await self._ended():
                    return
        finally:
            # What it started and left behind, and the server itself if this was cancelled.
            self._signal(signal.SIGKILL)
            self._process.close()

    async def _ended(self) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), PATIENCE)
        return self._exited.is_set()

    def _signal(self, how: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.get_pid(), how)


@final
class _Process(asyncio.SubprocessProtocol):
    """Hands what the server writes to its lines."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.exited = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pipes = cast(asyncio.SubprocessTransport, transport)
        self._lines.connection_made(cast(asyncio.BaseTransport, pipes.get_pipe_transport(1)))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._lines.data_received(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._lines.connection_lost(exc)

    def process_exited(self) -> None:
        self.exited.set()


def environment(declared: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server: what any program needs, and what the manifest declares.

    Raises
    ------
    OptionError
        If it names a variable of ours that is not set.
    """
    found = {name: os.environ[name] for name in NEEDED if name in os.environ}
    for name, value in declared.items():
        if value.startswith("env:"):
            ours = value.removeprefix("env:")
            if ours not in os.environ:
                raise OptionError(f"the variable `{ours}` is not set", f"the server needs it as `{name}`")
            value = os.environ[ours]
        found[name] = value
    return found
