"""Agents built with PydanticAI.

*Source:* PydanticAI 2, ``Agent.iter`` and ``FunctionToolset``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from corrigible.agents.answer import asking, opening, respond
from corrigible.agents.contract import Briefing, Player
from corrigible.agents.loop import run
from corrigible.agents.session import CALLS_A_STEP, Session
from corrigible.core.errors import MissingExtraError
from corrigible.worlds import Question

if TYPE_CHECKING:
    from pydantic_ai import RunContext
    from pydantic_ai.agent import AbstractAgent
    from pydantic_ai.toolsets import FunctionToolset


@final
class PydanticAI(Player):
    """Plays with a ``pydantic_ai.Agent``, to whose own tools those of the place are added.

    Parameters
    ----------
    agent
        The agent, with its model.
    name
        As shown in reports; default the agent's own.
    options
        Handed to every run of the agent: ``deps``, ``model``, ``model_settings``, ``usage_limits`` …

    Raises
    ------
    MissingExtraError
        If PydanticAI is not installed.
    """

    def __init__(self, agent: AbstractAgent[Any, Any], name: str | None = None, **options: Any) -> None:
        try:
            import pydantic_ai  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except ImportError as error:
            raise MissingExtraError(
                "pydantic-ai is not installed", "pip install 'corrigible[pydantic-ai]'"
            ) from error
        self.agent, self.options = agent, options
        self.name = name or agent.name or "pydantic-ai"

    def play(self, session: Session, briefing: Briefing) -> str:
        return run(self._play(session))

    async def _play(self, session: Session) -> str:
        from pydantic_ai.exceptions import UsageLimitExceeded
        from pydantic_ai.usage import UsageLimits

        calls = CALLS_A_STEP * session.place.horizon
        options: dict[str, Any] = {"usage_limits": UsageLimits(request_limit=2 * calls), **self.options}
        options["toolsets"] = [*options.pop("toolsets", ()), _toolset(session)]
        try:
            async with self.agent.iter(opening(session), **options) as episode:
                async for _ in episode:
                    if session.over:  # before the model is asked again
                        return ""
        except UsageLimitExceeded:
            if session.over:
                return ""
            raise
        return "" if episode.result is None else str(episode.result.output)

    def answer(self, briefing: str, question: Question) -> str | None:
        async def ask() -> Any:
            return await self.agent.run(asking(briefing, question), **self.options)

        return str(run(ask()).output)


def _toolset(session: Session) -> FunctionToolset[Any]:
    from pydantic_ai import Tool
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.toolsets import FunctionToolset

    heard: list[ModelResponse] = []

    def said(context: RunContext[Any]) -> str:
        """Return what the agent wrote with its calls, once."""
        response = next((m for m in reversed(context.messages) if isinstance(m, ModelResponse)), None)
        if response is None or (heard and heard[-1] is response):
            return ""
        heard.append(response)
        return response.text or ""

    def made(name: str) -> Any:
        async def call(context: RunContext[Any], **arguments: Any) -> str:
            return respond(session, name, arguments, said(context)).text

        return call

    return FunctionToolset(
        [
            Tool.from_schema(
                made(tool.name),
                tool.name,
                tool.description,
                dict(tool.parameters),
                takes_ctx=True,
                sequential=True,
            )
            for tool in session.place.tools
        ]
    )
