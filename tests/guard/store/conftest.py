"""The addresses of empty stores, of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'guard.db'}"
    return request.getfixturevalue("postgres_url")
