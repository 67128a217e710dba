"""The format ``openai``: messages of chat completions, and items of the Responses API."""

from __future__ import annotations

from typing import Any

from corrigible.transcripts.blocks import arguments, result
from corrigible.transcripts.contract import Step, ToolCall, ToolResult, Transcript

NAME = "openai"
FORM = "OpenAI messages (`tool_calls`) or Responses items (`function_call`) as JSON"


def messages(value: Any) -> list[dict[str, Any]] | None:
    """Return the messages in a JSON value: a list of them, or an object that has one; None if it has none."""
    if isinstance(value, dict):
        for key in ("messages", "input", "items", "conversation", "trajectory", "history"):
            if isinstance(value.get(key), list):
                return messages(value[key])
        return None
    if (
        isinstance(value, list)
        and value
        and all(isinstance(m, dict) and ("role" in m or "type" in m) for m in value)
    ):
        return value
    return None


def recognises(value: Any) -> bool:
    """Whether a JSON value has messages of this format: any chat whose calls are not Anthropic's blocks."""
    found = messages(value)
    return found is not None and all(isinstance(m.get("role"), str) or m.get("type") in _ITEMS for m in found)


_ITEMS = ("function_call", "function_call_output", "reasoning", "message", "local_shell_call", "custom_tool_call",
          "custom_tool_call_output", "local_shell_call_output")  # fmt: skip


def read(name: str, value: Any) -> list[Transcript]:
    """Return the one transcript in a JSON value.

    Raises
    ------
    ValueError
        If a call names no function.
    """
    found = messages(value) or []
    system = value.get("system") or value.get("instructions") if isinstance(value, dict) else None
    steps = [Step(number=0, role="system", text=system)] if isinstance(system, str) else []
    return [
        Transcript(
            name=name,
            format=NAME,
            steps=(*steps, *(_step(number, m) for number, m in enumerate(found, start=1))),
        )
    ]


def _step(number: int, message: dict[str, Any]) -> Step:
    kind = message.get("type", "")
    if kind in ("function_call", "custom_tool_call"):
        given = arguments(message.get("arguments", message.get("input")))
        call = ToolCall(
            tool=_named(message.get("name"), number), arguments=given, id=str(message.get("call_id", ""))
        )
        return Step(number=number, role="assistant", calls=(call,))
    if kind == "local_shell_call":
        call = ToolCall(
            tool="shell", arguments=arguments(message.get("action")), id=str(message.get("call_id", ""))
        )
        return Step(number=number, role="assistant", calls=(call,))
    if kind.endswith("_output"):
        made = result(text_of(message.get("output")), call=str(message.get("call_id", "")))
        return Step(number=number, role="tool", results=(made,))
    role = str(message.get("role", "assistant"))
    text = text_of(message.get("content"))
    results: tuple[ToolResult, ...] = ()
    if role in ("tool", "function"):
        results, text = (result(text, call=str(message.get("tool_call_id", ""))),), ""
        role = "tool"
    calls: list[ToolCall] = []
    for each in message.get("tool_calls") or []:
        function = each.get("function", each.get("custom")) if isinstance(each, dict) else None
        if not isinstance(function, dict):
            raise ValueError(f"a call of message {number} names no function")
        given = arguments(function.get("arguments", function.get("input")))
        calls.append(
            ToolCall(tool=_named(function.get("name"), number), arguments=given, id=str(each.get("id", "")))
        )
    if isinstance(message.get("function_call"), dict):
        function = message["function_call"]
        calls.append(
            ToolCall(
                tool=_named(function.get("name"), number), arguments=arguments(function.get("arguments"))
            )
        )
    return Step(number=number, role=role, text=text, calls=tuple(calls), results=results)


def _named(name: Any, number: int) -> str:
    if not isinstance(name, str) or not name:
        raise ValueError(f"a call of message {number} names no function")
    return name


def text_of(content: Any) -> str:
    """Return the text in a content: a string, or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            str(part.get("text") or "") if isinstance(part, dict) else str(part)
            for part in content
            if not isinstance(part, dict) or "text" in part
        )
    return ""
