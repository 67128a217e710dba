"""Checkpoints copied to real files, a real git repository and a real HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from corrigible.core.errors import OptionError
from corrigible.guard.ledger import Anchoring, verify
from corrigible.guard.ledger.anchors import NAME, kept, place, split, states
from corrigible.guard.ledger.sources import StoreSource
from corrigible.guard.manifest import Anchor
from corrigible.guard.store import Store

from . import sample


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204 if self.path == "/good" else 500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    found = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}", got
    found.shutdown()
    thread.join()
    found.server_close()


def test_the_last_checkpoint_is_copied_everywhere_and_compared_later(
    store: Store, tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    ledger = sample.ledger(store)
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    places = (f"file:{tmp_path / 'copies'}", f"git:{folder}", f"{server[0]}/good")
    anchoring = Anchoring(ledger, [Anchor(to=to, every=3600) for to in places])
    for n in range(2):
        sample.add(ledger, "stop", sample.START + 100 + n, instance="i1")
        assert anchoring.now() == []
        assert anchoring.now() == [], "what was copied is not copied again"
    sample.add(ledger, "stop", sample.START + 200, instance="i1")
    anchoring.close()
    assert kept(tmp_path / "copies") == kept(folder) == server[1]
    assert len(server[1]) == 3
    vkey = sample.key().vkey
    found = store.read(lambda reader: verify(StoreSource(reader), [vkey], kept(folder)))
    assert (found.holds, found.compared) == (True, 3)
    told = dict(store.read(states))
    assert {to: told[to]["size"] for to in places} == dict.fromkeys(places, 22)


def test_what_was_taken_out_of_the_repository_is_still_found(store: Store, tmp_path: Path) -> None:
    ledger = sample.ledger(store)
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "r")], check=True)
    sample.add(ledger, "stop", sample.START + 100, instance="i1")
    assert Anchoring(ledger, [Anchor(to=f"git:{tmp_path / 'r'}")], run=False).now() == []
    first = kept(tmp_path / "r")
    (tmp_path / "r" / NAME).unlink()
    sample.add(ledger, "stop", sample.START + 101, instance="i1")
    assert Anchoring(ledger, [Anchor(to=f"git:{tmp_path / 'r'}")], run=False).now() == []
    assert kept(tmp_path / "r") == [*first, ledger.checkpoint()]


def test_a_place_that_fails_is_told_of_once_and_tried_again(
    store: Store, tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    ledger = sample.ledger(store)
    sample.add(ledger, "stop", sample.START + 100, instance="i1")
    warned: list[str] = []
    places = [
        f"file:{tmp_path / 'missing/copies'}",
        f"git:{tmp_path}",
        f"{server[0]}/bad",
        "http://127.0.0.1:1/",
    ]
    anchoring = Anchoring(ledger, [Anchor(to=to) for to in places], warned.append, run=False)
    assert len(anchoring.now()) == len(anchoring.now()) == 4
    assert len(warned) == 4
    assert all("cannot be copied" in each for each in warned)
    assert all("why" in state for _, state in store.read(states))
    (tmp_path / "missing").mkdir()
    assert len(anchoring.now()) == 3
    assert kept(tmp_path / "missing/copies") == [ledger.checkpoint()]
    assert "why" not in dict(store.read(states))[places[0]]


def test_copies_are_made_while_a_guard_runs(store: Store, tmp_path: Path) -> None:
    ledger = sample.ledger(store)
    sample.add(ledger, "stop", sample.START + 100, instance="i1")
    anchoring = Anchoring(ledger, [Anchor(to=f"file:{tmp_path / 'copies'}", every=0.01)])
    seen = threading.Event()
    while not (tmp_path / "copies").exists() or not kept(tmp_path / "copies"):
        seen.wait(0.01)
    anchoring.close()
    assert kept(tmp_path / "copies") == [ledger.checkpoint()]


def test_a_copy_that_was_cut_off_is_left_out(checkpoints: list[str]) -> None:
    text = "".join(checkpoints[:3])
    assert split(text) == checkpoints[:3]
    for left in range(1, len(checkpoints[2]) + 1):
        assert split(text[:-left]) == checkpoints[:2]


@pytest.mark.parametrize("to", ["", "file:", "ftp://host/", "copies"])
def test_what_is_no_place_is_refused(to: str) -> None:
    with pytest.raises(OptionError, match="no place for checkpoints"):
        place(to)
