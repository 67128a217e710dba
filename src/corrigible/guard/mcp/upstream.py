"""One server, in one session: what is under way there, and what it last said of its tools."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast, final

from corrigible.core.errors import GuardError, in_short
from corrigible.guard.first.definition import definition
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.jsonrpc import Body, Id, TooLong

if TYPE_CHECKING:
    from corrigible.guard.mcp.contract import Peer

PAGES = 1000
"""Pages of a list that are read, at most."""
PATIENCE = 30.0
"""Seconds that a server is given to list its tools."""
FRESH = 30.0
"""Seconds for which a listing of tools is believed; what is grave is looked up each time."""
UNLISTED = "unlisted"
"""Stands for the definition of a tool that its server does not list (or does not tell of)."""
ENVELOPE = "io.modelcontextprotocol/"


@final
class Reply(NamedTuple):
    """A response, as the bytes that came, and read."""

    raw: bytes
    body: Body

    @property
    def result(self) -> Mapping[str, Any] | None:
        """The result; None where it is an error."""
        found = self.body.get("result")
        return cast(Mapping[str, Any], found) if isinstance(found, dict) else None


class Receiver(Protocol):
    """Who is told what comes from a server, besides what it was asked."""

    async def passed(self, raw: bytes) -> None:
        """Pass a response on to the client."""
        ...

    async def said(self, server: Upstream, body: Body, raw: bytes) -> None:
        """Take a request or notification of the server."""
        ...

    async def lost(self, server: Upstream, identifiers: list[Id], why: str) -> None:
        """Answer requests whose responses will not come."""
        ...

    async def listed(self, server: Upstream, digests: Mapping[str, str]) -> None:
        """Write down what a server says of its tools."""
        ...


@final
class Upstream:
    """A connection to a server, and what was asked over it.

    Parameters
    ----------
    name
        As in the manifest.
    peer
        The connection.
    receiver
        Who is told what comes in.
    note
        Says a line to whoever runs the guard.
    """

    def __init__(self, name: str, peer: Peer, receiver: Receiver, note: Callable[[str], None]) -> None:
        self.name, self.gone = name, ""
        self._peer, self._receiver, self._note = peer, receiver, note
        self._pending: dict[Id, asyncio.Future[Reply] | None] = {}
        self._numbers = itertools.count()
        self._definitions: dict[str, str] = {}
        self._listed_at = -FRESH
        self._listing = asyncio.Lock()
        self._changes = 0

    def busy(self, identifier: Id) -> bool:
        """Return whether a request with this id is under way here."""
        return identifier in self._pending

    async def forward(self, identifier: Id, raw: bytes) -> None:
        """Pass a request on; its response goes to the client as it comes."""
        self._check()
        self._pending[identifier] = None
        await self._put(identifier, raw)

    async def send(self, raw: bytes) -> None:
        """Pass a notification or a response on."""
        self._check()
        await self._peer.send(raw)

    async def ask(self, identifier: Id, raw: bytes) -> Reply:
        """Pass a request on and return its response.

        Raises
        ------
        ConnectionError
            If the server is gone before it answers.
        """
        self._check()
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[identifier] = answer
        try:
            await self._put(identifier, raw)
            return await answer
        finally:
            self._pending.pop(identifier, None)

    async def request(self, method: str, params: Mapping[str, Any], patience: float = PATIENCE) -> Reply:
        """Make a request of our own; raises ConnectionError or TimeoutError if no response comes."""
        identifier = f"{jsonrpc.OURS}{next(self._numbers)}"
        async with asyncio.timeout(patience):
            return await self.ask(identifier, jsonrpc.request(identifier, method, params))

    def forget(self, identifier: Id) -> bool:
        """Wait no longer for the response to a request that was passed on; return whether one was."""
        return self._pending.pop(identifier, False) is None

    async def pages(self, method: str, key: str, meta: Mapping[str, Any]) -> list[Body]:
        """Return a whole list of the server's, over all its pages.

        Raises
        ------
        GuardError
            If the server does not list.
        ConnectionError, TimeoutError
            If it does not answer.
        """
        found: list[Body] = []
        params: Body = {"_meta": dict(meta)} if meta else {}
        seen: set[str] = set()
        for _ in range(PAGES):
            reply = await self.request(method, params)
            if reply.result is None:
                raise GuardError(f"the server `{self.name}` does not answer `{method}`")
            items = reply.result.get(key)
            if isinstance(items, list):
                found += [cast(Body, item) for item in cast(list[Any], items) if isinstance(item, dict)]
            cursor = reply.result.get("nextCursor")
            if not isinstance(cursor, str) or cursor in seen:
                break
            seen.add(cursor)
            params = params | {"cursor": cursor}
        return found

    def changed(self) -> None:
        """Forget what the server said of its tools."""
        self._definitions = {}
        self._listed_at = -FRESH
        self._changes += 1

    async def learn(self, tools: list[Body], since: tuple[float, int] | None = None) -> None:
        """Keep what the server says of its tools: some, or all of them, as it was asked ``since`` (`moment`)."""
        digests = {tool["name"]: _digest(tool) for tool in tools if isinstance(tool.get("name"), str)}
        await self._receiver.listed(self, digests)
        if since is None:
            self._definitions |= digests
            return
        began, changes = since
        self._definitions = digests
        self._listed_at = began if changes == self._changes else -FRESH

    def moment(self) -> tuple[float, int]:
        """Return when it is, and how often the server has said that its tools changed."""
        return time.monotonic(), self._changes

    async def definition(self, tool: str, meta: Mapping[str, Any], *, now: bool = False) -> str:
        """Return the digest of what the server says of a tool; ask it if that is not known or old.

        Parameters
        ----------
        tool
            The server's name of it.
        meta
            The ``_meta`` of the client's request: 2026-07-28 has its version and capabilities in each.
        now
            Whether to ask in any case.
        """
        async with self._listing:
            old = time.monotonic() - self._listed_at >= FRESH
            if now or old or tool not in self._definitions:
                await self._list(meta)
            return self._definitions.get(tool, UNLISTED)

    async def _list(self, meta: Mapping[str, Any]) -> None:
        since = self.moment()
        envelope = {name: value for name, value in meta.items() if name.startswith(ENVELOPE)}
        try:
            tools = await self.pages("tools/list", "tools", envelope)
        except (GuardError, ConnectionError, TimeoutError) as error:
            self._note(f"the tools of `{self.name}` are not known: {in_short(error)}")
            self.changed()
            return
        await self.learn(tools, since)

    async def pump(self) -> None:
        """Take what the server says until it is gone."""
        why = "it closed the connection"
        try:
            while True:
                try:
                    raw = await self._peer.receive()
                except TooLong as error:
                    await self._cut(error)
                    continue
                if raw is None:
                    break
                await self._take(raw)
        except OSError as error:
            why = in_short(error)
        finally:
            await self._end(why)

    async def close(self) -> None:
        """Let go of the server."""
        await self._peer.close()

    async def _take(self, raw: bytes) -> None:
        if len(raw) > jsonrpc.WHOLE:
            identifier = jsonrpc.answered(raw[: jsonrpc.EDGE], raw[-jsonrpc.EDGE :])
            if identifier is not None and self._pending.get(identifier, False) is None:
                del self._pending[identifier]
                await self._receiver.passed(raw)
                return
        body = jsonrpc.read(raw)
        if body is None:
            self._note(f"`{self.name}` sent what is no message; it was dropped")
        elif isinstance(body.get("method"), str):
            await self._receiver.said(self, body, raw)
        else:
            identifier = body.get("id")
            if not jsonrpc.is_id(identifier) or identifier not in self._pending:
                self._note(f"`{self.name}` answered what it was not asked; it was dropped")
                return
            waiting = self._pending.pop(identifier)
            if waiting is None:
                await self._receiver.passed(raw)
            elif not waiting.done():
                waiting.set_result(Reply(raw, body))

    async def _cut(self, error: TooLong) -> None:
        """Answer the request whose response was too long; where that cannot be told, all that are open."""
        identifier = jsonrpc.answered(error.head, error.tail)
        open_ones = list(self._pending)
        found = [identifier] if identifier is not None and identifier in open_ones else open_ones
        await self._lose(found, f"a result is longer than {jsonrpc.LONGEST} bytes")

    async def _lose(self, identifiers: list[Id], why: str) -> None:
        passed: list[Id] = []
        for identifier in identifiers:
            waiting = self._pending.pop(identifier)
            if waiting is None:
                passed.append(identifier)
            elif not waiting.done():
                waiting.set_exception(ConnectionError(why))
        await self._receiver.lost(self, passed, why)

    async def _end(self, why: str) -> None:
        self.gone = f"the server `{self.name}` is gone: {why}"
        await self._lose(list(self._pending), self.gone)

    def _check(self) -> None:
        if self.gone:
            raise ConnectionError(self.gone)

    async def _put(self, identifier: Id, raw: bytes) -> None:
        try:
            await self._peer.send(raw)
        except BaseException:
            self._pending.pop(identifier, None)
            raise


def _digest(tool: Body) -> str:
    try:
        return definition(tool)
    except (ValueError, TypeError, RecursionError):
        return UNLISTED
