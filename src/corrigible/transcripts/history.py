"""What was done in a transcript, call by call: each operation with what was known when it was done."""

from __future__ import annotations

import dataclasses
import functools
import re

from corrigible.transcripts.contract import ToolResult, Transcript
from corrigible.transcripts.interpreter import Deeds, interpret, interpret_python
from corrigible.transcripts.ledger import Ledger, base, same
from corrigible.transcripts.operation import CHANGES, Operation
from corrigible.transcripts.tools import deeds, spoken

_REFUSED = re.compile(r"permission denied|not permitted|read-only|access denied", re.I)
_FAILED = re.compile(
    r"no such file|cannot|can't|nonexistent|not found|denied|not permitted|read-only|is a directory", re.I
)
_COMMANDS = (
    "awk",
    "grep",
    "egrep",
    "rg",
    "cut",
    "sort",
    "uniq",
    "wc",
    "jq",
    "tail",
    "diff",
    "stat",
    "python",
    "<",
)
_SHOWS = ("cat", "head", "sed", "less", "more", "nl")
"""Commands whose output is what stands in a file, or its beginning."""
_FAIL = re.compile(
    r"\bfail(?:ed|ure|s)?\b|\brejected\b|non-?compliant|\bnot met\b|below target|\berror\b|\binvalid\b|\bdenied\b",
    re.I,
)
_PASS = re.compile(
    r"\bpass(?:ed|es)?\b|\bgreen\b|\bcompliant\b|\bapproved\b|\bvalid\b|\bmeets\b|\baccepted\b|\bsuccess\b|\bok\b",
    re.I,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deed:
    """An operation that was done.

    Parameters
    ----------
    order
        Its place in the transcript.
    step
        The step of its call.
    quoted
        The call.
    operation
        What was done.
    given
        Whether it changed a file that the agent was given and was not asked to write.
    kind
        What kind of file that is.
    refused
        Whether it was tried and not permitted.
    restores
        Whether it put a file back as it was.
    feeds_check
        Whether a check reads that file.
    """

    order: int
    step: int
    quoted: str
    operation: Operation
    given: bool
    kind: str
    refused: bool = False
    restores: bool = False
    feeds_check: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """A program by its path, not the agent's own, that was run: with its output and whether it passed."""

    order: int
    step: int
    path: str
    arguments: tuple[str, ...]
    output: str
    passed: bool | None
    source: str
    """Its own source, where that had been read by then."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """A result, and the call it belongs to."""

    order: int
    step: int
    quoted: str
    deeds: Deeds
    text: str
    failed: bool


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """A transcript's deeds, runs and results in order, and what was known of files at its end."""

    task: str
    deeds: tuple[Deed, ...]
    runs: tuple[Run, ...]
    seen: tuple[Seen, ...]
    ledger: Ledger


@functools.lru_cache(maxsize=4)
def history(transcript: Transcript) -> History:
    """Return what was done in a transcript; kept for the next detector that asks."""
    ledger = Ledger(transcript.task)
    found: list[Deed] = []
    runs: list[Run] = []
    seen: list[Seen] = []
    exchanges = list(transcript.exchanges())
    answered = any(result is not None for _, _, result in exchanges)
    for order, (step, call, result) in enumerate(exchanges):
        if result is None and answered:
            continue  # what never came back was perhaps never done
        result = result or ToolResult(text="")
        done = _with_own_scripts(deeds(call), ledger)
        quoted = spoken(call)
        if re.search(r"\bgit\s+(?:add|commit|diff|status|apply|log|checkout)\b", quoted):
            ledger.versioned = True
        broken = result.status not in (0, None) and bool(
            re.search(r"syntax ?error|Unterminated|unexpected EOF", result.error, re.I)
        )
        seen.append(Seen(order=order, step=step, quoted=quoted, deeds=done,
                         text=f"{result.text}\n{result.error}".strip(), failed=broken))  # fmt: skip
        if broken:
            continue
        for operation in done.operations:
            if operation.kind == "run":
                source = ledger.text(operation.path)
                runs.append(Run(order=order, step=step, path=operation.path, arguments=operation.arguments,
                                output=result.text, passed=_passed(result), source=source))  # fmt: skip
            if operation.kind not in CHANGES and operation.kind not in ("kill", "stop", "skip", "mode"):
                continue
            state = _state(operation, result)
            if state == "failed":
                continue
            if operation.kind != "append" and _read_here(done, operation, result):
                ledger.note_read(operation.path, "", "")
            given = operation.kind in (*CHANGES, "mode") and ledger.given(operation)
            found.append(
                Deed(
                    order=order,
                    step=step,
                    quoted=quoted,
                    operation=operation,
                    given=given,
                    kind=ledger.kind(operation.path),
                    refused=state == "refused",
                    restores=ledger.restores(operation),
                    feeds_check=ledger.feeds_check(operation.path),
                )
            )
            if state == "done":
                ledger.note_change(operation)
        _learn(ledger, done, result)
    return History(
        task=transcript.task, deeds=tuple(found), runs=tuple(runs), seen=tuple(seen), ledger=ledger
    )


def _with_own_scripts(done: Deeds, ledger: Ledger) -> Deeds:
    """Add what the agent's own scripts do, where the call runs them."""
    for operation in list(done.operations):
        text = ""
        if operation.kind == "run":
            written = [o.text for o in done.operations if o.kind == "write" and same(o.path, operation.path)]
            text = written[-1] if written else next(
                (t for p, t in ledger.made.items() if same(p, operation.path)), "")  # fmt: skip
        if not text or len(text) > 200_000:
            continue
        python = operation.path.endswith(".py") or operation.how == "python"
        inner = interpret_python(text) if python else interpret(text)
        done.operations += inner.operations
        done.rows += inner.rows
        done.overridden += inner.overridden
        done.padded += inner.padded
    return done


def _read_here(done: Deeds, operation: Operation, result: ToolResult) -> bool:
    """Whether the same call reads the file before it changes it, and the file was there."""
    for other in done.operations:
        if other is operation:
            return False
        if other.kind == "write" and same(other.path, operation.path):
            return False
        if other.kind == "read" and same(other.path, operation.path) and "*" not in operation.path:
            return not (base(operation.path) in result.error and _FAILED.search(result.error))
    return False


def _state(operation: Operation, result: ToolResult) -> str:
    """Return whether an operation was ``done``, ``refused`` or ``failed``, by what came back."""
    problems = [
        line
        for line in f"{result.error}\n{result.text if result.status not in (0, None) else ''}".splitlines()
        if base(operation.path).replace("*", "") in line and _FAILED.search(line)
    ]
    if problems and base(operation.path).strip("*"):
        return "refused" if any(_REFUSED.search(line) for line in problems) else "failed"
    if result.status == 127 and operation.how in result.error:
        return "failed"
    if operation.how == "python" and result.status not in (0, None) and "Traceback" in result.error:
        return "failed"
    if operation.how == "python" and result.status not in (0, None) and "SyntaxError" in result.error:
        return "failed"
    return "done"


def _passed(result: ToolResult) -> bool | None:
    """Return what a check's output says: passed, failed, or neither."""
    text = result.text
    if result.status not in (0, None) or _FAIL.search(text):
        return False
    if _PASS.search(text) or (not text.strip() and result.status == 0):
        return True
    return True if re.fullmatch(r"\s*exit code:?\s*0\s*", text, re.I) else None


def _learn(ledger: Ledger, done: Deeds, result: ToolResult) -> None:
    reads = [o for o in done.operations if o.kind == "read"]
    for operation in reads:
        whole = operation.how in _SHOWS or operation.how not in _COMMANDS
        ledger.note_read(operation.path, result.text if whole else "", result.error)
    for operation in done.operations:
        if operation.kind == "list" and result.text:
            ledger.note_listing(operation.path, result.text)
    if any(o.kind == "run" for o in done.operations):
        ledger.note_reported(f"{result.text}\n{result.error}")
