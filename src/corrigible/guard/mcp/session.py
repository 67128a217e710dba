"""One client's session: where each of its messages goes, and where each of the servers' goes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, cast, final

from corrigible.core.errors import CorrigibleError, GuardError, in_short
from corrigible.guard import halts
from corrigible.guard.contract import Call, Halt
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.calls import CAPABILITIES, CLIENT, Wanted
from corrigible.guard.mcp.jsonrpc import (
    GONE,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Body,
    Id,
    Malformed,
    TooLong,
)
from corrigible.guard.mcp.upstream import Upstream

if TYPE_CHECKING:
    from corrigible.guard.mcp.contract import Peer
    from corrigible.guard.mcp.proxy import Proxy

ALWAYS = ("initialize", "server/discover", "ping", "logging/setLevel")
"""Requests that do nothing, and are passed on in order and even when the session is halted."""
READING = (
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "subscriptions/listen",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "tasks/get",
    "tasks/result",
    "tasks/list",
    "tasks/cancel",
)
"""Requests that are passed on unless the session is halted. What is not named here may do anything."""
TOLD = (
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "notifications/tasks/status",
)
"""Notifications of the client that are passed on."""
GRACE = 1.5
"""Seconds that calls in flight are given to end when the client has left."""


@final
class Asked(NamedTuple):
    """A request that a server made of the client, under the server's own id and progress token."""

    server: Upstream
    id: Id
    token: Any


@final
class Session:
    """A client, its servers, and everything that is under way between them.

    Parameters
    ----------
    proxy
        Whose session it is.
    client
        The connection to the client.
    name
        What its calls count to.
    """

    def __init__(self, proxy: Proxy, client: Peer, name: str) -> None:
        from corrigible.guard.mcp.judging import Judging
        from corrigible.guard.mcp.merged import Merged

        self.proxy, self.client, self.name, self.note = proxy, client, name, proxy.note
        self.guard = proxy.guard
        self.several = len(proxy.servers) > 1
        self.servers: dict[str, Upstream] = {}
        self.client_info: Mapping[str, Any] = {}
        self.capabilities: Mapping[str, Any] = {}
        self.executing: set[Id] = set()
        self._tasks: dict[Id, asyncio.Task[None]] = {}
        self._asked: dict[Id, Asked | asyncio.Future[Body]] = {}
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._numbers = itertools.count()
        self._judging = Judging(self)
        self._merged = Merged(self) if self.several else None

    async def run(self) -> None:
        """Serve until the client leaves."""
        try:
            await self.connect()
            await self._listen()
            running = [task for i, task in self._tasks.items() if i in self.executing]
            if running:
                await asyncio.wait(running, timeout=GRACE)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            await self.disconnect()

    async def connect(self, *names: str) -> None:
        """Open connections to servers; none named: to all.

        Raises
        ------
        GuardError
            If there is one server only, and it cannot be reached.
        """
        wanted = {name: reach for name, reach in self.proxy.servers.items() if not names or name in names}
        opened = await asyncio.gather(*(reach() for reach in wanted.values()), return_exceptions=True)
        for name, peer in zip(wanted, opened, strict=True):
            if isinstance(peer, BaseException):
                if not self.several or not isinstance(peer, CorrigibleError | OSError):
                    raise peer
                self.note(str(peer))
                continue
            server = Upstream(name, peer, self, self.note)
            self.servers[name] = server
            self._pumps[name] = asyncio.create_task(server.pump())

    async def disconnect(self, *names: str) -> None:
        """Let go of servers; none named: of all."""
        leaving = [name for name in self.servers if not names or name in names]
        servers = [self.servers.pop(name) for name in leaving]
        pumps = [self._pumps.pop(name) for name in leaving]
        await asyncio.gather(*(server.close() for server in servers), return_exceptions=True)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def reply(self, raw: bytes) -> None:
        """Send to the client; one that is gone needs no reply."""
        with suppress(ConnectionError):
            await self.client.send(raw)

    async def fail(self, identifier: Id | None, code: int, text: str, data: Any = None) -> None:
        """Send an error to the client."""
        await self.reply(jsonrpc.failure(identifier, code, text, data))

    async def question(self, method: str, params: Mapping[str, Any]) -> Body:
        """Make a request of our own to the client, and return its response."""
        identifier = f"{jsonrpc.OURS}{next(self._numbers)}"
        answer: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        self._asked[identifier] = answer
        try:
            await self.client.send(jsonrpc.request(identifier, method, params))
            return await answer
        except asyncio.CancelledError:
            gone = {"requestId": identifier, "reason": "answered elsewhere, or no longer needed"}
            await self.reply(jsonrpc.notification("notifications/cancelled", gone))
            raise
        finally:
            self._asked.pop(identifier, None)

    async def halted(self) -> Halt | None:
        """Return the off-switch that covers this session, if one is on."""
        asking = Call(tool="", arguments={}, session=self.name)
        return await asyncio.to_thread(self.guard.store.read, lambda reader: halts.over(reader, asking))

    def split(self, name: object) -> tuple[Upstream, str] | None:
        """Return whose ``server__name`` that is, and the server's own name of it; the longest server name wins."""
        fitting = [
            prefix for prefix in self.servers if isinstance(name, str) and name.startswith(f"{prefix}__")
        ]
        if not fitting:
            return None
        prefix = max(fitting, key=len)
        return self.servers[prefix], str(name).removeprefix(f"{prefix}__")

    async def _listen(self) -> None:
        while True:
            try:
                raw = await self.client.receive()
                if raw is None:
                    return
                body = jsonrpc.read_strictly(raw)
            except TooLong as error:
                identifier = jsonrpc.answered(error.head, error.tail)
                await self.fail(
                    identifier, INVALID_REQUEST, f"the message has more than {jsonrpc.LONGEST} bytes"
                )
                continue
            except Malformed as error:
                await self.fail(error.id, error.code, error.text)
                continue
            except ConnectionError:
                return
            if "method" not in body:
                await self._answered(body, raw)
            elif "id" not in body:
                await self._told(body, raw)
            else:
                await self._requested(body, raw)

    async def _requested(self, body: Body, raw: bytes) -> None:
        identifier, method = cast(Id, body["id"]), cast(str, body["method"])
        if identifier in self._tasks or any(server.busy(identifier) for server in self.servers.values()):
            # Not under this id: it would be taken for the answer to the request that is under way.
            await self.fail(None, INVALID_REQUEST, f"a request with the id `{identifier}` is under way")
        elif method in ALWAYS:
            if method == "initialize":
                params = jsonrpc.part(body, "params")
                self.client_info = jsonrpc.part(params, "clientInfo")
                self.capabilities = jsonrpc.part(params, "capabilities")
            if self._merged is not None:
                self._spawn(identifier, self._merged.take(body))
            else:
                await self._caught(identifier, self._forward(body, raw))
        elif method == "tools/call":
            self._spawn(identifier, self._judging.take(body))
        elif method in READING:
            self._spawn(identifier, self._read(body, raw))
        else:
            await self.fail(
                identifier, METHOD_NOT_FOUND, f"the guard does not know the method `{method[:100]}`"
            )

    def _spawn(self, identifier: Id, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._caught(identifier, work))
        self._tasks[identifier] = task
        task.add_done_callback(lambda _: self._tasks.pop(identifier, None))

    async def _caught(self, identifier: Id, work: Coroutine[Any, Any, None]) -> None:
        """See that every request is answered, whatever happens."""
        try:
            await work
        except Malformed as error:
            await self.fail(identifier, error.code, error.text)
        except (CorrigibleError, OSError) as error:
            await self.fail(identifier, GONE, str(error) or type(error).__name__)
        except Exception as error:
            self.note(f"unexpected {in_short(error)}")
            await self.fail(identifier, INTERNAL_ERROR, "the guard failed; nothing was done")

    async def _read(self, body: Body, raw: bytes) -> None:
        if (halt := await self.halted()) is not None:
            raise GuardError(f"halted by {halt.who}: {halt.why}")
        if self._merged is not None:
            await self._merged.take(body)
        elif body["method"] == "tools/list":
            await self._list(body, raw)
        else:
            await self._forward(body, raw)

    async def _forward(self, body: Body, raw: bytes) -> None:
        (server,) = self.servers.values()
        await server.forward(body["id"], raw)

    async def _list(self, body: Body, raw: bytes) -> None:
        (server,) = self.servers.values()
        since = server.moment()
        reply = await server.ask(body["id"], raw)
        tools = None if reply.result is None else reply.result.get("tools")
        if not isinstance(tools, list):
            await self.reply(reply.raw)
            return
        assert reply.result is not None
        told = cast(list[Any], tools)
        listed = [cast(Body, tool) for tool in told if isinstance(tool, dict)]
        whole = "cursor" not in jsonrpc.part(body, "params") and "nextCursor" not in reply.result
        await server.learn(listed, since if whole else None)
        shown = self.proxy.definitions.visible(server.name, listed)
        if len(shown) == len(told):
            await self.reply(reply.raw)
        else:
            await self.reply(jsonrpc.dump(reply.body | {"result": {**reply.result, "tools": shown}}))

    async def _answered(self, body: Body, raw: bytes) -> None:
        """Take the client's response to a request that a server, or we, made of it."""
        asked = self._asked.pop(body["id"], None) if jsonrpc.is_id(body["id"]) else None
        if isinstance(asked, Asked):
            with suppress(ConnectionError):
                await asked.server.send(jsonrpc.dump(body | {"id": asked.id}) if self.several else raw)
        elif asked is not None and not asked.done():
            asked.set_result(body)

    async def _told(self, body: Body, raw: bytes) -> None:
        """Take a notification of the client."""
        method, params = body["method"], jsonrpc.part(body, "params")
        if method == "notifications/cancelled":
            await self._cancelled(params.get("requestId"), raw)
        elif method == "notifications/progress" and self.several:
            asked = (
                self._asked.get(params["progressToken"])
                if jsonrpc.is_id(params.get("progressToken"))
                else None
            )
            if isinstance(asked, Asked):
                told = jsonrpc.dump(body | {"params": {**params, "progressToken": asked.token}})
                with suppress(ConnectionError):
                    await asked.server.send(told)
        elif method in TOLD:
            for server in self.servers.values():
                with suppress(ConnectionError):
                    await server.send(raw)

    async def _cancelled(self, identifier: Any, raw: bytes) -> None:
        if not jsonrpc.is_id(identifier):
            return
        task = self._tasks.get(identifier)
        if task is not None:
            task.cancel()
        for server in self.servers.values():
            if server.forget(identifier):
                with suppress(ConnectionError):
                    await server.send(raw)

    async def passed(self, raw: bytes) -> None:
        await self.reply(raw)

    async def lost(self, server: Upstream, identifiers: list[Id], why: str) -> None:
        if server.gone:
            self.note(server.gone)
            for identifier, asked in list(self._asked.items()):
                if isinstance(asked, Asked) and asked.server is server:
                    del self._asked[identifier]
        for identifier in identifiers:
            await self.fail(identifier, GONE, why)

    async def said(self, server: Upstream, body: Body, raw: bytes) -> None:
        if "id" in body:
            await self._wished(server, body, raw)
            return
        method, params = body["method"], jsonrpc.part(body, "params")
        if method == "notifications/tools/list_changed":
            server.changed()
        elif method == "notifications/cancelled":
            asked = next(
                (i for i, a in self._asked.items() if self._is(a, server, params.get("requestId"))), None
            )
            if asked is not None:
                del self._asked[asked]
                raw = jsonrpc.dump(body | {"params": {**params, "requestId": asked}}) if self.several else raw
        if self._merged is None or not await self._merged.said(server, body):
            await self.reply(raw)

    async def _wished(self, server: Upstream, body: Body, raw: bytes) -> None:
        """Pass a server's request on to the client, which judges those itself."""
        identifier = body["id"]
        if not jsonrpc.is_id(identifier) or (
            isinstance(identifier, str) and identifier.startswith(jsonrpc.OURS)
        ):
            self.note(f"`{server.name}` made a request with an id that cannot be used; it was dropped")
            return
        if any(self._is(asked, server, identifier) for asked in self._asked.values()):
            self.note(f"`{server.name}` made two requests with the id `{identifier}`; the second was dropped")
            return
        token = jsonrpc.meta(body).get("progressToken")
        shown: Id = identifier
        if self.several:
            shown = f"{jsonrpc.OURS}{next(self._numbers)}"
            params = dict(jsonrpc.part(body, "params"))
            if token is not None:
                params["_meta"] = {**jsonrpc.part(params, "_meta"), "progressToken": shown}
            raw = jsonrpc.dump(body | {"id": shown} | ({"params": params} if params else {}))
        self._asked[shown] = Asked(server, identifier, token)
        await self.reply(raw)

    @staticmethod
    def _is(asked: object, server: Upstream, identifier: Any) -> bool:
        return isinstance(asked, Asked) and asked.server is server and asked.id == identifier

    async def listed(self, server: Upstream, digests: Mapping[str, str]) -> None:
        await self.proxy.definitions.listed(server.name, self.name, digests)

    def sender(self, wanted: Wanted) -> tuple[str, Mapping[str, Any]]:
        """Return what the client calls itself, and what it can do; empty where it does not say."""
        modern = wanted.modern
        info = jsonrpc.part(wanted.meta, CLIENT) if modern else self.client_info
        able = jsonrpc.part(wanted.meta, CAPABILITIES) if modern else self.capabilities
        name = info.get("name")
        return (name[:100] if isinstance(name, str) else ""), able
