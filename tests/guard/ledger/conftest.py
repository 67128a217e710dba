"""A filled ledger, copied to each test that tampers with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from corrigible.guard.store import Store

from . import sample


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with a ledger of every type of record, and the checkpoint after each."""
    folder = tmp_path_factory.mktemp("ledger")
    store = sample.store(folder)
    checkpoints = sample.fill(sample.ledger(store))
    store.close()
    return folder, checkpoints


@pytest.fixture
def place(filled: tuple[Path, list[str]], tmp_path: Path) -> Path:
    """The path of a copy of it."""
    for file in filled[0].glob("guard.db*"):
        if file.is_file():
            shutil.copy(file, tmp_path / file.name)
    return tmp_path / "guard.db"


@pytest.fixture
def checkpoints(filled: tuple[Path, list[str]]) -> list[str]:
    """The checkpoints after each record."""
    return filled[1]


@pytest.fixture
def store(place: Path) -> Iterator[Store]:
    """The copy, open."""
    found = sample.store(place.parent)
    yield found
    found.close()
