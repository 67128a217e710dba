"""From ``module:object`` to the object, and one line for whatever is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.core.objects import load_object


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def load(text: str) -> object:
    return load_object(text, "agent", "give `module:object`")


def test_a_module_in_the_current_folder_is_found(folder: Path) -> None:
    (folder / "mine_found.py").write_text("class Outer:\n    inner = 5\n")
    assert load("mine_found:Outer.inner") == 5


def test_dots_go_into_packages(folder: Path) -> None:
    (folder / "pack_found").mkdir()
    (folder / "pack_found" / "part.py").write_text("thing = 'x'\n")
    assert load("pack_found.part:thing") == "x"


def failing(folder: Path, text: str, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        load(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_module_that_there_is_not_is_an_unknown_name(folder: Path) -> None:
    said = failing(folder, "no_such_module_here:x", UnknownNameError)
    assert said == (
        "there is no module `no_such_module_here` for the agent `no_such_module_here:x`; give `module:object`"
    )


def test_a_package_that_there_is_not_is_an_unknown_name_too(folder: Path) -> None:
    assert "there is no module `no_pack.part`" in failing(folder, "no_pack.part:x", UnknownNameError)


def test_a_module_that_needs_another_says_which(folder: Path) -> None:
    (folder / "mine_needs.py").write_text("import something_not_installed\n")
    said = failing(folder, "mine_needs:x", OptionError)
    assert said == "the agent `mine_needs:x` needs the module `something_not_installed`; install it"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("def f(:\n", "SyntaxError: "),
        ("raise RuntimeError('two\\nlines')\n", "RuntimeError: two; mend it first"),
    ],
)
def test_a_module_that_does_not_load_says_why_in_one_line(folder: Path, source: str, told: str) -> None:
    (folder / "mine_broken.py").write_text(source)
    said = failing(folder, "mine_broken:x", OptionError)
    assert said.startswith(f"the module `mine_broken` does not load: {told}")


def test_an_object_that_there_is_not_suggests_the_nearest(folder: Path) -> None:
    (folder / "mine_near.py").write_text("Walker = 1\n")
    said = failing(folder, "mine_near:walkr", UnknownNameError)
    assert said == "there is no object in `mine_near` named `walkr`; did you mean `Walker`?"


@pytest.mark.parametrize("text", [":x", ".relative:x", "a..b:x", "mine_near:"])
def test_a_malformed_name_is_told_in_one_line(folder: Path, text: str) -> None:
    (folder / "mine_near.py").write_text("Walker = 1\n")
    with pytest.raises((OptionError, UnknownNameError)) as caught:
        load(text)
    assert "\n" not in str(caught.value)
