"""Running `corrigible audit` in this process, and the stub server."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from corrigible.cli import main

from .stub import Stub

MODEL = "openai-api/stub/model"


@dataclasses.dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


Run = Callable[..., Ran]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Inspect leaves streams of anyio to the garbage collector, and calls what others have deprecated.
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:Unclosed <MemoryObject:ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::DeprecationWarning"))


@pytest.fixture(scope="module", autouse=True)
def swept() -> Iterator[None]:
    """Nothing that Inspect left is found in the tests of somebody else."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call `corrigible` with arguments, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        said = capsys.readouterr()
        return Ran(int(str(left.value.code)), said.out, said.err)

    return call


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    # One for all: Inspect keeps a model that it has made, with the address that it had then.
    with Stub() as stub:
        yield stub


@pytest.fixture
def stub(server: Stub, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """The stub server, reached by the environment as any OpenAI-compatible service is."""
    monkeypatch.setenv("STUB_BASE_URL", server.url)
    monkeypatch.setenv("STUB_API_KEY", "no secret")
    server.asked.clear()
    return server


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process of its own; what Python compiles for one serves the others."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPYCACHEPREFIX": str(tmp_path_factory.getbasetemp().parent / "compiled"),
        "NO_COLOR": "1",
    }
