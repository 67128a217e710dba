"""Which monitors are on, and their settings."""

from __future__ import annotations

import pytest

from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.guard.monitors import MONITORS, load
from corrigible.guard.monitors.denials import Denials


def test_without_settings_those_that_say_something_from_the_first_call_are_on() -> None:
    assert [m.name for m in load({})] == ["denials", "reaching", "provenance", "injection"]


def test_only_those_named_are_on() -> None:
    assert [m.name for m in load({"toolmix": {}, "denials": {"ask": 5}})] == ["denials", "toolmix"]
    assert load({"denials": {"ask": 5}}) == (Denials(ask=5),)


def test_all_can_be_on() -> None:
    assert len(load({name: {} for name in MONITORS})) == 7


def test_an_unknown_monitor_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `denials`"):
        load({"denial": {}})


def test_an_unknown_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `window`"):
        load({"denials": {"windows": 3}})


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("denials", {"window": "soon"}),
        ("denials", {"window": True}),
        ("denials", {"ask": 2.5}),
        ("denials", {"ask": 0}),
        ("reaching", {"raises": "allow"}),
        ("reaching", {"own": "note"}),
        ("spending", {"spread": float("nan")}),
        ("toolmix", {"every": 10**12}),
        ("provenance", {"tokens": "many"}),
        ("injection", {"score": None}),
    ],
)
def test_a_setting_out_of_range_is_refused(name: str, settings: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=f"`monitors.{name}.{next(iter(settings))}`"):
        load({name: settings})
