"""How one request goes to a server and what comes back, without a word of what the messages mean.

Whatever goes wrong is a `Lost`, which says whether the request may have been carried out all the same.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal, final
from urllib.parse import urljoin, urlsplit

from corrigible.core.errors import OptionError, in_short
from corrigible.guard.mcp.http_events import Event, Events, Overlong
from corrigible.guard.mcp.jsonrpc import LONGEST

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, ClientTimeout

CONNECTING = 10.0
"""Seconds that a connection may take."""
PARTING = 2.0
"""Seconds that a server may take to end a session, and to end the stream of what was cancelled."""
UNUSED = 3.0
"""Seconds that a connection without use is kept: less than servers do, so that none is used as it closes."""
MOVES = 3

JSON = "application/json"
STREAM = "text/event-stream"


@final
class Lost(Exception):
    """Why a request has no answer, and whether it may have been carried out all the same."""

    def __init__(self, why: str, outcome: Literal["failed", "unknown"] = "unknown") -> None:
        super().__init__(why)
        self.why, self.outcome = why, outcome


@final
class Refused(Exception):
    """A stream that the server does not open."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@final
class Wire:
    """The connections to one server.

    Parameters
    ----------
    url
        Where it is.
    token
        What it is shown as ``Authorization: Bearer …``; empty: nothing.

    Raises
    ------
    OptionError
        If that is no address, or a token would cross the network in the clear.
    """

    def __init__(self, url: str, token: str = "") -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise OptionError(f"`{url}` is no address of a server", "give http(s)://HOST:PORT/PATH")
        if token and parts.scheme == "http" and not is_near(host):
            raise OptionError(f"the token of `{host}` would cross the network in the clear", "give https://")
        self.place = f"`{host}:{port}`" if port else f"`{host}`"
        self._url, self._token = url, token
        self._web: ClientSession | None = None

    @asynccontextmanager
    async def post(
        self, message: bytes, headers: Mapping[str, str], patience: float | None
    ) -> AsyncGenerator[ClientResponse]:
        """Post a message; yield the response, whose body is still to come.

        Parameters
        ----------
        message, headers
            What is posted.
        patience
            Seconds without a byte after which it counts as lost; None: it never does.

        Raises
        ------
        Lost
            If anything breaks before the end of the ``with``.
        """
        from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError

        given = {"Content-Type": JSON, "Accept": f"{JSON}, {STREAM}", **headers}
        try:
            for _ in range(MOVES):
                async with self._open().post(
                    self._url, data=message, headers=given, allow_redirects=False, timeout=_timeout(patience)
                ) as response:
                    if moved := self._moved(response):
                        self._url = moved
                        continue
                    yield response
                    return
            raise Lost(f"{self.place} sends from one address to the next", "failed")
        except ConnectionTimeoutError as error:
            raise Lost(f"{self.place} cannot be reached within {CONNECTING:g} s", "failed") from error
        except ClientConnectorError as error:
            raise Lost(f"{self.place} cannot be reached: {in_short(error)}", "failed") from error
        except TimeoutError as error:
            raise Lost(f"{self.place} said nothing for {patience or 0:g} s") from error
        except (ClientError, OSError) as error:
            raise Lost(f"the connection to {self.place} broke: {in_short(error)}") from error
        except ValueError as error:
            raise Lost(f"the message cannot be posted: {in_short(error)}", "failed") from error

    def _moved(self, response: ClientResponse) -> str:
        """Return the address on the same host to which the server points, if it does."""
        if not 300 <= response.status < 400:
            return ""
        target = urljoin(self._url, response.headers.get("Location", ""))
        kept = response.status in (307, 308)
        if kept and urlsplit(target)[:2] == urlsplit(self._url)[:2]:
            return target
        raise Lost(
            f"{self.place} points to `{target}`, which is not followed", "failed" if kept else "unknown"
        )

    async def body(self, response: ClientResponse) -> bytes:
        """Return the body of a response; raise `Lost` where it is too long."""
        found = bytearray()
        async for piece in response.content.iter_any():
            found += piece
            if len(found) > LONGEST:
                raise Lost(f"{self.place} answered with more than {LONGEST >> 20} MiB")
        return bytes(found)

    async def events(self, response: ClientResponse) -> AsyncGenerator[Event]:
        """Yield the events of a response; raise `Lost` where one is too long."""
        reader = Events(LONGEST)
        try:
            async for piece in response.content.iter_any():
                for event in reader.feed(piece):
                    yield event
        except Overlong:
            raise Lost(f"{self.place} sent more than {LONGEST >> 20} MiB at once") from None

    async def stream(self, headers: Mapping[str, str]) -> AsyncGenerator[Event]:
        """Open a stream with GET and yield its events; raise `Refused` where the server opens none."""
        async with self._open().get(
            self._url, headers={"Accept": STREAM, **headers}, allow_redirects=False, timeout=_timeout(None)
        ) as response:
            if response.status != 200 or kind_of(response) != STREAM:
                raise Refused(response.status)
            async for event in self.events(response):
                yield event

    async def delete(self, headers: Mapping[str, str]) -> None:
        """Ask the server to end a session; it may be gone, or not care."""
        from aiohttp import ClientError

        try:
            async with asyncio.timeout(PARTING):
                await self._open().delete(self._url, headers=headers, allow_redirects=False)
        except (ClientError, OSError, ValueError, TimeoutError):
            return

    async def close(self) -> None:
        """Let go of the connections."""
        web, self._web = self._web, None
        if web is not None:
            await web.close()

    def _open(self) -> ClientSession:
        if self._web is None:
            from aiohttp import ClientSession, DummyCookieJar, TCPConnector

            headers = {"Accept-Encoding": "identity"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            self._web = ClientSession(
                connector=TCPConnector(limit=0, keepalive_timeout=UNUSED),
                cookie_jar=DummyCookieJar(),
                headers=headers,
                auto_decompress=False,
            )
        return self._web


def is_near(host: str) -> bool:
    """Return whether a host is this machine, and nobody else can reach it there."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def kind_of(response: ClientResponse) -> str:
    """Return the content type of a response, without what follows it."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _timeout(patience: float | None) -> ClientTimeout:
    from aiohttp import ClientTimeout

    return ClientTimeout(total=None, connect=CONNECTING, sock_connect=CONNECTING, sock_read=patience)
