"""What servers say of their tools: written down where it changes, and hidden where it is not what is meant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, final

from corrigible.guard.mcp.jsonrpc import Body

if TYPE_CHECKING:
    from corrigible.guard.gate import Guard
    from corrigible.guard.store import Transaction


@final
class Definitions:
    """The digests of all tools, as their servers listed them last.

    Parameters
    ----------
    guard
        In whose ledger they are.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._written: dict[str, dict[str, str]] = {}

    async def listed(self, server: str, session: str, digests: Mapping[str, str]) -> None:
        """Write down what a server says of some of its tools, where it is not what it said before."""
        written = self._written.setdefault(server, {})
        if all(written.get(tool) == digest for tool, digest in digests.items()):
            return

        def work(tx: Transaction) -> None:
            before = tx.get("listing", server) or {}
            changed = {tool: digest for tool, digest in digests.items() if before.get(tool) != digest}
            if changed:
                tx.put("listing", server, before | changed)
                now = self._guard.clock.tick(tx)
                self._guard.ledger.append(tx, "listing", now, server=server, session=session, tools=changed)

        await asyncio.wrap_future(self._guard.store.submit(work))
        written.update(digests)

    def visible(self, server: str, tools: list[Body]) -> list[Body]:
        """Return those of a server's tools that the manifest knows, and knows so."""
        digests = self._written.get(server, {})
        found: list[Body] = []
        for tool in tools:
            known = self._guard.manifest.tool(f"{server}/{tool.get('name')}")
            if known is not None and known.definition in ("", digests.get(str(tool.get("name")))):
                found.append(tool)
        return found
