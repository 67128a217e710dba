"""What will not fit is refused before it is allocated."""

from __future__ import annotations

import os

import pytest

from corrigible.core import memory
from corrigible.core.errors import TooLargeError


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536 * 1024, "1.5 MiB"),
        (2**30, "1.0 GiB"),
        (3 * 2**40, "3.0 TiB"),
        (5000 * 2**40, "5,000.0 TiB"),
    ],
)
def test_bytes_are_told_as_people_write_them(count: int, words: str) -> None:
    assert memory.in_words(count) == words


def test_what_fits_is_let_through_and_what_does_not_is_refused_with_both_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "physical", lambda: 2**30)
    memory.require(2**30, "a table")
    with pytest.raises(TooLargeError) as caught:
        memory.require(2**30 + 2**29, "a table", "make it smaller")
    assert (
        str(caught.value) == "a table would take about `1.5 GiB`, this machine has 1.0 GiB; make it smaller"
    )


def test_where_the_system_does_not_tell_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", unknown)
    assert memory.physical() is None
    memory.require(2**80, "a table")


def test_this_machine_has_some_memory() -> None:
    have = memory.physical()
    assert have is None or have > 2**24
