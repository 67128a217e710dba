"""What the tests of this folder share: a manifest, and calls judged under a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corrigible.guard.contract import Approved, Call, Context, Verdict
from corrigible.guard.manifest import Manifest
from corrigible.guard.manifest_file import loads
from corrigible.guard.normal import shown
from corrigible.guard.policy import Policy

TEXT = """
[guard]
name = "acme"

[servers.files]
command = ["files-server"]
folder = "/work"

[servers.files.tools.read]
reads = ["file:/work/**"]
arguments.path = { required = true, means = "path" }
arguments.limit = { kind = "integer" }

[servers.files.tools.write]
writes = ["file:/work/**"]
arguments.path = { required = true, means = "path" }
arguments.content = {}
arguments.mode = { kind = "any" }

[servers.files.tools.remove]
destroys = ["file:/work/**"]
grave = true
cost = 0.12345
arguments.paths = { kind = "array", means = "path", required = true }

[servers.web.tools.fetch]
reads = ["net:*"]
arguments.url = { means = "url" }
arguments.share = { kind = "number" }

[servers.web.tools.odd]
"""

MANIFEST: Manifest = loads(TEXT, Path("/guard/guard.toml"))
YES = Approved(rule="approval.1", by=("ann",))


def judged(policy: Policy, tool: str, arguments: dict[str, Any] | None = None, **known: Any) -> Verdict:
    """Return what a policy says of a call; ``known`` goes to the call and the context."""
    ours = {
        name: known.pop(name)
        for name in ("session", "agent", "step", "confidence", "evidence")
        if name in known
    }
    ours["evidence"] = ours.get("evidence", ())
    here = known.pop("there", None)
    call = Call(tool=tool, arguments=arguments or {}, **ours)
    said, hosts = shown(call, MANIFEST.tools[tool], MANIFEST.servers[MANIFEST.tools[tool].server])
    known["evidence"] = frozenset(ours["evidence"] if here is None else here)
    return policy.rule(call, Context(manifest=MANIFEST, policy=policy, shown=said, hosts=hosts, **known))


def parsed(text: str) -> Policy:
    """Return a policy for the manifest of these tests."""
    return Policy.parse(text, MANIFEST)
