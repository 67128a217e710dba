"""The off-switch."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from corrigible.core.errors import OptionError, StoreError
from corrigible.guard import Call, Outcome, Permit
from tests.guard.bench import Bench, bench


def reads(at: Bench, session: str) -> str:
    return at.call("files/read", path="/srv/job/a", session=session).verdict.decision


def test_a_halted_session_stops_with_everything_beneath_it_and_nothing_else(at: Bench) -> None:
    at.guard.oversight.halt("main", "ann", "strange")
    decisions = [reads(at, session) for session in ("main", "main/sub", "mainly", "other")]
    assert decisions == ["halt", "halt", "allow", "allow"]
    assert len(at.ran) == 2
    assert at.records("denied")[0]["reasons"] == [
        {"rule": "halt", "text": "`main` was halted by ann: strange"}
    ]


def test_a_halt_of_everything_stops_everything_until_it_is_resumed(at: Bench) -> None:
    at.guard.oversight.halt("*", "ann", "fire")
    assert {reads(at, "main"), reads(at, "new")} == {"halt"}
    with pytest.raises(OptionError, match=r"`main` is not halted; halted: `\*`"):
        at.guard.oversight.resume("main", "ann", "")
    at.guard.oversight.resume("*", "ann", "it was a drill")
    assert reads(at, "main") == "allow"
    assert [told["type"] for told in at.records() if told["type"] in ("halted", "resumed")] == [
        "halted",
        "resumed",
    ]


def test_a_halt_outlives_the_guard(tmp_path: Path) -> None:
    before = bench(tmp_path)
    before.guard.oversight.halt("*", "ann", "fire")
    before.guard.close()
    after = bench(tmp_path)
    assert reads(after, "main") == "halt"
    after.guard.close()


def test_another_person_resumes_where_the_manifest_says_so(tmp_path: Path) -> None:
    at = bench(tmp_path, resume_by_another=True)
    at.guard.oversight.halt("main", "ann", "strange")
    at.guard.oversight.halt("main", "bob", "indeed")
    for who in ("ann", "Bob"):
        with pytest.raises(OptionError, match="takes another person to resume"):
            at.guard.oversight.resume("main", who, "")
    at.guard.oversight.resume("main", "cem", "looked at it")
    assert reads(at, "main") == "allow"
    at.guard.close()


def test_the_agent_cannot_resume(at: Bench) -> None:
    at.guard.oversight.halt("main", "ann", "strange")
    with pytest.raises(OptionError, match="cannot approve"):
        at.guard.oversight.resume("main", "agent", "")


def test_a_halt_from_another_process_holds_before_the_next_call(at: Bench) -> None:
    assert reads(at, "main") == "allow"
    code = f"""
from corrigible.guard.ledger import Ledger
from corrigible.guard import Oversight, open_store
store = open_store({at.guard.manifest.store!r}, create=False)
Oversight(store, Ledger(store, "bench", None, None)).halt("main", "ann", "from elsewhere")
store.close()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert reads(at, "main") == "halt"


def test_a_call_in_flight_is_cancelled_and_its_outcome_is_unknown(at: Bench) -> None:
    told: list[str] = []

    async def work() -> Outcome | None:
        async def run(permit: Permit) -> Outcome:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                told.append("cancelled")
                raise
            raise AssertionError("it ran to its end")

        async def press() -> None:
            await asyncio.sleep(0.1)
            await asyncio.to_thread(at.guard.oversight.halt, "main", "ann", "stop that")

        call = Call(tool="files/note", arguments={"path": "/srv/job/a"})
        answer, _ = await asyncio.gather(at.guard.call(call, run), press())
        return answer.outcome

    outcome = asyncio.run(work())
    assert outcome is not None
    assert (outcome.kind, told) == ("unknown", ["cancelled"])
    assert outcome.why == "halted by ann while it ran: stop that"
    assert [told["kind"] for told in at.records("outcome")] == ["unknown"]


def test_a_call_that_waits_for_people_ends_with_the_halt(at: Bench) -> None:
    async def work() -> str:
        async def run(permit: Permit) -> Outcome:
            raise AssertionError("it must not run")

        async def press() -> None:
            await asyncio.sleep(0.1)
            await asyncio.to_thread(at.guard.oversight.halt, "*", "ann", "stop")

        call = Call(tool="files/write", arguments={"path": "/srv/job/a"})
        answer, _ = await asyncio.gather(at.guard.call(call, run, wait=30), press())
        return answer.verdict.decision

    assert asyncio.run(work()) == "halt"


def test_nothing_is_executed_when_the_store_cannot_be_reached(tmp_path: Path) -> None:
    at = bench(tmp_path)
    assert reads(at, "main") == "allow"
    for file in tmp_path.glob("guard.db*"):
        if file.is_file():
            file.rename(file.with_name(f"gone-{file.name}"))
    with pytest.raises(StoreError):
        reads(at, "main")
    assert len(at.ran) == 1
    for file in tmp_path.glob("gone-*"):
        file.rename(file.with_name(file.name.removeprefix("gone-")))
    assert reads(at, "main") == "allow"
    at.guard.close()
