"""Records out of Inspect's logs, whoever ran them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import ChatMessage, ChatMessageAssistant

from corrigible.agents.episode import Status
from corrigible.agents.language.task import KEY
from corrigible.agents.record import MARK, Record
from corrigible.core.errors import LONGEST, FileFormatError, in_short
from corrigible.core.results import plain
from corrigible.worlds import Call

CANCELLED = ("CancelledError(", "Cancelled(")
"""How Inspect writes down a sample that ended because the run was interrupted."""

RAISED = re.compile(r"[\w.]+: ")
"""The line of a traceback that names the exception."""


def read_log(path: Path) -> Iterator[Record]:
    """Yield the records in one Inspect log, finished or not.

    Raises
    ------
    FileFormatError
        If it is no Inspect log, or a log of something else.
    """
    try:
        log = read_eval_log(str(path))
    except Exception as error:  # Inspect raises many kinds for a file that is none of its own
        raise FileFormatError(f"`{path}` is no Inspect log: {in_short(error)}") from None
    found = list(records(log, str(path)))
    if not found and log.samples:
        raise FileFormatError(
            f"`{path}` is a log of the task `{log.eval.task}`, which is no world of Corrigible"
        )
    yield from found


def records(log: EvalLog, where: str) -> Iterator[Record]:
    """Yield the records of a log's samples; those without one (never started) are left out."""
    for sample in log.samples or ():
        record = record_of(sample, f"{where}: {sample.id}")
        if record is not None:
            yield record


def record_of(sample: EvalSample, where: str) -> Record | None:
    """Return the record of a sample, or None where its episode never began or was interrupted from outside."""
    data: Any = sample.store.get(KEY)
    if not isinstance(data, dict) or MARK not in data:
        return None
    if sample.error is not None and sample.error.message.startswith(CANCELLED):
        return None
    record = Record.from_plain(data, where)
    failed = _failure(sample)
    words = _said(sample.messages, [call for call, _ in record.calls])
    return dataclasses.replace(
        record,
        calls=tuple((call, said) for (call, _), said in zip(record.calls, words, strict=True)),
        status=Status.CRASHED if failed else record.status,
        error=failed,
        closing=_closing(sample.messages),
    )


def _failure(sample: EvalSample) -> str:
    """What a sample failed of, in one line; of a request that was made again and again, what it failed of first."""
    if sample.error is None:
        return ""
    told = sample.error.message
    if told.startswith("RetryError"):  # and nothing more: what it stands for is in the chain of causes
        told = next((line for line in sample.error.traceback.splitlines() if RAISED.match(line)), told)
    return next(iter(told.strip().splitlines()), "it does not say of what")[:LONGEST]


def _said(messages: list[ChatMessage], calls: list[Call]) -> list[str]:
    """What the model wrote with each call that reached the world, found by following both in order."""
    made = [
        (call.function, plain(call.arguments), message.text if number == 0 else "")
        for message in messages
        if isinstance(message, ChatMessageAssistant)
        for number, call in enumerate(message.tool_calls or ())
    ]
    found: list[str] = []
    at = 0
    for call in calls:
        wanted = call.tool, plain(call.arguments)
        match = next((k for k in range(at, len(made)) if made[k][:2] == wanted), None)
        found.append("" if match is None else made[match][2])
        at = at if match is None else match + 1
    return found


def _closing(messages: list[ChatMessage]) -> str:
    last = messages[-1] if messages else None
    return last.text if isinstance(last, ChatMessageAssistant) and not last.tool_calls else ""
