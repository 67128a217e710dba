"""What every monitor is: something independent of the agent that sees the stream of calls and results.

A monitor can raise *note*, *ask* or *halt*; it has no word for *allow*. What it remembers lies in the store,
per outermost session, in the same transaction as the verdict, so that a restart makes no monitor forget and a
sub-agent is watched together with those it works for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from corrigible.guard.contract import Call, Outcome, Signal, Verdict

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

Memory = dict[str, Any]
"""What a monitor remembers of a session: what JSON can say; a monitor bounds its size itself."""


class Monitor(ABC):
    """A monitor that rules by what it sees; quick, since it runs within the transaction."""

    name: ClassVar[str]

    def on_task(self, memory: Memory, text: str) -> None:  # noqa: B027 (most monitors have no use for it)
        """Take in what the person who gave the task said, in the person's own words: trusted text."""

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        """Look at a call before it is judged."""
        return ()

    def on_verdict(
        self, memory: Memory, call: Call, tool: Tool | None, verdict: Verdict, now: float
    ) -> Iterable[Signal]:
        """Look at the verdict; what is raised here holds for the session's next call."""
        return ()

    def on_outcome(
        self, memory: Memory, call: Call, tool: Tool, outcome: Outcome, now: float
    ) -> Iterable[Signal]:
        """Look at the outcome; what is raised here holds for the session's next call."""
        return ()

    @classmethod
    @abstractmethod
    def of(cls, settings: dict[str, Any]) -> Monitor:
        """Return the monitor with its settings from the manifest; unknown ones raise `OptionError`."""


class Reviewer(Protocol):
    """A monitor that takes its time (a language model); it is asked before the transaction."""

    name: str

    async def review(self, call: Call, tool: Tool | None, recent: list[str]) -> Iterable[Signal]:
        """Look at a call, with what came before it in a few lines. Silence and failure count as *ask*."""
        ...
