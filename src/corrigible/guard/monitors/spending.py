"""Spikes of calls or cost a minute, against what the session did before."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar, Literal, final

from corrigible.guard.contract import Call, Signal, Verdict
from corrigible.guard.monitors.contract import Memory, Monitor
from corrigible.guard.monitors.options import checked, number, word

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

MINUTES = 60
"""Minutes in which something was done that are remembered."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Spending(Monitor):
    """Compares this minute with the median of earlier ones in which the session did something.

    A minute is a spike if it lies more than ``spread`` deviations above the median, is at least twice it, and
    is above four of five earlier ones.
    The deviation is 1.4826 times the median absolute deviation, which outliers do not move, but never less
    than the square root of the median number of calls (their scatter if they came at random), and for costs
    a quarter of the median.

    It remembers 60 minutes of three numbers: 3 kB at most.

    Parameters
    ----------
    raises
        What a spike raises: a note once a minute, anything stricter for each call while it lasts.
    spread
        Deviations above the median.
    minutes
        Minutes of history before anything is called a spike.
    calls
        Calls a minute that are never a spike.

    Notes
    -----
    *Source:* F. R. Hampel, The influence curve and its role in robust estimation (1974), for the median
    absolute deviation.
    """

    name: ClassVar[str] = "spending"
    raises: Literal["note", "ask", "halt"] = word("note", "note", "ask", "halt")
    spread: float = number(6.0, 1.0, 100.0)
    minutes: int = number(5, 2, MINUTES - 1)
    calls: int = number(20, 1, 10**6)

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Spending:
        return cls(**checked(cls, settings))

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        minutes: list[list[float]] = memory.get("minutes", [])
        minute = self._minute(minutes, now)
        past = minutes[:-1] if minutes and minutes[-1][0] == minute else minutes
        if len(past) < self.minutes:
            return ()
        calls, cost = minutes[-1][1:] if len(past) < len(minutes) else (0.0, 0.0)
        usual_calls, usual_cost = median(m[1] for m in past), median(m[2] for m in past)
        calls, cost = calls + 1, cost + (tool.cost if tool is not None else 0.0)
        found = ""
        if calls > self.calls and self._spike(
            calls, usual_calls, [m[1] for m in past], math.sqrt(usual_calls)
        ):
            found = f"{calls:g} calls in this minute; {usual_calls:g} are usual in this session"
        elif cost > 0 and self._spike(cost, usual_cost, [m[2] for m in past], usual_cost / 4):
            found = f"a cost of {cost:g} in this minute; {usual_cost:g} is usual in this session"
        if not found or (self.raises == "note" and memory.get("told") == minute):
            return ()
        memory["told"] = minute
        return (Signal(monitor=self.name, raises=self.raises, text=found),)

    def on_verdict(
        self, memory: Memory, call: Call, tool: Tool | None, verdict: Verdict, now: float
    ) -> Iterable[Signal]:
        if verdict.decision not in ("allow", "deny"):
            return ()
        minutes: list[list[float]] = memory.setdefault("minutes", [])
        minute = self._minute(minutes, now)
        if not minutes or minutes[-1][0] != minute:
            minutes.append([minute, 0, 0.0])
            del minutes[:-MINUTES]
        minutes[-1][1] += 1
        if verdict.decision == "allow" and tool is not None:
            minutes[-1][2] += tool.cost
        return ()

    def _minute(self, minutes: list[list[float]], now: float) -> float:
        # If the clock is set back a little, what follows counts to the last minute: more is seen, not less.
        minute = float(now // 60)
        last = minutes[-1][0] if minutes else minute
        return last if 0 < last - minute <= MINUTES else minute

    def _spike(self, value: float, usual: float, past: list[float], least: float) -> bool:
        deviation = 1.4826 * median(abs(other - usual) for other in past)
        # Where a session is now busy, now quiet, the median says little: busy minutes are usual too.
        busy = sorted(past)[4 * len(past) // 5]
        return value >= 2 * usual and value > busy and value > usual + self.spread * max(deviation, least)
