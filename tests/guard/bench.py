"""A guard on a bench: a manifest in Python, a policy, a store in a folder, and tools that only count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from corrigible.guard import Answer, Call, Guard, Manifest, Outcome, Permit, open_store
from corrigible.guard.clock import Clock
from corrigible.guard.ledger import record
from corrigible.guard.manifest import ApprovalRules, Argument, Server, Tool
from corrigible.guard.policy import Policy

TEXT = {"path": Argument(required=True, means="path"), "text": Argument()}
TOOLS = {
    "files/read": Tool(name="files/read", reads=("file:/srv/job/**",), arguments=TEXT),
    "files/write": Tool(name="files/write", writes=("file:/srv/job/**",), arguments=TEXT, cost=1.0),
    "files/note": Tool(name="files/note", writes=("notes",), arguments=TEXT, idempotent=True),
    "bank/pay": Tool(
        name="bank/pay",
        writes=("account",),
        arguments={"to": Argument(required=True), "amount": Argument(kind="integer", required=True)},
        cost=10.0,
        grave=True,
    ),
}
POLICY = """
@id("reads")
permit (principal, action in Action::"read", resource);
@id("notes")
permit (principal, action == Action::"files/note", resource);
@id("asked")
permit (principal, action in Action::"write", resource) when { context.approved };
@id("outside")
forbid (principal, action == Action::"files/write", resource)
unless { context.arguments.path like "/srv/job/*" };
"""


def manifest(**changes: Any) -> Manifest:
    """Return a manifest with the tools above; ``tools`` replaces single ones."""
    tools = TOOLS | changes.pop("tools", {})
    servers = {
        name: Server(name=name, folder="/srv/job", tools={n: t for n, t in tools.items() if t.server == name})
        for name in sorted({tool.server for tool in tools.values()})
    }
    told = {"name": "bench", "servers": servers, "approval": ApprovalRules(wait=0.0), "monitors": {}}
    return Manifest(**told | changes)


@dataclass
class Hand:
    """What a time is; tests set it."""

    wall: float = 1_000_000.0
    steady: float = 0.0

    def clock(self) -> Clock:
        """Return a clock that shows it."""
        return Clock(lambda: self.wall, lambda: self.steady)

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.steady += seconds


@dataclass
class Bench:
    """A guard, and how often its tools were run."""

    guard: Guard
    time: Hand
    ran: list[Permit] = field(default_factory=list)

    def call(self, tool: str, session: str = "main", wait: float | None = None, **arguments: Any) -> Answer:
        """Have an agent call a tool that does nothing but count."""
        return self.make(Call(tool=tool, arguments=arguments, session=session), wait=wait)

    def make(
        self, call: Call, does: Callable[[Permit], Outcome] | None = None, wait: float | None = None
    ) -> Answer:
        """Have an agent make a call."""

        async def run(permit: Permit) -> Outcome:
            self.ran.append(permit)
            return Outcome(kind="done", text="well") if does is None else does(permit)

        return asyncio.run(self.guard.call(call, run, wait=wait))

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the records of the ledger, or those of one type."""
        self.guard.store.transact(lambda tx: None)  # outcomes of reads are not waited for
        found = self.guard.store.read(lambda reader: [record(body) for _, body in reader.records()])
        return [told for told in found if not kind or told["type"] == kind]


def bench(
    folder: Path,
    policy: str = POLICY,
    hand: Hand | None = None,
    store: str | None = None,
    reviewer: Any = None,
    **changes: Any,
) -> Bench:
    """Return a guard at work on a store in ``folder``, or wherever ``store`` is."""
    folder.mkdir(exist_ok=True)
    rules = manifest(**changes)
    rules = replace(rules, store=store or f"sqlite:{folder / 'guard.db'}")
    hand = hand or Hand()
    guard = Guard.open(
        rules,
        policy=Policy.parse(policy, rules),
        store=open_store(rules.store),
        clock=hand.clock(),
        reviewer=reviewer,
    )
    return Bench(guard, hand)
