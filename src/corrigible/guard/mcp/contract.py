"""What the proxy needs of a connection: messages, in order, as bytes.

A message is one JSON-RPC object without its line end. The proxy passes on the bytes it was given wherever it
has nothing to change, so that what it does not judge goes through untouched and unparsed.
"""

from __future__ import annotations

from typing import Protocol


class Peer(Protocol):
    """The other end of one connection: the agent's client, or a server upstream."""

    async def receive(self) -> bytes | None:
        """Return the next message, or None when the other end is gone."""
        ...

    async def send(self, message: bytes) -> None:
        """Send one message; raise `ConnectionError` when the other end is gone."""
        ...

    async def close(self) -> None:
        """Let go of the connection, and of the process behind it, if there is one."""
        ...
