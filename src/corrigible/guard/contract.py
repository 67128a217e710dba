"""The one contract of the room: a call, what is known when it is judged, and the verdict.

`decide` is pure. It reads no clock, no file and no store; whatever it needs to know is in the `Context`,
which the gate gathers, and what follows from the verdict, the gate does. So a verdict can be computed
again, in a test or years later, from what the ledger holds.

The order of the questions is the order of their weight: is everything halted, does a monitor halt it, is the tool
known and what it was, was an equal call left with its outcome unknown, is it within its limits, does the policy
permit it, do the monitors want people asked. The first that says no gives the verdict, so that no reason is ever about something that
a weightier one had settled.

*Source:* Saltzer & Schroeder 1975, "The protection of information in computer systems": fail-safe defaults,
complete mediation, separation of privilege.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, final

from corrigible.guard.canonical import digest

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest
    from corrigible.guard.policy import Policy

Decision = Literal["allow", "ask", "deny", "halt"]
EVERYTHING = "*"
"""What halts and grants call every session."""


def covers(scope: str, session: str) -> bool:
    """Return whether a session is the one that is named, or beneath it."""
    return scope == EVERYTHING or session == scope or session.startswith(f"{scope}/")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """What an agent wants done.

    Parameters
    ----------
    tool
        ``server/tool``, as the manifest has it.
    arguments
        What the tool is given; anything that JSON can say.
    session
        Who is at work. ``main/helper`` is a sub-agent of ``main``: a halt of ``main`` stops it too, and what
        it does counts against the limits of both.
    agent
        The principal that policies name.
    step
        The step of the plan that it serves; empty where there is no plan.
    confidence
        How sure the agent says it is, 0 to 1; None where it does not say.
    evidence
        Earlier calls whose results it rests on, by their numbers in the ledger.
    key
        The caller's own idempotency key; a second call with the same key is never executed.
    """

    tool: str
    arguments: Mapping[str, Any]
    session: str = "main"
    agent: str = "agent"
    step: str = ""
    confidence: float | None = None
    evidence: tuple[int, ...] = ()
    key: str = ""

    def fingerprint(self, manifest: str, policy: str) -> str:
        """Return what an approval is bound to: exactly this call, under exactly these rules."""
        return digest([self.tool, self.arguments, self.session, self.agent, manifest, policy])

    def act(self) -> str:
        """Return what is done in the world, whoever asks for it: the tool and its arguments."""
        return digest([self.tool, self.arguments])

    def sessions(self) -> tuple[str, ...]:
        """Return the session and those it belongs to, outermost first."""
        parts = self.session.split("/")
        return tuple("/".join(parts[: n + 1]) for n in range(len(parts)))


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Reason:
    """Why: the rule, by a name that can be looked up, and one sentence.

    Rules are called ``halt``, ``manifest.unknown-tool``, ``manifest.definition``, ``manifest.arguments``,
    ``once``, ``limits.calls`` (``cost``, ``rate``, ``time``), ``policy.default``, ``policy.ID``,
    ``policy.error``, ``approval.ID``, ``grant.ID``, ``monitor.NAME``.
    """

    rule: str
    text: str


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Signal:
    """What a monitor raised; it can make a verdict stricter, never milder.

    Parameters
    ----------
    monitor
        Its name.
    raises
        ``note`` only tells (policies can read it), ``ask`` puts the call before a person, ``halt`` stops the
        session.
    text
        What it saw, one sentence.
    arguments
        The arguments that it is about, where it is about some: for provenance, those that came from
        untrusted results.
    """

    monitor: str
    raises: Literal["note", "ask", "halt"]
    text: str
    arguments: tuple[str, ...] = ()


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Halt:
    """An off-switch that is on.

    Parameters
    ----------
    session
        What it stops, with everything beneath it; ``*``: everything.
    who, why, at
        Who pressed it, for what reason, when (seconds of the epoch).
    another
        Whether it takes another person to resume.
    """

    session: str
    who: str
    why: str
    at: float
    another: bool = False

    def covers(self, session: str) -> bool:
        """Return whether ``session`` is stopped by it."""
        return covers(self.session, session)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Approved:
    """What stands for a person's yes: an approval of exactly this call, or a grant that covers it."""

    rule: str
    """``approval.ID`` or ``grant.ID``."""
    by: tuple[str, ...]
    seen: frozenset[str] = frozenset()
    """The monitors whose signals people saw with this very call; what others raise, it does not outweigh."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """What is known when a call is judged.

    Parameters
    ----------
    manifest, policy
        The rules.
    halt
        The off-switch that covers the session, if one is on.
    definition
        The digest of the tool's definition as its server lists it now; None where there is no server that
        lists (a Python function).
    over
        The limits that this call would pass (`corrigible.guard.limits.over`).
    unresolved
        Why an equal call stands in the way: one under way, or one whose outcome is unknown; empty: none does.
    signals
        What the monitors raise.
    approved
        What stands for a person's yes, if anything does.
    calls, spent
        What the session did so far, and its cost.
    evidence
        Those of the call's references that exist in the ledger with an outcome.
    shown, hosts, complaint
        The arguments as policies see them, and the hosts in them (`corrigible.guard.normal`); or why they
        cannot be shown.
    refused
        A person's no to exactly this call, if one said so.
    """

    manifest: Manifest
    policy: Policy
    shown: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    complaint: str = ""
    halt: Halt | None = None
    definition: str | None = None
    over: tuple[Reason, ...] = ()
    unresolved: str = ""
    signals: tuple[Signal, ...] = ()
    approved: Approved | None = None
    refused: Reason | None = None
    calls: int = 0
    spent: float = 0.0
    evidence: frozenset[int] = frozenset()


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is to be done with a call, and why.

    Parameters
    ----------
    decision
        ``allow``; ``ask``: a person must approve it first; ``deny``; ``halt``: nothing of this session runs.
    reasons
        The rules that decided, weightiest first; never empty.
    needs
        How many people must approve, where people are asked.
    """

    decision: Decision
    reasons: tuple[Reason, ...]
    needs: int = 0

    def because(self) -> str:
        """Return the reasons as one sentence."""
        return "; ".join(f"{reason.text} [{reason.rule}]" for reason in self.reasons)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a call ended.

    Parameters
    ----------
    kind
        ``done``; ``failed``: the tool says that it did not do it; ``unknown``: nobody knows whether it was
        done (a crash, a time-out, a halt while it ran).
    text
        What the agent is told, as text; what monitors read.
    value
        What the tool returned, for callers in Python.
    why
        For ``failed`` and ``unknown``: what happened, in a few words.
    """

    kind: Literal["done", "failed", "unknown"]
    text: str = ""
    value: Any = None
    why: str = ""


def decide(call: Call, context: Context) -> Verdict:
    """Return the verdict on a call, from the call and what is known.

    *ask* has one exact meaning: the call is denied now, and would be permitted if ``context.approved`` were
    true. What a limit, a halt or the manifest forbids, no approval permits.

    Parameters
    ----------
    call
        What is to be judged.
    context
        What is known.

    Returns
    -------
    Verdict
        With at least one reason.
    """
    if context.halt is not None:
        halt = context.halt
        what = "everything" if halt.session == "*" else f"`{halt.session}`"
        return _no("halt", "halt", f"{what} was halted by {halt.who}: {halt.why}")
    halting = tuple(s for s in context.signals if s.raises == "halt")
    if halting:
        return Verdict(decision="halt", reasons=tuple(map(_reason, halting)))
    tool = context.manifest.tool(call.tool)
    if tool is None:
        return _no("deny", "manifest.unknown-tool", f"the manifest knows no tool `{call.tool}`")
    if tool.definition and context.definition is not None and tool.definition != context.definition:
        return _no(
            "deny",
            "manifest.definition",
            f"`{call.tool}` is not what it was when the manifest was written",
        )
    if complaint := tool.complaint(call.arguments) or context.complaint:
        return _no("deny", "manifest.arguments", complaint)
    if context.unresolved:
        return _no("deny", "once", context.unresolved)
    if context.over:
        return Verdict(decision="deny", reasons=context.over)

    needs = context.manifest.approval.grave if tool.grave else 1
    ruling = context.policy.rule(call, context)
    if ruling.decision == "deny":
        return Verdict(decision="deny", reasons=ruling.reasons)
    seen = frozenset[str]() if context.approved is None else context.approved.seen
    asking = tuple(s for s in context.signals if s.raises == "ask" and s.monitor not in seen)
    if ruling.decision == "ask" or asking:
        if context.refused is not None:
            return Verdict(decision="deny", reasons=(context.refused,))
        reasons = (*map(_reason, asking), *(ruling.reasons if ruling.decision == "ask" else ()))
        return Verdict(decision="ask", reasons=reasons, needs=needs)
    if context.approved is None:
        return ruling
    yes = Reason(rule=context.approved.rule, text=f"approved by {' and '.join(context.approved.by)}")
    return Verdict(decision="allow", reasons=(*ruling.reasons, yes))


def _no(decision: Decision, rule: str, text: str) -> Verdict:
    return Verdict(decision=decision, reasons=(Reason(rule=rule, text=text),))


def _reason(signal: Signal) -> Reason:
    return Reason(rule=f"monitor.{signal.monitor}", text=signal.text)
