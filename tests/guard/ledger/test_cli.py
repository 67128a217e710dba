"""``corrigible ledger``, as people use it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from corrigible.cli.main import main
from corrigible.guard.ledger import SigningKey

from . import sample

MANIFEST = """
[guard]
name = "shop-guard"
store = "sqlite:guard.db"
key = "guard.key"
policy = "policy.cedar"

[[anchors]]
to = "file:copies"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guard.toml").write_text(MANIFEST)
    (tmp_path / "policy.cedar").write_text("")
    key = SigningKey.create(tmp_path / "guard.key", sample.ORIGIN)
    store = sample.store(tmp_path)
    sample.fill(sample.ledger(store, key))
    store.close()
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["ledger", *arguments])
    out, err = capsys.readouterr()
    code: Any = left.value.code
    return code, out, err


def test_verify_tells_what_it_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify")
    assert (code, "It is what was signed." in out) == (0, True)
    assert run(capsys, "anchor")[0] == 0
    code, out, _ = run(capsys, "verify", "--against", "copies", "--json")
    assert (code, json.loads(out)["compared"], json.loads(out)["holds"]) == (0, 1, True)
    with closing(sqlite3.connect(folder / "guard.db")) as db:
        db.execute("DROP TRIGGER records_are_not_removed")
        db.execute("DELETE FROM records WHERE number > 15")
        db.commit()
    code, out, _ = run(capsys, "verify")
    assert (code, "truncation:" in out) == (1, True)
    code, _, err = run(capsys, "verify", "--against", "guard.toml")
    assert (code, err.count("\n")) == (2, 1)


def test_show_tells_records_in_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show")
    assert (code, len(out.splitlines())) == (0, 19)
    assert "hunter2" not in out
    code, out, _ = run(capsys, "show", "--type", "intent", "--session", "main", "--last", "1", "--json")
    assert [json.loads(line)["number"] for line in out.splitlines()] == [7]
    code, _, err = run(capsys, "show", "--type", "none")
    assert (code, "no records of type `none`" in err) == (2, True)


def test_export_writes_each_format(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("jsonl", "otel", "ai-act"):
        assert run(capsys, "export", "--format", kind, "--out", f"out.{kind}")[0] == 0
    code, out, _ = run(capsys, "verify", "out.jsonl")
    assert (code, "19 records" in out) == (0, True)
    assert "resourceSpans" in json.loads((folder / "out.otel").read_text())
    assert "### 26(6)" in (folder / "out.ai-act").read_text()
    assert run(capsys, "export", "--format", "ai-act", "--json", "--out", "out.json")[0] == 0
    assert len(json.loads((folder / "out.json").read_text())["paragraphs"]) == 20


def test_prove_makes_what_prove_checks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "anchor")[0] == 0
    assert run(capsys, "prove", "4", "--out", "4.tlog-proof")[0] == 0
    code, out, err = run(capsys, "prove", "--check", "4.tlog-proof", "--vkey", "guard.key.pub")
    assert (code, json.loads(out)["type"], err) == (0, "denied", "record 4 of shop-guard at 19\n")
    code, out, _ = run(capsys, "prove", "--from", "copies")
    (folder / "growth.json").write_text(out)
    code, out, _ = run(capsys, "prove", "--check", "growth.json")
    assert (code, out) == (0, "the ledger of shop-guard at 19 goes on from its first 19 records\n")
    (folder / "4.tlog-proof").write_text((folder / "4.tlog-proof").read_text().replace("index 4", "index 3"))
    code, _, err = run(capsys, "prove", "--check", "4.tlog-proof")
    assert (code, err.count("\n")) == (1, 1)
    assert run(capsys, "prove")[0] == 2


def test_rotate_changes_the_key_and_verify_follows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = (folder / "guard.key.pub").read_text().strip()
    code, out, _ = run(capsys, "rotate", "--by", "ann")
    assert (code, out.strip()) == (0, (folder / "guard.key.pub").read_text().strip())
    assert out.strip() != old
    assert run(capsys, "verify", "--vkey", old)[0] == run(capsys, "verify")[0] == 0


def test_what_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    key = sample.key().vkey
    for arguments in (
        ["verify"],
        ["verify", "none.jsonl", "--vkey", key],
        ["show"],
        ["show", "--store", "sqlite:none.db"],
        ["anchor"],
        ["verify", "--vkey", "x", "--store", "sqlite:none.db"],
    ):
        code, out, err = run(capsys, *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), arguments
