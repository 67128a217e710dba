"""How a call waits for people: the request is told wherever the manifest says, and the store is looked at.

The answer may come from anywhere: another terminal, a webhook, the client's own user. Whoever gives it, it is
a vote in the store, and what follows from it is decided there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, final

from corrigible.core.errors import InputError
from corrigible.guard import halts
from corrigible.guard.approvals import Request, Vote
from corrigible.guard.contract import Call
from corrigible.guard.judgement import Entry
from corrigible.guard.manifest import ApprovalRules
from corrigible.guard.oversight import Oversight

POLL = 0.1
"""Seconds between two looks at a request that waits."""

Asker = Callable[[Request], Awaitable[Vote | None]]
"""A door's own way to ask its user; None: no answer."""


@final
class Asking:
    """Asks people, for one guard.

    Parameters
    ----------
    oversight
        Where votes are counted.
    rules
        Where people are asked.

    Raises
    ------
    OptionError
        If there is a webhook that cannot be used.
    """

    def __init__(self, oversight: Oversight, rules: ApprovalRules) -> None:
        self._oversight = oversight
        self._tasks: set[asyncio.Task[Any]] = set()
        self._hook: Asker | None = None
        if rules.webhook:
            from corrigible.guard.webhook import Webhook

            self._hook = Webhook.of(rules, oversight.store)

    async def answered(self, entry: Entry, asker: Asker | None, seconds: float) -> bool:
        """Wait until a request needs no more waiting; return False if that is not so in time.

        A webhook that is told of it may answer later still; the door's own question ends with the waiting.
        """
        request = entry.request
        assert request is not None
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if entry.new and self._hook is not None:
            self._ask(request, self._hook)
        task = self._ask(request, asker) if asker is not None else None
        try:
            while not await asyncio.to_thread(self._decided, request):
                if loop.time() >= until:
                    return False
                pause = min(POLL, max(0.0, until - loop.time()))
                if task is None or task.done():
                    await asyncio.sleep(pause)
                else:  # the door's own answer need not wait for the next look
                    await asyncio.wait({task}, timeout=pause)
            return True
        finally:
            if task is not None:
                task.cancel()

    def _decided(self, request: Request) -> bool:
        """Return whether a request is no longer open, or its session is halted meanwhile."""
        store, clock = self._oversight.store, self._oversight.clock
        now = self._oversight.request(request.id)
        if now.state != "pending" or store.read(clock.at) >= now.expires:
            return True
        asking = Call(tool=request.tool, arguments={}, session=request.session)
        return store.read(lambda reader: halts.over(reader, asking)) is not None

    def _ask(self, request: Request, asker: Asker) -> asyncio.Task[None]:
        async def ask() -> None:
            vote = await asker(request)
            if vote is None:
                return
            decide = self._oversight.approve if vote.decision == "approve" else self._oversight.deny
            with suppress(InputError):  # decided meanwhile, or not theirs to decide
                await asyncio.to_thread(decide, request.id, vote.who, vote.why)

        task = asyncio.create_task(ask())
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task
