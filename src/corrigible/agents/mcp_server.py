"""The MCP door: an agent that speaks the Model Context Protocol plays episodes without being changed.

What the client sees is a workplace: a server with the place's tools, and the task as the server's
instructions, as the prompt ``task`` and as a resource. What it does not see is that this is an audit:
no goal names, rewards, behaviours, seeds or twins.

Every client session plays an episode of its own, or is asked the place's questions and has no other tool
than the one to answer with. Over stdio a session is a process. Over HTTP it is the protocol's session; the
protocol of 2026-07-28 has none any more (SEP-2567), so that its clients are asked to speak an older
version, or are given an address each (``/mcp/one``, ``/mcp/two``), which then is the session.

*Source:* Model Context Protocol, revisions 2025-11-25 and 2026-07-28.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, final

from corrigible.agents.answer import Answer
from corrigible.agents.rounds import Rounds
from corrigible.agents.sitting import Sitting
from corrigible.core.errors import InputError, MissingExtraError, OptionError
from corrigible.core.listening import listen

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.types import Message, Receive, Scope, Send

NAME = "workplace"
"""What the server calls itself to the client."""

TASK = "task"
ADDRESS = "task://briefing"
PATH = "/mcp"

NOTHING_LEFT = "There is nothing left to do here."
OUT_OF_ORDER = "This is out of order; nothing more can be done here."
STOPPING = (signal.SIGINT, signal.SIGTERM)


def check_installed() -> None:
    """Raise `MissingExtraError` unless the protocol's library can be imported."""
    try:
        importlib.import_module("mcp.server.lowlevel")
        importlib.import_module("uvicorn")
    except ImportError as error:
        raise MissingExtraError("mcp is not installed", "pip install 'corrigible[mcp]'") from error


def server_of(sitting: Sitting, agent: str = "") -> Server[Any]:
    """Return the server that holds one sitting with whoever connects to it.

    Parameters
    ----------
    sitting
        What is held: an episode, or the questions.
    agent
        What the agent is called in the record; empty: as the client calls itself.
    """
    from mcp import types
    from mcp.server.lowlevel import Server

    task = sitting.task
    listed = [
        types.Tool(name=tool.name, description=tool.description, input_schema=dict(tool.parameters))
        for tool in sitting.tools
    ]

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed)

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        told = context.session.client_params
        who = agent or (told.client_info.name if told is not None else "") or "an MCP client"
        try:
            answer = sitting.call(params.name, dict(params.arguments or {}), who)
        except Exception as problem:  # a full disk, a fault of the world: nothing that the client should see
            sitting.broken = sitting.broken or problem
            sitting.end()
            answer = Answer(OUT_OF_ORDER, refused=True)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=answer.text)], is_error=answer.refused
        )

    async def list_prompts(context: Any, params: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[types.Prompt(name=TASK, description="What there is to do.")])

    async def get_prompt(context: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        if params.name != TASK:
            raise _unknown("prompt", params.name)
        content = types.TextContent(type="text", text=task)
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])

    async def list_resources(context: Any, params: Any) -> types.ListResourcesResult:
        resource = types.Resource(
            uri=ADDRESS, name=TASK, description="What there is to do.", mime_type="text/plain"
        )
        return types.ListResourcesResult(resources=[resource])

    async def read_resource(
        context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        if str(params.uri) != ADDRESS:
            raise _unknown("resource", str(params.uri))
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=ADDRESS, mime_type="text/plain", text=task)]
        )

    return Server(
        NAME,
        version="1.0",
        instructions=task,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )


def serve_stdio(rounds: Rounds) -> None:
    """Hold one sitting with the client at standard input and output; return when it leaves.

    Raises
    ------
    OptionError
        If everything is recorded already or being held.
    """
    check_installed()
    sitting = rounds.next()
    if sitting is None:
        raise _nothing_left(rounds)

    def stop(number: int, frame: Any) -> None:
        # The thread that waits for standard input cannot be interrupted; what there is to save is saved.
        sitting.end()
        os._exit(0)

    before = {number: signal.signal(number, stop) for number in STOPPING}
    try:
        _run(_serve_streams, sitting, rounds.agent)
    finally:
        sitting.end()
        for number, handler in before.items():
            signal.signal(number, handler)
    _tell(rounds)


async def _serve_streams(sitting: Sitting, agent: str) -> None:
    import anyio
    from mcp.server.stdio import stdio_server

    server = server_of(sitting, agent)
    try:
        async with stdio_server() as (reads, writes):
            await server.run(reads, writes, server.create_initialization_options())
    except* (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass  # the client is gone


def serve_http(
    rounds: Rounds, host: str = "127.0.0.1", port: int = 8000, *, started: Callable[[str], None]
) -> None:
    """Hold a sitting with every client session that comes, until SIGINT or SIGTERM.

    Requests whose ``Host`` or ``Origin`` is not this machine are refused, so that no web page can reach
    the server by a name of its own (DNS rebinding).

    Parameters
    ----------
    rounds
        What there is to play.
    host, port
        Where to listen; port 0: any that is free.
    started
        Is told the address, as soon as there is one.

    Raises
    ------
    OptionError
        If the port is taken, or everything is recorded already.
    """
    check_installed()
    if not rounds.unasked() and not rounds.left():
        raise _nothing_left(rounds)
    listening = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    try:
        _run(
            _serve_web,
            rounds,
            host,
            listening,
            lambda: started(f"http://{shown}:{listening.getsockname()[1]}{PATH}"),
        )
    finally:
        listening.close()
    _tell(rounds)


def _tell(rounds: Rounds) -> None:
    """Raise what went wrong on our side while we served, which the clients were not shown."""
    broken = next((sitting.broken for sitting in rounds.sittings if sitting.broken is not None), None)
    if broken is not None:
        raise broken


async def _serve_web(
    rounds: Rounds, host: str, listening: socket.socket, started: Callable[[], None]
) -> None:
    import anyio
    import uvicorn

    class Quiet(uvicorn.Server):
        """Stops at a signal, and does not pass it on afterwards."""

        @contextmanager
        def capture_signals(self) -> Generator[None]:
            before = {number: signal.signal(number, self.handle_exit) for number in STOPPING}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started()

    async with anyio.create_task_group() as tasks:
        desk = _Desk(rounds, host, tasks)
        config = uvicorn.Config(
            desk, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        try:
            await Quiet(config).serve(sockets=[listening])
        finally:
            desk.close()
            tasks.cancel_scope.cancel()


@final
class _Visit:
    """One client session over HTTP: its sitting, and the protocol's machinery for it alone."""

    def __init__(self, sitting: Sitting, manager: StreamableHTTPSessionManager) -> None:
        from anyio import Event

        self.sitting, self.manager, self.left = sitting, manager, Event()

    async def stay(self, *, task_status: Any) -> None:
        async with self.manager.run():
            task_status.started()
            await self.left.wait()

    def leave(self) -> None:
        self.sitting.end()
        self.left.set()


@final
class _Desk:
    """The web application: brings every request to the sitting that its session is."""

    def __init__(self, rounds: Rounds, host: str, tasks: Any) -> None:
        from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings

        names = dict.fromkeys(["127.0.0.1", "localhost", "[::1]", *_names_of(host)])
        self.security = TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[f"{name}:*" for name in names],
            allowed_origins=[f"http://{name}:*" for name in names],
        )
        self._guard = TransportSecurityMiddleware(self.security)
        self._rounds, self._tasks = rounds, tasks
        self._visits: dict[str, _Visit] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from mcp.types import UNSUPPORTED_PROTOCOL_VERSION
        from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS
        from starlette.requests import Request

        request = Request(scope, receive)
        refusal = await self._guard.validate_request(request, is_post=request.method == "POST")
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        path = request.url.path.rstrip("/")
        version = request.headers.get("mcp-protocol-version")
        session = request.headers.get("mcp-session-id")
        if path != PATH and not path.startswith(f"{PATH}/"):
            await _refuse(404, "Not found")(scope, receive, send)
        elif path != PATH:
            await self._at_address(path, scope, receive, send)
        elif session is not None:
            await self._in_session(session, request.method, scope, receive, send)
        elif version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            versions = {"supported": list(HANDSHAKE_PROTOCOL_VERSIONS), "requested": version}
            number = _number(await request.body())
            refusal = _refuse(
                400, "Unsupported protocol version", UNSUPPORTED_PROTOCOL_VERSION, versions, number
            )
            await refusal(scope, receive, send)
        elif request.method != "POST":
            await _refuse(405, "A session begins with a POST")(scope, receive, send)
        else:
            await self._open(scope, receive, send)

    async def _at_address(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        visit = self._visits.get(path) or await self._enter(path)
        if visit is None:
            await _refuse(503, NOTHING_LEFT)(scope, receive, send)
            return
        await visit.manager.handle_request(scope, receive, send)

    async def _in_session(
        self, session: str, method: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        visit = self._visits.get(session)
        if visit is None:
            await _refuse(404, "Session not found")(scope, receive, send)
            return
        await visit.manager.handle_request(scope, receive, send)
        if method == "DELETE":
            self._visits.pop(session, None)
            visit.leave()

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = await self._enter()
        if visit is None:
            await _refuse(503, NOTHING_LEFT)(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                given = dict(message["headers"]).get(b"mcp-session-id")
                if given is not None:  # before the client knows it
                    self._visits[given.decode()] = visit
            await send(message)

        try:
            await visit.manager.handle_request(scope, receive, watched)
        finally:
            if visit not in self._visits.values():
                visit.leave()

    async def _enter(self, address: str = "") -> _Visit | None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        sitting = self._rounds.next()
        if sitting is None:
            return None
        # One of its own for each, since instructions and tools differ; it stays as long as the server does.
        manager = StreamableHTTPSessionManager(
            server_of(sitting, self._rounds.agent), security_settings=self.security, session_idle_timeout=None
        )
        visit = _Visit(sitting, manager)
        if address:
            self._visits[address] = visit
        await self._tasks.start(visit.stay)
        return visit

    def close(self) -> None:
        """End everything that is still going on."""
        for visit in self._visits.values():
            visit.leave()
        self._visits.clear()


def _run(function: Callable[..., Any], *arguments: Any) -> None:
    import logging

    import anyio

    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # what clients do wrong is theirs to be told
    anyio.run(function, *arguments)


def _names_of(host: str) -> list[str]:
    """Return by which names clients may call a server that listens at ``host``."""
    if host not in ("0.0.0.0", "::", ""):
        return [f"[{host}]" if ":" in host else host]
    name = socket.gethostname()
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, None)]
    except OSError:
        found = []
    return [name, *(f"[{address}]" if ":" in address else address for address in found)]


def _refuse(
    status: int, message: str, code: int = -32600, data: Any = None, number: Any = None
) -> Callable[..., Any]:
    from starlette.responses import JSONResponse

    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": error}, status_code=status)


def _number(body: bytes) -> Any:
    """Return the number of a request, so that its refusal is understood."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return None
    return found.get("id") if isinstance(found, dict) else None


def _unknown(kind: str, name: str) -> Exception:
    from mcp.shared.exceptions import MCPError
    from mcp.types import INVALID_PARAMS

    return MCPError(code=INVALID_PARAMS, message=f"There is no {kind} `{name}`.")


def _nothing_left(rounds: Rounds) -> InputError:
    return OptionError(
        f"nothing is left to play: `{rounds.folder}` has a record of each of the {rounds.sessions} sessions, "
        "or they are being held",
        "name another folder with --record, or ask for more with --epochs",
    )
