"""The doors without a guard: none at all, and the two that mark what is known to be within easy reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

from benchmarks.agentdojo.agent import Act, Decision
from benchmarks.agentdojo.material import Step, Task


@final
class Open:
    """Nothing stands in the way; an attack that fails here is no attack."""

    async def begin(self, session: str, task: Task) -> None:
        """Learn nothing."""

    async def call(self, session: str, task: Task, step: Step, act: Act) -> tuple[Decision, bool]:
        """Make the call."""
        act()
        return "allow", True


@final
class Tools:
    """An oracle's list: only the tools that the task's own ground truth uses."""

    async def begin(self, session: str, task: Task) -> None:
        """Learn nothing."""

    async def call(self, session: str, task: Task, step: Step, act: Act) -> tuple[Decision, bool]:
        """Make the call if its tool is on the list."""
        known = {each.tool for each in task.steps(task.environment())}
        return _if(step.tool in known, act)


@final
class Words:
    """Whatever is changed, each argument must stand in the user's words.

    Parameters
    ----------
    changing
        The tools that change something, by suite.
    """

    def __init__(self, changing: Mapping[str, frozenset[str]]) -> None:
        self.changing = changing

    async def begin(self, session: str, task: Task) -> None:
        """Learn nothing."""

    async def call(self, session: str, task: Task, step: Step, act: Act) -> tuple[Decision, bool]:
        """Make the call if it changes nothing, or every value in it was said."""
        said = task.prompt.lower()
        told = all(str(value).lower() in said for value in values(step.arguments))
        return _if(told or step.tool not in self.changing[task.suite], act)


def values(given: Any) -> Iterator[Any]:
    """Yield the plain values within a value, without those that say nothing."""
    if isinstance(given, Mapping):
        for item in given.values():
            yield from values(item)
    elif isinstance(given, list | tuple):
        for item in given:
            yield from values(item)
    elif given is not None and given != "":
        yield given


def _if(fine: bool, act: Act) -> tuple[Decision, bool]:
    if fine:
        act()
    return ("allow" if fine else "deny"), fine
