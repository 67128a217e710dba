"""The format ``inspect``: logs of Inspect AI, ``.eval`` or JSON; each sample is a transcript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corrigible.core.errors import MissingExtraError
from corrigible.transcripts.blocks import result
from corrigible.transcripts.contract import Step, ToolCall, ToolResult, Transcript

NAME = "inspect"
FORM = "a log of Inspect AI (`.eval`, or `.json` with `samples`)"


def recognises(value: Any) -> bool:
    """Whether a JSON value is such a log."""
    return isinstance(value, dict) and "eval" in value and ("samples" in value or "status" in value)


def read(name: str, path: Path) -> list[Transcript]:
    """Return the samples of a log.

    Raises
    ------
    MissingExtraError
        If Inspect AI is not installed.
    ValueError
        If it cannot read the log.
    """
    try:
        import inspect_ai.log as logs  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingExtraError(
            f"`{path}` is a log of Inspect AI, which is not installed", "run `pip install 'corrigible[llm]'`"
        ) from error
    try:
        log: Any = logs.read_eval_log(str(path), resolve_attachments=True)
    except Exception as error:  # anything that other people's reader raises
        raise ValueError(f"Inspect AI cannot read it: {error}") from error
    samples: list[Any] = list(log.samples or [])
    if not samples:
        raise ValueError("the log has no samples")
    made: list[Transcript] = []
    for sample in samples:
        label = f"{name}#{sample.id}" + (f"/{sample.epoch}" if sample.epoch > 1 else "")
        steps = tuple(_step(number, m) for number, m in enumerate(sample.messages, start=1))
        made.append(Transcript(name=label, format=NAME, steps=steps))
    return made


def _step(number: int, message: Any) -> Step:
    text: str = message.text
    if message.role == "tool":
        failed = getattr(message, "error", None)
        call = str(getattr(message, "tool_call_id", "") or "")
        if failed is not None:
            told = ToolResult(text=text, error=str(failed.message), status=1, call=call)
        else:
            told = result(text, call=call)
        return Step(number=number, role="tool", results=(told,))
    calls = tuple(
        ToolCall(tool=str(c.function), arguments=dict(c.arguments or {}), id=str(c.id))
        for c in getattr(message, "tool_calls", None) or []
    )
    return Step(number=number, role=str(message.role), text=text, calls=calls)
