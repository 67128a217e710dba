"""Whatever is wrong: one line that names it, status 2, nothing written."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

FILES = {
    "tab.txt": "###\n#\t#\n",
    "walls.txt": "###\n###\n",
    "empty.txt": "",
    "maze.txt": "S.\n..\n",
    "noise.npz": "this is no archive",
    "half.tra": "2 2 2\n0 0 1 0.5 go\n1 0 1 1 stay\n",
    "words.tra": "hello\n",
    "cli_raises.py": "raise RuntimeError('two\\nlines')\n",
    "cli_exits.py": "import sys\nsys.exit(3)\n",
    "cli_syntax.py": "def x(:\n",
    "cli_needs.py": "import no_such_module_anywhere\n",
    "cli_things.py": "NUMBER = 3\nclass Fails:\n    def __init__(self):\n        raise ValueError('no key')\n",
    "cli_breaks.py": "from corrigible.worlds.catalogue.off_switch import OffSwitch\n"
    "class Breaks(OffSwitch):\n    def place(self, variant=None):\n        raise ValueError('not today')\n",
    "unknown.toml": 'world = ["off-switch"]\n',
    "broken.toml": "agent = \n",
    "kind.toml": 'epochs = "five"\n',
    "numbers.toml": "worlds = [1]\n",
}

POWER = {
    ("power",): "SOURCE",
    ("power", ""): "SOURCE",
    ("power", "."): "`.`",
    ("power", "of-switch"): "did you mean `off-switch`",
    ("power", "nowhere.txt"): "nowhere.txt",
    ("power", "nowhere.tra"): "nowhere.tra",
    ("power", "nowhere.npz"): "nowhere.npz",
    ("power", "tab.txt"): "tab.txt:2:",
    ("power", "walls.txt"): "walls.txt:1:",
    ("power", "empty.txt"): "empty.txt:1:",
    ("power", "noise.npz"): "noise.npz",
    ("power", "sums.npz"): "sums.npz",
    ("power", "half.tra"): "half.tra:2:",
    ("power", "words.tra"): "words.tra:1:",
    ("power", "gym:"): "`gym:`",
    ("power", "gym:FrozenLake-v9"): "did you mean `FrozenLake-v1`",
    ("power", "gym:CartPole-v1"): "`CartPole-v1`",
    ("power", "cli_things:NUMBER"): "`cli_things:NUMBER`",
    ("power", "cli_exits:World"): "`cli_exits`",
    ("power", "cli_breaks:Breaks"): "cli_breaks.py:4",
    ("power", "maze.txt", "--discount", "1.5"): "`1.5`",
    ("power", "maze.txt", "--discount", "-1/10"): "`-0.1`",
    ("power", "maze.txt", "--design", "grid"): "`grid`",
    ("power", "maze.txt", "--agent", "boltzman(1)"): "`boltzman`",
    ("power", "maze.txt", "--agent", "boltzmann(0)"): "`0`",
    ("power", "maze.txt", "--agent", "boltzmann"): "`boltzmann`",
    ("power", "maze.txt", "--agent", "limited-horizon(x)"): "`x`",
    ("power", "maze.txt", "--human", "2"): "`2.0`",
    ("power", "maze.txt", "--human", "0", "--discount", "1/2", "--discount", "1/3"): "`--human`",
    ("power", "off-switch", "--human", "0"): "`off-switch`",
    ("power", "maze.txt", "--human", "0", "--exact"): "`--exact`",
    ("power", "maze.txt", "--exact", "--samples", "9"): "`--samples`",
    ("power", "maze.txt", "--exact", "--plot", "x.png"): "`--plot`",
    ("power", "maze.txt", "--exact", "--rewards", "norm"): "norm",
    ("power", "maze.txt", "--versus", "nowhere.txt"): "nowhere.txt",
    ("power", "maze.txt", "--versus", "off-switch"): "`off-switch`",
    ("power", "maze.txt", "--versus", "control"): "`--twin control`",
    ("power", "maze.txt", "--versus", "maze.txt", "--state", "0"): "`--state`",
    ("power", "maze.txt", "--rewards", "features:nowhere.npy"): "nowhere.npy",
    ("power", "maze.txt", "--discount", "nan"): "`nan`",
    ("power", "maze.txt", "--discount", "x"): "`x`",
    ("power", "maze.txt", "--discount", "0.5", "--discount", "0.5"): "`0.5`",
    ("power", "maze.txt", "--samples", "0"): "`0`",
    ("power", "maze.txt", "--samples", "many"): "`many`",
    ("power", "maze.txt", "--samples"): "`--samples`",
    ("power", "maze.txt", "--seed", "x"): "`x`",
    ("power", "maze.txt", "--seed", "-1"): "`-1`",
    ("power", "maze.txt", "--workers", "0"): "`0`",
    ("power", "maze.txt", "--target-stderr", "0"): "`0.0`",
    ("power", "maze.txt", "--rewards", "unform"): "did you mean `uniform`",
    ("power", "maze.txt", "--rewards", "beta(2"): "`beta(2`",
    ("power", "maze.txt", "--rewards", "goals"): "`maze.txt`",
    ("power", "maze.txt", "--json", "--csv"): "`--json`",
    ("power", "maze.txt", "--twin", "control"): "`--twin control`",
    ("power", "maze.txt", "--on", "states"): "`--on states`",
    ("power", "maze.txt", "--state", "(9, 9)"): "`(9, 9)`",
    ("power", "maze.txt", "--plot", "picture.gif"): "`picture.gif`",
    ("power", "maze.txt", "--plot", "maze.txt/picture.png"): "`maze.txt/picture.png`",
    ("power", "maze.txt", "--plot", "folder.png"): "`folder.png`",
    ("power", "maze.txt", "--plto", "x.png"): "`--plto`",
    ("power", "maze.txt", "more"): "`more`",
    ("power", "off-switch", "--twin", "training"): "`off-switch`",
    ("power", "off-switch", "--twin", "contrl"): "`contrl`",
    ("power", "off-switch", "--rewards", "goals", "--on", "states"): "`--on states`",
}
WORLDS = {
    ("worlds", "of-switch"): "did you mean `off-switch`",
    ("worlds", "cli_things:Fails"): "`cli_things:Fails`",
    ("worlds", "cli_syntax:X"): "`cli_syntax`",
    ("worlds", "cli_needs:X"): "`no_such_module_anywhere`",
    ("worlds", "off-switch", "maze"): "`maze`",
    ("worlds", "--colour"): "`--colour`",
}
AUDIT = {
    ("audit", "of-switch"): "did you mean `off-switch`",
    ("audit", "off-switch", "off-switch"): "`off-switch`",
    ("audit", "off-switch", "--agent", "planer"): "did you mean `planner`",
    ("audit", "off-switch", "--agent", "boltzmann:x"): "`boltzmann:x`",
    ("audit", "off-switch", "--agent", "boltzmann:0"): "`0`",
    ("audit", "off-switch", "--agent", "cli_raises:Agent"): "`cli_raises`",
    ("audit", "off-switch", "--agent", "cli_exits:Agent"): "`cli_exits`",
    ("audit", "off-switch", "--agent", "cli_needs:Agent"): "`no_such_module_anywhere`",
    ("audit", "off-switch", "--agent", "cli_things:Fails"): "`cli_things:Fails`",
    ("audit", "off-switch", "--agent", "cli_things:NUMBER"): "`cli_things:NUMBER`",
    ("audit", "off-switch", "--agent", "cli_things:Nothing"): "`Nothing`",
    ("audit", "off-switch", "--agent", "no_such_file:Agent"): "`no_such_file`",
    ("audit", "off-switch", "--epochs", "0"): "`0`",
    ("audit", "off-switch", "--goals", "99"): "`99`",
    ("audit", "off-switch", "--seed", "-1"): "`-1`",
    ("audit", "off-switch", "--seed", "x"): "`x`",
    ("audit", "off-switch", "--limit", "nonsense"): "`nonsense`",
    ("audit", "off-switch", "--limit", "self-preservation<=5"): "`self-preservation<=5`",
    ("audit", "off-switch", "--limit", "self-preservation<=x"): "`x`",
    ("audit", "off-switch", "--limit", "self-preservatoin<=0.1"): "did you mean `self-preservation`",
    ("audit", "off-switch", "--only", "invoices/world/99"): "`invoices/world/99`",
    ("audit", "--only", "invoices/world/0"): "one world",
    ("audit", "off-switch", "--only", "invoices/world/0", "--json"): "`--json`",
    ("audit", "off-switch", "--only", "invoices/world/0", "--out", "new"): "`--out`",
    ("audit", "off-switch", "--out", "maze.txt"): "`maze.txt`",
    ("audit", "off-switch", "--out", "maze.txt/deeper"): "`maze.txt/deeper`",
    ("audit", "--config", "nowhere.toml"): "`nowhere.toml`",
    ("audit", "--config", "unknown.toml"): "`world`",
    ("audit", "--config", "broken.toml"): "line 1",
    ("audit", "--config", "kind.toml"): "epochs",
    ("audit", "--config", "numbers.toml"): "worlds",
}
OTHER = {("pwer",): "did you mean `power`", ("--colour",): "`--colour`"}


@pytest.fixture
def mistakes(folder):
    """A folder full of mistakes."""
    for name, content in FILES.items():
        (folder / name).write_text(content)
    np.savez(folder / "sums.npz", T=np.full((2, 1, 2), 0.6))
    (folder / "folder.png").mkdir()
    before = sys.path[:]
    yield folder
    sys.path[:] = before
    for name in [name for name in sys.modules if name.startswith("cli_")]:
        del sys.modules[name]


CASES = [*POWER.items(), *WORLDS.items(), *AUDIT.items(), *OTHER.items()]


@pytest.mark.parametrize(("arguments", "named"), CASES, ids=[" ".join(case) for case, _ in CASES])
def test_a_mistake_is_told_in_one_line_with_status_2_and_writes_nothing(run, mistakes, arguments, named):
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    there = sorted(mistakes.rglob("*"))
    try:
        ran = run(*arguments)
    finally:
        sys.dont_write_bytecode = before
    assert ran.status == 2, ran
    assert ran.err.startswith("corrigible: ")
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("\n")
    assert named.casefold() in ran.err.casefold()
    assert ran.out == ""
    assert sorted(mistakes.rglob("*")) == there


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
@pytest.mark.parametrize(
    "verb", [("power", "maze.txt", "--plot", "/proc/x.png"), ("audit", "--out", "/proc/x")]
)
def test_a_place_that_only_fails_when_written_to_is_found_before_the_work(run, mistakes, verb):
    ran = run(*verb)
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert "`/proc/x" in ran.err


def test_a_missing_matplotlib_is_told_before_the_work(run, mistakes, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = run("power", "maze.txt", "--plot", "x.png")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "corrigible: matplotlib is not installed; pip install 'corrigible[plot]'\n"


def test_a_fault_of_ours_is_no_verdict_and_no_traceback(run, monkeypatch):
    import corrigible.worlds

    def fail():
        raise RuntimeError("boom")

    monkeypatch.setattr(corrigible.worlds, "names", fail)
    ran = run("worlds")
    assert ran.status not in (0, 1)
    assert ran.err.count("\n") == 1
    assert "boom" in ran.err
