"""What goes to a client on one response: kept until it is told, and a while longer where it can be taken up.

A response is a single JSON message where the answer is all there is to say and comes soon, and otherwise a
stream of events, each with a number, so that a client whose connection broke can go on where it was.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, final

from corrigible.guard.mcp.http_events import PING, written

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, StreamResponse

SOON = 1.0
"""Seconds that an answer may take and still be a single message."""
PINGS = 15.0
"""Seconds of silence after which a comment is sent, so that nothing between takes the connection for dead."""
EVENTS, BYTES = 1000, 2**20
"""How much is kept for a client that does not listen; what is older is dropped, but never an answer."""


@final
class Stream:
    """What is said on one response.

    Parameters
    ----------
    name
        The first part of its events' numbers.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.answered = False
        self.size = 0
        self._kept: deque[bytes] = deque()
        self._first = 0
        self._reader: object = None
        self._woken = asyncio.Event()

    @property
    def end(self) -> int:
        """How many messages there were."""
        return self._first + len(self._kept)

    @property
    def followed(self) -> bool:
        """Whether somebody listens."""
        return self._reader is not None

    def add(self, message: bytes, *, answer: bool = False) -> None:
        """Say a message; nothing follows an answer."""
        if self.answered:
            return
        self._kept.append(message)
        self.size += len(message)
        while len(self._kept) > 1 and (len(self._kept) > EVENTS or self.size > BYTES):
            self.size -= len(self._kept.popleft())
            self._first += 1
        self.answered = answer
        self._woken.set()

    def finish(self) -> None:
        """End without an answer."""
        self.answered = True
        self._woken.set()

    async def answer(self) -> bytes:
        """Return the answer, once there is one."""
        while not self.answered:
            self._woken.clear()
            await self._woken.wait()
        return self._kept[-1] if self._kept else b""

    async def respond(
        self,
        request: BaseRequest,
        headers: Mapping[str, str],
        *,
        since: int | None = None,
        numbered: bool = False,
    ) -> StreamResponse:
        """Answer a request with what is said, until the answer.

        Parameters
        ----------
        request
            What is answered.
        headers
            What goes with it.
        since
            How many messages the client has; None: a single message will do, if that is all.
        numbered
            Whether the client can take the stream up again.
        """
        from aiohttp.web import Response, StreamResponse

        mine = self._reader = object()
        self._woken.set()  # whoever listened before is told to stop
        response = StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-cache, no-transform",
                "X-Accel-Buffering": "no",
                **headers,
            }
        )
        try:
            if since is None:
                await self._wait(mine, 0, SOON)
                if self.answered and self.end == 1:
                    return Response(body=self._kept[0], content_type="application/json", headers=headers)
            await response.prepare(request)
            at = since or 0
            if numbered:
                await response.write(written(b"", f"{self.name}-{at}"))
            while self._reader is mine:
                at = max(at, self._first)
                if at < self.end:
                    at += 1
                    number = f"{self.name}-{at}" if numbered else ""
                    await response.write(written(self._kept[at - 1 - self._first], number))
                elif self.answered:
                    break
                elif not await self._wait(mine, at, PINGS):
                    await response.write(PING)
        except ConnectionError:
            pass  # the client is gone; what it missed is kept
        finally:
            if self._reader is mine:
                self._reader = None
        return response

    async def _wait(self, mine: object, at: int, seconds: float) -> bool:
        """Wait for more than ``at`` messages; return whether anything happened."""
        try:
            async with asyncio.timeout(seconds):
                while self._reader is mine and self.end <= at and not self.answered:
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return False
        return True
