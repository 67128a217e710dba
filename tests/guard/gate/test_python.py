"""Functions in Python behind the guard."""

from __future__ import annotations

import asyncio
import threading

import pytest

from corrigible.core.errors import OptionError, RefusedError, UnknownOutcomeError
from corrigible.guard import Verdict
from tests.guard.bench import Bench


def test_a_wrapped_function_does_what_it_did_where_it_is_allowed(at: Bench) -> None:
    @lambda function: at.guard.wrap(function, "files/read")
    def read(path: str, text: str = "") -> str:
        "Read it."
        return f"{path}{text}"

    assert read("/srv/job/a", text="!") == "/srv/job/a!"
    assert read.__doc__ == "Read it."
    (intent,) = at.records("intent")
    assert intent["arguments"] == {"path": "/srv/job/a", "text": "!"}


def test_one_that_is_not_allowed_is_not_run_and_says_why(at: Bench) -> None:
    ran: list[str] = []
    write = at.guard.wrap(lambda path, text: ran.append(path), "files/write")
    with pytest.raises(RefusedError, match=r"deny: .*\[policy.outside\]") as refused:
        write("/etc/passwd", "x")
    assert isinstance(refused.value.verdict, Verdict)
    with pytest.raises(RefusedError, match="approve it with `corrigible approve"):
        write("/srv/job/a", "x")
    at.guard.oversight.approve(at.guard.oversight.pending()[0].id, "ann")
    write("/srv/job/a", "x")
    assert ran == ["/srv/job/a"]


def test_coroutine_functions_stay_what_they_are(at: Bench) -> None:
    async def read(path: str) -> str:
        await asyncio.sleep(0)
        return path

    assert asyncio.run(at.guard.wrap(read, "files/read")("/srv/job/a")) == "/srv/job/a"


def test_a_function_called_from_within_a_loop_and_from_many_threads_is_judged_too(at: Bench) -> None:
    read = at.guard.wrap(lambda path: path, "files/read")

    async def within() -> str:
        return read("/srv/job/a")

    assert asyncio.run(within()) == "/srv/job/a"
    got: list[str] = []
    threads = [threading.Thread(target=lambda n=n: got.append(read(f"/srv/job/{n}"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [f"/srv/job/{n}" for n in range(8)]
    assert len(at.records("intent")) == 9


def test_sessions_name_who_is_at_work_and_a_session_within_is_a_sub_agent(at: Bench) -> None:
    read = at.guard.wrap(lambda path: path, "files/read")
    with at.guard.session("report", agent="writer", task="Write the report.") as report:
        read("/srv/job/a")
        with (
            report.saying(step="2", confidence=0.5, evidence=(report.last or 0,)),
            at.guard.session("helper"),
        ):
            read("/srv/job/b")
        read("/srv/job/c")
    read("/srv/job/d")
    told = [(intent["session"], intent["agent"]) for intent in at.records("intent")]
    assert told == [("report", "writer"), ("report/helper", "agent"), ("report", "writer"), ("main", "agent")]
    assert [session["task"] for session in at.records("session")] == ["Write the report.", "", ""]


def test_what_a_session_says_of_its_calls_goes_into_the_ledger(at: Bench) -> None:
    read = at.guard.wrap(lambda path: path, "files/read")
    with at.guard.session("report") as report:
        read("/srv/job/a")
        number = report.last
        assert number is not None
        with report.saying(step="2", confidence=0.5, evidence=(number,)):
            read("/srv/job/b")
    first, second = at.records("intent")
    assert (second["step"], second["confidence"], second["evidence"]) == ("2", 0.5, [number])
    assert first["confidence"] is None


def test_words_that_come_after_a_session_began_are_not_its_task(at: Bench) -> None:
    at.guard.begin("main", task="Do this.")
    with pytest.raises(OptionError, match="the session `main` has begun already"):
        at.guard.begin("main", task="Do that.")


def test_a_function_that_raises_raises_and_one_that_changes_something_leaves_a_question(at: Bench) -> None:
    def breaks(path: str) -> None:
        raise KeyError(path)

    with pytest.raises(KeyError):
        at.guard.wrap(breaks, "files/read")("/srv/job/a")
    assert [told["kind"] for told in at.records("outcome")] == ["failed"]


def test_a_call_that_was_cut_off_is_an_error_of_its_own(at: Bench) -> None:
    async def slow(path: str) -> None:
        await asyncio.to_thread(at.guard.oversight.halt, "main", "ann", "stop")
        await asyncio.sleep(30)

    with pytest.raises(UnknownOutcomeError, match=r"nobody knows whether call `\d+` was done: halted by ann"):
        asyncio.run(at.guard.wrap(slow, "files/note")("/srv/job/a"))


def test_arguments_that_cannot_be_judged_and_unknown_tools_are_refused(at: Bench) -> None:
    with pytest.raises(OptionError, match="an argument of `files/read` cannot be judged"):
        at.guard.wrap(lambda path: path, "files/read")(object())
    with pytest.raises(OptionError, match="the manifest knows no tool `files/burn`; it knows `bank/pay`"):
        at.guard.wrap(lambda path: path, "files/burn")
