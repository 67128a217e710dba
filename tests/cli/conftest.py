"""Running the command line in this process, in an empty folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from corrigible.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclasses.dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Call `corrigible` with arguments."""

    def call(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        said = capsys.readouterr()
        return Ran(left.value.code, said.out, said.err)

    return call
