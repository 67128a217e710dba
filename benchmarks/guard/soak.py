"""A day in short: many calls, many sessions, processes killed at random; then everything is counted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

CALLS = 200_000
SESSIONS = 50
WORKERS = 2
KILLS = 40
BLOCK = 4096
WORK = """
import asyncio, itertools, os, resource, sys
from pathlib import Path
from corrigible.guard import Call, Outcome
from corrigible.guard.manifest import Argument, Tool
from tests.guard.bench import bench
folder, worker, sessions = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
put = Tool(name="world/put", writes=("world",), arguments={"line": Argument(required=True)})
at = bench(folder, "permit (principal, action, resource);", tools={"world/put": put}, hand=None)
world = os.open(folder / f"world{worker}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
async def run(permit):
    os.write(world, (permit.call.arguments["line"] + "\\n").encode())
    return Outcome(kind="done")
async def work(session):
    for n in itertools.count():
        line = f"{worker}-{os.getpid()}-{session}-{n}"
        await at.guard.call(Call(tool="world/put", arguments={"line": line}, session=session), run)
async def main():
    tasks = [asyncio.create_task(work(f"s{worker}-{n}")) for n in range(sessions)]
    while True:
        await asyncio.sleep(1)
        with open(folder / f"memory{worker}", "a") as file:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            file.write(f"{os.getpid()} {pages}\\n")
        for task in tasks:
            if task.done():
                task.result()
asyncio.run(main())
"""


def measured(calls: int = CALLS) -> dict[str, float]:
    """Run until so many calls were made, killing processes at random, and return what was lost or doubled."""
    from corrigible.guard import open_store, oversight
    from corrigible.guard.ledger import Ledger, record

    luck = random.Random(4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.monotonic()
        workers = [_worker(folder, n) for n in range(WORKERS)]
        kills, due = 0, calls / (KILLS + 1)
        store = None
        while True:
            time.sleep(0.2)
            if store is None and (folder / "guard.db").exists():
                time.sleep(1.0)
                store = open_store(f"sqlite:{folder / 'guard.db'}", create=False)
            made = 0 if store is None else sum(_lines(folder, n) for n in range(WORKERS))
            for n, worker in enumerate(workers):
                assert worker.poll() is None, "a worker ended by itself"
                if made > due * (kills + 1) and kills < KILLS and n == luck.randrange(WORKERS):
                    worker.send_signal(signal.SIGKILL)
                    worker.wait()
                    workers[n] = _worker(folder, n)
                    kills += 1
            if made >= calls:
                break
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        seconds = time.monotonic() - start
        assert store is not None
        unknown = len(oversight.Oversight(store, Ledger.join(store)).unknowns())
        told = store.read(lambda reader: [record(body) for _, body in reader.records()])
        done = Counter(
            line for n in range(WORKERS) for line in (folder / f"world{n}").read_text().splitlines()
        )
        intents = Counter(one["arguments"]["line"] for one in told if one["type"] == "intent")
        outcomes = sum(one["type"] == "outcome" for one in told)
        store.close()
        return {
            "calls": float(sum(done.values())),
            "seconds": seconds,
            "kills": float(kills + WORKERS),
            "doubled": float(sum(count > 1 for count in done.values())),
            "unrecorded": float(len(done.keys() - intents.keys())),
            "without outcome": float(sum(intents.values()) - outcomes),
            "unknown": float(unknown),
            "records": float(len(told)),
            "growth": _growth(folder),
        }


def _worker(folder: Path, number: int) -> subprocess.Popen[bytes]:
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(folder), str(number), str(SESSIONS // WORKERS)],
        env=os.environ | path,
    )


def _lines(folder: Path, number: int) -> int:
    world = folder / f"world{number}"
    return world.stat().st_size // 22 if world.exists() else 0


def _growth(folder: Path) -> float:
    """Return the greatest growth of a process that lived long enough to tell: its last memory by its first."""
    found: dict[str, list[int]] = {}
    for file in folder.glob("memory*"):
        for line in file.read_text().splitlines():
            process, pages = line.split()
            found.setdefault(f"{file.name} {process}", []).append(int(pages))
    lived = [pages for pages in found.values() if len(pages) >= 5]
    return max((pages[-1] / pages[2] for pages in lived), default=float("nan"))


def written(found: dict[str, float]) -> str:
    """Return the table."""
    return "\n".join(
        [
            "### A day in short",
            "",
            f"{WORKERS} processes with {SESSIONS} sessions on one SQLite store, killed (SIGKILL) at random.",
            "",
            "| | |",
            "|---|---:|",
            f"| calls made | {found['calls']:,.0f} in {found['seconds']:.0f} s |",
            f"| processes killed | {found['kills']:.0f} |",
            f"| actions without a record | {found['unrecorded']:.0f} |",
            f"| actions done twice | {found['doubled']:.0f} |",
            f"| intents without an outcome record | {found['without outcome']:.0f} |",
            f"| outcomes unknown, left to people | {found['unknown']:.0f} |",
            f"| memory of a process, last by first | {found['growth']:.2f} |",
        ]
    )
