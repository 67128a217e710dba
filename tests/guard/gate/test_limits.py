"""Budgets, per session and per tool."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from corrigible.guard.manifest import Limits
from tests.guard.bench import TOOLS, Bench, bench


def rules(at: Bench, session: str = "main", **arguments: str) -> list[str]:
    answer = at.call("files/read", session=session, **({"path": "/srv/job/a"} | arguments))
    return [] if answer.outcome is not None else [reason.rule for reason in answer.verdict.reasons]


def test_a_session_makes_no_more_calls_than_it_may_and_its_helpers_count(tmp_path: Path) -> None:
    at = bench(tmp_path, limits=Limits(calls=2))
    assert rules(at) == []
    assert rules(at, session="main/helper") == []
    assert rules(at) == ["limits.calls"]
    assert rules(at, session="main/another") == ["limits.calls"]
    assert rules(at, session="other") == []
    at.guard.close()


def test_what_is_denied_or_asked_does_not_count(tmp_path: Path) -> None:
    at = bench(tmp_path, limits=Limits(calls=1))
    at.call("files/write", path="/etc/passwd")
    at.call("files/write", path="/srv/job/a")
    assert rules(at) == []
    at.guard.close()


def test_money_time_and_rate_run_out(tmp_path: Path) -> None:
    reading = replace(TOOLS["files/read"], cost=0.4)
    changes = {"tools": {"files/read": reading}}
    at = bench(tmp_path / "cost", limits=Limits(cost=1.0), **changes)
    assert [rules(at) for _ in range(3)] == [[], [], ["limits.cost"]]
    at.guard.close()
    at = bench(tmp_path / "time", limits=Limits(time=60.0))
    assert rules(at) == []
    at.time.pass_(60)
    assert rules(at) == []
    at.time.pass_(1)
    assert rules(at) == ["limits.time"]
    at.guard.close()
    at = bench(tmp_path / "rate", limits=Limits(rate=(2, 10.0)))
    assert [rules(at) for _ in range(3)] == [[], [], ["limits.rate"]]
    at.time.pass_(10)
    assert rules(at) == []
    at.guard.close()


def test_a_tool_has_limits_of_its_own_in_each_session(tmp_path: Path) -> None:
    reading = replace(TOOLS["files/read"], limits=Limits(calls=1))
    at = bench(tmp_path, tools={"files/read": reading})
    assert rules(at) == []
    assert rules(at, session="main/helper") == ["limits.calls"]
    assert at.call("files/note", path="/srv/job/a").outcome is not None
    assert rules(at, session="other") == []
    at.guard.close()


def test_limits_outlive_the_guard(tmp_path: Path) -> None:
    for expected in ([], ["limits.calls"]):
        at = bench(tmp_path, limits=Limits(calls=1))
        assert rules(at) == expected
        at.guard.close()


@given(
    st.lists(st.integers(0, 30), max_size=30),
    st.integers(1, 4),
    st.integers(1, 20),
)
def test_no_window_holds_more_calls_than_the_rate_allows(gaps: list[int], number: int, window: int) -> None:
    """Against the obvious: count the calls that were let through in each window."""
    from corrigible.guard import Call, limits
    from corrigible.guard.manifest import Tool

    class Memory(dict[tuple[str, str], object]):
        size = 0

        def get(self, kind: str, key: str) -> object:  # type: ignore[override]
            return super().get((kind, key))

        def put(self, kind: str, key: str, value: object) -> None:
            self[kind, key] = value

    store, bound = Memory(), Limits(rate=(number, float(window)))
    call, tool, now, through = Call(tool="t/t", arguments={}), Tool(name="t/t"), 0.0, []
    for gap in gaps:
        now += gap
        fits = sum(now - window < time <= now for time in through) < number
        accounts = limits.Accounts(store, call, tool, bound)
        assert (accounts.passed(now) == ()) == fits
        if fits:
            accounts.count(store, now)
            through.append(now)
