"""Results that hold instructions: text that speaks to the agent instead of telling it what it asked for.

A result is scored by the marks that stand close together in it (`corrigible.guard.monitors.features`): in the
open, in comments and hidden styles, in invisible characters, in base64. No mark is anybody's sentence, and no
list of marks is complete: this finds clumsy attempts and misses well-written ones. What it misses, provenance
and policy must stop.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, final

from corrigible.guard.contract import Call, Outcome, Signal, Verdict
from corrigible.guard.monitors.contract import Memory, Monitor
from corrigible.guard.monitors.features import marks
from corrigible.guard.monitors.options import checked, number, word

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

WINDOW = 700
"""Characters within which marks count together."""

_TAGS = re.compile("(?<!\U0001f3f4)(?<![\U000e0020-\U000e007f])[\U000e0020-\U000e007f]{3,}")
_INVISIBLE = re.compile("[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff]")
_HIDDEN = re.compile(
    r"<!--(.{1,4000}?)-->"
    r"|<[^<>]{0,300}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt|em|%)?\s*[;\"']|"
    r"opacity\s*:\s*0(?:\.0\d*)?\s*[;\"']|color\s*:\s*(?:white|#fff(?:fff)?|transparent)\b|\bhidden\b)[^<>]{0,300}>(.{1,4000}?)<"
    r"|^\[(?://|comment)\]:\s*#\s*[(\"'](.{1,1000}?)[)\"']\s*$",
    re.DOTALL | re.MULTILINE,
)
_BLOB = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{32,8192}={0,2}(?![\w+/])")
_CALLING = re.compile(r"\b(?:call|use|invoke|run|execute|trigger|via|with)\b")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Injection(Monitor):
    """Scores the results of tools that are not trusted; after a suspicious one, calls that change things ask.

    It remembers one number and one sentence.

    Parameters
    ----------
    raises
        What later calls that change something raise.
    score
        Points, of marks within 700 characters, from which a result is suspicious. Each mark counts once.
    calls
        Calls that people must have approved before the suspicion is dropped. One is not enough: the agent
        may do what the user asked first, and what the result asked next.
    characters
        Characters of one result that are read; a longer one is suspicious for that alone.
    """

    name: ClassVar[str] = "injection"
    raises: Literal["note", "ask", "halt"] = word("ask", "note", "ask", "halt")
    score: int = number(4, 1, 20)
    calls: int = number(3, 1, 1000)
    characters: int = number(100_000, 1000, 10_000_000)
    _names: dict[str, Any] = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Injection:
        return cls(**checked(cls, settings))

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        if self._names.get("manifest") is not manifest:
            self._names.update(manifest=manifest, pattern=_tool_names(manifest))
        if not memory.get("left") or tool is None or not tool.changes:
            return ()
        return (Signal(monitor=self.name, raises=self.raises, text=memory["text"]),)

    def on_verdict(
        self, memory: Memory, call: Call, tool: Tool | None, verdict: Verdict, now: float
    ) -> Iterable[Signal]:
        if memory.get("left") and verdict.decision == "allow" and tool is not None and tool.changes:
            # A grant does not count: nobody looked at this call.
            memory["left"] -= any(reason.rule.startswith("approval.") for reason in verdict.reasons)
        return ()

    def on_outcome(
        self, memory: Memory, call: Call, tool: Tool, outcome: Outcome, now: float
    ) -> Iterable[Signal]:
        if tool.trusted or not outcome.text:
            return ()
        points, found = score(outcome.text[: self.characters], self._names.get("pattern"))
        if points >= self.score:
            text = f"a result of `{call.tool}` seems to instruct the agent: {', '.join(found)}"
        elif len(outcome.text) > self.characters:
            text = f"of a result of `{call.tool}` only {self.characters:,} characters were searched for instructions"
        else:
            return ()
        memory["left"], memory["text"] = self.calls, text
        return (Signal(monitor=self.name, raises="note", text=text),)


def score(text: str, tools: re.Pattern[str] | None = None) -> tuple[int, tuple[str, ...]]:
    """Return the points of the worst place in a text, and the marks found there.

    Parameters
    ----------
    text
        A result.
    tools
        The names of tools, where they should count as marks.
    """
    best = _best(text.lower() if text.isascii() else _open(text), tools)
    if "<" in text or "]: #" in text:
        for found in _HIDDEN.finditer(text.lower()):
            inner = next(filter(None, found.groups()), "")
            best = max(best, _raised(_best(inner, tools), 2, "in what readers do not see"))
    if not text.isascii():
        tags = "".join(chr(ord(c) - 0xE0000) for run in _TAGS.findall(text) for c in run)
        if tags:
            best = max(best, _raised(_best(tags.lower(), tools, least=1), 3, "in invisible characters"))
        if len(_INVISIBLE.findall(text)) >= 8:
            best = _raised(best, 1, "invisible characters among the letters")
    for blob in _BLOB.findall(text)[:20]:
        inner = _decoded(blob)
        if inner:
            best = max(best, _raised(_best(inner.lower(), tools), 2, "in base64"))
    return best


def _best(text: str, tools: re.Pattern[str] | None, least: int = 0) -> tuple[int, tuple[str, ...]]:
    hits = sorted(marks(text))
    if hits and tools is not None:
        for found in tools.finditer(text):
            near = text[max(0, found.start() - 60) : found.end() + 60]
            if _CALLING.search(near):
                hits.append((found.start(), "a tool of this agent", 2))
        hits.sort()
    best: tuple[int, tuple[str, ...]] = (least, ())
    first = 0
    for last in range(len(hits)):
        while hits[last][0] - hits[first][0] > WINDOW:
            first += 1
        inside = {name: points for _, name, points in hits[first : last + 1]}
        if sum(inside.values()) > best[0]:
            best = sum(inside.values()), tuple(inside)
    return best


def _raised(found: tuple[int, tuple[str, ...]], points: int, mark: str) -> tuple[int, tuple[str, ...]]:
    return (found[0] + points, (*found[1], mark)) if found[0] else found


def _open(text: str) -> str:
    """Return a text in small letters with look-alike forms undone and invisible characters taken out."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", _TAGS.sub("", text))).lower()


def _decoded(blob: str) -> str:
    body = blob.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        text = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text if " " in text else ""


def _tool_names(manifest: Manifest) -> re.Pattern[str] | None:
    """Return an expression for the names of tools that are no plain words."""
    names = {name.partition("/")[2].lower() for name in manifest.tools}
    telling = sorted(name for name in names if len(name) >= 5 and re.search(r"[a-z0-9][_-][a-z0-9]", name))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, telling))})\b") if telling else None
