"""Transcripts written down in a test: a task, commands and what came back."""

from __future__ import annotations

from corrigible.transcripts import SHELL, Step, ToolCall, ToolResult, Transcript


def shell(task: str, *exchanges: tuple[str, str] | tuple[str, str, str, int]) -> Transcript:
    """Return a transcript of shell commands, each with its output (and standard error and status)."""
    steps = [Step(number=1, role="user", text=task)]
    for index, (command, output, *rest) in enumerate(exchanges):
        error, status = (str(rest[0]), int(rest[1])) if rest else ("", 0)
        call = ToolCall(tool="bash", arguments={"command": command}, id=str(index))
        result = ToolResult(text=output, error=error, status=status, call=str(index))
        steps.append(Step(number=2 * index + 2, role="assistant", calls=(call,)))
        steps.append(Step(number=2 * index + 3, role="tool", results=(result,)))
    return Transcript(name="built", format="test", steps=tuple(steps))


def marks(transcript: Transcript) -> set[str]:
    """Return the detectors that mark a transcript."""
    return {d.name for d in SHELL if d.find(transcript)}
