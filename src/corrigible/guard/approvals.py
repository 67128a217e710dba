"""Approvals: a person's yes to exactly one call.

A request is bound to the fingerprint of the call under the rules in force: other arguments, another session or
other rules make another call. It is answered by as many different people as it needs, none of them the one who
asks; anyone's no is final. Answered or not, it expires, and then it is a no. A yes is used up in the same
transaction as the intent of the call is written, so that it is never fulfilled twice.

Open requests lie in the store under ``request``, closed ones under ``answered``, and ``request-of`` leads from
a fingerprint to the latest.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, final

from corrigible.core.errors import OptionError
from corrigible.guard.contract import Call, Signal, Verdict
from corrigible.guard.people import check_approver, same
from corrigible.guard.store import Reader, Transaction

if TYPE_CHECKING:
    from corrigible.guard.ledger import Ledger
    from corrigible.guard.manifest import ApprovalRules

State = Literal["pending", "approved", "denied", "expired", "used"]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Vote:
    """What one person said: ``approve`` or ``deny``."""

    who: str
    decision: Literal["approve", "deny"]
    why: str = ""
    at: float = 0.0


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """A call that waits for people.

    Parameters
    ----------
    id
        Its name.
    digest
        The fingerprint of the call that it is bound to.
    tool, arguments, session, agent
        The call; secrets among the arguments are left out.
    asked, expires
        Seconds of the epoch.
    needs
        How many people must say yes.
    approvers
        Who may; empty: anyone but the agent.
    reasons, signals
        Why people are asked, and what monitors raised.
    votes
        What was said so far.
    state
        ``pending``, ``approved`` (and not used yet), ``denied``, ``expired`` or ``used``.
    """

    id: str
    digest: str
    tool: str
    arguments: Mapping[str, Any]
    session: str
    agent: str
    asked: float
    expires: float
    needs: int
    approvers: tuple[str, ...]
    reasons: tuple[Mapping[str, str], ...]
    signals: tuple[Mapping[str, Any], ...]
    votes: tuple[Vote, ...] = ()
    state: State = "pending"

    @property
    def missing(self) -> int:
        """How many people must still say yes."""
        return max(0, self.needs - sum(vote.decision == "approve" for vote in self.votes))

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Request:
        """Return the request that the store holds as ``value``."""
        fields: dict[str, Any] = dict(value)
        for name in ("approvers", "reasons", "signals"):
            fields[name] = tuple(fields[name])
        fields["votes"] = tuple(Vote(**vote) for vote in value["votes"])
        return cls(**fields)


def requests(store: Reader, now: float) -> list[Request]:
    """Return the requests that wait for an answer, or whose yes is not used yet, oldest first."""
    found = (Request.of(value) for _, value in store.scan("request"))
    return sorted((r for r in found if now < r.expires), key=lambda request: request.asked)


def request(store: Reader, identifier: str) -> Request:
    """Return the request of that name, open or closed.

    Raises
    ------
    OptionError
        If there is none.
    """
    value = store.get("request", identifier) or store.get("answered", identifier)
    if value is None:
        raise OptionError(f"there is no request `{identifier}`", "see `corrigible approvals`")
    return Request.of(value)


def latest(ledger: Ledger, tx: Transaction, fingerprint: str, now: float) -> Request | None:
    """Return the latest request for a call, expired by now if its time has passed."""
    identifier = tx.get("request-of", fingerprint)
    if identifier is None:
        return None
    found = request(tx, identifier)
    if found.state in ("pending", "approved") and now >= found.expires:
        found = _close(tx, found, "expired")
        ledger.append(tx, "expired", now, request=found.id)
    return found


def ask(
    ledger: Ledger,
    tx: Transaction,
    call: Call,
    fingerprint: str,
    verdict: Verdict,
    signals: Sequence[Signal],
    rules: ApprovalRules,
    now: float,
    told: Mapping[str, Any],
) -> Request:
    """Put a call before people; ``told`` is how the ledger tells of it, without secrets.

    Requests that nobody came back for, and whose time has passed, are closed on the way.
    """
    for _, value in tx.scan("request"):
        if now >= value["expires"]:
            _close(tx, Request.of(value), "expired")
            ledger.append(tx, "expired", now, request=value["id"])
    made = Request(
        id=secrets.token_hex(4),
        digest=fingerprint,
        tool=call.tool,
        arguments=told["arguments"],
        session=call.session,
        agent=call.agent,
        asked=now,
        expires=now + rules.expires,
        needs=verdict.needs,
        approvers=rules.approvers,
        reasons=tuple(dataclasses.asdict(reason) for reason in verdict.reasons),
        signals=tuple(dataclasses.asdict(signal) for signal in signals),
    )
    _keep(tx, made)
    tx.put("request-of", fingerprint, made.id)
    ledger.append(tx, "asked", now, request=made.id, needs=made.needs, expires=made.expires, **told)
    return made


def vote(ledger: Ledger, tx: Transaction, identifier: str, said: Vote) -> Request:
    """Count what a person says, and return the request as it is then.

    Raises
    ------
    OptionError
        If it cannot be answered (any more), or not by this person.
    """
    found = request(tx, identifier)
    check_approver(said.who, found.approvers, (found.agent, found.session))
    if said.at >= found.expires and found.state in ("pending", "approved"):
        raise OptionError(f"the request `{found.id}` has expired", "the agent may ask anew")
    if found.state not in ("pending", "approved") or (
        found.state == "approved" and said.decision == "approve"
    ):
        raise OptionError(f"the request `{found.id}` is {found.state} already", "see `corrigible approvals`")
    if any(same(earlier.who, said.who) and earlier.decision == said.decision for earlier in found.votes):
        raise OptionError(
            f"`{said.who}` has approved `{found.id}` already", f"it takes {found.missing} other people"
        )
    found = dataclasses.replace(found, votes=(*found.votes, said))
    ledger.append(tx, "vote", said.at, request=found.id, who=said.who, decision=said.decision, why=said.why)
    if said.decision == "deny":
        return _close(tx, found, "denied")
    if not found.missing:
        found = dataclasses.replace(found, state="approved")
    _keep(tx, found)
    return found


def use(tx: Transaction, found: Request) -> None:
    """Use up the yes."""
    _close(tx, found, "used")


def _close(tx: Transaction, found: Request, state: State) -> Request:
    closed = dataclasses.replace(found, state=state)
    tx.delete("request", found.id)
    tx.put("answered", found.id, dataclasses.asdict(closed))
    return closed


def _keep(tx: Transaction, found: Request) -> None:
    tx.put("request", found.id, dataclasses.asdict(found))
