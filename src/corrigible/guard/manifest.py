"""The manifest: which servers and tools there are, what each can do, and the rules that go with them.

What a tool reads, writes, grants and destroys is said by the builder, in resources:

``file:PATTERN``
    files; ``**`` crosses folders, ``*`` does not (``file:/work/**``).
``net:HOST`` or ``net:HOST:PORT``
    the network; ``*.example.com`` is any host beneath it.
``*``
    anything at all (a shell that nothing confines).
a word
    something else that has a name: ``mailbox``, ``calendar``, ``payments``.

Reading these, `corrigible.guard.isolation` refuses a manifest whose tools reach what holds them back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, final

from corrigible.guard.canonical import digest

Kind = Literal["string", "integer", "number", "boolean", "array", "object", "any"]
Meaning = Literal["", "path", "url", "host", "secret"]
EFFECTS = ("reads", "writes", "grants", "destroys")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a tool.

    Parameters
    ----------
    kind
        The JSON type; ``any`` is not shown to policies.
    items
        The type of an array's items.
    required
        Whether a call without it is denied.
    means
        ``path``: policies see it absolute, with ``..`` and links resolved from the server's folder;
        ``url`` and ``host``: policies see its host in ``context.hosts``; ``secret``: it is never written
        down, only its keyed digest.
    """

    kind: Kind = "string"
    items: Kind = "string"
    required: bool = False
    means: Meaning = ""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What is enough; None: no limit. A session counts everything beneath it too."""

    calls: int | None = None
    cost: float | None = None
    rate: tuple[int, float] | None = None
    """At most so many calls in any window of so many seconds."""
    time: float | None = None
    """Seconds from the first call of the session."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe:
    """How to find out whether a call whose outcome is unknown was done: a tool that only reads.

    Parameters
    ----------
    tool
        ``server/tool``.
    arguments
        Its arguments; ``"$name"`` stands for the argument ``name`` of the call.
    done, undone
        What its text contains (a regular expression) if the call was done, or was not. Where neither
        matches, or both do, a person is asked.
    """

    tool: str
    arguments: Mapping[str, Any]
    done: str
    undone: str = ""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Tool:
    """What the builder says of a tool.

    Parameters
    ----------
    name
        ``server/tool``.
    reads, writes, grants, destroys
        Resources, as the module tells.
    undoable
        Whether what it does can be undone.
    idempotent
        Whether doing it twice is the same as doing it once.
    grave
        Whether it takes as many people as ``approval.grave`` says.
    trusted
        Whether its results come from people who may instruct the agent; the results of others are data.
    cost
        Of one call, in the unit of the limits.
    timeout
        Seconds after which a call counts as *outcome unknown*.
    limits
        Of this tool, in one session.
    arguments
        What it takes; others are denied, unless ``open``.
    open
        Whether it takes arguments that are not listed; policies do not see those.
    definition
        The digest of what its server said of it when the manifest was written; empty: not pinned.
    probe
        How to find out what became of a call.
    """

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    destroys: tuple[str, ...] = ()
    undoable: bool = False
    idempotent: bool = False
    grave: bool = False
    trusted: bool = False
    cost: float = 0.0
    timeout: float = 60.0
    limits: Limits = Limits()
    arguments: Mapping[str, Argument] = dataclasses.field(default_factory=dict)
    open: bool = False
    definition: str = ""
    probe: Probe | None = None

    @property
    def server(self) -> str:
        """The part before the stroke."""
        return self.name.partition("/")[0]

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return bool(self.writes or self.grants or self.destroys)

    def complaint(self, arguments: Mapping[str, Any]) -> str:
        """Return what is wrong with the arguments, in one sentence that names one; empty: nothing is."""
        for name, argument in self.arguments.items():
            if argument.required and name not in arguments:
                return f"`{self.name}` needs the argument `{name}`"
        for name, value in arguments.items():
            argument = self.arguments.get(name)
            if argument is None:
                if self.open:
                    continue
                return f"the manifest knows no argument `{name}` of `{self.name}`"
            if not _is(value, argument.kind):
                return f"the argument `{name}` of `{self.name}` must be of type {argument.kind}"
            if argument.kind == "array" and not all(_is(item, argument.items) for item in value):
                return f"the items of the argument `{name}` of `{self.name}` must be of type {argument.items}"
        return ""


def _is(value: Any, kind: Kind) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list | tuple)
        case "object":
            return isinstance(value, Mapping)
        case "any":
            return True


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """Where tools come from.

    Parameters
    ----------
    name
        The first part of its tools' names.
    command
        How it is started, for one that speaks over standard input and output.
    url
        Where it is, for one that speaks streamable HTTP.
    folder
        Where it is started, and from where relative paths in arguments are read.
    environment
        Variables it is given, besides what any program needs (PATH, HOME, …); ``env:NAME`` stands for the
        guard's own variable ``NAME``.
    tools
        By full name.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    folder: str = "."
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tools: Mapping[str, Tool] = dataclasses.field(default_factory=dict)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ApprovalRules:
    """How people are asked.

    Parameters
    ----------
    wait
        Seconds that a call waits for the answer; then the agent is told to come back.
    expires
        Seconds after which an unanswered request is denied, and an unused yes is void.
    grave
        How many people it takes for what is grave.
    approvers
        Who may approve; empty: anyone who reaches the store, except the agent.
    ask
        Where, besides the terminal: ``mcp`` (the client asks its user), ``webhook``.
    webhook
        The address that is told of each request.
    secret
        The environment variable with the key that signs what is sent there.
    """

    wait: float = 30.0
    expires: float = 3600.0
    grave: int = 2
    approvers: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    webhook: str = ""
    secret: str = ""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Redaction:
    """What is never written down: values under these keys, and what matches these expressions."""

    keys: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where checkpoints are copied to, so that whoever holds the store alone cannot rewrite it."""

    to: str
    """``file:PATH`` (appended), ``git:FOLDER`` (committed) or ``http(s)://…`` (posted)."""
    every: float = 60.0
    """Seconds between two copies, at least; the last checkpoint of a run is always copied."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything a guard is told before it starts; paths are absolute.

    Parameters
    ----------
    name
        The guard's name; the ledger's checkpoints carry it as their origin.
    path
        The file it was read from; None where it was made in Python.
    agent
        What the agent is called, where the door does not say.
    policy
        The Cedar file.
    store
        The address of the store.
    key
        The file with the ledger's signing key.
    servers
        By name.
    limits
        Of every session.
    approval, redaction, anchors
        As told there.
    resume_by_another
        Whether whoever halts cannot also resume.
    monitors
        Settings of the monitors that are on, by name.
    reviewer
        The language model that looks at calls, as Inspect names it; empty: none.
    """

    name: str
    path: Path | None = None
    agent: str = "agent"
    policy: Path | None = None
    store: str = "sqlite:guard.db"
    key: Path | None = None
    servers: Mapping[str, Server] = dataclasses.field(default_factory=dict)
    limits: Limits = Limits()
    approval: ApprovalRules = ApprovalRules()
    redaction: Redaction = Redaction()
    anchors: tuple[Anchor, ...] = ()
    resume_by_another: bool = False
    monitors: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    reviewer: str = ""

    @cached_property
    def tools(self) -> Mapping[str, Tool]:
        """All tools, by full name."""
        return {name: tool for server in self.servers.values() for name, tool in server.tools.items()}

    def tool(self, name: str) -> Tool | None:
        """Return what is said of a tool; None: nothing is, and it is denied."""
        return self.tools.get(name)

    @cached_property
    def version(self) -> str:
        """The digest of everything in it that decides; where the file lies does not."""
        shown = dataclasses.asdict(self)
        for place in ("path", "policy", "key", "store"):
            del shown[place]
        return digest(shown)
