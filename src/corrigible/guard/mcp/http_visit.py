"""A client over HTTP as a `Peer`: a session of the era of the handshake."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any, final

from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.http_stream import BYTES, Stream
from corrigible.guard.mcp.jsonrpc import Body

AT_ONCE = 256
"""Requests of one client that may be under way."""
QUEUE = 1000
"""Messages of a client that wait for the proxy; then the client waits."""
FINISHED = 16
"""Streams that are kept after their answer, for clients that did not get all of it."""
CANCELLED = -32800
OWN = "0"
"""The stream of what servers say by themselves."""


@final
class Crowded(Exception):
    """A client has too many requests under way, or two with the same id."""


@final
class Visit:
    """One session: what the client posts comes out of `receive`; what is sent goes to the fitting response.

    An answer goes to the response of its request; progress to that of the request whose token it has; what
    else a server says to the request under way if there is just one, since it then belongs to that, and
    otherwise to the client's own stream, or, while there is none, to the latest request.
    """

    def __init__(self, session: str) -> None:
        self.number = secrets.token_hex(16)
        self.session = session
        self.own = Stream(OWN)
        self.used = asyncio.get_running_loop().time()
        self.over = False
        self.why = "the session is over"
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self._asked: dict[str, Stream] = {}
        self._tokens: dict[str, Stream] = {}
        self._finished: list[Stream] = []
        self._count = 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way or listened to."""
        return bool(self._asked) or self.own.followed

    async def receive(self) -> bytes | None:
        """Return the next message of the client, or None when its session is over."""
        if self.over and self._inbox.empty():
            return None
        return await self._inbox.get()

    async def send(self, message: bytes) -> None:
        """Have a message told to the client."""
        if self.over:
            raise ConnectionResetError("the session is over")
        body = jsonrpc.read(message)
        if body is None:
            return
        if "method" not in body:
            if (stream := self._asked.get(_key(body.get("id")))) is not None:
                self._answer(_key(body.get("id")), stream, message)
            return
        token = jsonrpc.part(body, "params").get("progressToken")
        if body["method"] == "notifications/progress" and token is not None:
            if (stream := self._tokens.get(_key(token))) is not None:
                stream.add(message)
            return
        self._fitting().add(message)

    async def close(self) -> None:
        """End the session; what is under way is told so."""
        if self.over:
            return
        self.over = True
        for key, stream in list(self._asked.items()):
            error = jsonrpc.failure(json.loads(key), jsonrpc.GONE, self.why, {"outcome": "unknown"})
            self._answer(key, stream, error)
        self.own.finish()
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(None)

    async def ask(self, raw: bytes, body: Body) -> Stream:
        """Take a request; return the stream with what comes back.

        Raises
        ------
        Crowded
            If there are too many, or another with its id is under way.
        ConnectionError
            If the session is over.
        """
        if self.over:
            raise ConnectionResetError(self.why)
        key = _key(body["id"])
        if key in self._asked:
            raise Crowded("a request with this id is under way")
        if len(self._asked) >= AT_ONCE:
            raise Crowded(f"{AT_ONCE} requests are under way")
        self._count += 1
        stream = self._asked[key] = Stream(str(self._count))
        token = jsonrpc.meta(body).get("progressToken")
        if token is not None:
            self._tokens[_key(token)] = stream
        await self._inbox.put(raw)
        return stream

    async def tell(self, raw: bytes, body: Body) -> None:
        """Take a notification, or the answer to what a server asked."""
        await self._inbox.put(raw)
        if body.get("method") == "notifications/cancelled":
            key = _key(jsonrpc.part(body, "params").get("requestId"))
            if (stream := self._asked.get(key)) is not None:
                # Here a response must end with an answer, though nobody waits for it any more.
                self._answer(
                    key, stream, jsonrpc.failure(json.loads(key), CANCELLED, "the request was cancelled")
                )

    def stream(self, name: str) -> Stream | None:
        """Return the stream of this name, if it is still kept."""
        known = [self.own, *self._asked.values(), *self._finished]
        return next((stream for stream in known if stream.name == name), None)

    def _fitting(self) -> Stream:
        if len(self._asked) == 1 or (self._asked and not self.own.followed):
            return list(self._asked.values())[-1]
        return self.own

    def _answer(self, key: str, stream: Stream, message: bytes) -> None:
        del self._asked[key]
        self._tokens = {token: other for token, other in self._tokens.items() if other is not stream}
        stream.add(message, answer=True)
        if stream.size <= BYTES or not stream.followed:
            self._finished = [*self._finished, stream][-FINISHED:]


def _key(identifier: Any) -> str:
    return json.dumps(identifier)
