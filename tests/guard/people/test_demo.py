"""The demo comes out as it tells, with real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from corrigible.guard.demo.client import Client

STEPS = (
    "goes through",
    "waits for a person",
    "grant",
    "denied",
    "stops the session",
    "off-switch",
    "crash",
    "ledger",
)


def test_every_step_comes_out_as_told_and_nothing_is_left(tmp_path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "corrigible", "guard", "demo", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    assert [line["text"] for line in told["lines"] if not line["held"]] == []
    assert (ran.returncode, told["held"], ran.stderr) == (0, True, "")
    steps = [line["text"] for line in told["lines"] if line["voice"] == "step"]
    assert all(word in step for word, step in zip(STEPS, steps, strict=True))
    assert list(tmp_path.iterdir()) == []


def test_the_file_server_of_the_demo_speaks_the_protocol(tmp_path) -> None:
    command = [sys.executable, "-m", "corrigible.guard.demo.files_server", str(tmp_path)]
    with Client(command, os.environ, tmp_path / "errors") as client:
        assert client.start() == ["list_directory", "read_text_file", "write_file"]
        assert client.call("write_file", path="a", content="é").text == "wrote 1 characters to a"
        assert client.call("read_text_file", path="a").text == "é"
        assert "a" in client.call("list_directory", path=".").text.splitlines()
        assert client.call("read_text_file", path="b").refused
        assert client.call("write_file", nothing="b").refused
        assert client.call("delete", path="a").refused
    assert (tmp_path / "errors").read_text() == ""
