"""Where arguments come from: what stood in untrusted results, and turns up in a later call, is marked.

The results of a tool that the manifest does not call ``trusted`` are data that anybody may have written. What
can be told again in them (`corrigible.guard.monitors.tokens`) is remembered as salted hashes, and an argument
that holds such a token is tainted, unless the token is in the task or in a trusted result too, or was in the
session's own arguments *before* it was in an untrusted result. Policies read ``context.tainted``.

What is beyond it: text that is summarised, translated or taken apart before it is used; ordinary words; and
where the door does not hand the task over, a name that both the user and a result mention counts as tainted.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, final

from corrigible.guard.contract import Call, Outcome, Signal
from corrigible.guard.monitors.contract import Memory, Monitor
from corrigible.guard.monitors.leaves import leaves
from corrigible.guard.monitors.options import checked, number, word
from corrigible.guard.monitors.tokens import WIDTH, hashes, stands, tokens

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

FEW = 24
"""Tokens up to which looking each up is quicker than making a set."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Provenance(Monitor):
    """Remembers what stood in untrusted results, and marks the arguments that hold it.

    It remembers at most ``tokens`` untrusted and half as many known ones, eight bytes each: 48 kB as set by
    default, and nothing near it in sessions of ordinary length. The oldest go first. Once untrusted ones have
    gone, what is not known counts as tainted, since it may have been among them.

    Parameters
    ----------
    raises
        What a tainted argument raises; anything stricter than a note only for calls that change something.
    tokens
        Untrusted tokens that are remembered.
    characters
        Characters of one result that are read. Where there are more, tokens have gone unseen, and the same
        holds as for those that were forgotten.
    """

    name: ClassVar[str] = "provenance"
    raises: Literal["note", "ask", "halt"] = word("note", "note", "ask", "halt")
    tokens: int = number(4000, 100, 100_000)
    characters: int = number(200_000, 1000, 10_000_000)

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Provenance:
        return cls(**checked(cls, settings))

    def on_task(self, memory: Memory, text: str) -> None:
        untrusted, known, salt = self._recall(memory)
        self._trust(memory, untrusted, known, hashes(tokens(text[: self.characters]), salt))

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        untrusted, known, salt = self._recall(memory)
        lost = memory.get("lost", "")
        tainted: dict[str, None] = {}
        fresh: list[str] = []
        by_argument: dict[str, list[str]] = {}
        for argument, _, text in leaves(call.arguments):
            if len(text) > self.characters and untrusted:
                tainted[argument] = None
            by_argument.setdefault(argument, []).append(text[: self.characters])
        for argument, texts in by_argument.items():
            found = hashes((token for text in texts for token in tokens(text)), salt)
            if not found:
                continue
            bad = _within(found, untrusted)
            new = [value for value, is_bad in zip(found, bad, strict=True) if not is_bad]
            unknown = [v for v, seen in zip(new, _within(new, known), strict=True) if not seen]
            if any(bad) or (lost and unknown):
                tainted[argument] = None
            if not lost:
                fresh += unknown
        if fresh:
            memory["known"] = _latest(known, fresh, self.tokens // 2)
        if not tainted:
            return ()
        names = ", ".join(f"`{name}`" for name in tainted)
        text = f"what `{call.tool}` is given in {names} stood in results that are not trusted"
        if lost:
            text += f", or cannot be told from it: {lost}"
        raises = self.raises if tool is None or tool.changes else "note"
        return (Signal(monitor=self.name, raises=raises, text=text, arguments=tuple(tainted)),)

    def on_outcome(
        self, memory: Memory, call: Call, tool: Tool, outcome: Outcome, now: float
    ) -> Iterable[Signal]:
        text = outcome.text
        if not text:
            return ()
        untrusted, known, salt = self._recall(memory)
        found = hashes(tokens(text[: self.characters]), salt)
        if tool.trusted:
            self._trust(memory, untrusted, known, found)
            return ()
        new = [v for v, seen in zip(found, _within(found, known), strict=True) if not seen]
        new = [v for v, seen in zip(new, _within(new, untrusted), strict=True) if not seen]
        if new:
            memory["untrusted"] = _latest(untrusted, new, self.tokens)
        lost = ""
        if len(text) > self.characters:
            lost = f"of a result of `{call.tool}` only {self.characters:,} characters were read"
        elif len(untrusted) // WIDTH + len(new) > self.tokens:
            lost = (
                f"more than {self.tokens:,} things stood in untrusted results, and the oldest are forgotten"
            )
        if not lost or memory.get("lost"):
            return ()
        memory["lost"] = lost
        return (
            Signal(monitor=self.name, raises="note", text=f"{lost}; what is unknown now counts as untrusted"),
        )

    def _trust(self, memory: Memory, untrusted: str, known: str, found: list[str]) -> None:
        fresh = [v for v, seen in zip(found, _within(found, known), strict=True) if not seen]
        if fresh:
            memory["known"] = _latest(known, fresh, self.tokens // 2)
            memory["untrusted"] = _without(untrusted, fresh)

    def _recall(self, memory: Memory) -> tuple[str, str, str]:
        salt = memory.get("salt")
        if salt is None:
            salt = memory["salt"] = secrets.token_hex(8)
        return memory.get("untrusted", ""), memory.get("known", ""), salt


def _within(found: list[str], packed: str) -> list[bool]:
    if not packed or not found:
        return [False] * len(found)
    if len(found) > FEW:
        kept = {packed[at : at + WIDTH] for at in range(0, len(packed), WIDTH)}
        return [value in kept for value in found]
    return [stands(value, packed) for value in found]


def _latest(packed: str, fresh: list[str], most: int) -> str:
    return (packed + "".join(dict.fromkeys(fresh)))[-most * WIDTH :]


def _without(packed: str, gone: list[str]) -> str:
    if not packed:
        return packed
    out = set(gone)
    kept = (packed[at : at + WIDTH] for at in range(0, len(packed), WIDTH))
    return "".join(value for value in kept if value not in out)
