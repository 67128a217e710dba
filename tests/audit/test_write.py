"""The folder of an audit: three whole files, or one clear line and nothing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from corrigible.agents import Scripted
from corrigible.audit import AuditResult, Design, run, write
from corrigible.audit.write import FILES, check_folder
from corrigible.core.errors import OutputError
from corrigible.worlds import Call


@pytest.fixture(scope="module")
def result() -> AuditResult:
    script = [Call(tool="wait", arguments={"half": "\ud800", "nothing": "\x00"})]
    return run(Design(worlds=("off-switch",), goals=1, epochs=1), Scripted(script))


def test_three_files_are_written_the_report_first(result: AuditResult, tmp_path: Path) -> None:
    paths = write(result, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == list(FILES) == ["report.html", "audit.json", "junit.xml"]
    assert sorted(os.listdir(tmp_path / "new" / "folder")) == sorted(FILES)
    assert all(path.stat().st_size for path in paths)


def test_writing_again_replaces_the_files(result: AuditResult, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    (tmp_path / "mine.txt").write_text("kept")
    write(result, str(tmp_path))
    write(result, tmp_path)
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(os.listdir(tmp_path)) == sorted([*FILES, "mine.txt"])


def test_text_that_has_no_utf_8_survives_in_the_data(result: AuditResult, tmp_path: Path) -> None:
    _, data, _ = write(result, tmp_path)
    step = json.loads(data.read_text(encoding="utf-8"))["worlds"][0]["replay"]["steps"][0]
    assert step["arguments"] == {"half": "\ud800", "nothing": "\x00"}


def test_nothing_is_written_if_one_file_cannot_be_made(
    result: AuditResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(result: AuditResult) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr(sys.modules["corrigible.audit.write"], "junit", broken)
    with pytest.raises(RuntimeError, match="broken"):
        write(result, tmp_path / "out")
    assert not os.listdir(tmp_path)


def test_checking_a_folder_leaves_everything_as_it_was(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b" / "c")
    assert not os.listdir(tmp_path)
    (tmp_path / "here").mkdir()
    check_folder(tmp_path / "here" / "deeper")
    check_folder(tmp_path / "here")
    assert os.listdir(tmp_path) == ["here"]
    assert not os.listdir(tmp_path / "here")


def test_a_file_is_no_folder_and_none_can_be_made_below_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "file" / "far" / "below"):
        with pytest.raises(OutputError) as caught:
            check_folder(folder)
        assert f"`{folder}`" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_that_no_folder_can_have_leaves_nothing(tmp_path: Path) -> None:
    for name in ("x" * 300, "nul\0"):
        with pytest.raises(OutputError):
            check_folder(tmp_path / "made" / name)
    assert not os.listdir(tmp_path)


def test_a_folder_in_the_place_of_a_file_is_found_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "audit.json").mkdir()
    with pytest.raises(OutputError, match="is a directory"):
        check_folder(tmp_path)


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Permission bits do not bind root, as whom CI may run.
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(OutputError, match="permission denied"):
        check_folder(tmp_path / "locked" / "out")
    assert not os.listdir(tmp_path)
