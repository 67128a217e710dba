"""Both ways: every claim is shown by a test or deferred with a reason; every marker names a claim.

All that names claims is collected in a process of its own, so that the answer is the same whichever tests
were selected, and on however many workers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .registry import HERE, claims

ROOT = HERE.parent.parent


def naming() -> list[str]:
    """Return the files that name claims; to collect the others tells nothing, and takes its time."""
    return [
        str(file) for file in sorted((ROOT / "tests").rglob("test_*.py")) if "mark.claim" in file.read_text()
    ]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return the tests that name each id, among those that run."""
    listing = tmp_path_factory.mktemp("claims") / "named.json"
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_XDIST", "PYTEST_CURRENT"))
    }
    environment["CORRIGIBLE_CLAIMS"] = str(listing)
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), environment.get("PYTHONPATH", "")])
    options = ["--collect-only", "-qq", "-n0", "-p", "no:cacheprovider", "-p", "collector"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *naming()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"the suite cannot be collected:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    tests: dict[str, list[str]] = {}
    for test, entry in json.loads(listing.read_text(encoding="utf-8")).items():
        for name in entry["claims"] if entry["runs"] else ():
            tests.setdefault(name, []).append(test)
    return tests


def test_every_claim_is_shown_by_a_test_or_deferred_with_a_reason(shown: dict[str, list[str]]) -> None:
    missing = [claim.id for claim in claims().values() if not claim.deferred and claim.id not in shown]
    assert not missing, f"no test shows {missing}"


def test_every_marker_names_a_claim(shown: dict[str, list[str]]) -> None:
    known = claims()
    unknown = {name: tests for name, tests in shown.items() if name not in known}
    assert not unknown


def test_a_claim_that_a_test_shows_is_not_called_deferred(shown: dict[str, list[str]]) -> None:
    both = [claim.id for claim in claims().values() if claim.deferred and claim.id in shown]
    assert not both, f"take the reasons away from {both}"


def test_the_page_of_claims_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("docs_make", ROOT / "docs" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    page = Path(ROOT / "docs" / "claims.md")
    assert page.read_text(encoding="utf-8") == make.claims_page(), "run `python -m docs.make`"
