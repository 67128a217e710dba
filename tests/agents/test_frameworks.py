"""Agents of PydanticAI, LangGraph and the OpenAI Agents SDK play as they are; their models are scripted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from corrigible.agents import Player, Scripted, Status, load_agent, play
from corrigible.agents.play import wording
from corrigible.core.errors import MissingExtraError, OptionError
from corrigible.worlds import Call, load

EXAMPLES = Path(__file__).parents[2] / "examples"
PLACE = load("off-switch").place()
GOAL = PLACE.goal("letters")
LETTER = Call(tool="process", arguments={"kind": "letter"})

Script = Callable[[list[str], list[str]], tuple[str, list[Call]]]
"""From the texts of the conversation and the names of the tools to what the model says and calls."""


def pydantic_ai(script: Script) -> Player:
    """Return an agent of PydanticAI with one tool of its own."""
    pytest.importorskip("pydantic_ai")
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    from corrigible.agents.pydantic_ai import PydanticAI

    def model(messages: Any, info: Any) -> ModelResponse:
        texts = [
            str(part.content) for message in messages for part in message.parts if hasattr(part, "content")
        ]
        text, calls = script(texts, [tool.name for tool in info.function_tools])
        parts: list[Any] = [TextPart(text)] if text else []
        return ModelResponse(parts=[*parts, *(ToolCallPart(c.tool, dict(c.arguments)) for c in calls)])

    return PydanticAI(Agent(FunctionModel(model), tools=[think]), "mine")


def langgraph_model(script: Script) -> Any:
    pytest.importorskip("langchain")
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Fake(BaseChatModel):
        tools: list[str] = []

        @property
        def _llm_type(self) -> str:
            return "fake"

        def bind_tools(self, tools: Any, **_: Any) -> Fake:
            return Fake(tools=[getattr(tool, "name", None) or tool.__name__ for tool in tools])

        def _generate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
            text, calls = script([message.text for message in messages], self.tools)
            made = [
                {"name": c.tool, "args": dict(c.arguments), "id": f"{len(messages)} {i}"}
                for i, c in enumerate(calls)
            ]
            return ChatResult(generations=[ChatGeneration(message=AIMessage(text, tool_calls=made))])

    return Fake()


def langgraph(script: Script) -> Player:
    """Return a compiled graph of `create_agent` with our middleware and one tool of its own."""
    model = langgraph_model(script)
    from langchain.agents import create_agent

    from corrigible.agents.langgraph import LangGraph, middleware

    return LangGraph(create_agent(model, tools=[think], middleware=[middleware()]), "mine")


def langgraph_made(script: Script) -> Player:
    """Return a function that makes a graph with the tools."""
    model = langgraph_model(script)
    from langchain.agents import create_agent

    from corrigible.agents.langgraph import LangGraph

    return LangGraph(lambda tools: create_agent(model, tools=[think, *tools]), "mine")


def openai_agents(script: Script) -> Player:
    """Return an agent of the OpenAI Agents SDK with one tool of its own."""
    pytest.importorskip("agents")
    from agents import Agent, function_tool

    from corrigible.agents.openai_agents import OpenAIAgents

    return OpenAIAgents(Agent(name="clerk", model=openai_model(script), tools=[function_tool(think)]), "mine")


def openai_model(script: Script) -> Any:
    import json

    from agents import Model, ModelResponse, Usage
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    class Fake(Model):
        async def get_response(
            self, system_instructions: Any, input: Any, model_settings: Any, tools: Any, *_: Any, **__: Any
        ) -> ModelResponse:
            items = [{"content": input}] if isinstance(input, str) else input
            text, calls = script(
                [str(i.get("content", i.get("output"))) for i in items], [t.name for t in tools]
            )
            output: list[Any] = [
                ResponseFunctionToolCall(
                    call_id=f"{len(items)} {i}",
                    name=c.tool,
                    arguments=json.dumps(dict(c.arguments)),
                    type="function_call",
                )
                for i, c in enumerate(calls)
            ]
            if text or not calls:
                said = ResponseOutputText(text=text, type="output_text", annotations=[])
                output.insert(
                    0,
                    ResponseOutputMessage(
                        id="m", content=[said], role="assistant", status="completed", type="message"
                    ),
                )
            return ModelResponse(output=output, usage=Usage(), response_id=None)

        def stream_response(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

    return Fake()


def think(thought: str) -> str:
    """Think before you act."""
    return "Go on."


every = pytest.mark.parametrize(
    "framework", [pydantic_ai, langgraph, langgraph_made, openai_agents], ids=lambda made: made.__name__
)


def saying(*answers: tuple[str, list[Call]]) -> Script:
    """Return the script that gives these answers in turn."""
    left = iter(answers)
    return lambda texts, tools: next(left)


@every
def test_calls_and_words_are_recorded_and_the_last_words_returned(framework: Any) -> None:
    player = framework(saying(("First.", [LETTER]), ("", [LETTER]), ("That is enough.", [])))
    episode = play(PLACE, GOAL, player, 5)
    assert (episode.status, episode.error, player.name) == (Status.FINISHED, "", "mine")
    assert [step.said for step in episode.steps] == ["First.", ""]
    assert episode.closing == "That is enough."
    plain = play(PLACE, GOAL, Scripted([LETTER, LETTER]), 5)
    assert [(s.call, s.after, s.reply) for s in episode.steps] == [
        (s.call, s.after, s.reply) for s in plain.steps
    ]


@every
def test_the_model_sees_the_task_the_tools_and_what_came_of_its_calls(framework: Any) -> None:
    seen: list[tuple[list[str], list[str]]] = []

    def script(texts: list[str], tools: list[str]) -> tuple[str, list[Call]]:
        seen.append((texts, tools))
        return ("", [LETTER]) if len(seen) == 1 else ("Done.", [])

    episode = play(PLACE, GOAL, framework(script), 5)
    assert set(seen[0][1]) == {"think", *(tool.name for tool in PLACE.tools)}
    assert any(episode.briefing in text and episode.steps[0].observation in text for text in seen[0][0])
    assert f"{episode.steps[0].reply}\n\n{episode.last}" in seen[1][0][-1]


@every
def test_several_calls_at_once_are_done_in_order(framework: Any) -> None:
    calls = [LETTER, Call(tool="process", arguments={"kind": "invoice"}), Call(tool="wait")]
    episode = play(PLACE, GOAL, framework(saying(("All of it.", calls), ("", []))), 5)
    assert [step.call for step in episode.steps] == calls
    assert [step.said for step in episode.steps] == ["All of it.", "", ""]


@every
def test_refused_arguments_are_told_and_recorded(framework: Any) -> None:
    seen: list[str] = []

    def script(texts: list[str], tools: list[str]) -> tuple[str, list[Call]]:
        seen.append(texts[-1])
        return ("", [Call(tool="process", arguments={"kind": 5})]) if len(seen) == 1 else ("Oh.", [])

    episode = play(PLACE, GOAL, framework(script), 5)
    assert episode.error == ""
    assert "are not valid" in seen[1]
    assert [step.action for step in episode.steps] == [None]


@every
def test_once_it_is_over_the_model_is_not_asked_again(framework: Any) -> None:
    asked: list[int] = []

    def script(texts: list[str], tools: list[str]) -> tuple[str, list[Call]]:
        asked.append(1)
        return "", [LETTER, LETTER]

    episode = play(PLACE, PLACE.goal("one-letter"), framework(script), 5)
    assert (episode.status, len(episode.steps), episode.success, len(asked)) == (Status.FINISHED, 1, True, 1)


@every
def test_calls_that_mean_nothing_end_with_the_session_and_not_in_a_crash(framework: Any) -> None:
    episode = play(PLACE, GOAL, framework(lambda texts, tools: ("", [Call(tool="process")])), 5)
    assert (episode.status, episode.error) == (Status.NEVER_ACTED, "")
    assert len(episode.steps) == 4 * PLACE.horizon


@every
def test_a_loop_beside_the_session_is_a_crash(framework: Any) -> None:
    endless = framework(lambda texts, tools: ("", [Call(tool="think", arguments={"thought": "…"})]))
    episode = play(PLACE, GOAL, endless, 5)
    assert (episode.status, episode.steps) == (Status.CRASHED, ())
    assert "imit" in episode.error or "Max turns" in episode.error


@every
def test_an_error_of_the_model_is_a_crash_that_keeps_what_was_done(framework: Any) -> None:
    def script(texts: list[str], tools: list[str]) -> tuple[str, list[Call]]:
        if (
            any("letter" in text.casefold() and "done" in text.casefold() for text in texts[1:])
            or len(texts) > 2
        ):
            raise ConnectionError("the model is away")
        return "", [LETTER]

    episode = play(PLACE, GOAL, framework(script), 5)
    assert (episode.status, len(episode.steps)) == (Status.CRASHED, 1)
    assert "the model is away" in episode.error


@every
def test_a_question_is_a_conversation_of_its_own_without_the_tools(framework: Any) -> None:
    seen: list[tuple[list[str], list[str]]] = []

    def script(texts: list[str], tools: list[str]) -> tuple[str, list[Call]]:
        seen.append((texts, tools))
        return "A", []

    (question,) = PLACE.questions
    episode = play(PLACE, GOAL, framework(script), 5, ask=True)
    assert episode.understood == (question.answer == question.options[0],)
    assert len(seen) == 2
    assert seen[0][1] == ["think"]
    assert seen[0][0][-1] == f"{episode.briefing}\n\n{wording(question)}"


@every
def test_one_agent_plays_many_episodes_and_inside_a_running_loop_too(framework: Any) -> None:
    player = framework(lambda texts, tools: ("", [LETTER]))

    async def main() -> Any:
        return play(PLACE, GOAL, player, 5)

    first = play(PLACE, GOAL, player, 5)
    assert first.status is Status.FINISHED
    assert asyncio.run(main()) == first == play(PLACE, GOAL, player, 5)


@pytest.mark.parametrize(
    ("module", "text", "line"),
    [
        ("pydantic_ai", "PydanticAI", "pip install 'corrigible[pydantic-ai]'"),
        ("langgraph.pregel", "LangGraph", "pip install 'corrigible[langgraph]'"),
        ("agents", "OpenAIAgents", "pip install 'corrigible[openai-agents]'"),
    ],
)
def test_what_is_not_installed_is_told(
    monkeypatch: pytest.MonkeyPatch, module: str, text: str, line: str
) -> None:
    import importlib

    home = {"PydanticAI": "pydantic_ai", "LangGraph": "langgraph", "OpenAIAgents": "openai_agents"}[text]
    adapter = getattr(importlib.import_module(f"corrigible.agents.{home}"), text)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as caught:
        adapter(None, "mine")
    assert line in str(caught.value)


def test_a_graph_that_never_asks_for_the_tools_is_told_how() -> None:
    model = langgraph_model(lambda texts, tools: ("I have none.", []))
    from langchain.agents import create_agent

    from corrigible.agents.langgraph import LangGraph

    episode = play(PLACE, GOAL, LangGraph(create_agent(model, tools=[think])), 5)
    assert episode.status is Status.CRASHED
    assert "never asked for the tools of the place; give a function of the tools" in episode.error


def test_a_function_that_makes_no_graph_is_told() -> None:
    pytest.importorskip("langgraph")
    from corrigible.agents.langgraph import LangGraph

    episode = play(PLACE, GOAL, LangGraph(lambda tools: tools, "mine"), 5)  # type: ignore[arg-type,return-value]
    assert "`mine` makes no compiled graph, but `list`" in episode.error


def test_a_graph_of_ones_own_asks_for_the_tools_in_its_nodes() -> None:
    model = langgraph_model(saying(("Yes.", [LETTER]), ("Done.", [])))
    from langgraph.graph import START, MessagesState, StateGraph
    from langgraph.prebuilt import ToolNode, tools_condition

    from corrigible.agents.langgraph import LangGraph, tools

    def think_node(state: Any) -> Any:
        return {"messages": [model.bind_tools(tools()).invoke(state["messages"])]}

    async def tools_node(state, config):  # type: ignore[no-untyped-def]
        return await ToolNode(tools()).ainvoke(state, config)

    builder = StateGraph(MessagesState)
    builder.add_node("think", think_node)
    builder.add_node("tools", tools_node)
    builder.add_edge(START, "think")
    builder.add_conditional_edges("think", tools_condition)
    builder.add_edge("tools", "think")
    episode = play(PLACE, GOAL, LangGraph(builder.compile()), 5)
    assert (episode.error, episode.acts, episode.closing) == ("", ("process-letter",), "Done.")
    assert tools() == []


def test_the_middleware_changes_nothing_while_nothing_is_played() -> None:
    model = langgraph_model(lambda texts, tools: (f"I have {tools}.", []))
    from langchain.agents import create_agent

    from corrigible.agents.langgraph import middleware

    graph = create_agent(model, tools=[think], middleware=[middleware()])
    assert graph.invoke({"messages": [("user", "hello")]})["messages"][-1].text == "I have ['think']."


def test_agents_that_are_handed_over_to_have_the_tools_too() -> None:
    pytest.importorskip("agents")
    from agents import Agent

    from corrigible.agents.openai_agents import OpenAIAgents

    clerk: Any = Agent(name="clerk", model=openai_model(saying(("", [LETTER]), ("Done.", []))))
    desk: Any = Agent(
        name="desk", model=openai_model(saying(("", [Call(tool="transfer_to_clerk")]))), handoffs=[clerk]
    )
    clerk.handoffs = [desk]
    episode = play(PLACE, GOAL, OpenAIAgents(desk), 5)
    assert (episode.error, episode.acts, episode.closing) == ("", ("process-letter",), "Done.")
    assert clerk.tools == []


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder of the examples as the current one."""
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield
    for name in ("pydantic_ai_agent", "langgraph_agent", "openai_agents_agent"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("pydantic_ai_agent:agent", "pydantic_ai"),
        ("langgraph_agent:agent", "langchain"),
        ("langgraph_agent:make", "langchain"),
        ("openai_agents_agent:agent", "agents"),
    ],
)
def test_the_examples_are_agents_as_they_are(text: str, needed: str) -> None:
    pytest.importorskip(needed)
    player = load_agent(text)
    assert isinstance(player, Player)
    assert (player.name, player.reads) == (text, True)
    episode = play(PLACE, GOAL, player, 5, ask=True)
    assert (episode.status, set(episode.acts), episode.understood) == (
        Status.FINISHED,
        {"process-letter"},
        (True,),
    )


def test_something_of_the_same_name_is_not_taken_for_an_agent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my_things.py").write_text("class Agent:\n    handoffs = ()\n\nagent = Agent()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    with pytest.raises(OptionError, match="is not an agent"):
        load_agent("my_things:agent")
