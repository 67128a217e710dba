"""A guard on a bench, and the command line of the people beside it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from corrigible.cli import main
from tests.cli.conftest import Ran
from tests.guard.bench import Bench, Hand, bench

Typed = Callable[..., Ran]


@pytest.fixture
def at(tmp_path, monkeypatch) -> Iterator[Bench]:
    """A guard at work now, whose store the environment names."""
    made = bench(tmp_path, hand=Hand(wall=time.time()), resume_by_another=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORRIGIBLE_STORE", f"sqlite:{tmp_path / 'guard.db'}")
    monkeypatch.setenv("LOGNAME", "ann")
    yield made
    made.guard.close()


@pytest.fixture
def typed(capsys, monkeypatch) -> Typed:
    """Type a command on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        said = capsys.readouterr()
        return Ran(left.value.code, said.out, said.err)

    return call


@pytest.fixture
def told(typed) -> Callable[..., Any]:
    """Type a command with ``--json`` that must work, and return what it tells."""

    def call(*arguments: str) -> Any:
        ran = typed(*arguments, "--json")
        assert ran.status == 0, ran.err
        return json.loads(ran.out)

    return call
