"""Whether an agent is as sure as it is right, from the records of a ledger."""

from __future__ import annotations

import random
from typing import Any

import pytest

from corrigible.guard.calibration import calibration


def ledger(rows: list[tuple[float | None, str]], day: str = "2026-11-22") -> list[tuple[int, dict[str, Any]]]:
    records: list[dict[str, Any]] = []
    for confidence, kind in rows:
        records.append(
            {"type": "intent", "session": "main", "at": f"{day}T03:20:00.000000Z", "confidence": confidence}
        )
        records.append({"type": "outcome", "intent": len(records) - 1, "kind": kind})
    return list(enumerate(records))


def test_scores_and_shares_are_those_worked_out_by_hand() -> None:
    told = calibration(ledger([(0.9, "done"), (0.9, "failed"), (0.2, "failed"), (None, "done")]))
    assert (told.calls, told.silent, told.unknown) == (4, 1, 0)
    assert told.overall is not None
    assert told.error is not None
    assert told.overall.brier == pytest.approx((0.01 + 0.81 + 0.04) / 3)
    assert told.error.value == pytest.approx((2 * 0.4 + 0.2) / 3)
    assert [(share.name, share.calls, share.done) for share in told.bins] == [
        ("0.2–0.3", 1, 0),
        ("0.9–1.0", 2, 1),
    ]


def test_an_unknown_outcome_is_left_out_until_it_is_resolved() -> None:
    records = ledger([(0.5, "unknown"), (0.5, "unknown")])
    assert calibration(records).unknown == 2
    assert calibration(records).overall is None
    resolved = [*records, (4, {"type": "resolved", "intent": 0, "kind": "undone"})]
    assert calibration(resolved).unknown == 1
    assert calibration(resolved).bins[0].done == 0


def test_the_interval_holds_the_error_of_an_agent_that_is_too_sure() -> None:
    """Says 0.9, and is right with 0.7: the error is 0.2 in the population."""
    rng, held = random.Random(5), 0
    for _ in range(10):
        told = calibration(ledger([(0.9, "done" if rng.random() < 0.7 else "failed") for _ in range(150)]))
        assert told.error is not None
        held += told.error.low <= 0.2 <= told.error.high
        assert told.error.value > told.error.by_chance
    assert held >= 8


def test_an_honest_agent_stays_below_what_chance_explains() -> None:
    rng, below = random.Random(6), 0
    for _ in range(10):
        said = [rng.choice([0.3, 0.6, 0.8, 0.95]) for _ in range(80)]
        told = calibration(ledger([(p, "done" if rng.random() < p else "failed") for p in said]))
        assert told.error is not None
        below += told.error.value <= told.error.by_chance
    assert below >= 7


def test_it_is_told_over_time() -> None:
    told = calibration(ledger([(0.5, "done")], "2026-10-31"), "month")
    assert [share.name for share in told.periods] == ["2026-10"]


def test_a_ledger_without_calls_says_nothing() -> None:
    told = calibration([])
    assert (told.calls, told.overall, told.error, told.bins, told.periods) == (0, None, None, (), ())
