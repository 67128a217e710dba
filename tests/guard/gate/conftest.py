"""A guard on each kind of store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guard.bench import Bench, bench
from tests.guard.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgres"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A guard at work on an empty store."""
    store = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = bench(tmp_path, store=store)
    yield made
    made.guard.close()
