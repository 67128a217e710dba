"""A manifest with a few tools, and what a gate does with monitors, as short as can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from corrigible.guard.contract import Call, Outcome, Reason, Signal, Verdict
from corrigible.guard.manifest import Anchor, Argument, Manifest, Server, Tool
from corrigible.guard.monitors import Monitor

READ = Tool(name="fs/read_file", reads=("file:/work/**",), arguments={"path": Argument(means="path")})
WRITE = Tool(name="fs/write_file", writes=("file:/work/**",))
MOVE = Tool(name="fs/move_file", writes=("file:/work/**",), destroys=("file:/work/**",))
SHELL = Tool(name="sh/run", writes=("*",))
MAIL = Tool(name="post/send_mail", writes=("mailbox",), cost=1.0)
INBOX = Tool(name="post/read_inbox", reads=("mailbox",))
FETCH = Tool(name="web/fetch", reads=("net:*",))
BOOK = Tool(name="post/address_book", reads=("contacts",), trusted=True)
TOOLS = (READ, WRITE, MOVE, SHELL, MAIL, INBOX, FETCH, BOOK)

MANIFEST = Manifest(
    name="g",
    path=Path("/etc/guard/guard.toml"),
    policy=Path("/etc/guard/policy.cedar"),
    key=Path("/etc/guard/ledger.key"),
    store="sqlite:/var/lib/guard/guard.db",
    anchors=(Anchor(to="file:/mnt/other/checkpoints"), Anchor(to="git:/mnt/anchor-repo")),
    servers={
        server: Server(name=server, folder="/work", tools={t.name: t for t in TOOLS if t.server == server})
        for server in {t.server for t in TOOLS}
    },
)


def verdict(decision: Any, rule: str = "policy.default") -> Verdict:
    return Verdict(decision=decision, reasons=(Reason(rule=rule, text="so"),))


class Watch:
    """One session watched by one monitor; its memory passes through JSON, as it does in a store."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor, self.memory, self.now = monitor, {}, 1e9

    def call(
        self, tool: str, decision: str = "allow", rule: str = "policy.p", **arguments: Any
    ) -> list[Signal]:
        call, said = Call(tool=tool, arguments=arguments), MANIFEST.tool(tool)
        raised = list(self.monitor.on_call(self.memory, call, said, MANIFEST, self.now))
        raised += self.monitor.on_verdict(self.memory, call, said, verdict(decision, rule), self.now)
        self._keep()
        return raised

    def result(self, tool: str, text: str) -> list[Signal]:
        said = MANIFEST.tool(tool)
        assert said is not None
        call = Call(tool=tool, arguments={})
        raised = list(
            self.monitor.on_outcome(self.memory, call, said, Outcome(kind="done", text=text), self.now)
        )
        self._keep()
        return raised

    def task(self, text: str) -> None:
        self.monitor.on_task(self.memory, text)
        self._keep()

    @property
    def size(self) -> int:
        return len(json.dumps(self.memory))

    def _keep(self) -> None:
        self.memory = json.loads(json.dumps(self.memory, allow_nan=False))


def raised(signals: list[Signal]) -> set[str]:
    return {signal.raises for signal in signals}
