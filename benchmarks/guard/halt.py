"""How long after the off-switch is pressed the last call starts, in other processes that know nothing of it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORKERS = 4
ROUNDS = 5
WORK = """
import sys, time
from pathlib import Path
from corrigible.guard import Call, Outcome
from tests.guard.bench import bench
at = bench(Path(sys.argv[1]))
last, out = 0.0, Path(sys.argv[2])
def run(permit):
    global last
    last = time.time()
    return Outcome(kind="done")
call = Call(tool="files/read", arguments={"path": "/srv/job/a"}, session=sys.argv[3])
made = 0
while at.guard.call_sync(call, run).outcome is not None:
    made += 1
    if made == 20:
        print("busy", flush=True)
out.write_text(f"{last} {made}")
at.guard.close()
"""


def measured() -> dict[str, float]:
    """Return milliseconds to the last start: from the halt's commit, and from the start of the command."""
    commits: list[float] = []
    commands: list[float] = []
    calls = 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            workers = [
                subprocess.Popen(
                    [sys.executable, "-c", WORK, str(folder), str(folder / f"last{n}"), f"s{n}"],
                    stdout=subprocess.PIPE,
                    env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
                )
                for n in range(WORKERS)
            ]
            for worker in workers:
                assert worker.stdout is not None
                assert worker.stdout.readline() == b"busy\n"
            store = f"sqlite:{folder / 'guard.db'}"
            command = [str(Path(sys.executable).with_name("corrigible")), "halt", "--all", "--why", "measure"]
            started = time.time()
            subprocess.run([*command, "--store", store], check=True, capture_output=True)
            for worker in workers:
                worker.wait()
                assert worker.stdout is not None
                worker.stdout.close()
            told = [(folder / f"last{n}").read_text().split() for n in range(WORKERS)]
            last = max(float(when) for when, _ in told)
            calls += sum(int(made) for _, made in told)
            commits.append((last - pressed(store)) * 1e3)
            commands.append((last - started) * 1e3)
    return {
        "commit": max(commits),
        "command": max(commands),
        "command p50": statistics.median(commands),
        "calls": float(calls),
    }


def pressed(url: str) -> float:
    """Return when the halt was decided, as the ledger tells it."""
    from corrigible.guard import halts, open_store

    store = open_store(url, create=False)
    try:
        (halt,) = store.read(halts.halts)
        return halt.at
    finally:
        store.close()


def written(found: dict[str, float]) -> str:
    """Return the table."""
    return "\n".join(
        [
            "### The off-switch",
            "",
            f"{WORKERS} processes call without pause; `corrigible halt --all` is run {ROUNDS} times "
            f"({found['calls']:,.0f} calls in all).",
            "",
            "| to the start of the last call, in any process | ms |",
            "|---|---:|",
            f"| from the halt's transaction, worst of {ROUNDS} | {max(0.0, found['commit']):.0f} |",
            f"| from the start of the command, Python's own start included, worst | {found['command']:.0f} |",
            f"| the same, median | {found['command p50']:.0f} |",
        ]
    )
