"""A server upstream that speaks streamable HTTP, in both eras of the protocol, as a `Peer`.

Every request is a POST of its own; its answer, and what the server says before it, come back on that POST.
Whatever goes wrong with one is told to the proxy as an error in answer to that request. Such an error says in
its ``data`` what is known of the call: ``{"outcome": "failed"}``, it surely was not carried out (nobody
listened, the server refused the message), or ``{"outcome": "unknown"}``, it may have been.

In the era of the handshake the session's number is kept, its stream for what the server says by itself is
opened after the handshake, streams that break are taken up where they broke, and the session is ended with the
connection. In the stateless era a cancelled request is one whose stream is closed.

*Source:* Model Context Protocol, revisions 2025-11-25 and 2026-07-28, "Transports", streamable HTTP.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, cast, final

from corrigible.core.errors import in_short
from corrigible.guard.mcp import http_headers as say
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.http_events import Event
from corrigible.guard.mcp.http_wire import JSON, PARTING, STREAM, Lost, Refused, Wire, kind_of
from corrigible.guard.mcp.jsonrpc import Body

if TYPE_CHECKING:
    from aiohttp import ClientResponse

SILENCE = 300.0
"""Seconds without a byte after which a request counts as lost."""
RETRY = 1.0
"""Seconds before a broken stream is taken up again, where the server does not say."""
LONGEST_RETRY = 60.0
RETRIES = 4
"""How often in a row that may fail."""
QUEUE = 1000
"""Messages of the server that wait for the proxy; then the server waits."""
PAGES = 100
"""Pages of a list of tools that are read."""
Heard = Callable[[bytes, Body], Awaitable[None]]


@final
class HTTPUpstream:
    """One connection to a server at an address.

    Parameters
    ----------
    url
        Where the server is.
    token
        What it is shown as ``Authorization: Bearer …``; empty: nothing.

    Raises
    ------
    OptionError
        If that is no address, or a token would cross the network in the clear.
    """

    def __init__(self, url: str, *, token: str = "") -> None:
        self._wire = Wire(url, token)
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self._requests: dict[str, tuple[asyncio.Task[None], bool]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._before: asyncio.Task[None] | None = None
        self._session = self._version = ""
        self._schemas: dict[str, say.Schema] = {}
        self._listed = self._gone = False

    async def receive(self) -> bytes | None:
        """Return the next message of the server, or None when its session is over."""
        if self._gone and self._inbox.empty():
            return None
        return await self._inbox.get()

    async def send(self, message: bytes) -> None:
        """Send a message, without waiting for the server."""
        if self._gone:
            raise ConnectionResetError(f"the session with {self._wire.place} is over")
        said: Body = json.loads(message)
        method = said.get("method")
        if method is not None and said.get("id") is not None:
            key = _key(said["id"])
            task = self._start(self._ask(message, said, key, self._before))
            self._requests[key] = task, say.version_of(said) is not None
        elif method != "notifications/cancelled" or not self._cancel(said):
            # One after the other: what follows the handshake must not arrive before it.
            self._before = self._start(self._tell(message, said, self._before))

    async def close(self) -> None:
        """End the session and let go of the connections."""
        self._end()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            if self._session:
                await self._wire.delete(self._headers({}))
        finally:
            await self._wire.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _end(self) -> None:
        if not self._gone:
            self._gone = True
            if self._inbox.full():
                self._inbox.get_nowait()
            self._inbox.put_nowait(None)

    async def _hear(self, raw: bytes, said: Body) -> None:
        if not self._gone:
            await self._inbox.put(raw)

    def _cancel(self, said: Body) -> bool:
        """Have a request given up; return whether the server need not be told."""
        found = self._requests.get(_key(jsonrpc.part(said, "params").get("requestId")))
        if found is None:
            return say.version_of(said) is not None
        task, stateless = found
        if stateless:
            task.cancel()
        else:
            asyncio.get_running_loop().call_later(PARTING, task.cancel)
        return stateless

    async def _ask(self, message: bytes, said: Body, key: str, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._post(message, said, key, self._hear)
        except Lost as lost:
            error = {"code": jsonrpc.GONE, "message": lost.why, "data": {"outcome": lost.outcome}}
            await self._answer(said, error, self._hear)
        finally:
            found = self._requests.get(key)
            if found is not None and found[0] is asyncio.current_task():
                del self._requests[key]

    async def _tell(self, message: bytes, said: Body, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._post(message, said, "", self._hear)
        except Lost:
            return  # nobody waits for an answer
        if said.get("method") == "notifications/initialized" and self._session:
            self._start(self._listen())

    async def _answer(self, said: Body, error: Any, hear: Heard) -> None:
        answer = {"jsonrpc": "2.0", "id": said["id"], "error": error}
        await hear(jsonrpc.dump(answer), answer)

    async def _post(self, message: bytes, said: Body, key: str, hear: Heard) -> None:
        """Post a message, and pass on what comes back until it is answered; raise `Lost` if it is not."""
        schema: say.Schema = {}
        if said.get("method") == "tools/call" and say.version_of(said) is not None:
            schema = await self._schema(said)
        try:
            headers = self._headers(said, schema)
        except ValueError as error:
            raise Lost(f"the message cannot be put into headers: {in_short(error)}", "failed") from error
        patience = None if said.get("method") == "subscriptions/listen" else SILENCE
        async with self._wire.post(message, headers, patience) as response:
            if response.status >= 400:
                await self._refused(response, said, hear)
                return
            if not key:
                return
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise Lost(f"{self._wire.place} answered in an encoding that was not asked for")
            if said["method"] == "initialize":
                self._session = response.headers.get(say.SESSION, "")
            kind = kind_of(response)
            if kind == JSON:
                raw = (await self._wire.body(response)).replace(b"\n", b" ").replace(b"\r", b" ")
                if "method" in (jsonrpc.read(raw) or ()) or not await self._passed(raw, said, key, hear):
                    raise Lost(f"{self._wire.place} answered with something else than an answer")
            elif kind == STREAM:
                await self._stream(response, said, key, hear)
            else:
                raise Lost(f"{self._wire.place} answered with status {response.status} and no message")

    def _headers(self, said: Body, schema: say.Schema | None = None) -> dict[str, str]:
        if say.version_of(said) is not None:
            return say.headers_of(said, schema or {})
        headers: dict[str, str] = {}
        if said.get("method") != "initialize":
            if self._session:
                headers[say.SESSION] = self._session
            if self._version:
                headers[say.VERSION] = self._version
        return headers

    async def _refused(self, response: ClientResponse, said: Body, hear: Heard) -> None:
        status, place = response.status, self._wire.place
        if status == 404 and self._session and say.version_of(said) is None:
            self._start(self._over())
            raise Lost(f"{place} has ended the session", "failed")
        if said.get("method") is None or said.get("id") is None:
            return
        told = jsonrpc.read(await self._wire.body(response)) if kind_of(response) == JSON else None
        error = jsonrpc.part(told or {}, "error")
        if status < 500 and {"code", "message"} <= error.keys():
            await self._answer(said, error, hear)
            return
        surely = status < 500 and status not in (408, 499)
        raise Lost(f"{place} answered with status {status}", "failed" if surely else "unknown")

    async def _over(self) -> None:
        """End the connection when what is under way was told."""
        waiting = [task for task, _ in self._requests.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=PARTING)
        self._session = ""
        self._end()

    async def _stream(self, response: ClientResponse, said: Body, key: str, hear: Heard) -> None:
        """Pass on a stream until it has the answer, and take it up again where it breaks."""
        from aiohttp import ClientError

        last, pause, failed, why = "", RETRY, 0, "it ended without an answer"
        events = self._wire.events(response)
        while failed <= RETRIES:
            failed += 1
            try:
                async with aclosing(events):
                    async for event in events:
                        failed = 0
                        last = event.number or last
                        pause = pause if event.retry is None else event.retry
                        if event.data and await self._passed(event.data, said, key, hear):
                            await _rest(events)
                            return
            except (ClientError, OSError) as error:  # time-outs are among them
                why = in_short(error)
            except Refused as refused:
                why = f"status {refused.status}"
            if not last:
                break
            await asyncio.sleep(min(pause, LONGEST_RETRY))
            events = self._wire.stream(self._headers({}) | {say.LAST_EVENT: last})
        raise Lost(f"the stream of {self._wire.place} broke: {why}")

    async def _passed(self, raw: bytes, said: Body, key: str, hear: Heard) -> bool:
        """Pass on one message; return whether it is the answer."""
        found = jsonrpc.read(raw)
        if found is None:
            raise Lost(f"{self._wire.place} sent something else than a message")
        if "method" in found:
            await hear(raw, found)
            return False
        if key and found.get("id") is None and "error" in found:
            await self._answer(said, found["error"], hear)
            return True
        if not key or _key(found.get("id")) != key:
            return False  # an answer belongs to the request that it comes back on
        self._learn(said, found)
        await hear(raw, found)
        return True

    def _learn(self, said: Body, found: Body) -> None:
        result = jsonrpc.part(found, "result")
        if said["method"] == "initialize":
            version = result.get("protocolVersion")
            self._version = version if isinstance(version, str) else ""
        elif said["method"] == "tools/list" and say.version_of(said) is not None:
            tools = result.get("tools")
            for tool in cast("list[Any]", tools) if isinstance(tools, list) else ():
                if isinstance(tool, dict) and isinstance(name := cast("Body", tool).get("name"), str):
                    self._schemas[name] = say.schema_of(cast("Body", tool))

    async def _schema(self, said: Body) -> say.Schema:
        """Return which arguments of the tool go into headers, asking the server where it was not said."""
        name = jsonrpc.part(said, "params").get("name")
        if name not in self._schemas and not self._listed:
            self._listed = True
            meta = dict(jsonrpc.meta(said))
            meta.pop("progressToken", None)
            params: Body = {"_meta": meta}
            for _ in range(PAGES):
                answers: list[Body] = []

                async def keep(raw: bytes, found: Body, answers: list[Body] = answers) -> None:
                    answers.append(found)

                raw = jsonrpc.request(f"{jsonrpc.OURS}tools", "tools/list", params)
                asked: Body = json.loads(raw)
                try:
                    await self._post(raw, asked, _key(asked["id"]), keep)
                except Lost:
                    break  # the server will say what it misses
                cursor = jsonrpc.part(answers[-1], "result").get("nextCursor")
                if not isinstance(cursor, str):
                    break
                params = {"_meta": meta, "cursor": cursor}
        return self._schemas.get(str(name), {})

    async def _listen(self) -> None:
        """Pass on what the server says by itself, as long as it wants to be listened to."""
        from aiohttp import ClientError

        last, pause, failed = "", RETRY, 0
        while failed <= RETRIES:
            failed += 1
            events = self._wire.stream(self._headers({}) | ({say.LAST_EVENT: last} if last else {}))
            try:
                async with aclosing(events):
                    async for event in events:
                        failed = 0
                        last = event.number or last
                        pause = pause if event.retry is None else event.retry
                        if event.data:
                            await self._passed(event.data, {}, "", self._hear)
            except Refused as refused:
                if refused.status == 404:
                    await self._over()
                if 400 <= refused.status < 500:
                    return
            except (ClientError, OSError, Lost):
                pass
            await asyncio.sleep(min(pause, LONGEST_RETRY))


async def _rest(events: AsyncGenerator[Event]) -> None:
    """Let a stream come to its end, so that its connection can be used again."""
    from aiohttp import ClientError

    with suppress(ClientError, OSError, Lost):
        async with asyncio.timeout(PARTING):
            async for _ in events:
                pass


def _key(number: Any) -> str:
    """Return what tells one request from another: 1 is not "1"."""
    return json.dumps(number)
