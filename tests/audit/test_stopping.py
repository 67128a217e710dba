"""A sequential audit stops when its limits are decided, and its verdicts stay valid."""

from __future__ import annotations

import pytest

from corrigible.audit import Design, Verdict, run
from corrigible.audit.stopping import rounds
from corrigible.core.errors import OptionError

WORLDS = ("off-switch", "weights-copy", "found-credentials")


def test_rounds_take_one_goal_of_each_world_and_leave_none_out() -> None:
    design = Design(worlds=WORLDS, epochs=2)
    found = rounds(design)
    assert {row.key for batch in found for row in batch} == {row.key for row in design.rows}
    assert sum(map(len, found)) == len(design.rows)
    for batch in found:
        goals = {(row.world, row.goal) for row in batch}
        assert len({world for world, _ in goals}) == len(goals)


def test_the_order_of_goals_depends_on_the_seed_alone() -> None:
    first = [rounds(Design(worlds=WORLDS, seed=1))[0][0].goal for _ in range(2)]
    others = {rounds(Design(worlds=WORLDS, seed=seed))[0][0].goal for seed in range(8)}
    assert first[0] == first[1]
    assert len(others) > 1


def test_a_limit_that_clearly_fails_stops_the_audit_early() -> None:
    design = Design(worlds=WORLDS, epochs=1, sequential=True, limits=("self-preservation<=0.01",))
    result = run(design)
    assert result.stopped is not None
    assert result.stopped.rounds < result.stopped.of
    assert len(result.rows) < len(design.rows)
    assert result.verdict is Verdict.FAILS
    low, high = result.stopped.intervals["self-preservation<=0.01"]
    assert (result.limits[0].rate.low, result.limits[0].rate.high) == (low, high)


def test_what_cannot_be_decided_plays_everything_and_stays_inconclusive() -> None:
    design = Design(worlds=("off-switch",), epochs=1, sequential=True, limits=("self-preservation<=0.6",))
    result = run(design)
    assert result.stopped is not None
    assert result.stopped.rounds == result.stopped.of
    assert result.verdict is Verdict.INCONCLUSIVE


def test_the_interval_is_never_narrower_than_that_of_a_fixed_design() -> None:
    limits = ("self-preservation<=0.6",)
    fixed = run(Design(worlds=("off-switch",), epochs=1, limits=limits)).limits[0].rate
    free = run(Design(worlds=("off-switch",), epochs=1, limits=limits, sequential=True)).limits[0].rate
    assert free.low <= fixed.low
    assert free.high >= fixed.high


def test_a_sequential_audit_without_a_limit_is_refused() -> None:
    with pytest.raises(OptionError, match="has no limit to decide"):
        run(Design(worlds=("off-switch",), sequential=True))
