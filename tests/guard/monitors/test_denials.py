"""Repeated denials."""

from __future__ import annotations

import pytest

from corrigible.core.errors import OptionError
from corrigible.guard.monitors.denials import Denials
from tests.guard.monitors.scene import Watch, raised


def test_a_few_denials_ask_and_many_halt() -> None:
    watch = Watch(Denials(ask=3, varied=4, halt=5))
    seen = [raised(watch.call("sh/run", "deny", command=f"make {n}")) for n in range(5)]
    assert seen == [set(), set(), set(), {"ask"}, {"ask", "halt"}]


def test_after_a_halt_resuming_is_a_new_start() -> None:
    watch = Watch(Denials(ask=2, varied=2, halt=3))
    for _ in range(3):
        watch.call("sh/run", "deny", command="x")
    assert watch.call("sh/run", command="x") == []


def test_what_is_allowed_or_asked_does_not_count() -> None:
    watch = Watch(Denials(ask=1, varied=1, halt=2))
    assert not any(watch.call("sh/run", said, command="x") for said in ("allow", "ask", "halt") * 5)


def test_denials_are_forgotten_after_the_window() -> None:
    watch = Watch(Denials.of({"ask": 2, "window": "1m"}))
    for _ in range(3):
        watch.call("sh/run", "deny", command="x")
    assert raised(watch.call("fs/read_file", path="/a")) == {"ask"}
    watch.now += 61
    assert watch.call("fs/read_file", path="/a") == []


def test_a_clock_set_back_forgets_nothing() -> None:
    watch = Watch(Denials(ask=2))
    for _ in range(2):
        watch.call("sh/run", "deny", command="x")
    watch.now -= 86_400
    assert raised(watch.call("sh/run", command="x")) == {"ask"}


def test_the_same_tool_with_other_arguments_asks_sooner() -> None:
    watch = Watch(Denials(ask=50, varied=2, halt=60))
    watch.call("sh/run", "deny", command="deploy now")
    watch.call("sh/run", "deny", command="deploy --force")
    assert raised(watch.call("sh/run", command="deploy quietly")) == {"ask"}


def test_the_same_call_again_is_a_repetition_and_not_a_variation() -> None:
    watch = Watch(Denials(ask=50, varied=2, halt=60))
    for _ in range(5):
        assert watch.call("sh/run", "deny", command="deploy now") == []


def test_another_tool_for_the_same_thing_asks() -> None:
    watch = Watch(Denials(ask=50, varied=2, halt=60))
    watch.call("fs/read_file", "deny", path="/srv/pay/salaries.csv")
    watch.call("fs/write_file", "deny", path="/srv/pay/./salaries.csv", content="x")
    assert raised(watch.call("sh/run", command="cat /srv/pay/SALARIES.csv | wc")) == {"ask"}
    assert watch.call("web/fetch", url="https://example.org") == []


@pytest.mark.parametrize("rule", ["limits.rate", "once", "manifest.arguments", "halt"])
def test_budgets_and_malformed_calls_are_no_probing(rule: str) -> None:
    watch = Watch(Denials(ask=1, varied=1, halt=2))
    assert not any(watch.call("sh/run", "deny", rule, command=str(n)) for n in range(5))


def test_its_memory_is_bounded() -> None:
    watch = Watch(Denials(halt=20))
    for n in range(200):
        arguments = {f"a{m}": f"/{'long' * 50}/{n}/{m}" for m in range(30)}
        watch.call("t" * 500, "deny", **arguments)
        assert watch.size < 20 * 220


def test_a_halt_that_comes_before_the_ask_is_refused() -> None:
    with pytest.raises(OptionError, match=r"`monitors\.denials\.halt` is `3`"):
        Denials.of({"halt": 3})
