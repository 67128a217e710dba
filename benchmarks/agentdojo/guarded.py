"""The doors with the guard: its manifest, policy, monitors and store, as anyone would run them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, final

from benchmarks.agentdojo.agent import Act, Decision
from benchmarks.agentdojo.material import Step, Task
from benchmarks.agentdojo.plans import plan
from corrigible.guard.approvals import Request
from corrigible.guard.contract import Call, Outcome
from corrigible.guard.gate import Guard, Permit
from corrigible.guard.ledger import SigningKey
from corrigible.guard.manifest import Manifest
from corrigible.guard.manifest_file import load

HERE = Path(__file__).parent / "suites"
HOUR = 3600.0

Level = Literal["static", "plan"]
Reviewer = Literal["careful", "blind"]
"""Who is asked: one who sees the very call and knows the task, or one who says yes to everything."""


def manifest(suite: str) -> Manifest:
    """Return what is said of a suite's tools."""
    return load(HERE / f"{suite}.toml")


@final
class Guarded:
    """A guard before one suite, with a store of its own.

    Parameters
    ----------
    suite, level
        Which tools, and which policy: ``static`` rules alone, or grants from a plan of the session.
    reviewer
        Who answers.
    folder
        Where the store is made.
    """

    def __init__(self, suite: str, level: Level, reviewer: Reviewer, folder: Path) -> None:
        self.suite, self.level, self.reviewer = suite, level, reviewer
        self.folder = folder / f"{suite}-{level}-{reviewer}"
        self.calls, self.cpu = 0, 0.0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        key = self.folder / "guard.key"
        SigningKey.create(key, f"agentdojo-{self.suite}")
        rules = replace(
            manifest(self.suite),
            policy=HERE / f"{self.level}.cedar",
            store=f"sqlite:{self.folder / 'guard.db'}",
            key=key,
        )
        self.guard = Guard.open(rules)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.guard.close()

    async def begin(self, session: str, task: Task) -> None:
        """Tell the guard the user's words; at the level ``plan``, grant what the plan says."""
        self.guard.begin(session, agent="agent", task=task.prompt)
        if self.level == "plan":
            for tool, ranges, calls in plan(task, self.guard.manifest):
                self.guard.oversight.grant(
                    tool, ranges, calls, HOUR, "the user", session=session, why="the plan"
                )

    async def call(self, session: str, task: Task, step: Step, act: Act) -> tuple[Decision, bool]:
        """Put the call before the guard; answer what it asks, as the reviewer does."""
        within = 0.0

        async def run(permit: Permit) -> Outcome:
            nonlocal within
            began = time.process_time()
            text, error = act()
            within += time.process_time() - began
            return Outcome(kind="failed" if error else "done", text=text, value=text, why=error)

        call = Call(tool=f"{self.suite}/{step.tool}", arguments=step.arguments, session=session)
        began = time.process_time()
        answer = await self.guard.call(call, run, wait=0)
        decision: Decision = "allow" if answer.outcome is not None else "deny"
        if answer.request is not None:
            decision = "ask"
            self._answer(answer.request, step)
            answer = await self.guard.call(call, run, wait=0)
        self.calls += 1
        self.cpu += time.process_time() - began - within
        return decision, answer.outcome is not None

    def _answer(self, request: Request, step: Step) -> None:
        if step.hijacked and self.reviewer == "careful":
            self.guard.oversight.deny(request.id, "the user", "that is not what I asked for")
        else:
            self.guard.oversight.approve(request.id, "the user")
