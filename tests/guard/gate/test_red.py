"""What an adversary tries: odd names, odd calls, hostile results, callers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from corrigible.core.errors import OptionError, StoreError
from corrigible.guard import Call, Outcome, Permit, Signal, Verdict
from corrigible.guard.manifest import Argument, Manifest, Probe, Tool
from corrigible.guard.monitors import Memory, Monitor
from tests.guard.bench import POLICY, TOOLS, bench

FREE = POLICY.replace("when { context.approved };", ";")
ANY = {"box/put": Tool(name="box/put", writes=("box",), arguments={"it": Argument(kind="any")})}


def nested(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


@pytest.mark.parametrize(
    "name",
    ["", "*", "*/x", "main/", "/main", "main//x", "main/*", "main\tbox/put", "ma\u200bin", " main", "\ud800"],
)
def test_a_session_whose_name_can_be_taken_for_another_makes_no_calls_and_is_not_halted(
    tmp_path: Path, name: str
) -> None:
    at = bench(tmp_path, FREE)
    with pytest.raises(OptionError, match="session"):
        at.call("files/read", session=name, path="/srv/job/a")
    with pytest.raises(OptionError, match="session"):
        at.guard.begin(name)
    if name != "*":
        with pytest.raises(OptionError, match="session"):
            at.guard.oversight.halt(name, "ann", "stop")
        with pytest.raises(OptionError, match="session"):
            at.guard.oversight.grant("files/write", {}, 1, 60.0, "ann", session=name)
    assert at.ran == []
    at.guard.close()


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ({"arguments": {"it": "\ud800"}}, "not Unicode"),
        ({"arguments": {"it": float("nan")}}, "not JSON compliant"),
        ({"arguments": {"it": nested(200)}}, "nested deeper than 160"),
        ({"arguments": {"it": nested(100_000)}}, "more than can be looked through"),
        ({"arguments": {"it": list(range(1_000_000))}}, "more than can be looked through"),
        ({"arguments": {"it": ["password " * 400] * 200}}, "more than can be looked through"),
        ({"arguments": {"it": {str(n): None for n in range(100_000)}}}, "more than can be looked through"),
        ({"arguments": {"it": {1: 2}}}, "is not text"),
        ({"arguments": None}, "have no names"),
        ({"arguments": {}, "key": "k" * 5000}, "its key has more than 512 bytes"),
        ({"arguments": {}, "tool": "t" * 5000}, "its tool has more than 512 bytes"),
        ({"arguments": {}, "evidence": tuple(range(5000))}, "its evidence than 1000"),
        ({"arguments": {}, "step": "\ud800"}, "not Unicode"),
    ],
)
def test_a_call_that_cannot_be_judged_is_refused_before_anything_waits_for_it(
    tmp_path: Path, call: dict[str, Any], why: str
) -> None:
    at = bench(tmp_path, FREE, tools=ANY)
    told: dict[str, Any] = {"tool": "box/put", **call}
    with pytest.raises(OptionError, match=why):
        at.make(Call(**told))
    assert at.call("files/read", path="/srv/job/a").outcome is not None
    at.guard.close()


def test_a_result_that_no_record_can_hold_is_written_down_without_what_is_odd(tmp_path: Path) -> None:
    at = bench(tmp_path, FREE)
    call = Call(tool="files/write", arguments={"path": "/srv/job/a"})
    at.make(call, lambda permit: Outcome(kind="failed", text="\ud800", why="it says \ud800"))
    assert at.records("outcome")[0]["why"] == "it says ?"
    assert at.call("files/write", path="/srv/job/b").outcome is not None
    at.guard.close()


class Failing(Monitor):
    """Fails where it is told to."""

    name = "failing"

    def __init__(self, where: str) -> None:
        self.where = where

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        return self._look("call")

    def on_outcome(
        self, memory: Memory, call: Call, tool: Tool, outcome: Outcome, now: float
    ) -> Iterable[Signal]:
        return self._look("outcome")

    def _look(self, where: str) -> Iterable[Signal]:
        if where == self.where:
            raise RecursionError("too deep")
        return ()

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Failing:
        return cls("")


@pytest.mark.parametrize(("where", "decisions"), [("call", ["ask", "ask"]), ("outcome", ["allow", "ask"])])
def test_a_monitor_that_fails_counts_as_one_that_asks(
    tmp_path: Path, where: str, decisions: list[str]
) -> None:
    at = bench(tmp_path, FREE)
    at.guard._judge.monitors = (Failing(where),)  # pyright: ignore[reportPrivateUsage]
    found = [at.call("files/write", path=f"/srv/job/{n}").verdict for n in range(2)]
    assert [verdict.decision for verdict in found] == decisions
    assert found[1].because() == "the monitor `failing` failed (RecursionError) [monitor.failing]"
    at.guard.close()


class Noticing(Monitor):
    """Asks after the first result, and notes every denial."""

    name = "noticing"

    def on_outcome(
        self, memory: Memory, call: Call, tool: Tool, outcome: Outcome, now: float
    ) -> list[Signal]:
        memory["seen"] = memory.get("seen", 0) + 1
        return [Signal(monitor=self.name, raises="ask", text="that was odd")] if memory["seen"] == 1 else []

    def on_verdict(
        self, memory: Memory, call: Call, tool: Tool | None, verdict: Verdict, now: float
    ) -> list[Signal]:
        memory["told"] = memory.get("told", 0) + 1
        return [Signal(monitor=self.name, raises="note", text=f"verdict {memory['told']}")]

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Noticing:
        return cls()


def test_calls_that_are_denied_do_not_clear_away_what_a_monitor_wants_asked(tmp_path: Path) -> None:
    at = bench(tmp_path, FREE)
    at.guard._judge.monitors = (Noticing(),)  # pyright: ignore[reportPrivateUsage]
    assert at.call("files/read", path="/srv/job/a").outcome is not None
    for n in range(50):
        assert at.call("files/burn", path=f"/srv/job/{n}").verdict.decision == "deny"
    answer = at.call("files/write", path="/srv/job/b")
    assert answer.verdict.because() == "that was odd [monitor.noticing]"
    watch = at.guard.store.read(lambda reader: reader.get("watch", "main"))
    assert len(watch["pending"]) == 32
    assert answer.request is not None
    at.guard.oversight.deny(answer.request.id, "ann", "no")
    assert at.call("files/write", path="/srv/job/b").verdict.decision == "deny"
    assert at.call("files/write", path="/srv/job/c").outcome is not None
    at.guard.close()


@pytest.mark.parametrize("does", ["raises", "no coroutine", "no outcome"])
def test_what_makes_a_call_wrongly_leaves_an_unknown_outcome_and_nothing_running(
    tmp_path: Path, does: str
) -> None:
    at = bench(tmp_path, FREE)

    def run(permit: Permit) -> Any:
        if does == "raises":
            raise ValueError("no")
        if does == "no coroutine":
            return 5

        async def work() -> Any:
            return 5

        return work()

    call = Call(tool="files/write", arguments={"path": "/srv/job/a"})
    answer = asyncio.run(at.guard.call(call, run))
    assert answer.outcome is not None
    assert answer.outcome.kind == "unknown"
    assert [intent.state for intent in at.guard.oversight.unknowns()] == ["unknown"]
    at.guard.close()


def test_a_probe_is_not_asked_about_what_redaction_left_of_an_argument(tmp_path: Path) -> None:
    tools = {
        "box/look": Tool(name="box/look", reads=("box",), arguments={"line": Argument(required=True)}),
        "box/put": Tool(
            name="box/put",
            writes=("box",),
            arguments={"line": Argument(required=True)},
            probe=Probe(tool="box/look", arguments={"line": "$line"}, done="there", undone="not found"),
        ),
    }
    at = bench(tmp_path, FREE, tools=tools)
    call = Call(tool="box/put", arguments={"line": "send with password=hunter2long"})
    ran: list[str] = []

    def does(permit: Permit) -> Outcome:
        ran.append(permit.call.tool)
        if permit.call.tool == "box/look":  # the world holds no line with a digest in it
            return Outcome(kind="done", text="not found")
        return Outcome(kind="unknown", why="it broke")

    at.make(call, does)
    assert at.make(call, does).verdict.decision == "deny"
    assert ran == ["box/put"]
    at.guard.close()


def test_a_halt_is_not_lost_for_an_odd_letter(tmp_path: Path) -> None:
    at = bench(tmp_path, FREE)
    at.guard.oversight.halt("main", "zo\udce9", "caf\udce9")
    answer = at.call("files/write", path="/srv/job/a")
    assert answer.verdict.because() == "`main` was halted by zo?: caf? [halt]"
    assert at.ran == []
    at.guard.close()


def test_requests_that_nobody_came_back_for_are_closed_and_the_ledger_says_so(tmp_path: Path) -> None:
    at = bench(tmp_path)
    for n in range(3):
        assert at.call("files/write", path=f"/srv/job/{n}").request is not None
    at.time.pass_(10_000)
    assert at.call("files/write", path="/srv/job/9").request is not None
    assert len(at.records("expired")) == 3
    assert len(at.guard.store.read(lambda reader: reader.scan("request"))) == 1
    at.guard.close()


def test_a_condition_that_cannot_be_written_down_makes_no_grant(tmp_path: Path) -> None:
    at = bench(tmp_path)
    for odd in ({"is": float("nan")}, {"in": [object()]}, {"like": "\ud800"}):
        with pytest.raises(OptionError, match="cannot be written down"):
            at.guard.oversight.grant("files/write", {"path": odd}, 1, 60.0, "ann")
    at.guard.close()


def test_a_path_that_no_system_takes_is_denied_at_once(tmp_path: Path) -> None:
    at = bench(tmp_path, FREE)
    answer = at.call("files/write", path="/srv/job/" + "a/" * 100_000)
    assert "is longer than a path can be" in answer.verdict.because()
    at.guard.close()


def test_a_call_of_unknown_outcome_is_not_repeated_under_another_spelling(tmp_path: Path) -> None:
    at = bench(tmp_path, FREE)
    call = Call(tool="files/write", arguments={"path": "/srv/job/a"})
    at.make(call, lambda permit: Outcome(kind="unknown", why="it broke"))
    for path in ("/srv/job/./a", "/srv/job//a", "a", "file:///srv/job/%61"):
        assert at.call("files/write", path=path).verdict.reasons[0].rule == "once"
    assert at.call("files/write", path="/srv/job/b").outcome is not None
    at.guard.close()


def test_one_person_under_two_spellings_is_one_person(tmp_path: Path) -> None:
    at = bench(tmp_path)
    request = at.call("bank/pay", to="ACME", amount=1).request
    assert request is not None
    at.guard.oversight.approve(request.id, "zoë")
    for again in (" ZOË", "zoe\u0308", "z\u200boë", "\uff5aoë"):
        with pytest.raises(OptionError, match="has approved"):
            at.guard.oversight.approve(request.id, again)
    with pytest.raises(OptionError, match="nobody is named"):
        at.guard.oversight.approve(request.id, "\u200b ")
    assert at.guard.oversight.approve(request.id, "bob").state == "approved"
    at.guard.close()


def test_a_clock_that_shows_no_year_stops_everything_until_it_is_right_again(tmp_path: Path) -> None:
    at = bench(tmp_path, FREE)
    right, at.time.wall = at.time.wall, 4e11
    with pytest.raises(StoreError, match="beyond the year 9998"):
        at.call("files/write", path="/srv/job/a")
    assert at.ran == []
    at.time.wall = right
    assert at.call("files/write", path="/srv/job/a").outcome is not None
    at.guard.close()


@pytest.mark.parametrize(
    ("unless", "decision"), [('unless { context.arguments.path like "*/secret/*" }', "deny"), ("", "ask")]
)
def test_a_link_that_is_turned_while_people_think_does_not_lead_where_they_did_not_look(
    tmp_path: Path, unless: str, decision: str
) -> None:
    policy = (
        f'permit (principal, action == Action::"files/write", resource) when {{ context.approved }} {unless};'
    )
    world = tmp_path / "world"
    for name in ("open", "secret"):
        (world / name).mkdir(parents=True)
    (world / "link").symlink_to(world / "open")
    write = replace(TOOLS["files/write"], writes=(f"file:{world}/**",))
    at = bench(tmp_path / "kept", policy, tools={"files/write": write})
    call = Call(tool="files/write", arguments={"path": str(world / "link" / "a")})

    async def work() -> str:
        async def run(permit: Permit) -> Outcome:
            raise AssertionError("it must not run")

        async def turn() -> None:
            while not at.guard.oversight.pending():
                await asyncio.sleep(0.02)
            (world / "link").unlink()
            (world / "link").symlink_to(world / "secret")
            request = at.guard.oversight.pending()[0]
            await asyncio.to_thread(at.guard.oversight.approve, request.id, "ann")

        answer, _ = await asyncio.gather(at.guard.call(call, run, wait=10), turn())
        return answer.verdict.decision

    assert asyncio.run(work()) == decision
    at.guard.close()
