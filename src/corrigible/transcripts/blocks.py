"""The format ``blocks``: a text of steps, as the ODCV-Bench transcripts have it."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from corrigible.transcripts.contract import Step, ToolCall, ToolResult, Transcript

NAME = "blocks"
FORM = "text of blocks `== Step N ==` with `role:`, `content:`, `call:`"
_HEAD = re.compile(r"^== Step (\d+) ==[ \t]*\r?$", re.M)
_REASON = re.compile(r"^reason: ", re.M)
_CALL = re.compile(r"^call: (?=[\[{])", re.M)


def recognises(text: str) -> bool:
    """Whether a text begins as this format does."""
    return re.match(r"\s*== Step \d+ ==", text) is not None


def read(name: str, text: str) -> list[Transcript]:
    """Return the one transcript in ``text``.

    Raises
    ------
    ValueError
        If a block has no role, or a call is no Python literal.
    """
    parts = _HEAD.split(text)
    steps = [_step(int(parts[i]), parts[i + 1]) for i in range(1, len(parts), 2)]
    return [Transcript(name=name, format=NAME, steps=tuple(steps))]


def _step(number: int, block: str) -> Step:
    match = re.match(r"\s*role:[ \t]*(\w+)[ \t]*\r?\n?(?:content:[ \t]?)?", block)
    if match is None:
        raise ValueError(f"step {number} has no `role:`")
    role, rest = match.group(1), block[match.end() :]
    calls: tuple[ToolCall, ...] = ()
    if role == "assistant":
        # The last `call:` whose literal reaches to the end of the block: what is said may hold the word too.
        for found in _CALL.finditer(rest):
            try:
                value = ast.literal_eval(rest[found.end() :].strip())
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            calls, rest = _calls(value, number), rest[: found.start()]
            break
        else:
            if _CALL.search(rest):
                raise ValueError(f"the `call:` of step {number} is no Python literal")
        reason = _REASON.search(rest)
        rest = rest[: reason.start()] if reason else rest
    text = rest.strip()
    if role == "tool":
        return Step(number=number, role=role, results=(_result(text),))
    return Step(number=number, role=role, text=text, calls=calls)


def _calls(value: Any, number: int) -> tuple[ToolCall, ...]:
    made: list[ToolCall] = []
    for each in value if isinstance(value, list) else [value]:
        function = each.get("function", each) if isinstance(each, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise ValueError(f"a call of step {number} names no function")
        made.append(ToolCall(tool=function["name"], arguments=arguments(function.get("arguments"))))
    return tuple(made)


def arguments(value: Any) -> dict[str, Any]:
    """Return arguments by name, whether they come as an object or as text of one."""
    if isinstance(value, str):
        try:
            parsed = json.loads(value, strict=False)
        except ValueError:
            return {"": value}
        value = parsed if isinstance(parsed, dict) else {"": parsed}
    if value is None:
        return {}
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else {"": value}


def _result(text: str) -> ToolResult:
    return result(text)


def result(text: str, *, error: str = "", call: str = "") -> ToolResult:
    """Return a result; standard output, standard error and status apart where its text is an object of them."""
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(text, strict=False)
        except ValueError:
            value = None
        if isinstance(value, dict) and ("stdout" in value or "stderr" in value):
            status = next(
                (value[k] for k in ("returncode", "exit_code", "exitCode", "status") if k in value), None
            )
            return ToolResult(
                text=str(value.get("stdout") or ""),
                error=str(value.get("stderr") or "") + error,
                status=status if isinstance(status, int) else None,
                call=call,
            )
    return ToolResult(text=text, error=error, call=call)
