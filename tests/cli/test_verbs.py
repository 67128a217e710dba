"""What the verbs print and write when all is well."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest

from corrigible import worlds
from tests.cli.conftest import EXAMPLES

GOLDEN = """\
maze.txt: 3 states, 7 actions in them, deterministic.
Goals: 200 reward functions, independent uniform on [0, 1] per state, seed 1.

POWER at γ = 0.5
state     POWER   std. error
────────────────────────────
(0, 1)   0.7467       0.0136
(0, 2)   0.7009       0.0145
(0, 0)   0.6985       0.0143

Map, from 0 = 0.6985 to 9 = 0.7467
090

Which action most goals prefer at (0, 0), the start
action   share of goals   std. error
────────────────────────────────────
right             0.575       0.0350
stay              0.425       0.0350
"""


@pytest.fixture
def maze(folder):
    (folder / "maze.txt").write_text("S..\n")
    return "maze.txt"


def test_power_of_a_corridor_is_this_table(run, maze):
    ran = run("power", maze, "--samples", "200", "--seed", "1", "--discount", "0.5")
    assert (ran.status, ran.err) == (0, "")
    table, _, solver = ran.out.partition("\nSolver")
    assert table == GOLDEN
    assert "policy iteration" in solver
    lines = ran.out.splitlines()
    # The closed form: 3/4 in the middle, 2/3 + γ(1 + γ)/24 at the ends.
    state, power, error = lines[6].rsplit(maxsplit=2)
    assert state == "(0, 1)"
    assert abs(float(power) - 3 / 4) < 5 * float(error)
    for line in lines[7:9]:
        state, power, error = line.rsplit(maxsplit=2)
        assert state in ("(0, 0)", "(0, 2)")
        assert abs(float(power) - (2 / 3 + 0.75 / 24)) < 5 * float(error)
    assert lines[11][1] == "9"
    assert {line.split()[0] for line in lines[-6:] if line.startswith(("stay", "right"))} == {"stay", "right"}


def test_the_same_command_prints_the_same(run, maze):
    command = ("power", maze, "--samples", "50")
    assert run(*command).out == run(*command).out


def test_no_line_ends_in_blanks_and_none_is_coloured_in_a_pipe(run, maze):
    for command in (("power", maze, "--samples", "20"), ("worlds",)):
        out = run(*command).out
        assert "\x1b" not in out
        assert all(line == line.rstrip() for line in out.splitlines())


def test_power_as_json_is_one_object(run, maze):
    told = json.loads(
        run("power", maze, "--samples", "20", "--discount", "0.5", "--discount", "0.9", "--json").out
    )
    assert [result["discount"] for result in told["results"]] == [0.5, 0.9]
    assert [p["discount"] for p in told["preferred"]] == [0.5, 0.9]


def test_power_as_csv_has_a_row_for_each_state_and_discount(run, maze):
    out = run("power", maze, "--samples", "20", "--discount", "0.5", "--discount", "0.9", "--csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 6
    assert rows[0]["state"] == "(0, 0)"
    assert rows[0]["discount"] == "0.5"


def test_power_of_a_world_says_that_rewards_are_drawn_on_outcomes(run):
    ran = run("power", "off-switch", "--samples", "20")
    assert ran.status == 0
    assert "outcomes (what a goal can care about)" in " ".join(ran.out.split())
    assert "what differs from the start: hour=0" in " ".join(ran.out.split())
    assert "Which action most goals prefer at the start" in ran.out


def test_a_state_can_be_asked_for_as_the_table_writes_it(run):
    out = run("power", "off-switch", "--samples", "20", "--state", "hour=2 armed=no").out
    assert "prefer at hour=2 armed=no, asked for" in out


def test_the_named_goals_of_a_world_have_no_seed(run):
    out = run("power", "off-switch", "--rewards", "goals", "--twin", "control").out
    assert "off-switch (control)" in out
    assert "the 9 named goals" in out
    assert "None" not in out


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_a_picture_is_written_and_told(run, folder, maze, suffix):
    ran = run("power", maze, "--samples", "20", "--plot", f"new/maze.{suffix}")
    assert ran.status == 0, ran.err
    assert f"maze.{suffix}" in ran.err
    assert [path.name for path in (folder / "new").iterdir()] == [f"maze.{suffix}"]


@pytest.mark.parametrize("source", ["maze.txt", "model.tra", "model.npz", "my_world:WORLD"])
def test_every_example_input_is_read(run, folder, source, monkeypatch):
    for path in EXAMPLES.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    if source == "model.npz":
        import runpy

        runpy.run_path("make_model.py", run_name="__main__")
    monkeypatch.syspath_prepend(folder)
    ran = run("power", source, "--samples", "20")
    assert ran.status == 0, ran.err


@pytest.mark.parametrize(("name", "status"), [("diligent", 0), ("Curious", 1)])
def test_a_function_and_a_class_are_audited_and_nothing_scored_is_no_pass(run, monkeypatch, name, status):
    monkeypatch.syspath_prepend(EXAMPLES)
    ran = run("audit", "off-switch", "--agent", f"my_agent:{name}", "--goals", "1", "--epochs", "1")
    assert ran.status == status, ran.err
    assert ("nothing was scored" in ran.err) == bool(status)
    assert "off-switch: disables-switch" in ran.out


def test_worlds_lists_the_catalogue_in_order(run):
    ran = run("worlds")
    names = list(worlds.names())
    lines = ran.out.splitlines()
    assert lines[0] == "Worlds"
    assert lines[1].split() == ["world", "situation", "drives", "goals"]
    first = [line.split()[0] for line in lines[3:] if line[:1].islower()]
    assert first[: len(names)] == names
    assert lines[3].split("  ")[-1].strip() == "9"
    told = json.loads(run("worlds", "--json").out)
    assert [row["world"] for row in told if not row["level"]] == names
    assert [row["world"] for row in told if row["level"]] == list(worlds.level_names())
    assert "Levels of the literature" in lines


def test_a_world_is_told_whole(run):
    out = run("worlds", "off-switch").out
    for word in (
        "Story.",
        "In the control.",
        "disables-switch",
        "process(kind)",
        "Size.",
        "Source.",
        "invoices",
    ):
        assert word in out


def test_limits_decide_the_exit_status(run):
    command = ("audit", "off-switch", "--goals", "2", "--epochs", "1", "--limit")
    failed = run(*command, "self-preservation<=0.05")
    assert failed.status == 1
    assert "FAILS" in failed.out
    held = run(*command, "self-preservation<=1")
    assert held.status == 0
    assert "HOLDS" in held.out


def test_an_audit_as_json_prints_nothing_else(run):
    ran = run("audit", "off-switch", "--goals", "1", "--epochs", "1", "--json")
    assert ran.err == ""
    assert json.loads(ran.out)["rows"]


def test_one_episode_is_told_step_by_step(run):
    out = run("audit", "off-switch", "--only", "invoices/world/0").out
    assert "  1. " in out
    assert "! disables-switch" in out


def test_an_audit_leaves_its_files_and_says_where(run, folder):
    ran = run("audit", "off-switch", "--goals", "1", "--epochs", "1", "--out", "report")
    assert ran.status == 0
    assert (folder / "report" / "report.html").as_uri() in ran.out
    assert sorted(path.name for path in (folder / "report").iterdir()) == [
        "audit.json",
        "junit.xml",
        "report.html",
    ]


@pytest.mark.parametrize("verb", [(), ("power",), ("audit",), ("worlds",)])
def test_help_fits_80_columns_and_tells_the_exit_status(run, verb):
    ran = run(*verb, "--help")
    assert ran.status == 0
    assert "Exit status" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_version_is_told(run):
    ran = run("--version")
    assert (ran.status, ran.out) == (0, "corrigible, version 0.1.0\n")
