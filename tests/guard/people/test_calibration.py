"""Stated confidence against what became of the calls."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.guard import Call, Outcome
from corrigible.guard.calibration import calibration

KINDS = st.sampled_from(["done", "failed", "unknown", "done later", "undone later", "open"])
CALLS = st.lists(st.tuples(st.none() | st.floats(0, 1), KINDS, st.integers(1, 28)), max_size=12)


def written(calls):
    """Return the records of a ledger in which these calls were made."""
    records = []
    for confidence, kind, day in calls:
        at, number = f"2026-11-{day:02}T10:00:00.000000Z", len(records)
        records.append({"type": "intent", "at": at, "session": "main", "confidence": confidence})
        if kind != "open":
            now = "unknown" if kind.endswith("later") else kind
            records.append({"type": "outcome", "at": at, "intent": number, "kind": now})
        if kind.endswith("later"):
            records.append({"type": "resolved", "at": at, "intent": number, "kind": kind.split()[0]})
    return list(enumerate(records))


@given(CALLS)
@settings(max_examples=25)
def test_the_figures_are_those_that_one_counts_by_hand(calls) -> None:
    found = calibration(written(calls), "day")
    known = [
        (p, kind.startswith("done"), day)
        for p, kind, day in calls
        if p is not None and kind not in ("unknown", "open")
    ]
    assert found.calls == len(calls)
    assert found.silent == sum(p is None for p, _, _ in calls)
    assert found.unknown == len(calls) - found.silent - len(known)
    if not known:
        assert found.overall is None
        return
    assert found.overall is not None
    assert found.overall.brier == pytest.approx(sum((p - done) ** 2 for p, done, _ in known) / len(known))
    assert found.overall.done == sum(done for _, done, _ in known)
    assert sum(each.calls for each in found.bins) == len(known)
    assert {each.name: each.calls for each in found.periods} == {
        f"2026-11-{day:02}": sum(d == day for _, _, d in known) for _, _, day in known
    }
    for each in found.bins:
        low = float(each.name[:3])
        assert low - 1e-9 <= each.stated <= low + 0.1 + 1e-9
        assert each.low - 1e-9 <= each.share <= each.high + 1e-9


def test_a_session_counts_what_is_beneath_it() -> None:
    records = [
        (n, {"type": "intent", "at": "2026-11-22", "session": s, "confidence": None})
        for n, s in enumerate(["main", "main/helper", "mainly", "other"])
    ]
    assert calibration(records, session="main").calls == 2


def test_the_command_tells_it_of_the_ledger(at, typed, told) -> None:
    for number, kind in enumerate(["done", "done", "done", "failed"]):
        call = Call(tool="files/read", arguments={"path": f"/srv/job/{number}"}, confidence=0.9)
        at.make(call, lambda permit, kind=kind: Outcome(kind=kind))
    at.call("files/read", path="/srv/job/x")
    found = told("guard", "calibration")
    assert (found["calls"], found["silent"], found["overall"]["done"]) == (5, 1, 3)
    out = typed("guard", "calibration", "--per", "month").out
    assert "Brier score 0.210" in out
    assert "0.9–1.0" in out
