"""The format ``anthropic``: messages whose content is blocks, with ``tool_use`` and ``tool_result``."""

from __future__ import annotations

from typing import Any

from corrigible.transcripts.blocks import arguments, result
from corrigible.transcripts.chat import messages, text_of
from corrigible.transcripts.contract import Step, ToolCall, ToolResult, Transcript

NAME = "anthropic"
FORM = "Anthropic messages (`tool_use`, `tool_result`) as JSON"


def recognises(value: Any) -> bool:
    """Whether a JSON value has messages with blocks of this format."""
    return any(
        isinstance(block, dict) and block.get("type") in ("tool_use", "tool_result")
        for message in messages(value) or []
        if isinstance(message.get("content"), list)
        for block in message["content"]
    )


def read(name: str, value: Any) -> list[Transcript]:
    """Return the one transcript in a JSON value.

    Raises
    ------
    ValueError
        If a block of use names no tool.
    """
    system = value.get("system") if isinstance(value, dict) else None
    steps: list[Step] = []
    if system:
        steps.append(Step(number=0, role="system", text=text_of(system)))
    for number, message in enumerate(messages(value) or [], start=1):
        content = message.get("content")
        blocks = content if isinstance(content, list) else []
        calls: list[ToolCall] = []
        results: list[ToolResult] = []
        for block in blocks:
            kind = block.get("type") if isinstance(block, dict) else ""
            if kind == "tool_use":
                if not isinstance(block.get("name"), str):
                    raise ValueError(f"a `tool_use` of message {number} names no tool")
                calls.append(
                    ToolCall(
                        tool=block["name"],
                        arguments=arguments(block.get("input")),
                        id=str(block.get("id", "")),
                    )
                )
            elif kind == "tool_result":
                text, call = text_of(block.get("content")), str(block.get("tool_use_id", ""))
                failed = bool(block.get("is_error"))
                results.append(
                    ToolResult(text=text, error=text, status=1, call=call)
                    if failed
                    else result(text, call=call)
                )
        role = "tool" if results else str(message.get("role", ""))
        steps.append(
            Step(number=number, role=role, text=text_of(content), calls=tuple(calls), results=tuple(results))
        )
    return [Transcript(name=name, format=NAME, steps=tuple(steps))]
