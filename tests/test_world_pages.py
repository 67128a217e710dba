"""The pages of docs/worlds/ and docs/levels/ say what the code says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from corrigible.worlds import level_names, names

DOCS = Path(__file__).parent.parent / "docs"
FOLDER = DOCS / "worlds"
LEVELS = DOCS / "levels"
STALE = "run `python -m docs.make`"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("world_pages_of_docs", DOCS / "world_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


pages = _load()


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def rows(world: str) -> list[str]:
    """Return a world's rows of the index; those after the first name no world."""
    lines = read("README.md").splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith(f"| [{world}]({world}.md) |"))
    last = next(i for i in range(first + 1, len(lines)) if not lines[i].startswith("|  |"))
    return lines[first:last]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|")[1:-1]]


@pytest.mark.parametrize("world", names())
def test_a_page_is_up_to_date_but_for_power(world: str) -> None:
    told = pages.about(world, samples=None)
    written = read(f"{world}.md")
    assert pages.without_power(written) == pages.world_page(told), STALE
    assert len(pages.without_power(written)) < len(written)
    made = [cells(row)[:7] for row in pages.index_rows(told)]
    assert [cells(row)[:7] for row in rows(world)] == made, STALE


@pytest.mark.parametrize("world", ["off-switch", "maze"])
def test_a_page_is_up_to_date_with_power(world: str) -> None:
    told = pages.about(world)
    assert read(f"{world}.md") == pages.world_page(told), STALE
    assert rows(world) == pages.index_rows(told), STALE


def test_there_is_a_page_for_each_world_in_the_order_of_the_catalogue() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.md" for name in names()} | {"README.md"}
    index = read("README.md")
    places = [index.index(f"\n| [{name}]({name}.md) |") for name in names()]
    assert places == sorted(places)
    for part in (pages.HEAD, pages.LISTED, pages.READING, pages.WHY):
        assert part in index, STALE


@pytest.mark.parametrize("level", level_names())
def test_a_page_of_a_level_is_up_to_date_but_for_power(level: str) -> None:
    written = (LEVELS / f"{level}.md").read_text(encoding="utf-8")
    told = pages.about(level, samples=None)
    assert pages.without_power(written) == pages.world_page(told, "All levels"), STALE
    assert pages.level_row(level) in (LEVELS / "README.md").read_text(encoding="utf-8"), STALE


def test_there_is_a_page_for_each_level() -> None:
    assert {path.name for path in LEVELS.iterdir()} == {f"{n}.md" for n in level_names()} | {"README.md"}
