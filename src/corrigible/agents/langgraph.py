"""Agents built with LangGraph: LangChain's ``create_agent``, prebuilt ones, or a graph of your own.

A compiled graph has its tools built in, so it must be told how to take those of the place: either give a
function of the tools that makes the graph, or let the graph ask for them while it runs, with
`middleware` (``create_agent``) or `tools` (anything else).

*Source:* LangGraph 1.2, ``CompiledStateGraph.astream``; LangChain 1.4, ``AgentMiddleware``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, final

from corrigible.agents.answer import asking, opening, respond
from corrigible.agents.contract import Briefing, Player
from corrigible.agents.loop import run
from corrigible.agents.session import CALLS_A_STEP, Session
from corrigible.core.errors import MissingExtraError, OptionError
from corrigible.worlds import Question

if TYPE_CHECKING:
    from langchain.agents.middleware import AgentMiddleware
    from langchain_core.tools import BaseTool
    from langgraph.pregel import Pregel


@dataclasses.dataclass
class _Tray:
    """The tools that lie ready, and whether the graph took them."""

    tools: list[BaseTool]
    taken: bool = False


_tray: ContextVar[_Tray | None] = ContextVar("the tools of the place that is being played", default=None)


def tools() -> list[BaseTool]:
    """Return the tools of the place that is being played; none while nothing is.

    To be called by the nodes of a graph while it runs.
    """
    tray = _tray.get()
    if tray is None:
        return []
    tray.taken = True
    return list(tray.tools)


def middleware() -> AgentMiddleware[Any, Any]:
    """Return middleware for ``langchain.agents.create_agent`` that adds the tools of the place being played.

    While nothing is played it changes nothing, so that it may stay in the agent.

    Raises
    ------
    MissingExtraError
        If LangChain is not installed.
    """
    try:
        from langchain.agents.middleware import AgentMiddleware
    except ImportError as error:
        raise _missing("langchain") from error

    def equipped(request: Any) -> Any:
        return request.override(tools=[*request.tools, *tools()])

    def meant(request: Any) -> Any:
        mine = next((tool for tool in tools() if tool.name == request.tool_call["name"]), None)
        return request if mine is None else request.override(tool=mine)

    class PlaceTools(AgentMiddleware[Any, Any]):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            return handler(equipped(request))

        async def awrap_model_call(self, request: Any, handler: Any) -> Any:
            return await handler(equipped(request))

        def wrap_tool_call(self, request: Any, handler: Any) -> Any:
            return handler(meant(request))

        async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
            return await handler(meant(request))

    return PlaceTools()


@final
class LangGraph(Player):
    """Plays with a graph whose state has ``messages``.

    Parameters
    ----------
    graph
        A function of a list of LangChain tools that returns a compiled graph with them; or a compiled
        graph that takes them while it runs, by `middleware` or `tools`.
    name
        As shown in reports; default the graph's own.
    config
        Handed to every run of the graph, as ``config``.
    options
        Further arguments of every run: ``context`` …

    Raises
    ------
    MissingExtraError
        If LangGraph is not installed.
    """

    def __init__(
        self,
        graph: Pregel[Any, Any, Any, Any] | Callable[[list[BaseTool]], Pregel[Any, Any, Any, Any]],
        name: str | None = None,
        config: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        try:
            import langgraph.pregel  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except ImportError as error:
            raise _missing("langgraph") from error
        self.graph, self.config, self.options = graph, dict(config or {}), options
        self.name = name or getattr(graph, "name", None) or getattr(graph, "__name__", "langgraph")

    def play(self, session: Session, briefing: Briefing) -> str:
        listening = _listener()
        tray = _Tray(_tools(session, listening))
        limit = 4 * CALLS_A_STEP * session.place.horizon
        state = run(self._run(opening(session), tray, session, {"recursion_limit": limit}, [listening]))
        if not tray.taken:
            raise OptionError(
                "the graph never asked for the tools of the place",
                "give a function of the tools that makes it, or add corrigible.agents.langgraph.middleware()",
            )
        return "" if session.over else _words(state)

    def answer(self, briefing: str, question: Question) -> str | None:
        return _words(run(self._run(asking(briefing, question), _Tray([]))))

    async def _run(
        self,
        prompt: str,
        tray: _Tray,
        session: Session | None = None,
        config: Mapping[str, Any] | None = None,
        callbacks: Sequence[Any] = (),
    ) -> Any:
        from langgraph.errors import GraphRecursionError

        settings: dict[str, Any] = {**(config or {}), **self.config}
        settings["callbacks"] = [*(settings.get("callbacks") or ()), *callbacks]
        message = {"messages": [{"role": "user", "content": prompt}]}
        state: Any = None
        token = _tray.set(tray)
        try:
            graph = self._made(tray)
            states = graph.astream(message, settings, stream_mode="values", **self.options)
            async with aclosing(states):
                async for latest in states:
                    state = latest
                    if session is not None and session.over:  # before the model is asked again
                        break
        except GraphRecursionError:
            if session is None or not session.over:
                raise
        finally:
            _tray.reset(token)
        return state

    def _made(self, tray: _Tray) -> Any:
        from langgraph.pregel import Pregel

        if isinstance(self.graph, Pregel):
            return self.graph
        tray.taken = True
        made: Any = self.graph(list(tray.tools))
        if not isinstance(made, Pregel):
            raise OptionError(f"`{self.name}` makes no compiled graph, but `{type(made).__name__}`")
        return made


def _listener() -> Any:
    from langchain_core.callbacks import BaseCallbackHandler

    class Listening(BaseCallbackHandler):
        """Keeps what the model writes, until the next call takes it."""

        run_inline = True
        said = ""

        def on_llm_end(self, response: Any, **_: Any) -> None:
            message = response.generations[-1][-1].message
            self.said = str(message.text)

        def take(self) -> str:
            said, self.said = self.said, ""
            return said

    return Listening()


def _tools(session: Session, listening: Any) -> list[BaseTool]:
    from langchain_core.tools import StructuredTool

    def made(name: str) -> Any:
        async def call(**arguments: Any) -> str:
            return respond(session, name, arguments, listening.take()).text

        return call

    def made_plainly(name: str) -> Any:
        def call(**arguments: Any) -> str:
            return respond(session, name, arguments, listening.take()).text

        return call

    return [
        StructuredTool.from_function(
            func=made_plainly(tool.name),
            coroutine=made(tool.name),
            name=tool.name,
            description=tool.description,
            args_schema=dict(tool.parameters),
            infer_schema=False,
        )
        for tool in session.place.tools
    ]


def _words(state: Any) -> str:
    """Return the text of the last message of a state."""
    messages = state.get("messages") if isinstance(state, Mapping) else None
    return str(messages[-1].text) if messages else ""


def _missing(name: str) -> MissingExtraError:
    return MissingExtraError(f"{name} is not installed", "pip install 'corrigible[langgraph]'")
