"""Where arguments come from, asked the other way round: what the user never said is put before a person.

A text that was taken from an untrusted result and reworded on the way (spelled out, decoded, put together from
parts) is no longer found in that result. But it is not found in the user's words either. For arguments that
say *who* gets something, or *what* is destroyed, this monitor therefore asks for ground: each value in them
must stand, whole, in the task that the session was given or in a result of a tool that the manifest calls
``trusted``. It raises *ask*, which a grant does not outweigh; so a plan may leave a recipient open and still
not hand it to whoever writes the next mail.

A session without a task has no ground but trusted results. What is beyond it: a value that the user did say,
used for something else than was meant; and whatever the arguments hold that are not listed.
"""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, final

from corrigible.core.errors import OptionError
from corrigible.guard.contract import Call, Outcome, Signal
from corrigible.guard.monitors.contract import Memory, Monitor
from corrigible.guard.monitors.leaves import leaves
from corrigible.guard.monitors.tokens import WIDTH, hashes, stands

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

WORDS = 8000
"""Words of the task, and of trusted results, that are remembered; of a longer task the beginning, of results
the latest."""
_WORD = re.compile(r"""[^\s"'(){}\[\]<>,;|]+""")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"[$€£]?(-?\d+(?:\.\d+)?)[$€£%]?")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Grounding(Monitor):
    """Asks for ground for the arguments it is told of.

    Parameters
    ----------
    ask
        The arguments that need ground: ``argument`` of any tool that changes something, or
        ``server/tool.argument``.
    """

    name: ClassVar[str] = "grounding"
    ask: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Grounding:
        unknown = set(settings) - {"ask"}
        if unknown:
            raise OptionError(f"the monitor `grounding` has no setting `{min(unknown)}`", "give `ask`")
        ask = settings.get("ask", ())
        if not isinstance(ask, list | tuple) or not all(isinstance(name, str) and name for name in ask):
            raise OptionError(f"`{ask}` is no list of arguments", "name those that must have been said")
        return cls(ask=tuple(ask))

    def on_task(self, memory: Memory, text: str) -> None:
        if "task" not in memory:
            memory["task"] = "".join(self._hashes(memory, text))[: WORDS * WIDTH]

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        if tool is None or not tool.changes:
            return ()
        bare: dict[str, None] = {}
        for argument, _, text in leaves(call.arguments):
            listed = argument in self.ask or f"{call.tool}.{argument}" in self.ask
            if listed and argument not in bare and not self._grounded(memory, text):
                bare[argument] = None
        if not bare:
            return ()
        names = ", ".join(f"`{name}`" for name in bare)
        text = f"nobody who may instruct the agent said what `{call.tool}` is given in {names}"
        return (Signal(monitor=self.name, raises="ask", text=text, arguments=tuple(bare)),)

    def on_outcome(
        self, memory: Memory, call: Call, tool: Tool, outcome: Outcome, now: float
    ) -> Iterable[Signal]:
        if tool.trusted and outcome.text:
            known = memory.get("trusted", "") + "".join(self._hashes(memory, _plain(outcome.text)))
            memory["trusted"] = known[-WORDS * WIDTH :]
        return ()

    def _grounded(self, memory: Memory, text: str) -> bool:
        wanted = "".join(self._hashes(memory, text))
        if not wanted:
            return not text.strip()
        return any(stands(wanted, memory.get(place, "")) for place in ("task", "trusted"))

    def _hashes(self, memory: Memory, text: str) -> list[str]:
        salt = memory.setdefault("salt", secrets.token_hex(8))
        return [hashes((word,), salt)[0] for word in _words(text)]


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text in small letters; an address is one word, and numbers are told by value."""
    for found in _WORD.findall(_GROUPED.sub("", text)):
        word = found.strip(".:!?*_`~/=").lower()
        word = word.removeprefix("https://").removeprefix("http://")
        if number := _NUMBER.fullmatch(word):
            word = f"{float(number[1]):g}" if len(number[1]) < 16 else number[1]
        if word:
            yield word


def _plain(text: str) -> str:
    """Return the values in a result that is JSON, else the result itself."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return "\n".join(found for _, _, found in leaves({"": value}))
