"""The guard runs without the theory, and people's commands without most of the guard."""

from __future__ import annotations

import subprocess
import sys

THEORY = {"numpy", "scipy", "numba", "statsmodels", "gymnasium", "networkx", "pandas", "jinja2", "jsonschema"}
EVERYTHING = """
import importlib, pkgutil, corrigible.guard
for found in pkgutil.walk_packages(corrigible.guard.__path__, "corrigible.guard."):
    importlib.import_module(found.name)
"""
HALT = """
import sys
from corrigible.cli.main import main
try:
    main(["halt", "--help"])
except SystemExit as end:
    assert not end.code
"""
SLOW = {
    "cedarpy",
    "aiohttp",
    "psycopg",
    "mcp",
    "inspect_ai",
    "corrigible.guard.gate",
    "corrigible.guard.policy",
}


def loaded(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after running ``code``."""
    told = "\nimport sys\nprint('loaded', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code + told], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_no_module_of_the_guard_loads_anything_of_the_theory() -> None:
    found = loaded(EVERYTHING)
    assert "corrigible.guard.gate" in found
    assert found & THEORY == set()
    assert {name for name in found if name.startswith("corrigible.")} & {
        f"corrigible.{room}" for room in ("mdp", "power", "worlds", "agents", "audit")
    } == set()


def test_the_off_switch_loads_nothing_that_takes_time() -> None:
    assert loaded(HALT) & (SLOW | THEORY) == set()
