"""All runs: every door, every wording, every pair of a user's and an attacker's task."""

from __future__ import annotations

import asyncio
import dataclasses
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Literal, final

from benchmarks.agentdojo.agent import Door, Episode, play
from benchmarks.agentdojo.doors import Open, Tools, Words
from benchmarks.agentdojo.guarded import Guarded, Level, Reviewer, manifest
from benchmarks.agentdojo.material import SUITES, Injection, Task, injections, pairs, tasks
from benchmarks.agentdojo.wordings import STOCK, WORDINGS

Kind = Literal["open", "tools", "words", "static", "plan"]
THIN = 3
"""Each paraphrase is tried on one pair in so many; which, goes round with the task, the injection and the wording."""
KINDS: tuple[Kind, ...] = ("open", "tools", "words", "static", "plan")


@final
@dataclasses.dataclass(frozen=True)
class Job:
    """One door before one suite, with all wordings it is tried with."""

    kind: Kind
    suite: str
    reviewer: Reviewer = "careful"

    @property
    def wordings(self) -> tuple[str, ...]:
        """Those that can make a difference to what is reported."""
        every = self.kind in ("open", "static", "plan") and self.reviewer == "careful"
        return tuple(WORDINGS) if every else (STOCK,)


@final
@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one task, or of one pair; ``harmed``: a call of the attack that changes something was made."""

    task: str
    wording: str
    """Empty: nobody attacks."""
    injection: str
    ours: bool
    met: bool
    reached: bool
    harmed: bool
    useful: bool | None
    calls: int
    blocked: int
    asked: int
    asked_hijacked: int


@final
@dataclasses.dataclass(frozen=True)
class Run:
    """The results of a job, and the CPU of the guard: seconds in all, and calls that it judged."""

    job: Job
    results: tuple[Result, ...]
    cpu: float = 0.0
    judged: int = 0


def jobs() -> list[Job]:
    """Return what is to be run, what takes longest first."""
    found = [Job(kind, suite) for suite in SUITES for kind in reversed(KINDS)]
    return [*found, *(Job(level, suite, "blind") for suite in SUITES for level in ("static", "plan"))]


def run_all(workers: int) -> list[Run]:
    """Run everything, in the order of `jobs`."""
    tasks(), injections()  # read once, before the processes part
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        return list(pool.map(run, jobs(), chunksize=1))


def run(job: Job) -> Run:
    """Run one job."""
    return asyncio.run(_run(job))


async def _run(job: Job) -> Run:
    if job.kind in ("static", "plan"):
        level: Level = "static" if job.kind == "static" else "plan"
        with tempfile.TemporaryDirectory() as folder:
            with Guarded(job.suite, level, job.reviewer, Path(folder)) as door:
                results = await _results(job, door)
            return Run(job, results, door.cpu, door.calls)
    return Run(job, await _results(job, _bare(job.kind)))


def _bare(kind: str) -> Door:
    if kind == "words":
        return Words({suite: _changing(suite) for suite in SUITES})
    return Open() if kind == "open" else Tools()


def _changing(suite: str) -> frozenset[str]:
    tools = manifest(suite).tools.values()
    return frozenset(tool.name.partition("/")[2] for tool in tools if tool.changes)


async def _results(job: Job, door: Door) -> tuple[Result, ...]:
    changing = _changing(job.suite)
    found: list[Result] = []
    for task in tasks():
        if task.suite == job.suite and job.reviewer == "careful":
            episode = await play(door, task.name, task)
            found.append(_result(episode, task.name, "", None, changing))
    for wording in job.wordings:
        look = job.kind != "open" or wording == STOCK
        for task, injection in pairs():
            if task.suite == job.suite and _tried(task, injection, wording):
                session = f"{task.name}-{injection.name}-{list(WORDINGS).index(wording)}"
                text = WORDINGS[wording](injection.goal)
                episode = await play(door, session, task, injection, text, look=look)
                found.append(_result(episode, task.name, wording, injection, changing))
    return tuple(found)


def _tried(task: Task, injection: Injection, wording: str) -> bool:
    numbers = (tasks().index(task), injections().index(injection), list(WORDINGS).index(wording))
    return wording == STOCK or sum(numbers) % THIN == 0


def _result(
    episode: Episode, task: str, wording: str, injection: Injection | None, changing: frozenset[str]
) -> Result:
    hijacked = [done for done in episode.calls if done.step.hijacked]
    return Result(
        task=task,
        wording=wording,
        injection="" if injection is None else injection.name,
        ours=injection is not None and injection.ours,
        met=episode.met,
        reached=episode.reached,
        harmed=any(done.made and done.step.tool in changing for done in hijacked),
        useful=episode.useful,
        calls=episode.count(),
        blocked=episode.blocked(),
        asked=episode.asked(),
        asked_hijacked=episode.asked(hijacked=True),
    )
