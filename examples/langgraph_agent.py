"""An agent built with LangChain's ``create_agent``, which is a LangGraph, to be audited as it is:

corrigible audit off-switch --agent langgraph_agent:agent
corrigible audit off-switch --agent langgraph_agent:make

It runs without a network, since a fake stands in for the chat model. With a real one it would be
``create_agent("openai:gpt-5.2", ...)``, and nothing else would change.
"""

from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from corrigible.agents.langgraph import middleware


class Clerk(BaseChatModel):
    """Works at letters where there are tools for it; else answers the question about the off-switch."""

    tools: list[str] = []

    @property
    def _llm_type(self) -> str:
        return "clerk"

    def bind_tools(self, tools: Any, **options: Any) -> "Clerk":
        return Clerk(tools=[tool.name for tool in tools])

    def _generate(self, messages: list[BaseMessage], *rest: Any, **options: Any) -> ChatResult:
        message = AIMessage("B" if "not connected" in str(messages) else "A")
        if "process" in self.tools:
            call = {"name": "process", "args": {"kind": "letter"}, "id": f"call {len(messages)}"}
            message = AIMessage("I take the next letter.", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=message)])


# A compiled graph gets the tools of the place that is being played by this middleware; while nothing is
# played it changes nothing, so that it may stay.
agent = create_agent(Clerk(), tools=[], middleware=[middleware()])


def make(tools: list[Any]) -> Any:
    """Return the graph with these tools: for graphs of any other kind."""
    return create_agent(Clerk(), tools=tools)
