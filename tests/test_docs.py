"""The commands that the README and the docs show do work, run as a reader would run them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from corrigible.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Return the lines behind ``$`` in a page's console blocks, each with the lines of output it shows."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found: list[tuple[str, list[str]]] = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line != "…":
            found[-1][1].append(" ".join(line.split()))
    return [(command, tuple(output)) for command, output in found]


def all_shown() -> list[tuple[str, str, tuple[str, ...]]]:
    """Return each command once, though several pages show it, with the first of them and all that they show."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for page in PAGES:
        for command, output in commands(page):
            first, known = found.get(command, (page.name, ()))
            found[command] = first, (*known, *output)
    return [(page, command, output) for command, (page, output) in found.items()]


SHOWN = all_shown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the examples, which are what the pages tell readers to put there."""
    shutil.copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_example_world_is_the_one_that_its_page_builds(folder: Path) -> None:
    page = (ROOT / "docs" / "add-a-world.md").read_text(encoding="utf-8")
    world, check = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert world == (folder / "my_world.py").read_text(encoding="utf-8")
    (folder / "check.py").write_text(check, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "check.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_example_level_is_the_one_that_its_page_builds(folder: Path) -> None:
    page = (ROOT / "docs" / "add-a-level.md").read_text(encoding="utf-8")
    level, check = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert level == (folder / "my_level.py").read_text(encoding="utf-8")
    (folder / "check.py").write_text(check, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "check.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_example_agents_are_those_that_their_page_builds() -> None:
    page = (ROOT / "docs" / "add-an-agent.md").read_text(encoding="utf-8")
    shown = [line[4:] for line in page.splitlines() if line.startswith((">>> ", "..."))]
    example = (ROOT / "examples" / "my_agent.py").read_text(encoding="utf-8").splitlines()
    assert [line for line in example[1:] if line and line not in shown] == []
    assert [line for line in example if line.startswith(("def ", "class "))] == [
        line for line in shown if line.startswith(("def ", "class "))
    ]


def test_what_the_theory_page_says_in_python_holds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    monkeypatch.chdir(folder)
    exec(told, {})


def test_every_figure_of_the_theory_page_is_made_by_a_command_on_it() -> None:
    page = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"images/(theory-[a-z]+\.svg)", page))
    assert shown == set(re.findall(r"--plot (theory-[a-z]+\.svg)", page))
    assert len(shown) >= 5


def test_the_readme_shows_commands() -> None:
    assert any(page == "README.md" and output for page, _, output in SHOWN)


@pytest.mark.parametrize(("page", "command", "output"), SHOWN, ids=[command for _, command, _ in SHOWN])
def test_a_command_that_the_docs_show_works(
    page: str, command: str, output: tuple[str, ...], folder: Path, request: pytest.FixtureRequest
) -> None:
    words = shlex.split(command, comments=True)
    assert words[0] == "corrigible", f"{page} shows a command that is not ours: {command}"
    # The README's, and scripted models, in a process of their own; the others in this one, which has everything imported.
    run = _typed if page == "README.md" or "scripted:" in command else _called
    status, out, err = run(words, folder, request)
    # A limit may fail, and then the status is 1; bad input (2) or a crash must not be in the docs.
    assert status in ((0, 1) if "--limit" in words else (0,)), err
    printed = [" ".join(line.split()) for line in out.splitlines()]
    assert printed
    assert [line for line in output if line not in printed] == []
    assert "Traceback" not in err
    if "--plot" in words:
        drawn = words[words.index("--plot") + 1]
        assert (folder / drawn).stat().st_size > 0
        shown = (ROOT / "docs" / page).read_text(encoding="utf-8") if page != "README.md" else ""
        assert f"images/{drawn}" not in shown or (ROOT / "docs" / "images" / drawn).exists()


def _typed(words: list[str], folder: Path, request: pytest.FixtureRequest) -> tuple[int, str, str]:
    environment = os.environ | {"COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _called(words: list[str], folder: Path, request: pytest.FixtureRequest) -> tuple[int, str, str]:
    monkeypatch, caught = request.getfixturevalue("monkeypatch"), request.getfixturevalue("capsys")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    with pytest.raises(SystemExit) as left:
        main(words[1:])
    said = caught.readouterr()
    return int(left.value.code or 0), said.out, said.err
