"""A call in flight: it ends with its answer, with its time, or with the off-switch."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from corrigible.core.errors import StoreError
from corrigible.guard import halts
from corrigible.guard.contract import Call, Halt, Outcome
from corrigible.guard.manifest import Tool
from corrigible.guard.once import needs_care
from corrigible.guard.store import Store

WATCH = 0.05
"""Seconds between two looks at the off-switch while a call is in flight."""
STOPPING = 1.0
"""Seconds that a cancelled call has to tell whoever does the work."""


class NotDoneError(Exception):
    """Raised by a tool in Python that knows that it did nothing, so that the call may be made again."""


async def watched(task: asyncio.Future[Outcome], call: Call, tool: Tool, store: Store) -> Outcome:
    """Return how a call ends; what the tool raises is raised.

    A call whose time is up, or whose session is halted, is cancelled, and its outcome is unknown.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + tool.timeout
    halt: Halt | None = None
    while not (await asyncio.wait({task}, timeout=min(WATCH, max(0.0, until - loop.time()))))[0]:
        if loop.time() >= until:
            return await _stopped(task, f"no answer within {tool.timeout:g} s")
        with suppress(StoreError):  # the next call will find out; this one runs already
            halt = await asyncio.to_thread(store.read, lambda reader: halts.over(reader, call))
        if halt is not None:
            return await _stopped(task, f"halted by {halt.who} while it ran: {halt.why}")
    return task.result()


def failure(error: Exception, tool: Tool) -> Outcome:
    """Return the outcome of a tool that raised: only one that says so, or changes nothing, did nothing."""
    what = f"{type(error).__name__}: {error}"
    safe = isinstance(error, NotDoneError) or not needs_care(tool)
    return Outcome(kind="failed" if safe else "unknown", text=what, value=error, why=what)


async def _stopped(task: asyncio.Future[Outcome], why: str) -> Outcome:
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await asyncio.wait({task}, timeout=STOPPING)
    return Outcome(kind="unknown", text=why, why=why)
