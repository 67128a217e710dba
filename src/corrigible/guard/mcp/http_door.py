"""The HTTP door: the guard serves agents over streamable HTTP, in both eras of the protocol.

At ``/mcp`` a client is in the door's own session, at ``/mcp/NAME`` in the one called NAME. In the era of the
handshake every client has connections of its own to the servers, which end with it; the stateless requests of
one session share theirs. Halts, limits and approvals are of the session in either case.

Nothing is passed on that was not read whole and strictly. Requests whose ``Host`` or ``Origin`` is not this
machine are refused, so that no web page can reach the door by a name of its own (DNS rebinding); where it can
be reached from elsewhere, it takes a token.

*Source:* Model Context Protocol, revisions 2025-11-25 and 2026-07-28, "Transports", streamable HTTP.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, final

from corrigible.core.errors import CorrigibleError
from corrigible.guard.mcp import http_headers as say
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.contract import Peer
from corrigible.guard.mcp.http_shared import LISTEN, Shared
from corrigible.guard.mcp.http_stream import Stream
from corrigible.guard.mcp.http_visit import OWN, Crowded, Visit
from corrigible.guard.mcp.jsonrpc import Body

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, Response, StreamResponse

PATH = "/mcp"
MAIN = "main"
"""The session at ``/mcp``, where none is named."""
IDLE = 3600.0
"""Seconds without use after which a client's session is closed."""
MOST = 200
"""Clients in sessions, and sessions of stateless clients, at a time."""
BODY = 30.0
"""Seconds that the body of a request may take to arrive."""
LEGACY_FOR = 10.0
"""Seconds for which servers are taken to know only the era of the handshake, after they were asked."""

HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022
STATUS = {
    jsonrpc.PARSE_ERROR: 400,
    jsonrpc.INVALID_REQUEST: 400,
    jsonrpc.INVALID_PARAMS: 400,
    jsonrpc.METHOD_NOT_FOUND: 404,
    HEADER_MISMATCH: 400,
    -32021: 400,
    UNSUPPORTED_VERSION: 400,
}
"""The status that goes with an error, in the stateless era."""

Serve = Callable[[Peer, str], Awaitable[None]]
"""Serves one client in the session named, until it leaves (`corrigible.guard.mcp.proxy.Proxy.serve`)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@final
class Refusal(Exception):
    """A request that goes no further."""

    def __init__(
        self,
        status: int,
        text: str,
        code: int = jsonrpc.INVALID_REQUEST,
        data: Any = None,
        number: Any = None,
    ) -> None:
        super().__init__(text)
        self.status, self.text, self.code, self.data, self.number = status, text, code, data, number


@final
class HTTPDoor:
    """The web application.

    Parameters
    ----------
    serve
        Serves a client.
    hosts
        By which names this machine may be called.
    token
        What clients must show as ``Authorization: Bearer …``; empty: nothing.
    session
        What the session at ``/mcp`` is called; those of other paths are beneath it. Empty: `MAIN`, and those
        of other paths stand by themselves.
    idle, most
        As `IDLE` and `MOST`.
    """

    def __init__(
        self,
        serve: Serve,
        *,
        hosts: Iterable[str],
        token: str = "",
        session: str = "",
        idle: float = IDLE,
        most: int = MOST,
    ) -> None:
        self._serve, self._session, self._idle, self._most = serve, session, idle, most
        self._hosts = {host.lower() for host in hosts}
        self._expected = f"Bearer {token}".encode() if token else b""
        self._visits: dict[str, Visit] = {}
        self._shared: dict[str, Shared] = {}
        self._legacy: dict[str, float] = {}
        self._tasks: dict[Visit | Shared, asyncio.Task[None]] = {}

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Answer a request."""
        try:
            self._admit(request)
            session = self._named(request)
            version = request.headers.get(say.VERSION)
            if version is not None and version not in say.HANDSHAKES:
                return await self._stateless(request, session, version)
            return await self._in_session(request, session)
        except Refusal as refusal:
            return _refused(refusal)
        except Crowded as crowded:
            return _refused(Refusal(429, str(crowded)))
        except ConnectionError as error:
            return _refused(Refusal(503, str(error), jsonrpc.GONE))

    async def tidy(self) -> None:
        """Close sessions that nobody uses, again and again."""
        while True:
            await asyncio.sleep(min(self._idle / 4, 60.0))
            now = asyncio.get_running_loop().time()
            for one in [*self._visits.values(), *self._shared.values()]:
                if one.busy:
                    one.used = now
                elif now - one.used > self._idle:
                    await one.close()

    async def close(self) -> None:
        """End all sessions."""
        tasks = list(self._tasks.values())
        for one in list(self._tasks):
            await one.close()
        _, slow = await asyncio.wait(tasks, timeout=5.0) if tasks else ((), ())
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    def _admit(self, request: BaseRequest) -> None:
        """Refuse what does not come from whom it should."""
        host = _bare(request.headers.get("Host", ""))
        if host not in self._hosts:
            raise Refusal(421, "this machine is not called that")
        origin = request.headers.get("Origin")
        if origin is not None:
            scheme, _, named = origin.partition("://")
            if scheme not in ("http", "https") or _bare(named) not in self._hosts:
                raise Refusal(403, "requests from web pages are refused")
        shown = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if self._expected and not hmac.compare_digest(shown, self._expected):
            raise Refusal(401, "a token is needed")

    def _named(self, request: BaseRequest) -> str:
        path = request.path_qs.partition("?")[0]
        if path in (PATH, f"{PATH}/"):
            return self._session or MAIN
        name = path.removeprefix(f"{PATH}/")
        if name == path or not _NAME.fullmatch(name):
            raise Refusal(404, f"there is nothing here; the door is at {PATH} and {PATH}/NAME")
        return f"{self._session}/{name}" if self._session else name

    async def _in_session(self, request: BaseRequest, session: str) -> StreamResponse:
        if request.method not in ("POST", "GET", "DELETE"):
            raise Refusal(405, "the methods are POST, GET and DELETE")
        number = request.headers.get(say.SESSION)
        visit = None if number is None else self._visits.get(number)
        if number is not None and (visit is None or visit.over or visit.session != session):
            raise Refusal(404, "there is no such session")
        if request.method == "POST":
            return await self._post(request, session, visit)
        if visit is None:
            raise Refusal(400, f"the header {say.SESSION} is missing")
        visit.used = asyncio.get_running_loop().time()
        if request.method == "DELETE":
            from aiohttp.web import Response

            await visit.close()
            return Response(status=204)
        return await self._follow(request, visit)

    async def _post(self, request: BaseRequest, session: str, visit: Visit | None) -> StreamResponse:
        _acceptable(request, both=True)
        raw, body = await _message(request)
        asks = "method" in body and "id" in body
        opens = asks and body["method"] == "initialize"
        if opens and visit is not None:
            raise Refusal(400, "the session is open already", number=body["id"])
        if not opens and visit is None:
            raise Refusal(400, f"the header {say.SESSION} is missing", number=body.get("id"))
        if visit is None:
            return await self._open(request, session, raw, body)
        visit.used = asyncio.get_running_loop().time()
        if not asks:
            from aiohttp.web import Response

            await visit.tell(raw, body)
            return Response(status=202, headers={say.SESSION: visit.number})
        stream = await visit.ask(raw, body)
        numbered = request.headers.get(say.VERSION, "") >= say.HANDSHAKES[-1]
        return await stream.respond(request, {say.SESSION: visit.number}, numbered=numbered)

    async def _open(self, request: BaseRequest, session: str, raw: bytes, body: Body) -> StreamResponse:
        if len(self._visits) >= self._most:
            raise Refusal(503, f"{self._most} sessions are open", number=body["id"])
        visit = Visit(session)
        self._visits[visit.number] = visit
        self._tasks[visit] = asyncio.create_task(self._sit(visit))
        established = False
        try:
            stream = await visit.ask(raw, body)
            response = await stream.respond(request, {say.SESSION: visit.number})
            said = jsonrpc.read(await stream.answer()) or {}
            established = "result" in said
            return response
        finally:
            if not established:
                await visit.close()

    async def _follow(self, request: BaseRequest, visit: Visit) -> StreamResponse:
        _acceptable(request, both=False)
        headers = {say.SESSION: visit.number}
        last = request.headers.get(say.LAST_EVENT)
        if last is None:
            if visit.own.followed:
                raise Refusal(409, "the session has a stream already")
            numbered = request.headers.get(say.VERSION, "") >= say.HANDSHAKES[-1]
            return await visit.own.respond(request, headers, since=0, numbered=numbered)
        name, _, at = last.partition("-")
        stream = visit.stream(name) if re.fullmatch(r"[0-9]{1,9}", at) else None
        if stream is None:
            raise Refusal(404 if name != OWN else 400, "there is no such stream any more")
        return await stream.respond(request, headers, since=int(at), numbered=True)

    async def _stateless(self, request: BaseRequest, session: str, version: str) -> StreamResponse:
        from aiohttp.web import Response

        if request.method != "POST":
            raise Refusal(405, "without a session there is only POST")
        _acceptable(request, both=True)
        _, body = await _message(request)
        if "method" not in body:
            raise Refusal(400, "a message of a client is a request or a notification")
        if "id" not in body:
            _check_version(version, None)
            return Response(status=202)  # there is nothing for it to be about: to cancel is to close
        number = body["id"]
        meta = jsonrpc.meta(body)
        if missing := [key for key in (say.VERSION_KEY, say.ABILITIES_KEY) if key not in meta]:
            text = f"the member params._meta lacks {' and '.join(missing)}"
            raise Refusal(400, text, jsonrpc.INVALID_PARAMS, number=number)
        if wrong := say.mismatch(body, request.headers.items()):
            raise Refusal(400, wrong, HEADER_MISMATCH, number=number)
        _check_version(version, number)
        shared = await self._share(session, version, number)
        shared.used = asyncio.get_running_loop().time()
        known, stream = await shared.ask(body)
        try:
            return await self._told(request, stream, since=0 if body["method"] == LISTEN else None)
        finally:
            await shared.cancel(known)

    async def _told(self, request: BaseRequest, stream: Stream, since: int | None) -> StreamResponse:
        response = await stream.respond(request, {}, since=since)
        if not response.prepared:
            code = jsonrpc.part(jsonrpc.read(await stream.answer()) or {}, "error").get("code")
            response.set_status(STATUS.get(code, 200) if isinstance(code, int) else 200)
        return response

    async def _share(self, session: str, version: str, number: Any) -> Shared:
        """Return what the stateless requests of a session go through; refuse where no server speaks so."""
        now = asyncio.get_running_loop().time()
        legacy = Refusal(
            400,
            "the servers behind this door begin with a handshake",
            UNSUPPORTED_VERSION,
            {"supported": list(say.HANDSHAKES), "requested": version},
            number,
        )
        if self._legacy.get(session, 0.0) > now:
            raise legacy
        shared = self._shared.get(session)
        if shared is None or shared.over:
            if len(self._shared) >= self._most:
                raise Refusal(503, f"{self._most} sessions are open", number=number)
            shared = self._shared[session] = Shared(session)
            self._tasks[shared] = asyncio.create_task(self._sit(shared))
        try:
            if await shared.stateless():
                return shared
        except ConnectionError:
            await shared.close()
            raise
        self._legacy = {name: until for name, until in self._legacy.items() if until > now}
        self._legacy[session] = now + LEGACY_FOR
        await shared.close()
        raise legacy

    async def _sit(self, one: Visit | Shared) -> None:
        """Serve a client or session until it is over."""
        try:
            await self._serve(one, one.session)
        except CorrigibleError as error:
            one.why = str(error)
        finally:
            await one.close()
            if isinstance(one, Visit):
                self._visits.pop(one.number, None)
            elif self._shared.get(one.session) is one:
                del self._shared[one.session]
            self._tasks.pop(one, None)


def _acceptable(request: BaseRequest, *, both: bool) -> None:
    """Refuse a client that cannot read what would be answered."""
    kinds = {kind.partition(";")[0].strip().lower() for kind in request.headers.get("Accept", "").split(",")}
    stream = bool(kinds & {"*/*", "text/*", "text/event-stream"})
    if not stream or (both and not kinds & {"*/*", "application/*", "application/json"}):
        raise Refusal(
            406, "the client must accept text/event-stream" + (" and application/json" if both else "")
        )


async def _message(request: BaseRequest) -> tuple[bytes, Body]:
    """Return the message that is posted, as it came and as it reads."""
    from aiohttp.web import HTTPRequestEntityTooLarge

    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "a message is posted as application/json")
    try:
        async with asyncio.timeout(BODY):
            raw = await request.read()
        body = jsonrpc.read_strictly(raw)
    except HTTPRequestEntityTooLarge:
        raise Refusal(413, "the message is too long") from None
    except TimeoutError:
        raise Refusal(408, "the message did not arrive") from None
    except jsonrpc.Malformed as error:
        raise Refusal(400, error.text, error.code, number=error.id) from None
    # White space between the parts of a message is no part of it; line ends would be, on standard streams.
    return raw.replace(b"\n", b" ").replace(b"\r", b" "), body


def _check_version(version: str, number: Any) -> None:
    if version not in say.STATELESS:
        data = {"supported": [*say.HANDSHAKES, *say.STATELESS], "requested": version}
        raise Refusal(400, "this version is not spoken here", UNSUPPORTED_VERSION, data, number)


def _bare(host: str) -> str:
    """Return a host without its port."""
    return re.sub(r":[0-9]*$", "", host).lower()


def _refused(refusal: Refusal) -> Response:
    from aiohttp.web import Response

    headers: dict[str, str] = {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.status == 405:
        headers["Allow"] = "POST, GET, DELETE"
    body = jsonrpc.failure(refusal.number, refusal.code, refusal.text, refusal.data)
    return Response(status=refusal.status, body=body, content_type="application/json", headers=headers)
