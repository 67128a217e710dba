"""What happens in the store before and after a tool is called, each within one transaction.

`Judge.enter` gathers what is known, decides, and writes down what follows: an intent, a denial, a request to
people, a halt. `Judge.leave` writes the outcome. Between the two the tool runs, if it may.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

from corrigible.core.errors import OptionError
from corrigible.guard import approvals, grants, halts, limits, once
from corrigible.guard.approvals import Request
from corrigible.guard.canonical import digest
from corrigible.guard.contract import (
    Approved,
    Call,
    Context,
    Halt,
    Outcome,
    Reason,
    Signal,
    Verdict,
    decide,
)
from corrigible.guard.grants import Grant
from corrigible.guard.once import Open
from corrigible.guard.soundness import check_session
from corrigible.guard.store import Transaction

if TYPE_CHECKING:
    from corrigible.guard.clock import Clock
    from corrigible.guard.ledger import Ledger
    from corrigible.guard.manifest import Manifest, Tool
    from corrigible.guard.monitors import Monitor
    from corrigible.guard.policy import Policy

PENDING = "pending"
"""Where a session's watch keeps signals for its next call; no monitor is called so."""
PLACES = ("path", "url", "host")
"""What arguments mean that can be spelled in several ways."""
KNOWN = 10_000
"""Sessions that are known to have begun, without a look into the store."""
MOST_PENDING = 32
"""Signals that are kept there; what asks goes before what only notes."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """A call as it was looked at outside the transaction.

    Parameters
    ----------
    shown, hosts, complaint
        As in `Context`.
    definition
        The tool's definition as its server lists it now, or None.
    signals
        What a reviewer raised.
    """

    shown: Mapping[str, Any]
    hosts: frozenset[str]
    complaint: str
    definition: str | None
    signals: tuple[Signal, ...] = ()


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """What came of entering: the verdict, and an intent's number and key, or a request to people."""

    verdict: Verdict
    number: int | None = None
    idempotency: str = ""
    request: Request | None = None
    new: bool = False
    """Whether the request was made just now."""


@final
class Judge:
    """Judges calls by one manifest and policy, for one process."""

    def __init__(
        self,
        manifest: Manifest,
        policy: Policy,
        ledger: Ledger,
        monitors: Sequence[Monitor],
        clock: Clock,
        instance: str,
    ) -> None:
        self.manifest, self.policy, self.ledger = manifest, policy, ledger
        self.monitors, self.clock, self.instance = monitors, clock, instance
        self._begun: set[str] = set()

    def fingerprint(self, call: Call, shown: Mapping[str, Any]) -> str:
        """Return what an approval of a call is bound to: exactly the call, and where its paths lead now.

        It is keyed, so that no argument can be guessed from it.
        """
        tool = self.manifest.tool(call.tool)
        plain = call if tool is None else _plainly(call, tool, shown)
        led = {name: value for name, value in plain.arguments.items() if value is not call.arguments[name]}
        exact = call.fingerprint(self.manifest.version, self.policy.version)
        return self.ledger.redactor.keyed(f"{exact} {digest(led)}")

    def begin(self, tx: Transaction, session: str, agent: str, task: str = "") -> None:
        """Write down that a session begins, and what it was asked to do, in the asker's own words.

        Raises
        ------
        OptionError
            If it has begun: words that came later could be anybody's; or if none can be called so.
        """
        if session in self._begun or tx.get("session", session) is not None:
            if task:
                raise OptionError(f"the session `{session}` has begun already", "name another")
            if len(self._begun) > KNOWN:
                self._begun.clear()
            self._begun.add(session)  # it is in the store, and stays there
            return
        check_session(session)
        now = self.clock.tick(tx)
        tx.put("session", session, {"agent": agent, "at": now})
        self.ledger.append(tx, "session", now, session=session, agent=agent, task=self._said(task))
        if task and self.monitors:
            watch = tx.get("watch", session.partition("/")[0]) or {}
            for monitor in self.monitors:
                monitor.on_task(watch.setdefault(monitor.name, {}), task)
            tx.put("watch", session.partition("/")[0], watch)

    def enter(self, tx: Transaction, call: Call, seen: Seen) -> Entry:
        """Judge a call, and write down what follows from the verdict."""
        self.begin(tx, call.session, call.agent)
        now = self.clock.tick(tx)
        tool = self.manifest.tool(call.tool)
        watch = tx.get("watch", call.sessions()[0]) or {}
        signals = (*seen.signals, *self._raised(watch, call, tool, now))
        care = tool is not None and once.needs_care(tool)
        act = self._act(_plainly(call, tool, seen.shown)) if tool is not None and care else ""
        accounts = limits.Accounts(tx, call, tool, self.manifest.limits)
        context = Context(
            manifest=self.manifest,
            policy=self.policy,
            shown=seen.shown,
            hosts=seen.hosts,
            complaint=seen.complaint,
            halt=halts.over(tx, call),
            definition=seen.definition,
            over=accounts.passed(now),
            unresolved="" if tool is None else once.obstacle(tx, call, tool, act),
            signals=signals,
            calls=accounts.calls,
            spent=accounts.spent,
            evidence=once.evidence(tx, call.evidence),
        )
        verdict = decide(call, context)
        fingerprint = self.fingerprint(call, seen.shown)
        asked = grant = None
        if verdict.decision == "ask":
            assert tool is not None
            asked = approvals.latest(self.ledger, tx, fingerprint, now)
            grant = None if tool.grave else grants.covering(tx, call, seen.shown, now)
            verdict, grant = _with_people(call, context, asked, grant)
        # What waits is for people to look at: a call that is denied without them does not clear it away.
        if verdict.decision == "allow" or (verdict.decision == "deny" and _refused(asked)):
            watch.pop(PENDING, None)
        told = self._told(call, tool, verdict, signals)
        entry = Entry(verdict=verdict)
        if verdict.decision == "allow":
            assert tool is not None
            if asked is not None and asked.state == "approved":
                approvals.use(tx, asked)
            if grant is not None:
                grants.use(tx, grant)
            accounts.count(tx, now)
            entry = self._intend(tx, call, tool, fingerprint, told, verdict, now, act)
        elif verdict.decision == "ask":
            waiting = asked if asked is not None and asked.state == "pending" else None
            request = waiting or approvals.ask(
                self.ledger, tx, call, fingerprint, verdict, signals, self.manifest.approval, now, told
            )
            entry = Entry(verdict=verdict, request=request, new=waiting is None)
        else:
            self.ledger.append(tx, "denied", now, decision=verdict.decision, **told)
            if verdict.decision == "halt" and context.halt is None:
                self._halt(tx, call, verdict.because(), now)
        if not (entry.request and not entry.new):  # a call that waits is not a new one
            later = [
                s
                for m in self.monitors
                for s in _heard(m, m.on_verdict, watch.setdefault(m.name, {}), call, tool, verdict, now)
            ]
            self._later(tx, call, watch, later, now)
        return entry

    def probe(self, tx: Transaction, call: Call) -> Entry:
        """Permit the call of a probe, which the manifest itself has made, unless everything is halted."""
        self.begin(tx, call.session, call.agent)
        now = self.clock.tick(tx)
        tool = self.manifest.tool(call.tool)
        halt = halts.over(tx, call)
        if tool is None or tool.changes or tool.complaint(call.arguments) or halt is not None:
            return Entry(verdict=_no(f"`{call.tool}` cannot be probed now"))
        verdict = Verdict(
            decision="allow", reasons=(Reason(rule="manifest.probe", text="the manifest probes with it"),)
        )
        told = self._told(call, tool, verdict, ())
        return self._intend(tx, call, tool, self.fingerprint(call, {}), told, verdict, now, "")

    def leave(self, tx: Transaction, number: int, call: Call, outcome: Outcome) -> None:
        """Write down how a call ended."""
        now = self.clock.tick(tx)
        tool = self.manifest.tool(call.tool)
        assert tool is not None
        told = {
            "digest": self.ledger.redactor.keyed(outcome.text),
            "bytes": len(outcome.text.encode(errors="surrogatepass")),
            "why": self._said(outcome.why),
        }
        if once.end(self.ledger, tx, number, outcome.kind, now, **told) and self.monitors:
            watch = tx.get("watch", call.sessions()[0]) or {}
            later = [
                s
                for m in self.monitors
                for s in _heard(m, m.on_outcome, watch.setdefault(m.name, {}), call, tool, outcome, now)
            ]
            self._later(tx, call, watch, later, now)

    def _raised(self, watch: dict[str, Any], call: Call, tool: Tool | None, now: float) -> Iterable[Signal]:
        for signal in watch.get(PENDING, ()):
            yield Signal(**signal | {"arguments": tuple(signal["arguments"])})
        for monitor in self.monitors:
            memory = watch.setdefault(monitor.name, {})
            yield from _heard(monitor, monitor.on_call, memory, call, tool, self.manifest, now)

    def _later(
        self, tx: Transaction, call: Call, watch: dict[str, Any], signals: Sequence[Signal], now: float
    ) -> None:
        """Keep what was raised for the session's next call; a halt holds at once."""
        if not self.monitors:
            return
        for signal in signals:
            told = {"monitor": signal.monitor, "raises": signal.raises, "session": call.session}
            self.ledger.append(tx, "signal", now, text=self._said(signal.text), **told)
            if signal.raises == "halt" and halts.over(tx, call) is None:
                self._halt(tx, call, f"{signal.text} [monitor.{signal.monitor}]", now)
        kept = [
            vars(signal) | {"arguments": list(signal.arguments)}
            for signal in signals
            if signal.raises != "halt"
        ]
        if kept:
            waiting: list[dict[str, Any]] = watch.get(PENDING, [])
            new = [signal for n, signal in enumerate(kept) if signal not in (*waiting, *kept[:n])]
            strict = sorted([*waiting, *new], key=lambda signal: signal["raises"] == "ask")
            watch[PENDING] = strict[-MOST_PENDING:]
        tx.put("watch", call.sessions()[0], watch)

    def _halt(self, tx: Transaction, call: Call, why: str, now: float) -> None:
        another = self.manifest.resume_by_another
        pressed = Halt(session=call.sessions()[0], who="the guard", why=why, at=now, another=another)
        halts.press(self.ledger, tx, pressed)

    def _intend(
        self,
        tx: Transaction,
        call: Call,
        tool: Tool,
        fingerprint: str,
        told: Mapping[str, Any],
        verdict: Verdict,
        now: float,
        act: str,
    ) -> Entry:
        key = digest([self.manifest.name, tx.size, fingerprint])[7:39]
        number = self.ledger.append(
            tx, "intent", now, idempotency=key, digest=fingerprint, cost=tool.cost, **told
        )
        intent = Open(
            number=number,
            tool=call.tool,
            arguments=told["arguments"],
            session=call.session,
            agent=call.agent,
            act=act,
            instance=self.instance,
            at=now,
            care=once.needs_care(tool),
        )
        once.begin(tx, call, intent)
        return Entry(verdict=verdict, number=number, idempotency=key)

    def _act(self, call: Call) -> str:
        return self.ledger.redactor.keyed(call.act())

    def _told(
        self, call: Call, tool: Tool | None, verdict: Verdict, signals: Iterable[Signal]
    ) -> dict[str, Any]:
        """Return a call and what was found of it as the ledger tells it: without secrets."""
        return {
            "tool": call.tool,
            "arguments": self.ledger.redactor.arguments(tool, call.arguments),
            "session": call.session,
            "agent": call.agent,
            "step": self._said(call.step),
            "confidence": call.confidence,
            "evidence": list(call.evidence),
            "key": self._said(call.key),
            "instance": self.instance,
            "reasons": [_plain(reason, self._said) for reason in verdict.reasons],
            "signals": [_plain(signal, self._said) for signal in signals],
        }

    def _said(self, text: str) -> str:
        """Return what somebody says without secrets, and without what no record can hold."""
        return self.ledger.redactor.text(text).encode(errors="replace").decode()


def _plainly(call: Call, tool: Tool, shown: Mapping[str, Any]) -> Call:
    """Return the call with paths and addresses written in one way, so that another spelling is the same act."""
    plain = {name: value for name, value in shown.items() if tool.arguments[name].means in PLACES}
    return dataclasses.replace(call, arguments={**call.arguments, **plain}) if plain else call


def _refused(asked: Request | None) -> bool:
    """Return whether people said no."""
    return asked is not None and asked.state == "denied"


def _heard(monitor: Monitor, look: Callable[..., Iterable[Signal]], *what: Any) -> tuple[Signal, ...]:
    """Return what a monitor raises; one that fails counts as one that asks."""
    try:
        return tuple(look(*what))
    except Exception as error:
        text = f"the monitor `{monitor.name}` failed ({type(error).__name__})"
        return (Signal(monitor=monitor.name, raises="ask", text=text),)


def _plain(said: Reason | Signal, redact: Any) -> dict[str, Any]:
    return {**vars(said), "text": redact(said.text)}


def _no(text: str) -> Verdict:
    return Verdict(decision="deny", reasons=(Reason(rule="manifest.probe", text=text),))


def _with_people(
    call: Call, context: Context, asked: Request | None, grant: Grant | None
) -> tuple[Verdict, Grant | None]:
    """Return the verdict given what people said, and the grant that it rests on, if it rests on one.

    A person's word about this very call goes before a grant for its kind.
    """
    if asked is not None and asked.state == "approved":
        by = tuple(vote.who for vote in asked.votes)
        shown = frozenset(signal["monitor"] for signal in asked.signals)
        approved = Approved(rule=f"approval.{asked.id}", by=by, seen=shown)
        return decide(call, dataclasses.replace(context, approved=approved)), None
    if asked is not None and _refused(asked):
        no = next(vote for vote in asked.votes if vote.decision == "deny")
        text = f"{no.who} said no to this call" + (f": {no.why}" if no.why else "")
        refused = Reason(rule=f"approval.{asked.id}", text=text)
        return decide(call, dataclasses.replace(context, refused=refused)), None
    if grant is not None:
        approved = Approved(rule=f"grant.{grant.id}", by=(grant.who,))
        verdict = decide(call, dataclasses.replace(context, approved=approved))
        if verdict.decision == "allow":
            return verdict, grant
    return decide(call, context), None
