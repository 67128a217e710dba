"""Spikes of calls and cost."""

from __future__ import annotations

import random

import pytest

from corrigible.guard.monitors.spending import Spending
from tests.guard.monitors.scene import Watch, raised


def minutes(watch: Watch, many: list[int], tool: str = "fs/read_file") -> list:
    found = []
    for calls in many:
        for n in range(calls):
            found += watch.call(tool, path=str(n))
        watch.now += 60
    return found


def test_many_more_calls_than_usual_are_noted_once_a_minute() -> None:
    watch = Watch(Spending())
    assert minutes(watch, [8, 12, 9, 11, 10, 10]) == []
    (signal,) = minutes(watch, [60])
    assert (signal.raises, signal.text) == ("note", "29 calls in this minute; 10 are usual in this session")


def test_where_it_is_to_ask_it_asks_for_every_call_of_the_spike() -> None:
    watch = Watch(Spending(raises="ask"))
    minutes(watch, [10] * 6)
    assert len(minutes(watch, [40])) == 12


def test_a_cost_beyond_the_usual_is_seen_though_the_calls_are_few() -> None:
    watch = Watch(Spending())
    minutes(watch, [2] * 6, "post/send_mail")
    assert [s.text for s in minutes(watch, [10], "post/send_mail")] == [
        "a cost of 6 in this minute; 2 is usual in this session"
    ]


@pytest.mark.parametrize("usual", [[1], [10], [1, 40], [5, 10, 30]])
def test_steady_work_raises_nothing(usual: list[int]) -> None:
    rng = random.Random(1)
    watch = Watch(Spending())
    assert minutes(watch, [rng.choice(usual) for _ in range(80)]) == []


def test_short_sessions_raise_nothing() -> None:
    assert minutes(Watch(Spending()), [1, 1, 1, 1, 500]) == []


def test_one_spike_makes_the_next_no_less_of_one() -> None:
    watch = Watch(Spending())
    minutes(watch, [10] * 10)
    assert len(minutes(watch, [80, 80, 80])) == 3


def test_denied_calls_cost_nothing_and_count_as_calls() -> None:
    watch = Watch(Spending())
    watch.call("post/send_mail", "deny")
    assert watch.memory["minutes"][-1][1:] == [1, 0.0]


def test_a_clock_that_jumps_breaks_nothing() -> None:
    watch = Watch(Spending(raises="ask"))
    minutes(watch, [10] * 6)
    watch.now -= 300
    assert raised(minutes(watch, [5])) == set()
    watch.now -= 10**8
    assert raised(minutes(watch, [10] * 3)) == set()


def test_its_memory_is_bounded() -> None:
    watch = Watch(Spending())
    minutes(watch, [1] * 200)
    assert watch.size < 3000
