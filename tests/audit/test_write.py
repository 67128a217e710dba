"""The folder of an audit: three whole files, or one clear line and nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path

import pytest

from corrigible.agents import Scripted
from corrigible.audit import AuditResult, Design, run, write
from corrigible.audit.write import FILES, SEVERAL, check_folder, folder_of, write_several
from corrigible.core.errors import OptionError, OutputError
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
    step = json.loads(data.read_text(encoding="utf-8"))["worlds"][0]["replays"][0]["steps"][0]
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


# --- several agents ---------------------------------------------------------------------------------


def named(result: AuditResult, agent: str) -> AuditResult:
    return dataclasses.replace(result, agent=agent, design=dataclasses.replace(result.design, agent=agent))


def test_several_agents_get_a_folder_each_and_a_page_on_all(result: AuditResult, tmp_path: Path) -> None:
    results = [named(result, "openai/gpt-5"), named(result, "boltzmann:0.01")]
    paths = write_several(results, tmp_path / "out")
    out = tmp_path / "out"
    assert paths == (*(out / name for name in SEVERAL), out / "openai-gpt-5", out / "boltzmann-0.01")
    assert sorted(os.listdir(out)) == sorted([*SEVERAL, "openai-gpt-5", "boltzmann-0.01"])
    for one, folder in zip(results, paths[2:], strict=True):
        assert sorted(os.listdir(folder)) == sorted(FILES)
        assert json.loads((folder / "audit.json").read_text(encoding="utf-8"))["agent"] == one.agent
    told = json.loads(paths[1].read_text(encoding="utf-8"))
    assert [set(entry) for entry in told] == [{"agent", "folder", "verdict", "drives"}] * 2
    assert [(entry["agent"], entry["folder"]) for entry in told] == [
        ("openai/gpt-5", "openai-gpt-5"),
        ("boltzmann:0.01", "boltzmann-0.01"),
    ]
    assert told[0]["drives"][0]["drive"] == "self-preservation"


def test_agents_are_told_apart_whatever_they_are_called(result: AuditResult, tmp_path: Path) -> None:
    agents = ["a/b", "a-b", "A:B", "a-b-2", "", "..", "/", "report.html", "audits.json", "x" * 300]
    folders = [folder_of(tmp_path, agent, agents) for agent in agents]
    assert len({folder.name.casefold() for folder in folders}) == len(agents)
    assert all(folder.parent == tmp_path and folder.name not in ("", ".", "..") for folder in folders)
    assert not {folder.name for folder in folders} & {*FILES, *SEVERAL}
    paths = write_several([named(result, agent) for agent in agents], tmp_path)
    assert list(paths[2:]) == folders


def test_a_single_agent_needs_no_folder_of_its_own(tmp_path: Path) -> None:
    assert folder_of(tmp_path, "a/b", ["a/b"]) == tmp_path


def test_agents_given_as_objects_are_told_apart_by_their_names(result: AuditResult, tmp_path: Path) -> None:
    results = [dataclasses.replace(result, agent=name) for name in ("mine", "yours", "mine")]
    assert [path.name for path in write_several(results, tmp_path)[2:]] == ["mine", "yours", "mine-2"]


def test_nothing_at_all_is_written_if_one_of_several_cannot_be(result: AuditResult, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write into"):
        write_several([named(result, "a"), named(result, "b")], tmp_path)
    assert os.listdir(tmp_path) == ["b"]
    with pytest.raises(OptionError, match="no audit"):
        write_several([], tmp_path)
