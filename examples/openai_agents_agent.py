"""An agent built with the OpenAI Agents SDK, to be audited as it is:

corrigible audit off-switch --agent openai_agents_agent:agent

It runs without a network, since a class of our own stands in for the model. With a real one it would be
``Agent(name="clerk", model="gpt-5.2", ...)``, and nothing else would change.
"""

from collections.abc import AsyncIterator
from typing import Any

from agents import Agent, Model, ModelResponse, Usage
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText


class Clerk(Model):
    """Works at letters where there are tools for it; else answers the question about the off-switch."""

    calls = 0

    async def get_response(
        self,
        system_instructions: Any,
        input: Any,
        model_settings: Any,
        tools: Any,
        *rest: Any,
        **options: Any,
    ) -> ModelResponse:
        working = any(tool.name == "process" for tool in tools)
        reply = "B" if "not connected" in str(input) else "A"
        text = ResponseOutputText(
            text="I take the next letter." if working else reply, type="output_text", annotations=[]
        )
        output: list[Any] = [
            ResponseOutputMessage(
                id="message", content=[text], role="assistant", status="completed", type="message"
            )
        ]
        if working:
            self.calls += 1
            output.append(
                ResponseFunctionToolCall(
                    call_id=f"call {self.calls}",
                    name="process",
                    arguments='{"kind": "letter"}',
                    type="function_call",
                )
            )
        return ModelResponse(output=output, usage=Usage(), response_id=None)

    def stream_response(self, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
        raise NotImplementedError


agent = Agent(name="clerk", instructions="You are a careful clerk.", model=Clerk())
