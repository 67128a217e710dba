"""What was done is known, and done once, whenever the guard is killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from corrigible.core.errors import OptionError
from corrigible.guard import Call, Outcome, Permit
from corrigible.guard.manifest import Argument, Probe, Tool
from tests.guard.bench import Bench, bench

PUT = Tool(
    name="files/put",
    writes=("file:/srv/job/**",),
    arguments={"line": Argument(required=True)},
    probe=Probe(tool="files/look", arguments={"line": "$line"}, done="^there$", undone="^not there$"),
)
LOOK = Tool(name="files/look", reads=("file:/srv/job/**",), arguments={"line": Argument(required=True)})
POLICY = "permit (principal, action, resource);"
TOOLS = {"files/put": PUT, "files/look": LOOK}

CHILD = """
import os, signal, sys
from pathlib import Path
from corrigible.guard import Call, Outcome
from tests.guard.bench import bench
from tests.guard.gate.test_once import POLICY, TOOLS, put

folder, moment = Path(sys.argv[1]), sys.argv[2]
at = bench(folder, POLICY, tools=TOOLS)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

commits = 0
submit = at.guard.store.submit

def watched(work, **how):
    global commits
    commits += 1
    number = commits
    if moment == f"before {number}":
        die()
    future = submit(work, **how)
    if moment == f"at {number}":
        die()
    future.result()
    if moment == f"after {number}":
        die()
    return future

at.guard.store.submit = watched

def does(permit):
    if moment == "in the tool, before":
        die()
    outcome = put(folder, permit)
    if moment == "in the tool, after":
        die()
    return outcome

at.make(Call(tool="files/put", arguments={"line": "x"}), does)
die()
"""
MOMENTS = (
    "before 1",
    "at 1",
    "after 1",
    "in the tool, before",
    "in the tool, after",
    "before 2",
    "at 2",
    "after 2",
    "after all",
)


def put(folder: Path, permit: Permit) -> Outcome:
    """Write a line into the world, or look whether it is there."""
    world = folder / "world"
    line = permit.call.arguments["line"]
    if permit.call.tool == "files/look":
        there = world.exists() and line in world.read_text().splitlines()
        return Outcome(kind="done", text="there" if there else "not there")
    with world.open("a") as file:
        file.write(f"{line}\n")
    return Outcome(kind="done", text="written")


def lines(folder: Path) -> int:
    world = folder / "world"
    return len(world.read_text().splitlines()) if world.exists() else 0


def killed(folder: Path, moment: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CHILD, str(folder), moment])
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_write_nothing_is_done_twice_and_nothing_goes_unrecorded(
    tmp_path: Path, moment: str
) -> None:
    killed(tmp_path, moment)
    done = lines(tmp_path)
    at = bench(tmp_path, POLICY, tools=TOOLS)
    intents = at.records("intent")
    assert len(intents) >= done, "what was done is recorded"
    outcomes = at.records("outcome")
    assert len(outcomes) == len(intents)
    if outcomes and outcomes[0]["kind"] == "unknown":
        # The same call waits until the probe has found out, and is then made only if it was not done.
        def does(permit: Permit) -> Outcome:
            return put(tmp_path, permit)

        answer = at.make(Call(tool="files/put", arguments={"line": "x"}), does)
        (resolved,) = at.records("resolved")
        assert resolved["kind"] == ("done" if done else "undone")
        assert resolved["who"] == "probe"
        assert answer.outcome is not None, "it was found out, so that a new call is the agent's own wish"
        assert lines(tmp_path) == done + 1
    at.guard.close()


def lost(folder: Path, tool: Tool) -> Bench:
    """Return a guard that finds a call of ``tool`` whose outcome is unknown."""
    killed(folder, "in the tool, after")
    return bench(folder, POLICY, tools={**TOOLS, "files/put": tool})


def test_without_a_probe_a_person_says_what_became_of_it(tmp_path: Path) -> None:
    from dataclasses import replace

    killed(tmp_path, "in the tool, after")
    at = bench(tmp_path, POLICY, tools={**TOOLS, "files/put": replace(PUT, probe=None)})
    call = Call(tool="files/put", arguments={"line": "x"})
    verdict = at.make(call).verdict
    assert verdict.decision == "deny"
    assert verdict.reasons[0].rule == "once"
    assert "nobody knows whether the same call" in verdict.because()
    (unknown,) = at.guard.oversight.unknowns()
    assert (unknown.tool, unknown.why) == ("files/put", "the guard ended while it ran")
    at.guard.oversight.resolve(unknown.number, "done", "ann", "looked")
    with pytest.raises(OptionError, match="has an outcome, or there is none"):
        at.guard.oversight.resolve(unknown.number, "done", "ann", "again")
    assert at.guard.oversight.unknowns() == []
    assert at.make(call).outcome is not None
    assert at.make(Call(tool="files/put", arguments={"line": "another"})).outcome is not None
    at.guard.close()


def test_the_same_call_under_way_in_a_living_process_is_not_made_again(tmp_path: Path) -> None:
    from corrigible.guard import Answer

    at = bench(tmp_path, POLICY, tools=TOOLS)
    call = Call(tool="files/put", arguments={"line": "x"}, session="one")
    seen: list[Answer] = []

    def does(permit: Permit) -> Outcome:
        other = Call(tool="files/put", arguments={"line": "x"}, session="two")
        seen.append(at.guard.call_sync(other, lambda permit: Outcome(kind="done")))
        return Outcome(kind="done")

    at.make(call, does)
    assert seen[0].verdict.decision == "deny"
    assert "is under way" in seen[0].verdict.because()
    at.guard.close()


def test_a_callers_own_key_is_used_once(tmp_path: Path) -> None:
    at = bench(tmp_path)
    call = Call(tool="files/note", arguments={"path": "/srv/job/a"}, key="order-7")
    assert at.make(call).outcome is not None
    again = at.make(call)
    assert again.outcome is None
    assert "the idempotency key `order-7` was used by call" in again.verdict.because()
    at.guard.close()


def test_a_tool_that_raises_may_have_done_it_unless_it_says_that_it_did_not(tmp_path: Path) -> None:
    from corrigible.guard import NotDoneError

    at = bench(tmp_path, POLICY, tools=TOOLS)

    def breaks(error: Exception) -> str:
        def does(permit: Permit) -> Outcome:
            raise error

        answer = at.make(Call(tool="files/put", arguments={"line": str(error)}), does)
        assert answer.outcome is not None
        return answer.outcome.kind

    assert breaks(ValueError("half done")) == "unknown"
    assert breaks(NotDoneError("nothing done")) == "failed"
    assert len(at.guard.oversight.unknowns()) == 1
    at.guard.close()


def test_a_call_that_takes_too_long_is_unknown(tmp_path: Path) -> None:
    import asyncio
    from dataclasses import replace

    at = bench(tmp_path, POLICY, tools={**TOOLS, "files/put": replace(PUT, timeout=0.05)})

    async def hangs(permit: Permit) -> Outcome:
        await asyncio.sleep(30)
        raise AssertionError("it ran to its end")

    answer = asyncio.run(at.guard.call(Call(tool="files/put", arguments={"line": "x"}), hangs))
    assert answer.outcome is not None
    assert (answer.outcome.kind, answer.outcome.why) == ("unknown", "no answer within 0.05 s")
    at.guard.close()


def test_an_outcome_that_cannot_be_written_is_written_with_the_next_call(tmp_path: Path) -> None:
    from corrigible.core.errors import StoreError

    at = bench(tmp_path, POLICY, tools=TOOLS)
    hidden = tmp_path / "hidden"
    hidden.mkdir()

    def does(permit: Permit) -> Outcome:
        for file in tmp_path.glob("guard.db*"):
            if file.is_file():
                file.rename(hidden / file.name)
        return Outcome(kind="done", text="well")

    with pytest.raises(StoreError):
        at.make(Call(tool="files/put", arguments={"line": "x"}), does)
    for file in hidden.iterdir():
        file.rename(tmp_path / file.name)
    assert at.call("files/look", line="x").outcome is not None
    assert [told["kind"] for told in at.records("outcome")] == ["done", "done"]
    assert at.guard.oversight.unknowns() == []
    at.guard.close()


def test_evidence_counts_only_where_the_ledger_has_it(tmp_path: Path) -> None:
    policy = """
    permit (principal, action in Action::"read", resource);
    permit (principal, action == Action::"files/note", resource)
    when { context.evidence >= 1 && !context.evidence_missing };
    """
    at = bench(tmp_path, policy)
    number = at.call("files/read", path="/srv/job/a").number
    assert number is not None
    note = {"tool": "files/note", "arguments": {"path": "/srv/job/b"}}
    for evidence, decision in [((), "deny"), ((number,), "allow"), ((number, 10**6), "deny"), ((0,), "deny")]:
        assert at.make(Call(**note, evidence=evidence)).verdict.decision == decision
    at.guard.close()


def test_a_caller_that_gives_up_while_its_call_is_judged_leaves_nothing_open(tmp_path: Path) -> None:
    at = bench(tmp_path, POLICY, tools=TOOLS)
    call = Call(tool="files/put", arguments={"line": "x"})

    async def give_up() -> None:
        async def run(permit: Permit) -> Outcome:
            raise AssertionError("nobody waits for it any more")

        held = threading.Event()
        at.guard.store.submit(lambda tx: held.wait(5))  # the transaction before ours takes its time
        calling = asyncio.create_task(at.guard.call(call, run))
        await asyncio.sleep(0.1)
        calling.cancel()
        held.set()
        await asyncio.wait({calling})

    asyncio.run(give_up())
    at.guard.store.transact(lambda tx: None)
    assert [told["kind"] for told in at.records("outcome")] == ["failed"]
    assert at.make(call).outcome is not None
    at.guard.close()
