"""The proxy: messages pass between an agent's client and its MCP servers, and calls of tools are judged.

What doors (standard streams, HTTP) may rely on:

- `Proxy.serve` is run once for each client session, with a connection of its own to every server: the
  handshake of 2025-11-25 and its subscriptions are of a connection. A door that has many stateless requests
  (2026-07-28 over HTTP) of one session puts them all through one `serve` and tells the replies apart by id.
- Ids of requests are of the client and reach the server as they are; a door that merges several clients into
  one `serve` must make them unique. Ids that begin with ``corrigible:`` are the proxy's own.
- `Peer.receive` may raise `corrigible.guard.mcp.jsonrpc.TooLong` for one message that was too long (with the
  beginning and the end of it) and must go on with the next message when it is called again.
- `Peer.send` to a server should not wait for long: one server that does not read must not stop the others.
  It raises `ConnectionError` when the other end is gone.
- `serve` returns when the client's `receive` returns None; it closes the connections to the servers, not the
  client's. Cancelling `serve` ends it too: calls in flight become *outcome unknown*.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, final

from corrigible.guard.mcp.contract import Peer
from corrigible.guard.mcp.definitions import Definitions

if TYPE_CHECKING:
    from corrigible.guard.gate import Guard

Connect = Callable[[], Awaitable[Peer]]
"""Opens a connection to a server; raises `corrigible.core.errors.GuardError` where it cannot."""


@final
class Proxy:
    """Passes messages on, and has calls of tools judged.

    With one server, its tools, prompts and resources keep their names. With several, tools and prompts are
    called ``server__name``, and what the servers list is put together.

    Parameters
    ----------
    guard
        What judges.
    servers
        How each server is reached, by its name in the manifest.
    agent
        What the agent is called; None: as its client calls itself, and as the manifest says where it does not.
    numbered
        Whether results tell the agent the call's number in the ledger (``_meta["corrigible/call"]``), which it
        can name as evidence. They are then no longer the bytes that the server sent.
    note
        Says a line to whoever runs the guard.
    """

    def __init__(
        self,
        guard: Guard,
        servers: Mapping[str, Connect],
        *,
        agent: str | None = None,
        numbered: bool = False,
        note: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.guard, self.servers, self.agent = guard, dict(servers), agent
        self.numbered, self.note = numbered, note
        self.definitions = Definitions(guard)

    async def serve(self, client: Peer, session: str) -> None:
        """Serve one client until it leaves.

        Parameters
        ----------
        client
            The connection to it.
        session
            What its calls count to; halts, limits and approvals are of a session.

        Raises
        ------
        GuardError
            If the only server cannot be reached.
        """
        from corrigible.guard.mcp.session import Session

        await Session(self, client, session).run()
