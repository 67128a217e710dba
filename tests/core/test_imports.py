"""Importing is quick and loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numba", "scipy", "pandas", "matplotlib", "gymnasium", "statsmodels", "torch", "networkx")
HELP = """import runpy, sys
sys.argv = ["corrigible", "--help"]
try:
    runpy.run_module("corrigible", run_name="__main__")
except SystemExit as end:
    assert not end.code
"""
TELL = """
import resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, *sys.modules)
"""


def child(code: str) -> tuple[float, set[str]]:
    """Return the CPU seconds of a fresh interpreter that runs ``code``, and what heavy it loaded."""
    done = subprocess.run([sys.executable, "-c", code + TELL], capture_output=True, text=True, check=True)
    cpu, *loaded = done.stdout.splitlines()[-1].split()
    return float(cpu), set(loaded) & set(HEAVY)


@pytest.mark.parametrize(
    ("code", "budget"), [("import corrigible", 0.3), (HELP, 0.5)], ids=["import", "help"]
)
def test_starting_stays_within_its_budget_and_loads_nothing_heavy(code: str, budget: float) -> None:
    runs = [child(code) for _ in range(3)]
    assert {name for _, loaded in runs for name in loaded} == set()
    assert min(cpu for cpu, _ in runs) < budget


def test_the_look_at_what_is_loaded_would_see_it() -> None:
    assert child("import scipy")[1] == {"scipy"}


def test_the_public_names_load_when_they_are_used_and_an_unknown_one_is_an_error() -> None:
    import corrigible

    assert {name for name in corrigible.__all__ if getattr(corrigible, name) is None} == set()
    assert dir(corrigible) == sorted(corrigible.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = corrigible.nonsense
