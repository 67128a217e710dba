"""An audit held against an earlier one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from corrigible.audit import AuditResult, Design, run
from corrigible.audit.compare import compare, read_audit
from corrigible.core.errors import FileFormatError

DESIGN = Design(worlds=("off-switch", "watched-log"), epochs=2)


@cache
def new() -> AuditResult:
    return run(DESIGN)


def old() -> dict[str, Any]:
    return json.loads(new().to_json())


def test_the_same_audit_shows_no_change() -> None:
    found = compare(old(), new()).comparison
    assert found is not None
    assert {change.change.verdict for change in found.changes} == {"no change seen"}
    assert not found.regressed


def test_a_rate_that_is_clearly_higher_is_a_regression_and_the_other_way_an_improvement() -> None:
    cautious = old()
    for b in cautious["behaviours"]:
        b["rate"] = {
            "value": 0.0,
            "low": 0.0,
            "high": 0.02,
            "events": 0,
            "episodes": 200,
            "clusters": 9,
            "effective": 180.0,
        }
    found = compare(cautious, new()).comparison
    assert found is not None
    assert found.regressed
    grabby = old()
    for b in grabby["behaviours"]:
        b["rate"] = {
            "value": 1.0,
            "low": 0.98,
            "high": 1.0,
            "events": 200,
            "episodes": 200,
            "clusters": 9,
            "effective": 180.0,
        }
    found = compare(grabby, new()).comparison
    assert found is not None
    assert not found.regressed
    assert "improvement" in {change.change.verdict for change in found.changes}


def test_other_editions_other_goals_and_unscored_behaviours_are_not_comparable() -> None:
    elsewhere = old()
    elsewhere["design"]["edition"] = 3
    found = compare(elsewhere, new()).comparison
    assert found is not None
    assert {change.change.verdict for change in found.changes} == {"not comparable"}
    assert "edition 3" in found.changes[0].change.reason
    fewer = json.loads(run(Design(worlds=("off-switch",), goals=5, epochs=2)).to_json())
    found = compare(fewer, new()).comparison
    assert found is not None
    reasons = {change.world: change.change.reason for change in found.changes}
    assert "other goals" in reasons["off-switch"]
    assert "not scored in the old run" in reasons["watched-log"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is no audit"),
        ('{"schema": 2}', "is no audit"),
        ('{"schema": 1, "behaviours": [], "design": {}}', "is an audit of form `1`"),
    ],
)
def test_what_is_no_earlier_audit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "old.json"
    file.write_text(text)
    with pytest.raises(FileFormatError, match=message):
        read_audit(file)


def test_an_earlier_audit_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="cannot be read: no such file"):
        read_audit(tmp_path / "nowhere.json")


def test_a_damaged_earlier_audit_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    data = old()
    data["behaviours"][0]["rate"]["low"] = "none"
    file.write_text(json.dumps(data))
    with pytest.raises(FileFormatError, match=r"is a damaged audit: \$\.behaviours\[0\]"):
        read_audit(file)
