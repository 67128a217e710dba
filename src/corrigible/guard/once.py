"""What was done, once: intents whose outcome is not known, and what stands in the way of doing them again.

An intent is on disk before the tool is called. One without outcome is *running* while the process that wrote
it lives, and *unknown* from then on: nobody can tell whether the tool did it. A call that would do the same
again waits until a probe or a person has found out.

Open intents lie in the store under ``open``; ``act`` leads from what is done to the latest intent to do it,
``key`` from a caller's own idempotency key to its intent.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, final

from corrigible.core.errors import OptionError
from corrigible.guard.canonical import digest
from corrigible.guard.contract import Call
from corrigible.guard.store import Reader, Store, Transaction

if TYPE_CHECKING:
    from corrigible.guard.clock import Clock
    from corrigible.guard.ledger import Ledger
    from corrigible.guard.manifest import Tool


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Open:
    """An intent without outcome.

    Parameters
    ----------
    number
        Its number in the ledger.
    tool, arguments, session, agent
        The call, as the ledger tells of it.
    act
        What is done in the world (`Call.act`).
    instance
        The process that wrote it.
    at
        When.
    state
        ``running``, or ``unknown``.
    why
        Why nobody knows; empty while it runs.
    care
        Whether it matters that it is not done twice (`needs_care`).
    """

    number: int
    tool: str
    arguments: Mapping[str, Any]
    session: str
    agent: str
    act: str
    instance: str
    at: float
    state: Literal["running", "unknown"] = "running"
    why: str = ""
    care: bool = True


def opened(store: Reader) -> list[Open]:
    """Return all intents without outcome, oldest first."""
    return [Open(**value) for _, value in store.scan("open")]


def needs_care(tool: Tool) -> bool:
    """Return whether it matters that a call of the tool is not made twice."""
    return tool.changes and not tool.idempotent


def begin(tx: Transaction, call: Call, intent: Open) -> None:
    """Keep an intent until its outcome is known."""
    tx.put("open", _key(intent.number), vars(intent))
    if intent.care:
        tx.put("act", intent.act, intent.number)
    if call.key:
        tx.put("key", digest(call.key), intent.number)


def obstacle(store: Reader, call: Call, tool: Tool, act: str) -> str:
    """Return why a call must not be made (again) now; empty: nothing stands in its way."""
    if call.key and (number := store.get("key", digest(call.key))) is not None:
        return f"the idempotency key `{call.key}` was used by call {number}"
    if not needs_care(tool):
        return ""
    number = store.get("act", act)
    value = None if number is None else store.get("open", _key(number))
    if value is None:
        return ""
    if value["state"] == "running":
        return f"the same call is under way as call {number}"
    return f"nobody knows whether the same call, {number}, was done ({value['why']})"


def end(ledger: Ledger, tx: Transaction, number: int, kind: str, now: float, **told: Any) -> bool:
    """Write the outcome of an intent; return False if it has one already.

    ``done`` and ``failed`` close it; ``unknown`` leaves it open until it is resolved, where that matters.
    """
    value = tx.get("open", _key(number))
    if value is None or value["state"] == "unknown":
        return False
    if kind == "unknown" and value["care"]:
        tx.put("open", _key(number), value | {"state": "unknown", "why": told.get("why", "")})
    else:
        _close(tx, value)
    ledger.append(tx, "outcome", now, intent=number, kind=kind, **told)
    return True


def resolve(ledger: Ledger, tx: Transaction, number: int, kind: str, who: str, why: str, now: float) -> None:
    """Say what became of a call whose outcome was unknown: ``done`` or ``undone``.

    Raises
    ------
    OptionError
        If its outcome is not unknown.
    """
    value = tx.get("open", _key(number))
    if value is None or value["state"] != "unknown":
        what = "is still running" if value is not None else "has an outcome, or there is none"
        raise OptionError(f"call `{number}` {what}", "see `corrigible guard unknown`")
    _close(tx, value)
    ledger.append(tx, "resolved", now, intent=number, kind=kind, who=who, why=why)


def evidence(store: Reader, numbers: Iterable[int]) -> frozenset[int]:
    """Return those of the numbers that are calls of the ledger with a known outcome."""
    return frozenset(n for n in numbers if 0 <= n < store.size and _ended(store, n))


def sweep(store: Store, ledger: Ledger, clock: Clock) -> int:
    """Mark intents of processes that are gone as unknown; return how many there were."""
    running = [intent for intent in store.read(opened) if intent.state == "running"]
    living = {instance: store.alive(instance) for instance in {intent.instance for intent in running}}
    lost = [intent for intent in running if not living[intent.instance]]
    if not lost:
        return 0

    def mark(tx: Transaction) -> int:
        now = clock.tick(tx)
        why = "the guard ended while it ran"
        return sum(end(ledger, tx, intent.number, "unknown", now, why=why) for intent in lost)

    return store.transact(mark)


def _close(tx: Transaction, value: Mapping[str, Any]) -> None:
    tx.delete("open", _key(value["number"]))
    if value["care"] and tx.get("act", value["act"]) == value["number"]:
        tx.delete("act", value["act"])


def _ended(store: Reader, number: int) -> bool:
    ((_, body),) = store.records(number, number + 1)
    return json.loads(body)["type"] == "intent" and store.get("open", _key(number)) is None


def _key(number: int) -> str:
    return f"{number:016d}"
