"""Budgets: how much is enough, per session and per tool in a session.

A session's use counts what everything beneath it uses, so that a sub-agent is no way round a limit. A call is
counted when its intent is written, whatever becomes of it. The rate is exact: the times of the last calls are
kept, and no window of the given length holds more than the given number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corrigible.guard.contract import Call, Reason
from corrigible.guard.manifest import Limits, Tool
from corrigible.guard.store import Reader, Transaction


def over(store: Reader, call: Call, tool: Tool, limits: Limits, now: float) -> tuple[Reason, ...]:
    """Return the limits that a call would pass if it were made now."""
    return tuple(
        reason
        for key, what, bound in _accounts(call, tool, limits)
        for reason in _passed(store.get("usage", key) or {}, what, bound, tool.cost, now)
    )


def count(tx: Transaction, call: Call, tool: Tool, limits: Limits, now: float) -> None:
    """Count a call that is about to be made."""
    for key, _, bound in _accounts(call, tool, limits):
        used: dict[str, Any] = tx.get("usage", key) or {"first": now, "calls": 0, "cost": 0.0}
        used["calls"] += 1
        used["cost"] += tool.cost
        if bound.rate is not None:
            used["times"] = [*used.get("times", ()), now][-bound.rate[0] :]
        tx.put("usage", key, used)


def used(store: Reader, session: str) -> tuple[int, float]:
    """Return how many calls a session made, and what they cost."""
    found = store.get("usage", session) or {}
    return found.get("calls", 0), found.get("cost", 0.0)


def _accounts(call: Call, tool: Tool, limits: Limits) -> Iterator[tuple[str, str, Limits]]:
    sessions = call.sessions()
    for session in sessions:
        yield session, f"the session `{session}`", limits
    if tool.limits != Limits():
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
