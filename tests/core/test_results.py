"""How results are written down: plain values, whole files."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrigible.core.errors import OutputError
from corrigible.core.files import check_file, write_whole
from corrigible.core.results import digest, plain, provenance, read_only, to_json
from corrigible.core.version import VERSION


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    tags: tuple[str, ...]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (np.float32("nan"), None),
        (np.array([[1.0, np.nan], [np.inf, 2.0]]), [[1.0, None], [None, 2.0]]),
        (np.array(3), 3),
        (np.array([True, False]), [True, False]),
        (np.bool_(True), True),
        (np.int32(4), 4),
        (Fraction(3, 6), "1/2"),
        (Fraction(4), "4/1"),
        (range(3), [0, 1, 2]),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        ({1: "a", Colour.RED: None}, {"1": "a", "red": None}),
        (Level.HIGH, 3),
        (Point(math.nan, ("a", "b")), {"x": None, "tags": ["a", "b"]}),
        (Path("a/b"), "a/b"),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_a_value_becomes_what_json_knows(value: Any, expected: Any) -> None:
    assert json.loads(to_json(value)) == expected == plain(value)


def test_sets_are_written_in_an_order_of_their_own() -> None:
    words = [f"word-{i}" for i in range(50)]
    assert plain(set(words)) == plain(frozenset(reversed(words))) == sorted(words)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.fractions(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_json_text_reads_back_as_the_plain_value(value: Any) -> None:
    assert json.loads(to_json(value)) == plain(value)
    assert plain(plain(value)) == plain(value)


def test_json_keeps_letters_of_all_scripts() -> None:
    assert to_json("γ ≤ 1") == '"γ ≤ 1"'


def test_provenance_tells_the_version() -> None:
    found = provenance(3, "ab", discount=0.9)
    assert (found.seed, found.version, found.input_hash) == (3, VERSION, "ab")
    assert found.settings == {"discount": 0.9}


def test_a_digest_tells_parts_and_types_apart() -> None:
    a = np.arange(4)
    different = [("ab", "c"), ("a", "bc"), ("abc",), (a,), (a.reshape(2, 2),), (a.astype(float),), ()]
    assert len({digest(*parts) for parts in different}) == len(different)
    assert digest(a, "x") == digest(np.arange(8)[::2] // 2, b"x")


def test_a_read_only_array_cannot_be_written_and_a_view_leaves_its_owner_alone() -> None:
    owner = np.zeros(4)
    view = read_only(owner[:2])
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    owner[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        read_only(np.zeros(2))[0] = 1


@pytest.mark.parametrize("content", ["γ\n", b"\x00\xff"])
def test_a_file_is_written_with_the_folders_it_needs(tmp_path: Path, content: str | bytes) -> None:
    target = tmp_path / "a" / "b" / "file.json"
    write_whole(target, "before")
    write_whole(target, content)
    assert target.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [p.name for p in target.parent.iterdir()] == ["file.json"]


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("moment", ["fdopen", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException, moment: str
) -> None:
    target = tmp_path / "file.json"
    write_whole(target, "before")
    real = os.fdopen

    def fail(first: Any, *rest: Any) -> Any:
        if moment == "fdopen":
            with real(first, *rest) as file:
                file.write(b"hal")
        raise problem

    monkeypatch.setattr(os, moment, fail)
    with pytest.raises(OutputError if isinstance(problem, OSError) else KeyboardInterrupt) as caught:
        write_whole(target, "after")
    monkeypatch.undo()
    if isinstance(problem, OSError):
        assert str(caught.value) == (
            f"cannot write `{target}`: no space left on device; choose another place"
        )
    assert target.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


def impossible(tmp_path: Path) -> list[Path]:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    return [tmp_path / "folder", tmp_path / "file" / "below", tmp_path / "file" / "deep" / "below"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    for target in impossible(tmp_path):
        for write in (lambda path: write_whole(path, "x"), check_file):
            with pytest.raises(OutputError) as caught:
                write(target)
            assert str(caught.value).startswith(f"cannot write `{target}`: ")
            assert "\n" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
    assert list((tmp_path / "folder").iterdir()) == []


def test_asking_whether_a_file_can_be_written_writes_nothing(tmp_path: Path) -> None:
    check_file(tmp_path / "new" / "deep" / "file.json")
    (tmp_path / "old.json").write_text("x")
    check_file(tmp_path / "old.json")
    assert [p.name for p in tmp_path.iterdir()] == ["old.json"]


def test_a_folder_that_takes_no_files_is_refused_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**options: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("corrigible.core.files.tempfile.TemporaryFile", refuse)
    with pytest.raises(OutputError, match="permission denied; choose another place"):
        check_file(tmp_path / "file.json")
