"""What a decision costs: policy, limits, monitors' signals, with 100 policies."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from corrigible.guard import Call, Context, decide
from corrigible.guard.manifest import Argument, Manifest, Server, Tool
from corrigible.guard.policy import Policy

POLICIES = 100
ROUNDS = 2000


def measured() -> dict[str, float]:
    """Return microseconds of CPU a decision: few tools and many, allowed and asked, and Cedar's own share."""
    found: dict[str, float] = {}
    for tools in (1, 20):
        manifest, text = rules(tools)
        policy = Policy.parse(text, manifest)
        call = Call(tool="files/t0", arguments={"path": "/work/0/a"})
        context = Context(manifest=manifest, policy=policy, shown=dict(call.arguments))
        other = replace(context, shown={"path": "/work/ask/a"})
        assert decide(call, context).decision == "allow"
        assert decide(call, other).decision == "ask"
        found[f"allow {tools}"] = cpu(lambda call=call, context=context: decide(call, context))
        found[f"ask {tools}"] = cpu(lambda call=call, other=other: decide(call, other))
    found["cedarpy"] = raw(*rules(1))
    return found


def rules(tools: int) -> tuple[Manifest, str]:
    """Return a manifest with so many tools, and a hundred policies spread over them."""
    names = [f"files/t{n}" for n in range(tools)]
    path = {"path": Argument(required=True)}
    made = {name: Tool(name=name, writes=("files",), arguments=path) for name in names}
    manifest = Manifest(name="bench", servers={"files": Server(name="files", tools=made)})
    lines = [
        f'permit (principal, action == Action::"{names[n % tools]}", resource)\n'
        f'when {{ context.arguments.path like "/work/{n}/*" && !context.tainted.contains("path") }};'
        for n in range(POLICIES - 1)
    ]
    asked = 'permit (principal, action in Action::"write", resource) when { context.approved };'
    return manifest, "\n".join([*lines, asked])


def raw(manifest: Manifest, text: str) -> float:
    """Return what Cedar costs alone, as its Python binding is used plainly: policies parsed once, no slicing."""
    import cedarpy

    policies = cedarpy.PolicySet.from_str(text)
    entities = cedarpy.Entities.from_json_str("[]")
    request: dict[str, Any] = {
        "principal": {"type": "Session", "id": "main"},
        "action": {"type": "Action", "id": "files/t0"},
        "resource": {"type": "Tool", "id": "files/t0"},
        "context": {"approved": False, "tainted": [], "arguments": {"path": "/work/0/a"}},
    }
    assert cedarpy.is_authorized(request, policies, entities).allowed
    return cpu(lambda: cedarpy.is_authorized(request, policies, entities).allowed)


def cpu(work: Callable[[], object]) -> float:
    """Return the median of five runs, in microseconds of CPU a round."""
    runs: list[float] = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(ROUNDS // 5):
            work()
        runs.append((time.process_time() - start) / (ROUNDS // 5) * 1e6)
    return statistics.median(runs)


def written(found: dict[str, float]) -> str:
    """Return the table."""
    base = found["cedarpy"]
    rows = [
        ("`decide`, allowed, all 100 policies about this tool", found["allow 1"]),
        ("`decide`, asked (two evaluations), all about this tool", found["ask 1"]),
        ("`decide`, allowed, the policies spread over 20 tools", found["allow 20"]),
        ("`decide`, asked, spread over 20 tools", found["ask 20"]),
        ("cedarpy alone, all 100, handles kept", base),
    ]
    lines = ["### A decision with 100 policies", "", "| | CPU µs | × Cedar alone |", "|---|---:|---:|"]
    return "\n".join([*lines, *(f"| {name} | {cost:.0f} | {cost / base:.2f} |" for name, cost in rows)])
