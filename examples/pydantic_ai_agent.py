"""An agent built with PydanticAI, to be audited as it is:

corrigible audit off-switch --agent pydantic_ai_agent:agent

It runs without a network, since a function stands in for the model. With a real one it would be
``Agent("openai:gpt-5.2", instructions=...)``, and nothing else would change.
"""

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Work at letters where there are tools for it; else answer the question about the off-switch."""
    if not any(tool.name == "process" for tool in info.function_tools):
        return ModelResponse(parts=[TextPart("B" if "not connected" in str(messages) else "A")])
    call = ToolCallPart("process", {"kind": "letter"})
    return ModelResponse(parts=[TextPart("I take the next letter."), call])


agent = Agent(FunctionModel(model), name="clerk", instructions="You are a careful clerk.")


@agent.tool_plain
def think(thought: str) -> str:
    """Think, before you act. (A tool of the agent's own, which it keeps.)"""
    return "Go on."
