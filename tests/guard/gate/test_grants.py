"""A yes given beforehand, within bounds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from corrigible.core.errors import OptionError
from corrigible.guard.grants import Grant
from tests.guard.bench import Bench, bench


def granted(at: Bench, **changes: Any) -> Grant:
    wanted: dict[str, Any] = {
        "tool": "files/write",
        "ranges": {"path": {"like": "/srv/job/notes/*"}},
        "calls": 2,
        "seconds": 60.0,
        "who": "ann",
    }
    return at.guard.oversight.grant(**wanted | changes)


def test_a_grant_covers_as_many_calls_within_its_ranges_as_it_says(at: Bench) -> None:
    grant = granted(at)
    for name in ("a", "b"):
        answer = at.call("files/write", path=f"/srv/job/notes/{name}")
        assert answer.verdict.reasons[-1].rule == f"grant.{grant.id}"
    assert at.call("files/write", path="/srv/job/notes/c").verdict.decision == "ask"
    assert at.guard.oversight.grants() == []
    assert len(at.ran) == 2


@pytest.mark.parametrize(
    "path", ["/srv/job/other", "/srv/job/notes/../other", "/srv/job/notes"], ids=["other", "round", "folder"]
)
def test_what_is_outside_of_its_ranges_is_asked(at: Bench, path: str) -> None:
    granted(at)
    assert at.call("files/write", path=path).verdict.decision == "ask"


def test_it_ends_with_its_time_and_when_anyone_revokes_it(at: Bench) -> None:
    granted(at)
    at.time.pass_(61)
    assert at.call("files/write", path="/srv/job/notes/a").verdict.decision == "ask"
    grant = granted(at)
    at.guard.oversight.revoke(grant.id, "bob", "no longer")
    assert at.call("files/write", path="/srv/job/notes/b").verdict.decision == "ask"
    assert [told["who"] for told in at.records("revoked")] == ["bob"]
    with pytest.raises(OptionError, match="there is no grant"):
        at.guard.oversight.revoke(grant.id, "bob")


def test_it_covers_its_session_and_what_is_beneath_it_alone(at: Bench) -> None:
    granted(at, session="main", calls=9)
    assert at.call("files/write", path="/srv/job/notes/a", session="main").outcome is not None
    assert at.call("files/write", path="/srv/job/notes/b", session="main/sub").outcome is not None
    assert at.call("files/write", path="/srv/job/notes/c", session="mainly").outcome is None


def test_there_is_none_for_what_is_grave_or_unknown(at: Bench) -> None:
    with pytest.raises(OptionError, match="`bank/pay` is grave"):
        granted(at, tool="bank/pay", ranges={})
    with pytest.raises(OptionError, match="knows no tool `bank/rob`"):
        granted(at, tool="bank/rob", ranges={})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"calls": 0}, "`0` calls are none"),
        ({"seconds": 0.0}, "`0` s is no time"),
        ({"seconds": float("nan")}, "`nan` s is no time"),
        ({"seconds": 1e9}, "is no time"),
        ({"ranges": {"path": {"matches": "x"}}}, "is no condition of the argument `path`"),
        ({"ranges": {"path": {}}}, "is no condition of the argument `path`"),
        ({"ranges": {"path": {"in": "x"}}}, "`in` of the argument `path` is no list"),
        ({"ranges": {"path": {"like": 3}}}, "`like` of the argument `path` is no text"),
        ({"ranges": {"n": {"max": "3"}}}, "`max` of the argument `n` is no number"),
        ({"who": " "}, "nobody is named"),
        ({"who": "agent"}, "asks, and cannot approve"),
    ],
)
def test_a_grant_without_bounds_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    at = bench(tmp_path)
    with pytest.raises(OptionError, match=message):
        granted(at, **changes)
    at.guard.close()


@pytest.mark.parametrize(
    ("wanted", "holds", "fails"),
    [
        ({"is": 3.1}, [3.1, Decimal("3.1")], [3, Decimal("3.2")]),
        ({"is": 3}, [3, [3, 3]], [True, "3", 4, [3, 4], []]),
        ({"is": ["a"]}, [["a"]], ["a", ["a", "b"]]),
        ({"in": ["a", "b"]}, ["a", ["a", "b"]], ["c", ["a", "c"]]),
        ({"like": "a*[x]?"}, ["a[x]?", "abc[x]?"], ["axy", "a[x]!", 3]),
        ({"like": "a*"}, ["a\nb"], ["ba"]),
        ({"min": 1, "max": 5}, [1, 5, 2.5], [0, 6, True, "2", float("nan")]),
    ],
)
def test_conditions_mean_what_they_say(wanted: Any, holds: list[Any], fails: list[Any]) -> None:
    from corrigible.guard import Call

    told = {"id": "g", "tool": "t/t", "session": "*", "calls": 1, "left": 1, "expires": 9.0}
    grant = Grant(**told, ranges={"x": wanted}, who="ann", why="", at=0.0)
    call = Call(tool="t/t", arguments={})
    assert all(grant.covers(call, {"x": value}, 1.0) for value in holds)
    assert not any(grant.covers(call, {"x": value}, 1.0) for value in fails)
    assert not grant.covers(call, {}, 1.0)
