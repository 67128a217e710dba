"""The oracle's plan of a task, as grants: an upper bound on what a reviewed plan can do.

It knows which tools that change something the task will need, how often, and of their arguments what the
user's words already say, be it only how they begin ("Dinner at …"). A value that only turns up on the way (an
address in a mail, a total) is left free:
the policy still puts a call with such a value before a person where it says who gets something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.agentdojo.doors import values
from benchmarks.agentdojo.material import Step, Task
from corrigible.guard.manifest import Manifest

Grant = tuple[str, dict[str, Mapping[str, Any]], int]
"""Tool, ranges of its arguments, and how many calls."""


def plan(task: Task, manifest: Manifest) -> Iterator[Grant]:
    """Yield the grants for a task."""
    made: dict[str, tuple[str, dict[str, Mapping[str, Any]], int]] = {}
    for step in task.steps(task.environment()):
        name = f"{task.suite}/{step.tool}"
        tool = manifest.tool(name)
        if tool is None or not tool.changes:
            continue
        ranges = _ranges(task, step)
        key = f"{name} {sorted(ranges.items(), key=str)}"
        made[key] = (name, ranges, made[key][2] + 1 if key in made else 1)
    yield from made.values()


def _ranges(task: Task, step: Step) -> dict[str, Mapping[str, Any]]:
    said = task.prompt.lower()
    ranges: dict[str, Mapping[str, Any]] = {}
    for name, value in step.arguments.items():
        found = list(values(value))
        if found and all(str(each).lower() in said for each in found):
            ranges[name] = {"in": found} if isinstance(value, list) else {"is": value}
        elif isinstance(value, str) and (beginning := _beginning(value, said)):
            ranges[name] = {"like": f"{beginning} *"}
    return ranges


def _beginning(value: str, said: str) -> str:
    """Return the words that a value begins with and the user said, if they are two or more."""
    words = value.split(" ")
    for count in range(len(words) - 1, 1, -1):
        beginning = " ".join(words[:count])
        if beginning.lower() in said and "*" not in beginning:
            return beginning
    return ""
