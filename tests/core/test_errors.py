"""The one error tree: stable codes, one line each, and a near name where there is one."""

from __future__ import annotations

import pytest

from corrigible.core import errors
from corrigible.core.errors import CorrigibleError, InputError, UnknownNameError, unknown_name

TREE = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, CorrigibleError)]


def test_every_error_class_has_a_code_of_its_own() -> None:
    codes = [vars(cls).get("code") for cls in TREE]
    assert None not in codes
    assert len(set(codes)) == len(codes) > 10


@pytest.mark.parametrize("cls", TREE)
def test_the_drawing_of_the_tree_shows_every_class_with_its_code(cls: type[CorrigibleError]) -> None:
    assert errors.__doc__ is not None
    (line,) = [line for line in errors.__doc__.splitlines() if f" {cls.__name__}" in f" {line}"]
    if cls not in (CorrigibleError, InputError):
        assert line.endswith(cls.code)


def test_bad_input_and_a_solver_that_fails_are_told_apart() -> None:
    assert not issubclass(errors.ConvergenceError, InputError)
    others = {c for c in TREE if not issubclass(c, InputError | errors.GuardError)}
    assert others == {CorrigibleError, errors.ConvergenceError, errors.WorkerError}


def test_message_and_hint_are_kept_apart_and_shown_together() -> None:
    error = errors.OptionError("the value `3` is odd", "give an even one")
    assert (error.message, error.hint) == ("the value `3` is odd", "give an even one")
    assert str(error) == "the value `3` is odd; give an even one"


def test_without_a_hint_the_message_says_it_all() -> None:
    assert str(errors.OptionError("the value `3` is odd")) == "the value `3` is odd"


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        unknown_name("world", "of-switch", ["maze", "off-switch"], "look at the list")
    assert str(caught.value) == "there is no world `of-switch`; did you mean `off-switch`?"


def test_where_nothing_is_near_the_hint_is_given() -> None:
    with pytest.raises(UnknownNameError) as caught:
        unknown_name("world", "zzz", ["maze", "off-switch"], "look at the list")
    assert str(caught.value) == "there is no world `zzz`; look at the list"


def test_without_a_hint_the_known_names_are_listed_in_order_and_not_too_many() -> None:
    with pytest.raises(UnknownNameError) as few:
        unknown_name("world", "zzz", ["maze", "desk"])
    assert few.value.hint == "known: `desk`, `maze`"
    with pytest.raises(UnknownNameError) as many:
        unknown_name("world", "zzz", [f"name-{i:02}" for i in range(13)])
    assert many.value.hint.startswith("known: `name-00`, `name-01`, ")
    assert many.value.hint.endswith("`name-11`, …")


def test_a_name_that_is_no_text_can_be_unknown_too() -> None:
    with pytest.raises(UnknownNameError, match=r"there is no state `\(1, 2\)`; did you mean `\(1, 3\)`\?"):
        unknown_name("state", (1, 2), ["(1, 3)", "(4, 4)"])


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        (ValueError("first line\nsecond line"), "ValueError: first line"),
        (ValueError("\n  indented"), "ValueError: indented"),
        (KeyError("k"), "KeyError: 'k'"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_what_anybodys_code_raised_is_told_in_one_line(raised: Exception, shown: str) -> None:
    assert errors.in_short(raised) == shown


def test_what_anybodys_code_raised_is_cut_where_it_is_long() -> None:
    assert len(errors.in_short(ValueError("x" * 10_000))) == errors.LONGEST
