"""How a reviewer is asked: about calls that change something, with the calls before, and for so long."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, final

from corrigible.guard.contract import Call, Signal, Verdict
from corrigible.guard.manifest import Manifest, Tool

if TYPE_CHECKING:
    from corrigible.guard.ledger import Ledger
    from corrigible.guard.monitors import Reviewer

REVIEW = 30.0
"""Seconds that a reviewer has; then its silence counts as *ask*."""
RECENT = 8
"""Calls before this one that a reviewer is told of."""
SESSIONS = 1000
"""Sessions whose recent calls are remembered."""


@final
class Reviewing:
    """Asks a reviewer, if there is one.

    Parameters
    ----------
    reviewer
        Who is asked; None: nobody.
    ledger
        Whose redactor takes secrets out of what it is told.
    manifest
        What is said of the tools.
    """

    def __init__(self, reviewer: Reviewer | None, ledger: Ledger, manifest: Manifest) -> None:
        self._reviewer, self._ledger, self._manifest = reviewer, ledger, manifest
        self._recent: OrderedDict[str, deque[str]] = OrderedDict()

    async def signals(self, call: Call, tool: Tool | None) -> tuple[Signal, ...]:
        """Return what the reviewer raises; its silence is an *ask*."""
        if self._reviewer is None or tool is None or not tool.changes:
            return ()
        recent = list(self._recent.get(call.sessions()[0], ()))
        try:
            async with asyncio.timeout(REVIEW):
                return tuple(await self._reviewer.review(call, tool, recent))
        except Exception as error:  # whatever keeps it from answering
            said = f"`{self._reviewer.name}` did not answer ({type(error).__name__})"
            return (Signal(monitor=self._reviewer.name, raises="ask", text=said),)

    def remember(self, call: Call, verdict: Verdict) -> None:
        """Keep a call to tell of with later ones."""
        if self._reviewer is None:
            return
        session = call.sessions()[0]
        lines = self._recent.setdefault(session, deque(maxlen=RECENT))
        arguments = self._ledger.redactor.arguments(self._manifest.tool(call.tool), call.arguments)
        lines.append(f"{call.tool} {arguments} -> {verdict.decision}"[:500])
        self._recent.move_to_end(session)
        if len(self._recent) > SESSIONS:
            self._recent.popitem(last=False)
