"""One seed, and a path to each stream."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrigible.core.errors import OptionError
from corrigible.core.seeds import LARGEST_SEED, check_seed, derive, stream

paths = st.lists(st.text(max_size=3) | st.integers(0, 2**40), max_size=3).map(tuple)


def first(seed: int, *path: str | int) -> int:
    return int(stream(seed, *path).integers(2**63))


@given(st.integers(0, LARGEST_SEED), paths)
def test_the_same_path_gives_the_same_stream(seed: int, path: tuple[str | int, ...]) -> None:
    assert np.array_equal(stream(seed, *path).random(5), stream(seed, *path).random(5))


def test_drawing_from_one_stream_leaves_the_others_alone() -> None:
    expected = first(7, "b")
    stream(7, "a").random(100)
    assert first(7, "b") == expected


@given(st.integers(0, 3), paths, st.integers(0, 3), paths)
def test_other_paths_give_other_streams(
    seed: int, path: tuple[str | int, ...], other_seed: int, other: tuple[str | int, ...]
) -> None:
    if (seed, path) != (other_seed, other):
        assert first(seed, *path) != first(other_seed, *other)


def test_a_word_that_reads_like_a_number_is_another_path_than_the_number() -> None:
    assert first(0, "3") != first(0, 3)


@pytest.mark.parametrize(("number", "halves"), [(2**32, (0, 1)), (5 + 7 * 2**32, (5, 7))])
def test_a_large_number_is_another_path_than_its_two_halves(number: int, halves: tuple[int, int]) -> None:
    assert first(0, number) != first(0, *halves)


def test_neighbouring_streams_are_not_correlated() -> None:
    draws = np.array([stream(0, "rows", i).random(2000) for i in range(6)])
    for a, b in itertools.combinations(draws, 2):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.1


def test_a_stream_does_not_change_from_version_to_version() -> None:
    # Written down once: a record's seed must make its episode again years later.
    assert first(0, "rewards", 3) == 6_303_620_024_445_088_440
    assert derive(1, "episode", "off-switch", 0) == 6_725_014_503_818_912_046


def test_a_derived_seed_is_a_seed() -> None:
    assert all(check_seed(derive(s, "x", i)) >= 0 for s in (0, LARGEST_SEED) for i in range(20))


def test_a_numpy_integer_is_a_seed() -> None:
    assert type(check_seed(np.int64(4))) is int
    assert first(3, np.int64(4)) == first(3, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, LARGEST_SEED + 1, 1.0, "1", None, True])
def test_what_is_no_seed_is_refused_in_one_line(seed: object) -> None:
    with pytest.raises(OptionError) as caught:
        check_seed(seed)
    assert f"`{seed}`" in caught.value.message
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", [-1, -(2**40)])
def test_a_negative_number_may_be_part_of_a_path(part: int) -> None:
    assert first(0, part) != first(0, -part)
