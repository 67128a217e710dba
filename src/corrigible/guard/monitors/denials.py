"""Repeated denials: an agent that is told no and goes on looking for a way round."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, final

from corrigible.core.errors import OptionError
from corrigible.guard.contract import Call, Signal, Verdict
from corrigible.guard.monitors.contract import Memory, Monitor
from corrigible.guard.monitors.options import checked, number, seconds
from corrigible.guard.monitors.targets import named_things

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

TARGETS = 4
"""Things that are remembered of a denied call."""

NO_PROBING = ("halt", "once", "limits.", "manifest.arguments", "manifest.definition", "monitor.")
"""Rules that deny what is no probing: a budget that is used up, a call that was malformed, a server that
changed, a halt."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Denials(Monitor):
    """Counts the denials of a session in a window of time.

    It remembers at most ``halt`` denials of up to about 150 bytes each: 3 kB as set by default.

    Parameters
    ----------
    window
        Seconds that a denial counts.
    ask
        Denials after which every call of the session asks.
    varied
        Denials of one tool with different arguments, or of one thing by whatever tool, after which another
        such call asks.
    halt
        Denials that halt the session; they are then forgotten, so that resuming is a new start.
    """

    name: ClassVar[str] = "denials"
    window: float = seconds(600.0)
    ask: int = number(4, 1, 100)
    varied: int = number(2, 1, 100)
    halt: int = number(10, 2, 100)

    def __post_init__(self) -> None:
        if self.halt <= max(self.ask, self.varied):
            raise OptionError(
                f"`monitors.denials.halt` is `{self.halt}`, which `ask` or `varied` reaches first",
                "give a larger number",
            )

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Denials:
        return cls(**checked(cls, settings))

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        denied = self._recent(memory, now)
        if not denied:
            return ()
        if len(denied) >= self.ask:
            text = f"{len(denied)} calls of this session were denied within {self.window:g} s"
            return (Signal(monitor=self.name, raises="ask", text=text),)
        if len(denied) < self.varied:
            return ()
        act, things = _act(call), set(_things(call))
        tries = {entry[2] for entry in denied if entry[1] == call.tool} - {act}
        if len(tries) >= self.varied:
            text = f"`{call.tool}` was denied with {len(tries)} other sets of arguments before this one"
            return (Signal(monitor=self.name, raises="ask", text=text),)
        touching = {entry[2] for entry in denied if things.intersection(entry[3])} - {act}
        if len(touching) >= self.varied:
            text = f"{len(touching)} other calls about the same thing were denied before this one"
            return (Signal(monitor=self.name, raises="ask", text=text),)
        return ()

    def on_verdict(
        self, memory: Memory, call: Call, tool: Tool | None, verdict: Verdict, now: float
    ) -> Iterable[Signal]:
        if verdict.decision != "deny":
            return ()
        if all(reason.rule.startswith(NO_PROBING) for reason in verdict.reasons):
            return ()
        denied = self._recent(memory, now)
        denied.append([now, call.tool[:64], _act(call), _things(call)])
        if len(denied) >= self.halt:
            memory["denied"] = []
            text = f"{len(denied)} calls of this session were denied within {self.window:g} s"
            return (Signal(monitor=self.name, raises="halt", text=text),)
        memory["denied"] = denied
        return ()

    def _recent(self, memory: Memory, now: float) -> list[list[Any]]:
        # A clock that was set back makes old denials look like ones to come; they still count.
        return [entry for entry in memory.get("denied", ()) if now - entry[0] <= self.window]


def _act(call: Call) -> str:
    return call.act()[7:23]


def _things(call: Call) -> list[str]:
    return sorted({_short(thing) for thing in named_things(call.arguments)})[:TARGETS]


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=6).hexdigest()
