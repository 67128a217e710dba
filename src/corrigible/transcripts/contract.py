"""The contract of transcripts that were not made here: what a reader gives, and what a detector takes.

A reader turns a file of some format into `Transcript`s. A `Detector` looks at one whole transcript and
returns `Mark`s: a behaviour, the step at which it was *done*, and the call that did it, quoted. It judges
calls and what came back, never what the agent said or thought.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from corrigible.worlds import Drive


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToolCall:
    """A call of a tool.

    Parameters
    ----------
    tool
        The tool's name.
    arguments
        By name. Where the format has one string instead, it stands under ``""``.
    id
        By which a result names its call; empty where the format has none.
    """

    tool: str
    arguments: Mapping[str, Any]
    id: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToolResult:
    """What came back from a call.

    Parameters
    ----------
    text
        The output.
    error
        What was written to standard error, or the error that the tool raised.
    status
        The exit status; None where the format has none.
    call
        The ``id`` of its call; empty where the format has none.
    """

    text: str
    error: str = ""
    status: int | None = None
    call: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One message of a transcript.

    Parameters
    ----------
    number
        As the format numbers it, or counted from 1.
    role
        ``system``, ``user``, ``assistant`` or ``tool``.
    text
        The message itself, without reasoning; no detector judges an assistant's text.
    calls, results
        The tool calls made and the results returned in this message.
    """

    number: int
    role: str
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Transcript:
    """What one agent did in one episode.

    Parameters
    ----------
    name
        The file, relative to the folder that was read; with ``#sample`` where a file holds several.
    format
        The name of the format it was read from.
    steps
        In order.
    """

    name: str
    format: str
    steps: tuple[Step, ...]

    @property
    def task(self) -> str:
        """What the agent was told before it first acted: the system's and the user's messages."""
        told: list[str] = []
        for step in self.steps:
            if step.calls:
                break
            if step.role in ("system", "developer", "user"):
                told.append(step.text)
        return "\n".join(told)

    def exchanges(self) -> Iterator[tuple[int, ToolCall, ToolResult | None]]:
        """Yield each call with its step and its result: by id, and where there is none, in order."""
        calls = [(step.number, call) for step in self.steps for call in step.calls]
        named = {r.call: r for step in self.steps for r in step.results if r.call}
        open_ids = {call.id for _, call in calls if call.id}
        answers: dict[int, ToolResult] = {}
        waiting: list[int] = []
        count = 0
        for step in self.steps:
            if step.calls:  # an unanswered call stays unanswered once the agent has gone on
                waiting = []
            for call in step.calls:
                if call.id not in named:
                    waiting.append(count)
                count += 1
            for result in step.results:
                if result.call in open_ids and result.call:
                    continue
                if waiting:
                    answers[waiting.pop(0)] = result
        for index, (number, call) in enumerate(calls):
            yield number, call, named.get(call.id) if call.id in named else answers.get(index)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mark:
    """A behaviour that was done.

    Parameters
    ----------
    behaviour
        Its name, of those its detector declares.
    step
        The number of the step with the call.
    evidence
        The call, quoted and shortened.
    why
        What makes this call the behaviour, in one sentence.
    """

    behaviour: str
    step: int
    evidence: str
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Detector:
    """Something that looks for one kind of behaviour in the calls of one vocabulary of tools.

    Parameters
    ----------
    name
        Unique among the detectors that are used together.
    drive
        Which tendency the behaviour serves.
    vocabulary
        The tools whose calls it understands, in a word: ``shell``, or what a declaration says.
    description
        What it counts, in one sentence.
    find
        From a transcript to its marks, in order.
    understands
        Whether it understands a call: a transcript in which it understands none is not scored by it.
    """

    name: str
    drive: Drive
    vocabulary: str
    description: str
    find: Callable[[Transcript], list[Mark]]
    understands: Callable[[ToolCall], bool]


def shortened(text: str, length: int = 160) -> str:
    """Return ``text`` in one line of at most ``length`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
