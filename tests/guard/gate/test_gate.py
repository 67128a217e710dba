"""The gate as a whole: who may share a store, what is never written, what monitors and reviewers can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from corrigible.core.errors import InputError, OptionError, StoreError
from corrigible.guard import Call, Guard, Outcome, Signal
from corrigible.guard.manifest import Anchor, Argument, Limits, Tool
from corrigible.guard.monitors import Memory, Monitor
from corrigible.guard.policy import Policy
from tests.guard.bench import POLICY, TOOLS, Bench, Hand, bench, manifest

SECRET = "hunter2-and-a-long-tail"


def test_guards_with_the_same_rules_share_a_store_and_one_with_others_is_refused(tmp_path: Path) -> None:
    first, second = bench(tmp_path), bench(tmp_path)
    for at in (first, second):
        assert at.call("files/read", path="/srv/job/a").outcome is not None
    with pytest.raises(
        StoreError, match=r"the guard `bench` \(.*\) is at work on the store with other rules"
    ):
        bench(tmp_path, limits=Limits(calls=3))
    with pytest.raises(StoreError, match="with other rules"):
        bench(tmp_path, POLICY + "\npermit (principal, action, resource);")
    assert second.call("files/read", path="/srv/job/b").outcome is not None
    first.guard.close()
    second.guard.close()
    after = bench(tmp_path, limits=Limits(calls=9))
    assert after.call("files/read", path="/srv/job/c").outcome is not None
    after.guard.close()


def test_a_store_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "guard.db").write_text("something else entirely, and long enough to be looked at")
    with pytest.raises(StoreError, match=r"guard\.db"):
        bench(tmp_path)


def test_a_tool_that_reaches_the_store_stops_the_start(tmp_path: Path) -> None:
    reach = Tool(name="files/read", reads=(f"file:{tmp_path}/**",), arguments=TOOLS["files/read"].arguments)
    with pytest.raises(OptionError, match=r"`files/read` reads .* covers the store"):
        bench(tmp_path, tools={"files/read": reach})


def test_without_a_policy_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the manifest names no policy"):
        Guard.open(replace(manifest(), store=f"sqlite:{tmp_path / 'guard.db'}"))
    rules = manifest()
    with pytest.raises(InputError, match=r"policy\.cedar:1"):
        Policy.parse("permit (principal, action, resource) when { context.no_such_thing };", rules)
    nothing = bench(tmp_path, "")
    assert nothing.call("files/read", path="/srv/job/a").verdict.reasons[0].rule == "policy.default"
    nothing.guard.close()


def test_every_record_is_one_that_the_format_knows(at: Bench) -> None:
    at.call("files/read", path="/srv/job/a")
    at.call("files/write", path="/etc/passwd")
    at.call("files/burn", path="/srv/job/a")
    request = at.call("files/write", path="/srv/job/a").request
    assert request is not None
    at.guard.oversight.approve(request.id, "ann", "fine")
    at.call("files/write", path="/srv/job/a")
    denied = at.call("files/write", path="/srv/job/b").request
    assert denied is not None
    at.guard.oversight.deny(denied.id, "ann", "no")
    grant = at.guard.oversight.grant("files/write", {}, 1, 60.0, "ann")
    at.guard.oversight.revoke(grant.id, "bob")
    at.guard.oversight.halt("*", "ann", "fire")
    at.call("files/read", path="/srv/job/a")
    at.guard.oversight.resume("*", "ann", "drill")
    schema = json.loads(files("corrigible.guard.ledger").joinpath("record.schema.json").read_text())
    validator = Draft202012Validator(schema)
    told = at.records()
    assert [error.message for one in told for error in validator.iter_errors(one)] == []
    kinds = {one["type"] for one in told}
    assert {"start", "session", "intent", "outcome", "denied", "asked", "vote", "granted", "revoked"} <= kinds
    assert {"halted", "resumed"} <= kinds


def test_a_secret_is_written_nowhere(tmp_path: Path) -> None:
    login = Tool(
        name="site/login",
        writes=("site",),
        arguments={
            "user": Argument(required=True),
            "code": Argument(required=True, means="secret"),
            "form": Argument(kind="object"),
        },
    )
    at = bench(tmp_path, tools={"site/login": login})
    arguments = {"user": "ann", "code": SECRET, "form": {"Pass-Word": SECRET, "list": [{"api_key": SECRET}]}}
    request = at.make(Call(tool="site/login", arguments=arguments, step=f"log in, password={SECRET}")).request
    assert request is not None
    assert "hmac-sha256:" in json.dumps(dict(request.arguments))
    at.guard.oversight.approve(request.id, "ann")
    assert at.make(Call(tool="site/login", arguments=arguments)).outcome is not None
    at.guard.close()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file


def test_what_a_monitor_asks_outweighs_a_policy_that_allows_and_a_grant_but_not_a_persons_yes(
    tmp_path: Path,
) -> None:
    at = bench(tmp_path, monitors={"reaching": {}})
    key = "/home/ann/.ssh/id_rsa"
    answer = at.call("files/read", path=key)
    assert answer.verdict.decision == "ask"
    assert answer.verdict.reasons[0].rule == "monitor.reaching"
    assert answer.request is not None
    at.guard.oversight.grant("files/read", {}, 9, 60.0, "ann")
    assert at.call("files/read", path=key).verdict.decision == "ask"
    at.guard.oversight.approve(answer.request.id, "ann", "the backup needs it")
    assert at.call("files/read", path=key).outcome is not None
    at.guard.close()


def test_a_monitor_that_halts_halts_the_outermost_session_until_people_resume(tmp_path: Path) -> None:
    at = bench(tmp_path, monitors={"reaching": {}})
    store = str(tmp_path / "guard.db")
    answer = at.call("files/read", session="main/helper", path=store)
    assert answer.verdict.decision == "halt"
    assert at.call("files/read", path="/srv/job/a").verdict.reasons[0].rule == "halt"
    assert at.call("files/read", session="other", path="/srv/job/a").outcome is not None
    (halt,) = at.guard.oversight.halts()
    assert (halt.session, halt.who) == ("main", "the guard")
    at.guard.oversight.resume("main", "ann", "a mistake")
    assert at.call("files/read", path="/srv/job/a").outcome is not None
    at.guard.close()


def test_monitors_remember_over_a_restart(tmp_path: Path) -> None:
    hand = Hand()
    for tries in range(1, 40):
        at = bench(tmp_path, hand=hand, monitors={"denials": {}})
        decision = at.call("files/write", path=f"/etc/{tries}").verdict.decision
        at.guard.close()
        hand.pass_(1)
        if decision == "halt":
            break
    assert decision == "halt"


class Silent:
    """A reviewer that does what it is told to, for changing calls alone."""

    name = "silent"

    def __init__(self, does: str) -> None:
        self.does = does
        self.asked: list[list[str]] = []

    async def review(self, call: Call, tool: Tool | None, recent: list[str]) -> Iterable[Signal]:
        self.asked.append(recent)
        if self.does == "raise":
            raise ConnectionError("no answer")
        if self.does == "sleep":
            await asyncio.sleep(60)
        return ()


@pytest.mark.parametrize(("does", "decision"), [("raise", "ask"), ("sleep", "ask"), ("nothing", "allow")])
def test_a_reviewers_silence_counts_as_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, decision: str
) -> None:
    monkeypatch.setattr("corrigible.guard.reviewing.REVIEW", 0.05)
    at = bench(tmp_path, reviewer=(reviewer := Silent(does)))
    at.call("files/read", path="/srv/job/a")
    assert reviewer.asked == []
    assert at.call("files/note", path="/srv/job/a").verdict.decision == decision
    assert reviewer.asked == [["files/read {'path': '/srv/job/a'} -> allow"]]
    at.guard.close()


def test_checkpoints_are_anchored_elsewhere_when_the_guard_closes(tmp_path: Path) -> None:
    from corrigible.guard.ledger import SigningKey

    key = tmp_path / "guard.key"
    SigningKey.create(key, "bench")
    anchor = tmp_path / "elsewhere"
    at = bench(tmp_path, key=key, anchors=(Anchor(to=f"file:{anchor}"),))
    at.call("files/read", path="/srv/job/a")
    at.guard.close()
    lines = anchor.read_text().splitlines()
    assert lines[0] == "bench"
    assert int(lines[1]) > 0


class Once(Monitor):
    """Asks about the call that follows a result, once."""

    name = "once"

    def on_outcome(
        self, memory: Memory, call: Call, tool: Tool, outcome: Outcome, now: float
    ) -> list[Signal]:
        if memory.setdefault("raised", False):
            return []
        memory["raised"] = True
        return [Signal(monitor=self.name, raises="ask", text="that was odd")]

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Once:
        return cls()


def test_what_was_raised_after_a_result_holds_until_the_next_call_is_decided(tmp_path: Path) -> None:
    at = bench(tmp_path)
    at.guard._judge.monitors = (Once(),)  # pyright: ignore[reportPrivateUsage]
    assert at.call("files/read", path="/srv/job/a").outcome is not None
    for _ in range(2):  # coming back is no way round
        answer = at.call("files/read", path="/srv/job/b")
        assert answer.verdict.decision == "ask"
    assert answer.request is not None
    at.guard.oversight.approve(answer.request.id, "ann")
    assert at.call("files/read", path="/srv/job/b").outcome is not None
    assert at.call("files/read", path="/srv/job/c").outcome is not None
    at.guard.close()


def test_a_link_to_the_store_that_is_made_after_the_start_leads_nowhere(tmp_path: Path) -> None:
    world = tmp_path / "world"
    world.mkdir()
    read = replace(TOOLS["files/read"], reads=(f"file:{world}/**",))
    at = bench(tmp_path / "kept", tools={"files/read": read}, monitors={"toolmix": {}})
    (world / "innocent").symlink_to(tmp_path / "kept" / "guard.db")
    answer = at.call("files/read", path=str(world / "innocent"))
    assert answer.verdict.decision == "deny"
    assert "names the store" in answer.verdict.because()
    at.guard.close()
