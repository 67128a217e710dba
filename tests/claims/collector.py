"""A pytest plugin that writes down which collected tests name which claims; see test_coverage.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the ids that each test names to the file that the environment says."""
    named = {
        item.nodeid: {
            "claims": [name for mark in item.iter_markers("claim") for name in mark.args],
            "runs": not any(item.iter_markers("skip")) and not any(item.iter_markers("xfail")),
        }
        for item in session.items
    }
    path = os.environ.get("CORRIGIBLE_CLAIMS")
    if path:
        Path(path).write_text(json.dumps(named), encoding="utf-8")
