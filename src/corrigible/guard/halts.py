"""The off-switch: put on and taken off in the store, which every process asks before every call."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from corrigible.core.errors import OptionError
from corrigible.guard.contract import EVERYTHING, Call, Halt
from corrigible.guard.people import same
from corrigible.guard.store import Reader, Transaction

if TYPE_CHECKING:
    from corrigible.guard.ledger import Ledger


def halts(store: Reader) -> list[Halt]:
    """Return the off-switches that are on."""
    return [Halt(**halt) for _, pressed in store.scan("halt") for halt in pressed]


def over(store: Reader, call: Call) -> Halt | None:
    """Return the off-switch that covers a call, if one is on."""
    for session in (EVERYTHING, *call.sessions()):
        pressed = store.get("halt", session)
        if pressed:
            return Halt(**pressed[0])
    return None


def press(ledger: Ledger, tx: Transaction, halt: Halt) -> None:
    """Put the off-switch on; one that is on already is pressed by one person more."""
    pressed = tx.get("halt", halt.session) or []
    tx.put("halt", halt.session, [*pressed, dataclasses.asdict(halt)])
    ledger.append(tx, "halted", halt.at, session=halt.session, who=halt.who, why=halt.why)


def release(ledger: Ledger, tx: Transaction, session: str, who: str, why: str, now: float) -> None:
    """Take the off-switch off; others that cover the same sessions stay on.

    Raises
    ------
    OptionError
        If none is on for just this, or it takes another person.
    """
    pressed = [Halt(**halt) for halt in tx.get("halt", session) or ()]
    what = "everything" if session == EVERYTHING else f"`{session}`"
    if not pressed:
        others = ", ".join(f"`{halt.session}`" for halt in halts(tx))
        raise OptionError(f"{what} is not halted", f"halted: {others}" if others else "nothing is halted")
    if any(halt.another and same(halt.who, who) for halt in pressed):
        raise OptionError(f"{what} was halted by `{who}`, and takes another person to resume", "ask one")
    tx.delete("halt", session)
    ledger.append(tx, "resumed", now, session=session, who=who, why=why)
