"""The verbs of people, on the store of a real guard."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.guard.bench import bench


def asked(at, path="/srv/job/a", **more) -> str:
    answer = at.call("files/write", path=path, **more)
    assert answer.request is not None
    return answer.request.id


def test_what_waits_is_listed_and_an_approval_lets_it_be_made_once(at, typed, told) -> None:
    name = asked(at, text="hello")
    (waiting,) = told("approvals")
    assert (waiting["id"], waiting["arguments"]) == (name, {"path": "/srv/job/a", "text": "hello"})
    ran = typed("approve", name[:4], "--why", "fine")
    assert ran.out.startswith(f"approved {name}: files/write in the session main")
    assert at.call("files/write", path="/srv/job/a", text="hello").outcome is not None
    assert at.call("files/write", path="/srv/job/a", text="hello").outcome is None
    assert at.records("vote")[0]["who"] == "ann"


def test_a_refusal_is_final_and_needs_a_reason(at, typed) -> None:
    name = asked(at)
    assert typed("deny", name).status == 2
    assert typed("deny", name, "--why", "no").out.startswith(f"denied {name}")
    assert at.call("files/write", path="/srv/job/a").verdict.decision == "deny"
    ran = typed("approve", name)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "denied already" in ran.err


def test_two_people_are_needed_for_what_is_grave(at, typed, told) -> None:
    request = at.call("bank/pay", to="ann", amount=5).request
    assert "1 more person has to approve it" in typed("approve", request.id, "--by", "bob").out
    assert typed("approve", request.id, "--by", "Bob ").status == 2
    assert told("approve", request.id, "--by", "eve")[0]["state"] == "approved"
    assert at.call("bank/pay", to="ann", amount=5).outcome is not None


def test_who_asks_cannot_approve(at, typed) -> None:
    ran = typed("approve", asked(at), "--by", "agent")
    assert ran.status == 2
    assert "asks, and cannot approve it" in ran.err


def test_a_list_shows_everything_within_80_columns(at, typed) -> None:
    asked(at, text="word " * 60)
    at.call("files/write", path="/srv/job/b", session="main/helper")
    ran = typed("approvals")
    assert max(map(len, ran.out.splitlines())) <= 160  # a pipe; what a terminal sees is below
    assert ran.out.count("word") == 60
    for text in ("files/write", "in main/helper", "1 person has to approve it", "[policy.asked]", "· path"):
        assert text in ran.out


def test_no_character_of_a_request_is_hidden(at, typed) -> None:
    name = asked(at, text="\x1b[2Jgood\u202eevil\u200b\r\nnext")
    for ran in (typed("approvals"), typed("approvals", name)):
        assert r"\x1b[2Jgood\u202eevil\u200b\r" in ran.out
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out


def test_a_long_argument_is_cut_in_the_list_and_whole_alone(at, typed) -> None:
    name = asked(at, text="x" * 2000 + "END")
    listed, alone = typed("approvals").out, typed("approvals", name).out
    assert "END" not in listed
    assert "503 more characters" in listed
    assert "END" in alone


def test_a_terminal_is_filled_to_its_width_and_asked_for_answers(at) -> None:
    name = asked(at, text="word " * 60)
    at.time.pass_(1.0)
    other = asked(at, "/srv/job/b")
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "corrigible", "approvals", "--answer", "--by", "ann"],
        stdin=there,
        stdout=there,
        stderr=there,
        env=os.environ | {"COLUMNS": "80", "TERM": "xterm"},
    )
    os.close(there)
    os.write(here, b"a\nd\nnot this one\n")
    seen = b""
    try:
        while part := os.read(here, 4096):
            seen += part
    except OSError:  # the other end is closed
        pass
    os.close(here)
    assert process.wait() == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen.decode())
    assert max(map(len, plain.splitlines())) <= 80
    states = {each: at.guard.oversight.request(each).state for each in (name, other)}
    assert states == {name: "approved", other: "denied"}


def test_answers_are_asked_for_on_a_terminal_only(at, typed, monkeypatch) -> None:
    asked(at)
    ran = typed("approvals", "--answer")
    assert (ran.status, ran.out) == (2, "")


def test_a_grant_covers_so_many_calls_within_its_bounds(at, typed, told) -> None:
    where = ("--where", "path=like:/srv/job/*", "--where", "text=in:a,b")
    ran = typed("grant", "files/write", *where, "--calls", "2", "--for", "10m", "--why", "drafts")
    assert ran.status == 0, ran.err
    assert "where path like /srv/job/* and text in" not in ran.out
    (grant,) = told("grants")
    assert grant["ranges"] == {"path": {"like": "/srv/job/*"}, "text": {"in": ["a", "b"]}}
    assert at.call("files/write", path="/srv/job/1", text="c").outcome is None
    assert at.call("files/write", path="/srv/job/1", text="a").outcome is not None
    assert at.call("files/write", path="/srv/job/2", text="b").outcome is not None
    assert at.call("files/write", path="/srv/job/3", text="b").outcome is None
    assert told("grants") == []


def test_a_grant_from_a_request_covers_just_such_calls(at, told) -> None:
    name = asked(at, text="5")
    given = told("grant", "--from", name[:5], "--where", "path=like:/srv/job/*", "--calls", "1")
    assert given["tool"] == "files/write"
    assert given["session"] == "main"
    assert given["ranges"] == {"path": {"like": "/srv/job/*"}, "text": {"is": "5"}}
    assert at.call("files/write", path="/srv/job/other", text="6").outcome is None
    assert at.call("files/write", path="/srv/job/other", text="5").outcome is not None


def test_a_grant_is_listed_and_taken_back(at, typed, told) -> None:
    name = told("grant", "files/write", "--where", "path=any")["id"]
    assert f"{name} files/write; 10 of 10 calls left, in any session" in typed("grants").out
    assert typed("revoke", name[:3]).out.startswith(f"revoked {name}")
    assert typed("grants").out == "No grants hold.\n"
    assert at.call("files/write", path="/srv/job/a").outcome is None


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """The store of a guard on which nothing is going on, and mistakes change nothing."""
    folder = tmp_path_factory.mktemp("idle")
    made = bench(folder)
    yield f"sqlite:{folder / 'guard.db'}"
    made.guard.close()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("grant",), "needs a tool"),
        (("grant", "files/write", "--from", "x"), "needs a tool"),
        (("grant", "files/nothing"), "`files/nothing`"),
        (("grant", "bank/pay"), "`bank/pay` is grave"),
        (("grant", "files/write", "--where", "path"), "`path`"),
        (("grant", "files/write", "--where", "path=like:"), "`path=like:`"),
        (("grant", "files/write", "--where", "path=near:x"), "`near`"),
        (("grant", "files/write", "--where", "n=max:much"), "`much`"),
        (("grant", "files/write", "--where", "n=max:1", "--where", "n=max:2"), "two conditions"),
        (("grant", "files/write", "--for", "soon"), "`soon`"),
        (("grant", "files/write", "--for", "31d"), "30 days"),
        (("grant", "files/write", "--calls", "0"), "`0`"),
        (("grant", "files/write", "--by", " "), "nobody is named"),
        (("approve",), "ID"),
        (("approve", "feed"), "`feed`"),
        (("approvals", "feed"), "`feed`"),
        (("approvals", "--json", "--watch"), "`--json`"),
        (("revoke", "feed"), "`feed`"),
        (("halt", "--why", "x"), "--session S or --all"),
        (("halt", "--all", "--session", "main", "--why", "x"), "--session S or --all"),
        (("halt", "--session", "", "--why", "x"), "``"),
        (("halt", "--session", "*", "--why", "x"), "`*`"),
        (("halt", "--all"), "`--why`"),
        (("resume", "--all", "--why", "x"), "not halted"),
        (("halt", "--all", "--why", "x", "--store", "sqlite:nowhere.db"), "nowhere.db"),
        (("halt", "--all", "--why", "x", "--store", "nonsense"), "`nonsense`"),
        (("halt", "--all", "--why", "x", "--store", "a", "--manifest", "b"), "both given"),
        (("halt", "--all", "--why", "x", "--manifest", "nowhere.toml"), "`nowhere.toml`"),
        (("guard", "unknown", "7"), "part of an answer"),
        (("guard", "unknown", "7", "--done", "--why", "x"), "`7`"),
        (("guard", "demo", "--keep", "."), "`.`"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_told_in_one_line_with_status_2(idle, typed, words, named, monkeypatch) -> None:
    monkeypatch.setenv("CORRIGIBLE_STORE", idle)
    monkeypatch.setenv("LOGNAME", "ann")
    ran = typed(*words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert named in ran.err


def test_the_off_switch_holds_at_once_and_takes_another_person_to_take_back(at, typed, told) -> None:
    assert at.call("files/read", path="/srv/job/a").outcome is not None
    assert told("halt", "--session", "main", "--why", "look") == {"halted": "main"}
    assert at.call("files/read", path="/srv/job/a").verdict.decision == "halt"
    assert at.call("files/read", session="main/sub", path="/srv/job/a").verdict.decision == "halt"
    assert at.call("files/read", session="other", path="/srv/job/a").outcome is not None
    assert typed("resume", "--session", "main", "--why", "seen").status == 2
    assert told("resume", "--session", "main", "--why", "seen", "--by", "bob") == {
        "resumed": "main",
        "halted": [],
    }
    assert at.call("files/read", path="/srv/job/a").outcome is not None


def test_a_halt_of_everything_stays_when_that_of_a_session_is_taken_back(at, typed) -> None:
    typed("halt", "--all", "--why", "drill")
    typed("halt", "--session", "main", "--why", "look")
    ran = typed("resume", "--session", "main", "--why", "seen", "--by", "bob")
    assert ran.out == "resumed `main`; still halted: everything\n"
    assert at.call("files/read", path="/srv/job/a").verdict.decision == "halt"


def test_a_halt_comes_through_where_the_manifest_is_broken_elsewhere(
    at, typed, tmp_path, monkeypatch
) -> None:
    monkeypatch.delenv("CORRIGIBLE_STORE")
    (tmp_path / "guard.toml").write_text('[guard]\nstore = "sqlite:guard.db"\n[limits]\ncalls = "many"\n')
    assert typed("halt", "--all", "--why", "now").status == 0
    assert at.call("files/read", path="/srv/job/a").verdict.decision == "halt"


def test_what_is_unknown_is_told_and_resolved(at, typed, told) -> None:
    from corrigible.guard import Call, Outcome

    typed("grant", "files/write")
    call = Call(tool="files/write", arguments={"path": "/srv/job/a"})
    number = at.make(call, lambda permit: Outcome(kind="unknown", why="a crash")).number
    (found,) = told("guard", "unknown")
    assert (found["number"], found["why"]) == (number, "a crash")
    assert "/srv/job/a" in typed("guard", "unknown").out
    ran = typed("guard", "unknown", str(number), "--undone", "--why", "it is not there")
    assert ran.out == f"noted: call {number} was not done, and may be made again\n"
    assert told("guard", "unknown") == []
    assert at.make(call).outcome is not None


def test_the_status_tells_what_is_going_on(at, typed, told) -> None:
    at.call("files/read", path="/srv/job/a")
    asked(at)
    typed("grant", "files/write")
    typed("halt", "--session", "other", "--why", "look")
    found = told("guard", "status")
    assert [guard["alive"] for guard in found["guards"]] == [True]
    assert found["sessions"][0]["calls"] == 1
    assert (found["pending"], found["grants"], len(found["unknown"])) == (1, 1, 0)
    out = typed("guard", "status").out
    for text in ("HALTED: the session other, by ann", "Guards. bench (", "Waiting. 1 for people", "records"):
        assert text in out


def test_a_webhook_that_cannot_be_reached_is_told_beside_the_request(at, typed) -> None:
    name = asked(at)
    at.guard.store.transact(lambda tx: tx.put("webhook", name, {"error": "nobody there", "at": 0.0}))
    assert "nobody there" in typed("approvals").out
