"""The people's side: what waits for them, and what they decide, from any process that reaches the store.

Nothing here needs the manifest, the policy or a running guard. What the manifest says of people (who may
approve, what is grave, who may resume) the guard leaves in the store when it starts.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, final

from corrigible.core.errors import OptionError
from corrigible.guard import approvals, halts, once
from corrigible.guard import grants as granting
from corrigible.guard.approvals import Request, Vote
from corrigible.guard.clock import Clock
from corrigible.guard.contract import EVERYTHING, Halt
from corrigible.guard.grants import Grant
from corrigible.guard.once import Open
from corrigible.guard.people import check_approver, check_person
from corrigible.guard.soundness import check_session
from corrigible.guard.store import Store, Transaction

if TYPE_CHECKING:
    from corrigible.guard.ledger import Ledger

LONGEST_GRANT = 30 * 86400.0
"""Seconds: a grant is for work in hand; what should always be allowed belongs into the policy."""


@final
class Oversight:
    """What people see and decide.

    Parameters
    ----------
    store
        The guard's store.
    ledger
        The ledger in it; with a key, what is decided is signed at once, else by the guard's next checkpoint.
    clock
        The time.
    """

    def __init__(self, store: Store, ledger: Ledger, clock: Clock | None = None) -> None:
        self.store, self.ledger, self.clock = store, ledger, clock or Clock()

    def pending(self) -> list[Request]:
        """Return the requests that wait for people, oldest first."""
        found = self.store.read(lambda reader: approvals.requests(reader, self.clock.at(reader)))
        return [request for request in found if request.state == "pending"]

    def request(self, identifier: str) -> Request:
        """Return a request by its name, or by an unambiguous beginning of it."""
        return self.store.read(lambda reader: approvals.request(reader, self._name(identifier)))

    def approve(self, identifier: str, who: str, why: str = "") -> Request:
        """Say yes to one call; return the request, which may need more people."""
        return self._vote(identifier, who, "approve", why)

    def deny(self, identifier: str, who: str, why: str) -> Request:
        """Say no to one call; that is final."""
        return self._vote(identifier, who, "deny", why)

    def grant(
        self,
        tool: str,
        ranges: Mapping[str, Mapping[str, Any]],
        calls: int,
        seconds: float,
        who: str,
        session: str = "*",
        why: str = "",
    ) -> Grant:
        """Say yes beforehand to calls of one kind (`corrigible.guard.grants.Grant`).

        Raises
        ------
        OptionError
            If the bounds are none, the tool is grave or unknown, or the person may not approve.
        """
        granting.check_ranges(ranges)
        if session != EVERYTHING:
            check_session(session)
        who, why = _legible(who), _legible(why)
        if calls < 1:
            raise OptionError(f"`{calls}` calls are none", "grant at least one")
        if not 0 < seconds <= LONGEST_GRANT:
            raise OptionError(
                f"`{seconds:g}` s is no time for a grant", "give more than 0 and at most 30 days"
            )

        def work(tx: Transaction) -> Grant:
            now = self.clock.tick(tx)
            rules = tx.get("rules", "rules") or {}
            check_approver(who, rules.get("approvers", ()), (rules.get("agent", ""), session))
            if tool not in rules.get("tools", (tool,)):
                raise OptionError(f"the manifest knows no tool `{tool}`", "give SERVER/TOOL")
            if tool in rules.get("grave", ()):
                raise OptionError(f"`{tool}` is grave", "it is approved call by call")
            made = Grant(
                id=secrets.token_hex(4),
                tool=tool,
                session=session,
                ranges={name: dict(wanted) for name, wanted in ranges.items()},
                calls=calls,
                left=calls,
                expires=now + seconds,
                who=who,
                why=why,
                at=now,
            )
            granting.give(self.ledger, tx, made)
            return made

        return self.store.transact(work)

    def grants(self) -> list[Grant]:
        """Return the grants in force."""
        return self.store.read(lambda reader: granting.grants(reader, self.clock.at(reader)))

    def revoke(self, identifier: str, who: str, why: str = "") -> Grant:
        """Take a grant back, and return it as it was; anyone may."""
        check_person(who)
        who, why = _legible(who), _legible(why)
        name = _whole(identifier, [grant.id for grant in self.grants()])
        return self.store.transact(
            lambda tx: granting.revoke(self.ledger, tx, name, who, why, self.clock.tick(tx))
        )

    def halt(self, session: str, who: str, why: str) -> Halt:
        """Stop a session and everything beneath it, or ``*``: everything. Anyone may."""
        check_person(who)
        if not session:
            raise OptionError("no session is named", "give --session NAME or --all")
        if session != EVERYTHING:
            check_session(session)
        who, why = _legible(who), _legible(why)

        def work(tx: Transaction) -> Halt:
            rules = tx.get("rules", "rules") or {}
            another = bool(rules.get("resume_by_another"))
            pressed = Halt(session=session, who=who, why=why, at=self.clock.tick(tx), another=another)
            halts.press(self.ledger, tx, pressed)
            return pressed

        return self.store.transact(work)

    def resume(self, session: str, who: str, why: str) -> None:
        """Let what was halted go on."""
        who, why = _legible(who), _legible(why)

        def work(tx: Transaction) -> None:
            now = self.clock.tick(tx)
            rules = tx.get("rules", "rules") or {}
            check_approver(who, rules.get("approvers", ()), (rules.get("agent", ""), session))
            halts.release(self.ledger, tx, session, who, why, now)

        self.store.transact(work)

    def halts(self) -> list[Halt]:
        """Return the off-switches that are on."""
        return self.store.read(halts.halts)

    def unknowns(self) -> list[Open]:
        """Return the calls of which nobody knows whether they were done, oldest first."""
        once.sweep(self.store, self.ledger, self.clock)
        return [intent for intent in self.store.read(once.opened) if intent.state == "unknown"]

    def resolve(self, number: int, kind: Literal["done", "undone"], who: str, why: str) -> None:
        """Say what became of one of them."""
        check_person(who)
        who, why = _legible(who), _legible(why)
        self.store.transact(
            lambda tx: once.resolve(self.ledger, tx, number, kind, who, why, self.clock.tick(tx))
        )

    def sessions(self) -> list[dict[str, Any]]:
        """Return the sessions that made calls: name, calls, cost, time of the first call."""
        found = self.store.read(lambda reader: reader.scan("usage"))
        return [
            {"session": name, "calls": used["calls"], "cost": used["cost"], "first": used["first"]}
            for name, used in found
            if "\t" not in name
        ]

    def _vote(self, identifier: str, who: str, decision: Literal["approve", "deny"], why: str) -> Request:
        name = self._name(identifier)
        who, why = _legible(who), _legible(why)

        def work(tx: Transaction) -> Request:
            said = Vote(who=who, decision=decision, why=why, at=self.clock.tick(tx))
            return approvals.vote(self.ledger, tx, name, said)

        return self.store.transact(work)

    def _name(self, identifier: str) -> str:
        found = self.store.read(lambda reader: [name for name, _ in reader.scan("request", identifier)])
        return _whole(identifier, found)


def _legible(text: str) -> str:
    """Return what a person typed without what no record can hold, so that no halt fails for an odd letter."""
    return text.encode(errors="replace").decode()


def _whole(identifier: str, names: Sequence[str]) -> str:
    """Return the one name that begins like this, or the same where there is none or it is whole."""
    found = [name for name in names if identifier and name.startswith(identifier)]
    if len(found) > 1 and identifier not in found:
        shown = ", ".join(f"`{name}`" for name in found)
        raise OptionError(f"`{identifier}` could be several: {shown}", "give more of the ID")
    return found[0] if len(found) == 1 else identifier
