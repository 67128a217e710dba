"""Budgets: how much is enough, per session and per tool in a session.

A session's use counts what everything beneath it uses, so that a sub-agent is no way round a limit. A call is
counted when its intent is written, whatever becomes of it. The rate is exact: the times of the last calls are
kept, and no window of the given length holds more than the given number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

from corrigible.guard.contract import Call, Reason
from corrigible.guard.manifest import Limits, Tool
from corrigible.guard.store import Reader, Transaction


@final
class Accounts:
    """What a call counts against: its session, those it belongs to, and its tool.

    Parameters
    ----------
    store
        Where use is kept.
    call, tool
        The call, and its tool; None: one that the manifest does not know.
    limits
        Of every session.
    """

    def __init__(self, store: Reader, call: Call, tool: Tool | None, limits: Limits) -> None:
        self._cost = tool.cost if tool is not None else 0.0
        accounts = _accounts(call, tool, limits)
        self._used = [(key, what, bound, store.get("usage", key) or {}) for key, what, bound in accounts]
        own: dict[str, Any] = self._used[len(call.sessions()) - 1][3]
        self.calls: int = own.get("calls", 0)
        self.spent: float = own.get("cost", 0.0)

    def passed(self, now: float) -> tuple[Reason, ...]:
        """Return the limits that the call would pass if it were made now."""
        return tuple(
            reason
            for _, what, bound, used in self._used
            for reason in _passed(used, what, bound, self._cost, now)
        )

    def count(self, tx: Transaction, now: float) -> None:
        """Count the call, which is about to be made."""
        for key, _, bound, before in self._used:
            used: dict[str, Any] = before or {"first": now, "calls": 0, "cost": 0.0}
            used["calls"] += 1
            used["cost"] += self._cost
            if bound.rate is not None:
                used["times"] = [*used.get("times", ()), now][-bound.rate[0] :]
            tx.put("usage", key, used)


def _accounts(call: Call, tool: Tool | None, limits: Limits) -> Iterator[tuple[str, str, Limits]]:
    sessions = call.sessions()
    for session in sessions:
        yield session, f"the session `{session}`", limits
    if tool is not None and tool.limits != Limits():
        # Sessions have no tabs in their names, so that the key is no session's.
        yield f"{sessions[0]}\t{tool.name}", f"`{tool.name}` in the session `{sessions[0]}`", tool.limits


def _passed(used: dict[str, Any], what: str, bound: Limits, cost: float, now: float) -> Iterator[Reason]:
    if bound.calls is not None and used.get("calls", 0) + 1 > bound.calls:
        yield Reason(rule="limits.calls", text=f"{what} has made its {bound.calls} calls")
    if bound.cost is not None and used.get("cost", 0.0) + cost > bound.cost:
        yield Reason(
            rule="limits.cost",
            text=f"{what} has spent {used.get('cost', 0.0):g} of {bound.cost:g}, and this costs {cost:g}",
        )
    if bound.rate is not None:
        number, window = bound.rate
        recent = sum(1 for time in used.get("times", ()) if time > now - window)
        if recent + 1 > number:
            yield Reason(rule="limits.rate", text=f"{what} makes at most {number} calls in {window:g} s")
    if bound.time is not None and used and now - used["first"] > bound.time:
        yield Reason(rule="limits.time", text=f"{what} has had its {bound.time:g} s")
