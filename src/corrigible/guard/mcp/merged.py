"""Several servers as one: lists put together, names told apart, and each request sent where it belongs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast, final

from corrigible.core.errors import GuardError, in_short
from corrigible.core.version import VERSION
from corrigible.guard.mcp import calls, jsonrpc
from corrigible.guard.mcp.jsonrpc import GONE, INVALID_PARAMS, METHOD_NOT_FOUND, Body, Id, Malformed
from corrigible.guard.mcp.upstream import ENVELOPE, Reply, Upstream

if TYPE_CHECKING:
    from corrigible.guard.mcp.session import Session

LISTS = {
    "tools/list": "tools",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
MODERN = "2026-07-28"
UNKNOWN_RESOURCE = -32002
PATIENCE = 60.0
"""Seconds that the servers are given to answer a handshake or a request that is sent to all."""


@final
class Merged:
    """What several servers offer, as one server would.

    Parameters
    ----------
    session
        Whose servers.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._modern: set[str] = set()
        self._uris: dict[str, Upstream] = {}
        self._templates: dict[str, Upstream] = {}
        self._unheard: dict[Id, set[Upstream]] = {}
        self._heard: dict[Id, Body] = {}
        self._ways: Mapping[str, Callable[[Body], Awaitable[None]]] = {
            "ping": self._ping,
            "initialize": self._initialize,
            "server/discover": self._discover,
            "logging/setLevel": self._all,
            "resources/read": self._resource,
            "resources/subscribe": self._resource,
            "resources/unsubscribe": self._resource,
            "prompts/get": self._prompt,
            "completion/complete": self._complete,
            "subscriptions/listen": self._listen,
        }

    async def take(self, body: Body) -> None:
        """Answer a request of the client."""
        method = body["method"]
        if method in LISTS:
            await self._list(body)
        elif method in self._ways:
            await self._ways[method](body)
        else:
            await self._session.fail(
                body["id"], METHOD_NOT_FOUND, f"`{method}` is not passed on where there are several servers"
            )

    async def said(self, server: Upstream, body: Body) -> bool:
        """Take a notification of a server; return whether it is not to be passed on as it is."""
        if body["method"] != ACKNOWLEDGED:
            return False
        identifier = jsonrpc.meta(body).get(SUBSCRIPTION)
        if jsonrpc.is_id(identifier) and identifier in self._unheard:
            honoured = jsonrpc.part(jsonrpc.part(body, "params"), "notifications")
            self._heard[identifier] = _union(self._heard.get(identifier, {}), honoured)
            await self._acknowledge(identifier, server)
        return True

    async def _ping(self, body: Body) -> None:
        await self._session.reply(jsonrpc.response(body["id"], _complete_for(body)))

    async def _initialize(self, body: Body) -> None:
        if self._modern:  # a server that was asked for the newer era does not go back to the older one
            await self._session.disconnect(*self._modern)
            await self._session.connect(*self._modern)
            self._modern.clear()
        replies = await self._each("initialize", body)
        results = {server: reply.result for server, reply in replies.items() if reply.result is not None}
        if not results:
            raise GuardError("none of the servers can be reached")
        version = min(str(result.get("protocolVersion")) for result in results.values())
        await self._session.reply(
            jsonrpc.response(body["id"], {"protocolVersion": version, **_described(results)})
        )

    async def _discover(self, body: Body) -> None:
        replies = await self._each("server/discover", body)
        results = {server: reply.result for server, reply in replies.items() if reply.result is not None}
        self._modern = {server.name for server in results}
        offered = [
            {v for v in cast(list[Any], found) if isinstance(v, str) and v >= MODERN}
            for result in results.values()
            if isinstance(found := result.get("supportedVersions"), list)
        ]
        common = set[str].intersection(*offered) if offered else set[str]()
        if len(offered) < len(self._session.servers) or not common:
            await self._session.fail(body["id"], METHOD_NOT_FOUND, f"not all servers speak {MODERN}")
            return
        told = {
            **_described(results),
            **_complete_for(body, cached=True),
            "supportedVersions": sorted(common),
        }
        await self._session.reply(jsonrpc.response(body["id"], told))

    async def _list(self, body: Body) -> None:
        method, key = body["method"], LISTS[body["method"]]
        servers = [server for server in self._session.servers.values() if not server.gone]
        since = {server: server.moment() for server in servers}
        envelope = _envelope(body)
        found: list[Body] = []
        listed = await asyncio.gather(
            *(server.pages(method, key, envelope) for server in servers), return_exceptions=True
        )
        for server, items in zip(servers, listed, strict=True):
            if isinstance(items, GuardError):
                continue  # it has no such list
            if isinstance(items, ConnectionError | TimeoutError):
                self._session.note(f"`{server.name}` does not answer `{method}`: {in_short(items)}")
                continue
            if isinstance(items, BaseException):
                raise items
            if method == "tools/list":
                await server.learn(items, since[server])
                items = self._session.proxy.definitions.visible(server.name, items)
            found += self._named(server, key, items)
        result = {key: found, **_complete_for(body, cached=True)}
        await self._session.reply(jsonrpc.response(body["id"], result))

    def _named(self, server: Upstream, key: str, items: list[Body]) -> list[Body]:
        if key in ("tools", "prompts"):
            return [item | {"name": f"{server.name}__{item.get('name')}"} for item in items]
        field, places = ("uri", self._uris) if key == "resources" else ("uriTemplate", self._templates)
        return [item for item in items if places.setdefault(str(item.get(field)), server) is server]

    async def _resource(self, body: Body) -> None:
        uri = str(jsonrpc.part(body, "params").get("uri"))
        for server in await self._places(uri, body):
            reply = await self._ask(server, body)
            if reply.result is not None:
                await self._session.reply(reply.raw)
                return
        await self._session.fail(body["id"], UNKNOWN_RESOURCE, f"no server has the resource `{uri[:200]}`")

    async def _places(self, uri: str, body: Body) -> list[Upstream]:
        """Return the servers that may have a resource, the likeliest first."""
        if uri not in self._uris and not self._templates:
            for method in ("resources/list", "resources/templates/list"):
                for server in self._session.servers.values():
                    with suppress(GuardError, ConnectionError, TimeoutError):
                        items = await server.pages(method, LISTS[method], _envelope(body))
                        self._named(server, LISTS[method], items)
        if uri in self._uris:
            return [self._uris[uri]]
        likely = [server for template, server in self._templates.items() if _fits(uri, template)]
        others = [server for server in self._session.servers.values() if server not in likely]
        return list(dict.fromkeys(likely)) or others

    async def _prompt(self, body: Body) -> None:
        server, name = self._split(body, jsonrpc.part(body, "params").get("name"))
        params = {**jsonrpc.part(body, "params"), "name": name}
        await self._session.reply((await self._ask(server, body | {"params": params})).raw)

    async def _complete(self, body: Body) -> None:
        params = jsonrpc.part(body, "params")
        ref = jsonrpc.part(params, "ref")
        if ref.get("type") == "ref/prompt":
            server, name = self._split(body, ref.get("name"))
            params = {**params, "ref": {**ref, "name": name}}
        else:
            uri = str(ref.get("uri"))
            server = self._templates.get(uri) or (await self._places(uri, body))[0]
        await self._session.reply((await self._ask(server, body | {"params": params})).raw)

    async def _all(self, body: Body) -> None:
        replies = await self._each(body["method"], body)
        done = next((reply for reply in replies.values() if reply.result is not None), None)
        if done is None:
            raise GuardError("none of the servers does that")
        await self._session.reply(jsonrpc.response(body["id"], done.result or {}))

    async def _listen(self, body: Body) -> None:
        identifier = body["id"]
        servers = [server for server in self._session.servers.values() if not server.gone]
        self._unheard[identifier] = set(servers)

        async def one(server: Upstream) -> Reply | None:
            try:
                return await self._ask(server, body)
            except ConnectionError:
                return None
            finally:
                await self._acknowledge(identifier, server)

        try:
            replies = await asyncio.gather(*map(one, servers))
        except asyncio.CancelledError:
            for server in servers:
                with suppress(ConnectionError):
                    await server.send(
                        jsonrpc.notification("notifications/cancelled", {"requestId": identifier})
                    )
            raise
        finally:
            self._unheard.pop(identifier, None)
            self._heard.pop(identifier, None)
        ended = [reply for reply in replies if reply is not None]
        best = next((reply for reply in ended if reply.result is not None), ended[0] if ended else None)
        if best is None:
            await self._session.fail(identifier, GONE, "the servers are gone")
        else:
            await self._session.reply(best.raw)

    async def _acknowledge(self, identifier: Id, server: Upstream) -> None:
        """Tell the client what it will hear of, once every server has said so."""
        waiting = self._unheard.get(identifier)
        if not waiting or server not in waiting:
            return
        waiting.discard(server)
        if not waiting and identifier in self._heard:
            told = {"notifications": self._heard[identifier], "_meta": {SUBSCRIPTION: identifier}}
            await self._session.reply(jsonrpc.notification(ACKNOWLEDGED, told))

    def _split(self, body: Body, name: Any) -> tuple[Upstream, str]:
        found = self._session.split(name)
        if found is None:
            raise Malformed(INVALID_PARAMS, f"there is no prompt `{str(name)[:200]}`", body["id"])
        return found

    async def _ask(self, server: Upstream, body: Body) -> Reply:
        return await server.ask(body["id"], jsonrpc.dump(body))

    async def _each(self, method: str, body: Body) -> dict[Upstream, Reply]:
        """Make a request of all servers; those that do not answer are left out, and told of."""
        servers = [server for server in self._session.servers.values() if not server.gone]
        params = jsonrpc.part(body, "params")
        replies = await asyncio.gather(
            *(server.request(method, params, PATIENCE) for server in servers), return_exceptions=True
        )
        found: dict[Upstream, Reply] = {}
        for server, reply in zip(servers, replies, strict=True):
            if isinstance(reply, ConnectionError | TimeoutError):
                self._session.note(f"`{server.name}` does not answer `{method}`: {in_short(reply)}")
            elif isinstance(reply, BaseException):
                raise reply
            else:
                found[server] = reply
        return found


def _described(results: Mapping[Upstream, Mapping[str, Any]]) -> Body:
    """Return what several servers say of themselves, as one."""
    capabilities: Body = {}
    said: list[str] = []
    for server, result in results.items():
        capabilities = _union(capabilities, jsonrpc.part(result, "capabilities"))
        if isinstance(instructions := result.get("instructions"), str):
            said.append(f"{server.name}: {instructions}")
    capabilities.pop("tasks", None)
    info = {"name": "corrigible", "version": VERSION}
    told: Body = {"capabilities": capabilities, "serverInfo": info}
    return told | ({"instructions": "\n\n".join(said)} if said else {})


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> Body:
    merged: Body = dict(one)
    for name, value in other.items():
        held = merged.get(name)
        if isinstance(held, dict) and isinstance(value, dict):
            merged[name] = _union(cast(Body, held), cast(Body, value))
        elif isinstance(held, list) and isinstance(value, list):
            merged[name] = [*cast(list[Any], held), *(i for i in cast(list[Any], value) if i not in held)]
        else:
            merged[name] = held or value
    return merged


def _envelope(body: Body) -> Body:
    return {name: value for name, value in jsonrpc.meta(body).items() if name.startswith(ENVELOPE)}


def _complete_for(body: Body, *, cached: bool = False) -> Body:
    """Return what a result must say besides in the newer era, if the request is of it."""
    if calls.VERSION not in jsonrpc.meta(body):
        return {}
    return {"resultType": "complete"} | ({"ttlMs": 0, "cacheScope": "private"} if cached else {})


def _fits(uri: str, template: str) -> bool:
    """Return whether a template may stand for an address (RFC 6570, each expression read as anything)."""
    parts = re.split(r"\{[^{}]*\}", template)
    return re.fullmatch(".*".join(map(re.escape, parts)), uri, re.DOTALL) is not None
