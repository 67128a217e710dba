"""A sudden change of the mix of tools that a session calls.

Of each call it is asked how unusual its tool is among all calls of the session so far. If the calls were
exchangeable (their order told nothing), the answer, a conformal p-value, would be uniform on [0, 1] and
independent of those before it, whatever the mix. Against that one bets: with the density b of the last
p-values, smoothed, the capital

    S ← max(S, 1) · b(p)

grows only where p-values come in a cluster. It reaches c, without any change, at most once in c calls on
average: that is the rate of false alarms, and it holds for any mix and any number of tools.

*Source:* V. Vovk, A. Gammerman & G. Shafer, *Algorithmic Learning in a Random World* (2022), chapter 8
(conformal test martingales); V. Fedorova et al., Plug-in martingales for testing exchangeability on-line
(2012); J. Shin, A. Ramdas & A. Rinaldo, E-detectors (2024), theorem 2.4 (the average run length).
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, final

from corrigible.guard.contract import Call, Signal, Verdict
from corrigible.guard.monitors.contract import Memory, Monitor
from corrigible.guard.monitors.options import checked, number, word

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

BINS = 8
LAST = 16
"""P-values that the bet is made of."""
MOST = 64
"""Tools that are told apart; the rest count as one."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ToolMix(Monitor):
    """Bets that the mix of tools is changing, and tells when it has won much.

    It remembers a count for each of at most 64 tools, and 16 small numbers: 6 kB at most.

    Parameters
    ----------
    raises
        What a change raises.
    every
        Calls to one false alarm, on average and at least, where nothing changes.
    calls
        Calls before the first bet.
    """

    name: ClassVar[str] = "toolmix"
    raises: Literal["note", "ask", "halt"] = word("note", "note", "ask", "halt")
    every: int = number(1000, 20, 10**9)
    calls: int = number(30, 10, 10**6)

    @classmethod
    def of(cls, settings: dict[str, Any]) -> ToolMix:
        return cls(**checked(cls, settings))

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        capital, _ = self._bet(memory, call.tool)
        if capital < self.every:
            return ()
        text = f"the mix of tools of this session changes (`{call.tool}`; odds of {capital:,.0f} to 1)"
        return (Signal(monitor=self.name, raises=self.raises, text=text),)

    def on_verdict(
        self, memory: Memory, call: Call, tool: Tool | None, verdict: Verdict, now: float
    ) -> Iterable[Signal]:
        # What is asked comes again when it is answered, and what is halted was not attempted in earnest.
        if verdict.decision not in ("allow", "deny"):
            return ()
        capital, cell = self._bet(memory, call.tool)
        counts: dict[str, int] = memory.setdefault("counts", {})
        known = _known(counts, call.tool)
        counts[known] = counts.get(known, 0) + 1
        memory.setdefault("salt", secrets.token_hex(8))
        memory["last"] = [*memory.get("last", ()), cell][-LAST:]
        # Once told, it starts anew, and what is usual now includes what was told.
        memory["capital"] = 1.0 if capital >= self.every else capital
        return ()

    def _bet(self, memory: Memory, name: str) -> tuple[float, int]:
        """Return the capital after a call of ``name``, and in which part of [0, 1] its p-value lies."""
        counts: dict[str, int] = memory.get("counts", {})
        known = _known(counts, name)
        own = counts.get(known, 0) + 1
        bag = {**counts, known: own}
        total = sum(bag.values())
        # Of all calls, this one included: those of rarer tools, and of those as rare a part, by lot.
        rarer = sum(count for count in bag.values() if count < own)
        same = sum(count for count in bag.values() if count == own)
        lot = hashlib.blake2b(f"{memory.get('salt', '')}/{total}".encode(), digest_size=8).digest()
        p = (rarer + int.from_bytes(lot, "big") / 2**64 * same) / total
        cell = min(int(p * BINS), BINS - 1)
        if total <= self.calls:
            return 1.0, cell
        last: list[int] = memory.get("last", [])
        density = BINS * (last.count(cell) + 1) / (len(last) + BINS)
        return max(memory.get("capital", 1.0), 1.0) * density, cell


def _known(counts: dict[str, int], name: str) -> str:
    return name[:64] if name[:64] in counts or len(counts) < MOST else ""
