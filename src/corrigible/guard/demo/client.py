"""The agent's end of the connection: JSON-RPC over the standard input and output of a process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, final

from corrigible.core.errors import GuardError
from corrigible.guard.demo.files_server import VERSION


class Answer(NamedTuple):
    """What the agent is told of a call."""

    text: str
    refused: bool
    meta: Mapping[str, Any]


@final
class Client:
    """A client of an MCP server that it starts.

    Parameters
    ----------
    command
        How the server is started.
    environment
        Its variables.
    errors
        The file that takes its standard error.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], errors: Path) -> None:
        self._errors = errors
        with errors.open("ab") as file:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, env=dict(environment)
            )
        self._number = 0

    def start(self) -> list[str]:
        """Shake hands, and return the names of the tools."""
        about = {"name": "demo-agent", "version": "1"}
        self._ask("initialize", protocolVersion=VERSION, capabilities={}, clientInfo=about)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return [tool["name"] for tool in self._ask("tools/list")["result"]["tools"]]

    def call(self, tool: str, **arguments: Any) -> Answer:
        """Call a tool and wait for the answer."""
        return self.answer(self.begin(tool, **arguments))

    def begin(self, tool: str, **arguments: Any) -> int:
        """Call a tool and do not wait; return the number of the call."""
        self._number += 1
        self._send(_request(self._number, "tools/call", {"name": tool, "arguments": arguments}))
        return self._number

    def answer(self, number: int) -> Answer:
        """Wait for the answer to a call."""
        message = self._receive(number)
        if "error" in message:
            return Answer(str(message["error"].get("message")), True, {})
        result = message["result"]
        text = "\n".join(part.get("text", "") for part in result.get("content", ()))
        return Answer(text, bool(result.get("isError")), result.get("_meta") or {})

    def close(self) -> None:
        """End the conversation, and with it the server."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):  # it ended before
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._send(_request(self._number, method, params))
        message = self._receive(self._number)
        if "error" in message:
            raise GuardError(f"the guard answers `{method}` with `{message['error']}`")
        return message

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise self._gone() from error

    def _receive(self, number: int) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: dict[str, Any] = json.loads(line)
            if message.get("id") == number and "method" not in message:
                return message
        raise self._gone()

    def _gone(self) -> GuardError:
        said = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return GuardError(f"the guard ended: `{said[-1] if said else 'it said nothing'}`")


def _request(number: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
