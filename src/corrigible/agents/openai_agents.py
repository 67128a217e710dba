"""Agents built with the OpenAI Agents SDK.

*Source:* OpenAI Agents SDK 0.24, ``Runner.run``, ``FunctionTool`` and ``RunHooks``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, final

from corrigible.agents.answer import asking, opening, respond
from corrigible.agents.contract import Briefing, Player
from corrigible.agents.loop import run
from corrigible.agents.session import CALLS_A_STEP, Session
from corrigible.core.errors import MissingExtraError
from corrigible.worlds import Question

if TYPE_CHECKING:
    import agents


class _Over(Exception):
    """Ends a run once the session is over."""


@final
class OpenAIAgents(Player):
    """Plays with an ``agents.Agent``; its own tools, and those of the agents it hands over to, are kept.

    Parameters
    ----------
    agent
        The agent, with its model.
    name
        As shown in reports; default the agent's own.
    options
        Handed to every ``Runner.run``: ``context``, ``max_turns``, ``run_config`` … Without a
        ``run_config`` nothing is sent to OpenAI's tracing.

    Raises
    ------
    MissingExtraError
        If the SDK is not installed.
    """

    def __init__(self, agent: agents.Agent[Any], name: str | None = None, **options: Any) -> None:
        try:
            import agents as sdk
        except ImportError as error:
            raise MissingExtraError(
                "openai-agents is not installed", "pip install 'corrigible[openai-agents]'"
            ) from error
        self.agent = agent
        self.options: dict[str, Any] = {"run_config": sdk.RunConfig(tracing_disabled=True), **options}
        self.name = name or agent.name

    def play(self, session: Session, briefing: Briefing) -> str:
        from agents import Runner

        heard = _hooks(session)
        options: dict[str, Any] = {
            "max_turns": 2 * CALLS_A_STEP * session.place.horizon,
            **self.options,
            "hooks": heard,
        }
        equipped = _equipped(self.agent, _tools(session, heard))

        async def episode() -> str:
            try:
                result = await Runner.run(equipped, opening(session), **options)
            except _Over:
                return ""
            return str(result.final_output)

        return run(episode())

    def answer(self, briefing: str, question: Question) -> str | None:
        from agents import Runner

        async def ask() -> Any:
            return await Runner.run(self.agent, asking(briefing, question), **self.options)

        return str(run(ask()).final_output)


def _hooks(session: Session) -> Any:
    from agents import ItemHelpers, RunHooks
    from openai.types.responses import ResponseOutputMessage

    class Listening(RunHooks[Any]):
        """Keeps what the agent writes, and stops it before its model is asked in vain."""

        said = ""

        async def on_llm_start(self, context: Any, agent: Any, system_prompt: Any, input_items: Any) -> None:
            if session.over:
                raise _Over

        async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
            messages = [item for item in response.output if isinstance(item, ResponseOutputMessage)]
            self.said = "\n".join(ItemHelpers.extract_text(item) or "" for item in messages)

        def take(self) -> str:
            said, self.said = self.said, ""
            return said

    return Listening()


def _tools(session: Session, heard: Any) -> list[agents.Tool]:
    from agents import FunctionTool

    def made(name: str) -> Any:
        async def call(context: Any, arguments: str) -> str:
            try:
                given: Any = json.loads(arguments or "{}")
            except ValueError:
                given = None
            if not isinstance(given, dict):
                return f"The arguments of `{name}` are no JSON object."
            return respond(session, name, given, heard.take()).text

        return call

    return [
        FunctionTool(
            name=tool.name,
            description=tool.description,
            params_json_schema=dict(tool.parameters),
            on_invoke_tool=made(tool.name),
            strict_json_schema=False,
        )
        for tool in session.place.tools
    ]


def _equipped(agent: agents.Agent[Any], tools: list[agents.Tool]) -> agents.Agent[Any]:
    """Return a copy of an agent that has the tools too, as have those it hands over to."""
    from agents import Agent

    copies: dict[int, Agent[Any]] = {}

    def copy(one: Agent[Any]) -> Agent[Any]:
        if id(one) not in copies:
            copies[id(one)] = one.clone(tools=[*one.tools, *tools])
            copies[id(one)].handoffs = [
                copy(other) if isinstance(other, Agent) else other for other in one.handoffs
            ]
        return copies[id(one)]

    return copy(agent)
