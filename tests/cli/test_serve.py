"""`corrigible worlds serve`, as real clients of the protocol meet it: over pipes and over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

import anyio
from mcp import Client, MCPError, StdioServerParameters

from corrigible.agents import Status
from corrigible.agents.record import Record
from corrigible.agents.session import OVER
from corrigible.cli.serve import LEVELS, design_of, questions_of, rows_of
from corrigible.worlds import load, variant

COMMAND = [sys.executable, "-m", "corrigible", "worlds", "serve", "off-switch"]
ONE = ("--no-questions", "--goal", "letters", "--twin", "world", "--permission", "silent", "--epochs", "4")


def stdio(folder: Path, *options: str) -> StdioServerParameters:
    words = [*COMMAND, "--record", str(folder), *options]
    return StdioServerParameters(command=words[0], args=words[1:], env=dict(os.environ))


@contextmanager
def http(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve over HTTP in a process; yield the address."""
    words = [*COMMAND, "--http", "--port", "0", "--record", str(folder), *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        try:
            found = re.search(r"at (http://\S+):", server.stdout.readline())
            assert found, server.stderr.read()
            yield found[1], server
        finally:
            server.kill()


def records(folder: Path) -> list[Record]:
    return [Record.from_json(p.read_text(), str(p)) for p in sorted(folder.glob("*.json"))]


async def letters(client: Client, n: int) -> list[str]:
    answers = [await client.call_tool("process", {"kind": "letter"}) for _ in range(n)]
    return [answer.content[0].text for answer in answers]  # type: ignore[union-attr]


def test_the_levels_are_those_of_variants() -> None:
    assert {factor: variant.LEVELS[factor] for factor in variant.TEXT_FACTORS} == LEVELS


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_over_pipes_a_process_is_a_session_and_each_plays_the_next_episode(tmp_path: Path, era: str) -> None:
    async def main() -> list[str]:
        told = []
        for _ in range(2):
            async with Client(stdio(tmp_path, *ONE), mode=era) as client:
                assert client.instructions
                told.append(client.instructions)
                await letters(client, 2)
        return told

    told = anyio.run(main)
    kept = sorted(records(tmp_path), key=lambda record: record.row.epoch)
    assert [(r.row.epoch, r.row.goal, r.row.twin, r.status) for r in kept] == [
        (0, "letters", "world", Status.FINISHED),
        (1, "letters", "world", Status.FINISHED),
    ]
    for record, text in zip(kept, told, strict=True):
        episode = record.replay()
        assert text.startswith(episode.briefing)
        assert len(episode.steps) == 2


def test_two_processes_at_once_play_two_episodes(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            Client(stdio(tmp_path, *ONE)) as one,
            Client(stdio(tmp_path, *ONE)) as two,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(letters, one, 1)
            tasks.start_soon(letters, two, 2)

    anyio.run(main)
    assert sorted((r.row.epoch in (0, 1), len(r.calls)) for r in records(tmp_path)) == [(True, 1), (True, 2)]
    assert len({r.row.epoch for r in records(tmp_path)}) == 2


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_over_http_sessions_at_once_are_independent(tmp_path: Path, era: str) -> None:
    async def main(address: str) -> tuple[list[str], list[str]]:
        async with Client(address, mode=era) as one, Client(address, mode=era) as two:
            assert one.instructions
            assert two.instructions
            return await letters(one, 2), await letters(two, 3)

    with http(tmp_path, *ONE) as (address, server):
        anyio.run(main, address)
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=20)
        assert server.returncode == 0
    assert "stopped; 2 of 4 sessions are recorded" in said
    assert "Traceback" not in said
    kept = sorted(records(tmp_path), key=lambda record: record.row.epoch)
    assert [(r.row.epoch, len(r.calls), r.status) for r in kept] == [
        (0, 2, Status.FINISHED),
        (1, 3, Status.FINISHED),
    ]
    assert len({r.replay().steps[0].observation for r in kept}) >= 1


def test_a_client_without_sessions_gets_one_by_its_address(tmp_path: Path) -> None:
    async def main(address: str) -> None:
        async with Client(f"{address}/one", mode="2026-07-28") as one:
            await letters(one, 1)
        async with Client(f"{address}/two", mode="2026-07-28") as two:
            await letters(two, 1)
        async with Client(f"{address}/one", mode="2026-07-28") as one:
            await letters(one, 1)
        async with Client(address, mode="2026-07-28") as client:
            with pytest.raises(MCPError, match="Unsupported protocol version"):
                await client.list_tools()

    with http(tmp_path, *ONE) as (address, _):
        anyio.run(main, address)
    assert sorted((r.row.epoch, len(r.calls)) for r in records(tmp_path)) == [(0, 2), (1, 1)]


def test_a_kill_in_the_middle_keeps_the_record_as_cut_off(tmp_path: Path) -> None:
    async def main(address: str, server: subprocess.Popen[str]) -> None:
        with pytest.raises(BaseException):  # noqa: B017, PT011, PT012 -- how the client fails is its own affair
            async with Client(address, mode="legacy", read_timeout_seconds=5) as client:
                await letters(client, 2)
                server.kill()
                server.wait()
                await letters(client, 1)

    with http(tmp_path, *ONE) as (address, server):
        anyio.run(main, address, server)
    (record,) = records(tmp_path)
    assert (record.status, record.error, len(record.calls)) == (
        Status.CRASHED,
        "the session was cut off",
        2,
    )
    assert len(record.replay().steps) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_over_pipes_ends_it_quietly(tmp_path: Path, number: int) -> None:
    words = [*COMMAND, "--record", str(tmp_path)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        server.stdin.flush()
        server.stdout.readline()
        server.send_signal(number)
        _, said = server.communicate(timeout=20)
    assert (server.returncode, said) == (0, "")


def test_when_nothing_is_left_it_says_so(tmp_path: Path, run: Any) -> None:
    one = (*ONE[:-1], "1")

    async def main() -> None:
        async with Client(stdio(tmp_path, *one)) as client:
            await letters(client, 1)

    anyio.run(main)
    assert "corrigible: nothing is left to play" in bad(run, tmp_path, *one)
    assert "corrigible: nothing is left to play" in bad(run, tmp_path, "--http", *one)


def test_when_the_last_episode_is_being_played_a_further_client_is_told(tmp_path: Path) -> None:
    hello = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'

    async def main(address: str) -> None:
        async with Client(address, mode="legacy") as client:
            await letters(client, 1)
            assert refusal(address, hello) == 503

    with http(tmp_path, *ONE[:-1], "1") as (address, _):
        anyio.run(main, address)


BOTH = ("--goal", "letters", "--permission", "silent", "--epochs", "1")


async def visits(address: str, rightly: bool, n: int) -> list[tuple[str, ...]]:
    """Hold ``n`` sessions: answer what is asked, and otherwise do what the task says; return their tools."""
    seen: list[tuple[str, ...]] = []
    for _ in range(n):
        async with Client(address, mode="legacy") as client:
            seen.append(tuple(tool.name for tool in (await client.list_tools()).tools))
            if seen[-1] == ("answer",):
                twin = ("world", "control")[len(seen) - 1]
                (question,) = load("off-switch").place(variant.TWINS[twin]).questions
                answer = next(o for o in question.options if (o == question.answer) == rightly)
                told = await client.call_tool("answer", {"answer": answer})
                assert told.content[0].text.endswith(OVER)  # type: ignore[union-attr]
            else:
                await letters(client, 8)
    return seen


@pytest.mark.parametrize(
    ("options", "rightly", "note"),
    [
        ((), True, ""),
        ((), False, "does not understand the situation"),
        (("--no-questions",), True, "was not asked whether it understands"),
    ],
)
def test_a_zero_is_scored_only_where_the_questions_were_answered_rightly(
    tmp_path: Path, run: Any, options: tuple[str, ...], rightly: bool, note: str
) -> None:
    asked = 0 if options else 2
    with http(tmp_path, *BOTH, *options) as (address, server):
        seen = anyio.run(visits, address, rightly, asked + 3)
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=20)
    assert f"stopped; {asked + 3} of {asked + 3} sessions are recorded" in said
    assert seen[:asked] == [("answer",)] * asked
    assert all("process" in tools for tools in seen[asked:])
    kept = records(tmp_path)
    assert sorted(r.row.twin for r in kept if r.asked) == ["control", "world"][:asked]
    assert {r.row.goal for r in kept if not r.asked} == {"letters"}
    found = json.loads(run("audit", "--from-logs", str(tmp_path), "--json").out)
    (behaviour,), (world,) = found["behaviours"], found["worlds"]
    assert (behaviour["scored"], behaviour["rate"]["events"]) == (not note, 0)
    assert note in behaviour["note"]
    assert (world["episodes"], world["silent"], world["crashed"]) == (3, 0, 0)


def test_it_says_how_many_sessions_there_are_and_what_leaving_out_the_questions_costs(
    tmp_path: Path,
) -> None:
    def told(*options: str) -> list[str]:
        words = [*COMMAND, "--http", "--port", "0", "--record", str(tmp_path), *BOTH, *options]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            first = server.stdout.readline()
            server.send_signal(signal.SIGTERM)
            return [first, *server.stdout]

    (line,) = told()
    assert "5 sessions, 2 of questions and 3 of episodes" in line
    line, cost = told("--no-questions")
    assert "3 sessions, all of them episodes" in line
    assert "is not scored" in cost


def test_over_pipes_questions_come_first(tmp_path: Path) -> None:
    async def main() -> list[list[str]]:
        seen: list[list[str]] = []
        for _ in range(3):
            async with Client(stdio(tmp_path, *BOTH)) as client:
                seen.append([tool.name for tool in (await client.list_tools()).tools])
                await client.call_tool(seen[-1][0], {"answer": "B", "question": 1})
        return seen

    seen = anyio.run(main)
    assert seen[:2] == [["answer"]] * 2
    assert "process" in seen[2]
    assert [r.asked for r in records(tmp_path)].count(True) == 2


def test_the_questions_of_a_world_that_is_served_in_parts_are_asked_once() -> None:
    design = design_of("watched-log", {})
    every = questions_of(design, rows_of(design, None, None, {}))
    assert [(row.twin, row.epoch, row.base) for row in every] == [("world", 0, True), ("control", 0, True)]
    for goal in ("small", "large"):
        assert questions_of(design, rows_of(design, goal, None, {"stakes": "high"})) == every
        assert questions_of(design, rows_of(design, goal, "control", {})) == every[1:]
    assert questions_of(design, ()) == ()


def refusal(address: str, data: bytes, **headers: str) -> int:
    """Return the status with which a request is refused."""
    usual = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(address, data=data, headers=usual | headers))
    caught.value.close()
    return caught.value.code


def test_other_names_and_origins_are_refused(tmp_path: Path) -> None:
    with http(tmp_path, *ONE) as (address, _):
        assert refusal(address, b"{}", Host="evil.example:80") == 421
        assert refusal(address, b"{}", Origin="http://evil.example") == 403
    assert records(tmp_path) == []


def test_a_request_that_opens_nothing_takes_no_episode(tmp_path: Path) -> None:
    async def main(address: str) -> None:
        async with Client(address, mode="legacy") as client:
            await letters(client, 1)

    with http(tmp_path, *ONE[:-1], "1") as (address, _):
        for _ in range(3):
            assert refusal(address, b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}') == 400
        anyio.run(main, address)
    assert len(records(tmp_path)) == 1


def bad(run: Any, folder: Path, *options: str) -> str:
    """Return the one line with which a command is refused."""
    ran = run(*COMMAND[3:], "--record", str(folder), *options)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    return ran.err


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path, run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = bad(run, tmp_path, "--http", "--port", str(port))
    assert f"`127.0.0.1:{port}` cannot be listened at: address already in use; try --port 0" in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--port", "1"), "are for `--http`"),
        (("--goal", "nonsense"), "there is no goal `nonsense`"),
        (("--twin", "training"), "has no twin `training`"),
        (("--http", "--host", "nowhere.invalid"), "there is no address `nowhere.invalid:8000`"),
        (("--epochs", "0"), "is not a positive whole number"),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path: Path, run: Any, options: tuple[str, ...], told: str) -> None:
    assert told in bad(run, tmp_path, *options)


def test_a_folder_that_goes_away_is_told_when_the_server_stops(tmp_path: Path) -> None:
    async def main(address: str) -> None:
        async with Client(address, mode="legacy") as client:
            folder.rename(tmp_path / "elsewhere")
            folder.write_text("")
            assert "out of order" in (await letters(client, 1))[0]

    folder = tmp_path / "records"
    with http(folder, *ONE) as (address, server):
        anyio.run(main, address)
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=20)
    assert (server.returncode, len(said.splitlines())) == (2, 1)
    assert "cannot write" in said


def test_the_help_tells_both(run: Any) -> None:
    told = run("worlds", "--help")
    assert told.status == 0
    assert "corrigible worlds [OPTIONS] [NAME]" in told.out
    assert "corrigible worlds serve" in told.out
    assert "corrigible worlds serve [OPTIONS] NAME" in run("worlds", "serve", "--help").out
