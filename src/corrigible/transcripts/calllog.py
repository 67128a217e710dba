"""The format ``calls``: a plain log of tool calls, one JSON object a line, with tool, arguments and result."""

from __future__ import annotations

import json
from typing import Any

from corrigible.transcripts.blocks import arguments, result
from corrigible.transcripts.contract import Step, ToolCall, ToolResult, Transcript

NAME = "calls"
FORM = "a log of calls, one JSON object a line (`tool`, `arguments`, `result`)"
_TOOL = ("tool", "tool_name", "name", "function")
_GIVEN = ("arguments", "args", "input", "parameters", "params")
_RESULT = ("result", "output", "response", "observation")


def recognises(lines: list[Any]) -> bool:
    """Whether the lines, read as JSON, are calls; lines with only a role and text may stand between."""
    calls = [line for line in lines if isinstance(line, dict) and _first(line, _TOOL) is not None]
    return bool(calls) and all(
        isinstance(line, dict) and (isinstance(_first(line, _TOOL), str) or "role" in line) for line in lines
    )


def read(name: str, lines: list[Any]) -> list[Transcript]:
    """Return the one transcript in the lines."""
    steps: list[Step] = []
    for number, line in enumerate(lines, start=1):
        tool = _first(line, _TOOL)
        if not isinstance(tool, str):
            steps.append(
                Step(
                    number=number, role=str(line["role"]), text=str(line.get("text", line.get("content", "")))
                )
            )
            continue
        given = arguments(_first(line, _GIVEN))
        call = ToolCall(tool=tool, arguments=given, id=f"line {number}")
        steps.append(Step(number=number, role="assistant", calls=(call,), results=_results(line, call.id)))
    return [Transcript(name=name, format=NAME, steps=tuple(steps))]


def _results(line: dict[str, Any], call: str) -> tuple[ToolResult, ...]:
    value = _first(line, _RESULT)
    error = line.get("error") or ""
    if value is None and not error and not {"stdout", "stderr"} & line.keys():
        return ()
    if {"stdout", "stderr"} & line.keys():
        value = {k: line[k] for k in ("stdout", "stderr", "returncode", "exit_code") if k in line}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    made = result("" if value is None else text, error=str(error), call=call)
    return (made,)


def _first(line: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((line[n] for n in names if n in line), None)
