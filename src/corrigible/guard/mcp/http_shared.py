"""The stateless requests of all clients of one session as a single `Peer`.

Clients of 2026-07-28 choose the ids of their requests without knowing of each other. Here each request gets
a number of its own, under which it goes upstream, and what comes back gets the client's again.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from typing import Any, final

from corrigible.guard.mcp import http_headers as say
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.http_stream import Stream
from corrigible.guard.mcp.http_visit import AT_ONCE, QUEUE, Crowded
from corrigible.guard.mcp.jsonrpc import Body

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
LISTEN = "subscriptions/listen"
PROBING = 10.0
"""Seconds that a server has to say which versions it speaks."""


@final
class Shared:
    """All stateless requests of one session."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.used = asyncio.get_running_loop().time()
        self.over = False
        self.why = "the session is over"
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self._asked: dict[int, tuple[Stream, Body]] = {}
        self._numbers = itertools.count(1)
        self._probe: asyncio.Task[bool] | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._asked)

    async def receive(self) -> bytes | None:
        """Return the next message of any client, or None when the session is over."""
        if self.over and self._inbox.empty():
            return None
        return await self._inbox.get()

    async def send(self, message: bytes) -> None:
        """Have a message told to the client that it is for; what is for none of them is dropped."""
        if self.over:
            raise ConnectionResetError("the session is over")
        body = jsonrpc.read(message)
        if body is None or ("method" in body and "id" in body):
            return  # servers of this era ask nothing by themselves
        if "method" in body:
            self._notify(message, body)
            return
        found = self._asked.pop(_number(body.get("id")), None)
        if found is None:
            return
        stream, asked = found
        if SUBSCRIPTION in (own := jsonrpc.meta({"params": body.get("result")})):
            body["result"] = {**body["result"], "_meta": {**own, SUBSCRIPTION: asked["id"]}}
            message = jsonrpc.dump(body)
        stream.add(with_id(message, asked["id"]), answer=True)

    def _notify(self, message: bytes, body: Body) -> None:
        params, meta = jsonrpc.part(body, "params"), jsonrpc.meta(body)
        if body["method"] == "notifications/progress":
            found = self._asked.get(_number(params.get("progressToken")))
            token = None if found is None else jsonrpc.meta(found[1]).get("progressToken")
            if found is not None and token is not None:
                found[0].add(jsonrpc.dump({**body, "params": {**params, "progressToken": token}}))
        elif SUBSCRIPTION in meta:
            if (found := self._asked.get(_number(meta[SUBSCRIPTION]))) is not None:
                told = {**meta, SUBSCRIPTION: found[1]["id"]}
                found[0].add(jsonrpc.dump({**body, "params": {**params, "_meta": told}}))
        else:
            plain = [stream for stream, asked in self._asked.values() if asked["method"] != LISTEN]
            if len(plain) == 1:  # else nobody can say whose it is
                plain[0].add(message)

    async def close(self) -> None:
        """End the session; what is under way is told so."""
        if self.over:
            return
        self.over = True
        for stream, asked in self._asked.values():
            error = jsonrpc.failure(asked["id"], jsonrpc.GONE, self.why, {"outcome": "unknown"})
            stream.add(error, answer=True)
        self._asked.clear()
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(None)

    async def ask(self, body: Body) -> tuple[int, Stream]:
        """Take a request; return its number and the stream with what comes back.

        Raises
        ------
        Crowded
            If there are too many.
        ConnectionError
            If the session is over.
        """
        if self.over:
            raise ConnectionResetError(self.why)
        if len(self._asked) >= AT_ONCE:
            raise Crowded(f"{AT_ONCE} requests are under way")
        number = next(self._numbers)
        stream = Stream(str(number))
        self._asked[number] = stream, body
        sent = {**body, "id": number}
        if "progressToken" in (meta := jsonrpc.meta(body)):
            sent["params"] = {**body["params"], "_meta": {**meta, "progressToken": number}}
        await self._inbox.put(jsonrpc.dump(sent))
        return number, stream

    async def cancel(self, number: int) -> None:
        """Have a request given up, if it is still under way."""
        found = self._asked.pop(number, None)
        if found is not None and not self.over:
            meta = {key: value for key, value in jsonrpc.meta(found[1]).items() if key != "progressToken"}
            params = {"requestId": number, "reason": "the client closed its connection", "_meta": meta}
            await self._inbox.put(jsonrpc.notification("notifications/cancelled", params))

    async def stateless(self) -> bool:
        """Return whether what is behind speaks this era, asking it the first time.

        Raises
        ------
        ConnectionError
            If it cannot be asked.
        """
        if self._probe is None:
            self._probe = asyncio.get_running_loop().create_task(self._ask_era())
        return await asyncio.shield(self._probe)

    async def _ask_era(self) -> bool:
        meta = {
            say.VERSION_KEY: say.STATELESS[-1],
            say.CLIENT_KEY: {"name": "corrigible", "version": "1"},
            say.ABILITIES_KEY: {},
        }
        number, stream = await self.ask(
            {"jsonrpc": "2.0", "id": 0, "method": "server/discover", "params": {"_meta": meta}}
        )
        try:
            async with asyncio.timeout(PROBING):
                said = jsonrpc.read(await stream.answer()) or {}
        except TimeoutError:
            return False  # one that waits for a handshake may say nothing before
        finally:
            await self.cancel(number)
        error = jsonrpc.part(said, "error")
        if "outcome" in jsonrpc.part(error, "data"):
            raise ConnectionResetError(error.get("message"))
        versions = jsonrpc.part(said, "result").get("supportedVersions")
        return isinstance(versions, list) and any(version in versions for version in say.STATELESS)


def with_id(message: bytes, identifier: Any) -> bytes:
    """Return a message with another id, and all else as it was, to the byte."""
    text = message.decode()
    decoder = json.JSONDecoder()
    at, found = _after(text, text.index("{") + 1), None
    while text[at] == '"':
        name, at = decoder.raw_decode(text, at)
        begin = _after(text, _after(text, at) + 1)
        _, at = decoder.raw_decode(text, begin)
        if name == "id":
            found = begin, at  # of two, readers of JSON take the last
        at = _after(text, at)
        if text[at] == "}":
            break
        at = _after(text, at + 1)
    if found is None:
        return message
    return f"{text[: found[0]]}{json.dumps(identifier)}{text[found[1] :]}".encode()


def _after(text: str, at: int) -> int:
    """Return where the white space at ``at`` ends."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


_SPACE = re.compile(r"[ \t\r\n]*")
