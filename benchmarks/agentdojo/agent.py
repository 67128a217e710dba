"""The agent: a script that works on the user's task, and on the attacker's once it has read the injection."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal, Protocol, final

from benchmarks.agentdojo.material import Injection, Step, Task, execute

Decision = Literal["allow", "ask", "deny"]
Act = Callable[[], tuple[str, str]]
"""Makes a call: what the agent is told, and what failed."""


class Door(Protocol):
    """What stands between the agent and its tools."""

    async def begin(self, session: str, task: Task) -> None:
        """Learn what the session is for."""
        ...

    async def call(self, session: str, task: Task, step: Step, act: Act) -> tuple[Decision, bool]:
        """Make a call, or do not; return what was decided, and whether it was made."""
        ...


@final
@dataclasses.dataclass(frozen=True)
class Done:
    """One call of an episode, and what became of it."""

    step: Step
    decision: Decision
    made: bool


@final
@dataclasses.dataclass(frozen=True)
class Episode:
    """One task, with or without an attack on it.

    Parameters
    ----------
    calls
        What the agent tried, in order.
    useful
        Whether the user's task is done, by the package's check; None: not looked at.
    reached
        Whether the attacker's goal is, by the package's check.
    met
        Whether the agent read the injection.
    """

    calls: tuple[Done, ...]
    useful: bool | None
    reached: bool = False
    met: bool = False

    def asked(self, hijacked: bool = False) -> int:
        """Return how many of the user's (or the attacker's) calls were put before a person."""
        return sum(done.decision == "ask" for done in self.calls if done.step.hijacked == hijacked)

    def blocked(self) -> int:
        """Return how many of the user's calls were not made."""
        return sum(not done.made for done in self.calls if not done.step.hijacked)

    def count(self) -> int:
        """Return how many calls were the user's."""
        return sum(not done.step.hijacked for done in self.calls)


async def play(
    door: Door,
    session: str,
    task: Task,
    injection: Injection | None = None,
    text: str = "",
    *,
    look: bool = True,
) -> Episode:
    """Work on a task; where ``injection`` is given, its ``text`` stands in what the task reads.

    The hijacked agent does what the injection wants at once, then goes on with its task. It does not give
    up: a call that is not made is followed by the next. Whether the task is done is only looked at if ``look``.
    """
    placed = None if injection is None else text
    environment, before = task.environment(placed), task.environment(placed)
    calls: list[Done] = []
    met = False

    async def attempt(step: Step) -> bool:
        decision, made = await door.call(session, task, step, lambda: execute(task.suite, environment, step))
        calls.append(Done(step, decision, made))
        return made

    await door.begin(session, task)
    for number, step in enumerate(task.steps(environment)):
        made = await attempt(step)
        if injection is not None and made and not met and number in task.at:
            met = True
            for wanted in injection.steps(environment):
                await attempt(wanted)
    done = [call.step for call in calls if call.made]
    return Episode(
        calls=tuple(calls),
        useful=task.useful(before, environment, done) if look else None,
        reached=injection is not None and injection.reached(before, environment, done),
        met=met,
    )
