"""The mix of tools: how often it is wrong where nothing changes, and how soon it sees a change."""

from __future__ import annotations

import random
from typing import Any

import pytest

from corrigible.guard.contract import Call, Signal
from corrigible.guard.monitors.toolmix import MOST, ToolMix
from tests.guard.monitors.scene import MANIFEST, Watch, verdict

TOOLS = [f"s/t{n}" for n in range(12)]


def test_where_nothing_changes_it_is_wrong_no_more_often_than_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """100 sessions of 200 calls of any mix: 20,000 calls, so at most 200 false alarms at one in 100."""
    rng = random.Random(20)
    monkeypatch.setattr("secrets.token_hex", lambda n: f"{rng.getrandbits(8 * n):x}")
    alarms = 0
    for _ in range(100):
        weights = [rng.random() ** 4 for _ in TOOLS[: rng.randint(1, 12)]]
        monitor, memory = ToolMix(every=100), {}
        watch = Watch(monitor)
        for tool in rng.choices(TOOLS[: len(weights)], weights, k=200):
            alarms += len(_called(watch, memory, tool))
    # The bound is on the mean; six standard deviations of a Poisson count leave luck no part in it.
    assert alarms <= 200 + 6 * 200**0.5
    assert alarms > 0


def _called(watch: Watch, memory: dict[str, Any], tool: str) -> list[Signal]:
    call = Call(tool=tool, arguments={})
    found = list(watch.monitor.on_call(memory, call, None, MANIFEST, 0.0))
    watch.monitor.on_verdict(memory, call, None, verdict("allow"), 0.0)
    return found


def test_a_change_to_rare_tools_is_seen_within_a_dozen_calls() -> None:
    rng, seen = random.Random(3), 0
    for _ in range(25):
        watch, memory = Watch(ToolMix()), {}
        for tool in rng.choices(["s/read", "s/list", "s/search", "s/send"], [60, 25, 14, 1], k=150):
            _called(watch, memory, tool)
        seen += any(_called(watch, memory, "s/send") for _ in range(12))
    assert seen >= 22


def test_a_change_to_a_tool_that_was_used_before_is_seen_too() -> None:
    rng, seen = random.Random(4), 0
    for _ in range(25):
        watch, memory = Watch(ToolMix()), {}
        for tool in rng.choices(["s/read", "s/write"], [75, 25], k=150):
            _called(watch, memory, tool)
        seen += any(_called(watch, memory, "s/write") for _ in range(30))
    assert seen >= 20


def test_at_the_beginning_nothing_is_sudden() -> None:
    watch = Watch(ToolMix(every=20, calls=30))
    assert not any(watch.call(f"s/{n // 10}") for n in range(30))


def test_a_call_that_is_asked_about_counts_once() -> None:
    watch = Watch(ToolMix())
    for decision in ("ask", "ask", "allow", "halt"):
        watch.call("s/t", decision)
    assert watch.memory["counts"] == {"s/t": 1}


def test_its_memory_is_bounded() -> None:
    watch = Watch(ToolMix())
    for n in range(300):
        watch.call(f"server/{'x' * 100}{n}")
        watch.call(f"server/{n}-{'x' * 100}")
    assert len(watch.memory["counts"]) <= MOST + 1
    assert watch.size < 6000
