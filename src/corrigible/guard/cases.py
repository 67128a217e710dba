"""Calls and the verdicts they should get, in a file, so that a change of the policy is tested like code.

::

    [[case]]
    tool = "files/write_file"
    arguments = { path = "/work/notes.txt", content = "…" }
    approved = false
    expect = "ask"
    because = "policy.changes"

A case says what is known of the call; nothing is called, and nothing is read but manifest and policy. What
only a guard at work knows (limits, halts, what was done before) has no part in it.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, Literal, cast, final

from corrigible.core.errors import FileFormatError
from corrigible.guard.contract import Approved, Call, Context, Decision, Signal, Verdict, decide
from corrigible.guard.manifest import Manifest, Server
from corrigible.guard.monitors import MONITORS
from corrigible.guard.normal import shown
from corrigible.guard.policy import Policy
from corrigible.guard.settings import Settings, read

DECISIONS = ("allow", "ask", "deny", "halt")
_SIGNAL = re.compile(r"([A-Za-z0-9_-]+)(?::(note|ask|halt))?")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One call, what is known of it, and the verdict it should get.

    Parameters
    ----------
    call
        The call.
    line
        Where it stands in the file.
    expect
        The verdict.
    because
        A rule that must be among its reasons; empty: any.
    approved
        Whether a person approved this call.
    calls, spent
        What the session did before.
    missing
        References to results that the ledger does not have; those of the call that are not among them exist.
    signals
        What monitors raise.
    """

    call: Call
    line: int
    expect: Decision
    because: str = ""
    approved: bool = False
    calls: int = 0
    spent: float = 0.0
    missing: tuple[int, ...] = ()
    signals: tuple[Signal, ...] = ()


def load(path: Path | str, manifest: Manifest) -> tuple[Case, ...]:
    """Return the cases of a TOML file.

    Raises
    ------
    FileFormatError
        If the file is not what it should be, or holds no case.
    """
    top = read(path)
    made = tuple(_case(of, manifest) for of in top.each("case"))
    top.end()
    if not made:
        raise FileFormatError(f"{path}:1: the file holds no case", "write one under `[[case]]`")
    return made


def judge(call: Call, manifest: Manifest, policy: Policy, **known: Any) -> Verdict:
    """Return the verdict on a call of which the ``known`` is known, as fields of `Context`."""
    tool = manifest.tool(call.tool)
    if tool is not None and not tool.complaint(call.arguments):
        try:
            server = manifest.servers.get(tool.server) or Server(name=tool.server)
            known["shown"], known["hosts"] = shown(call, tool, server)
        except ValueError as error:
            known["complaint"] = str(error)
    return decide(call, Context(manifest=manifest, policy=policy, **known))


def run(case: Case, manifest: Manifest, policy: Policy) -> tuple[Verdict, str]:
    """Return the verdict that a case gets, and how that differs from what it should get; empty: it does not."""
    yes = Approved(rule="approval.case", by=("the case",), seen=frozenset(MONITORS))
    verdict = judge(
        case.call,
        manifest,
        policy,
        approved=yes if case.approved else None,
        calls=case.calls,
        spent=case.spent,
        evidence=frozenset(case.call.evidence) - frozenset(case.missing),
        signals=case.signals,
    )
    if verdict.decision != case.expect:
        return (
            verdict,
            f"`{case.expect}` was expected, `{verdict.decision}` is the verdict: {verdict.because()}",
        )
    rules = [reason.rule for reason in verdict.reasons]
    if case.because and case.because not in rules:
        return verdict, f"`{case.because}` was expected as a reason, but it was {verdict.because()}"
    return verdict, ""


def _case(of: Settings, manifest: Manifest) -> Case:
    evidence, missing = of.numbers("evidence"), of.numbers("evidence-missing")
    confidence = of.number("confidence")
    if confidence is not None and confidence > 1:
        of.wrong("confidence", f"is {confidence}, but must be from 0 to 1")
    call = Call(
        tool=of.text("tool", None),
        arguments=of.table("arguments").values,
        session=of.text("session", "main"),
        agent=of.text("agent", manifest.agent),
        step=of.text("step", ""),
        confidence=confidence,
        evidence=(*evidence, *missing),
    )
    if of.take("expect") is None:
        of.wrong("", "needs `expect`")
    made = Case(
        call=call,
        line=of.line,
        expect=cast(Decision, of.choice("expect", DECISIONS, "")),
        because=of.text("because", ""),
        approved=of.flag("approved"),
        calls=of.whole("calls") or 0,
        spent=of.number("spent") or 0.0,
        missing=missing,
        signals=_signals(of),
    )
    of.end()
    return made


def _signals(of: Settings) -> tuple[Signal, ...]:
    made: list[Signal] = []
    for word in of.words("signals"):
        found = _SIGNAL.fullmatch(word)
        if found is None:
            of.wrong("signals", f"holds `{word}`", 'write the name of a monitor, or "NAME:ask", "NAME:halt"')
        raises = cast(Literal["note", "ask", "halt"], found[2] or "note")
        made.append(Signal(monitor=found[1], raises=raises, text=f"the case has `{found[1]}` raise it"))
    if tainted := of.words("tainted"):
        text = "the case has arguments come from untrusted results"
        made.append(Signal(monitor="provenance", raises="note", text=text, arguments=tainted))
    return tuple(made)
