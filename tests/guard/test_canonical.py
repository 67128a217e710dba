"""Equal values have equal digests, and different ones have not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrigible.guard.canonical import canonical, digest

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def told_apart(value: Any) -> Any:
    """Return a value that is equal only to what JSON tells no apart from the first: 1 is not 1.0 nor true."""
    if isinstance(value, dict):
        return {key: told_apart(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [told_apart(inner) for inner in value]
    return (type(value).__name__, repr(value))


@given(VALUES, VALUES)
def test_digests_are_equal_where_values_are(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (told_apart(one) == told_apart(other))
    assert told_apart(json.loads(canonical(one))) == told_apart(one)


def test_the_order_of_keys_does_not_matter() -> None:
    assert canonical({"b": [1, {"d": 1, "c": 2}], "a": "é"}) == '{"a":"é","b":[1,{"c":2,"d":1}]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, [{None: 1}], {1}, "\ud800", b"x"])
def test_what_json_has_no_word_for_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical(value)
