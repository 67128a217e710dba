"""The command line reads a verb when it is used, and says what is not installed."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from corrigible.cli.main import EXTRAS, verbs
from corrigible.cli.verb import Verb


def found(group: click.Group) -> list[tuple[str, Verb]]:
    """Return every verb that is read late, at any depth, with its words."""
    told: list[tuple[str, Verb]] = []
    for name, verb in group.commands.items():
        if isinstance(verb, Verb):
            told.append((name, verb))
            real = verb.command()
            if isinstance(real, click.Group):
                told += [(f"{name} {words}", each) for words, each in found(real)]
    return told


VERBS = found(verbs)


@pytest.mark.parametrize(("words", "verb"), VERBS, ids=[words for words, _ in VERBS])
def test_the_line_that_the_list_shows_is_the_verbs_own(words: str, verb: Verb) -> None:
    real = verb.command()
    assert real.name == words.split()[-1]
    assert real.short_help == verb.short_help


@pytest.mark.parametrize("words", [words.split() for words, _ in VERBS], ids=" ".join)
def test_help_fits_80_columns_and_tells_the_exit_status(typed, words) -> None:
    ran = typed(*words, "--help")
    assert ran.status == 0
    assert "Exit status" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_halt_loads_neither_the_theory_nor_what_only_a_guard_needs(at) -> None:
    code = (
        "import sys\nfrom corrigible.cli import main\n"
        "try:\n    main(['halt', '--all', '--why', 'x'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.splitlines()[-1].split())
    heavy = {
        *EXTRAS,
        "asyncio",
        "rich",
        "pandas",
        "mcp",
        "jinja2",
        "corrigible.guard.gate",
        "corrigible.cli.power",
    }
    assert loaded & heavy == set()
    assert "corrigible.guard.sqlite" in loaded


@pytest.mark.parametrize(
    ("name", "extra"), [("numba", "theory"), ("cedarpy", "guard"), ("psycopg", "postgres")]
)
def test_a_package_that_is_missing_is_told_with_the_extra_that_brings_it(
    typed, monkeypatch, name, extra
) -> None:
    def fail() -> None:
        raise ModuleNotFoundError(f"No module named '{name}.core'", name=f"{name}.core")

    monkeypatch.setattr("corrigible.worlds.names", fail)
    ran = typed("worlds")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"corrigible: {name} is not installed; pip install 'corrigible[{extra}]'\n"


def test_a_module_of_somebody_elses_that_is_missing_is_no_extra_of_ours(typed, monkeypatch) -> None:
    def fail() -> None:
        raise ModuleNotFoundError("No module named 'elsewhere'", name="elsewhere")

    monkeypatch.setattr("corrigible.worlds.names", fail)
    ran = typed("worlds")
    assert ran.err.count("\n") == 1
    assert "elsewhere" in ran.err
    assert "pip install" not in ran.err
