"""How many records 32 writers get acknowledged in a second, and what bounds it, beside two other ways."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

WRITERS = 32
SECONDS = 3.0
ROUNDS = 3
FIELDS = {"tool": "files/write", "session": "main", "arguments": {"path": "/srv/job/a", "text": "x" * 200}}

Append = Callable[[], object]


def measured() -> dict[str, dict[str, float]]:
    """Return for each way records a second, microseconds of CPU a record, and others; rounds interleaved."""
    ways = {"ledger": ours, "store": bare, "jsonl": jsonl, "commits": commits}
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    disk: list[float] = []
    for _ in range(ROUNDS):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                runs[name].append(way(Path(folder)))
                disk.append(flush(Path(folder)))
    found = {
        name: {key: statistics.median(run[key] for run in many) for key in many[0]}
        for name, many in runs.items()
    }
    found["disk"] = {"flush": statistics.median(disk)}
    return found


def ours(folder: Path, sealed: bool = True) -> dict[str, float]:
    """Append through the ledger: canonical JSON, the tree, a signed checkpoint a commit, SQLite."""
    from corrigible.guard.ledger import Ledger, SigningKey
    from corrigible.guard.store import open_store

    store = open_store(f"sqlite:{folder / 'guard.db'}")
    try:
        sizes: list[int] = []
        store.seal(lambda tx, leaves: sizes.append(len(leaves)))
        if sealed:
            ledger = Ledger(store, "bench", SigningKey.create(folder / "key", "bench"), None)

            def append() -> object:
                return store.transact(lambda tx: ledger.append(tx, "signal", 0.0, **FIELDS))
        else:
            body = json.dumps(FIELDS).encode()

            def append() -> object:
                return store.transact(lambda tx: tx.append(body, b"\0" * 32))

        alone = latency(append)
        sizes.clear()
        return {**crowd(append), "alone": alone, "batch": statistics.fmean(sizes)}
    finally:
        store.close()


def bare(folder: Path) -> dict[str, float]:
    """Append through the store alone: no tree and no signature."""
    return ours(folder, sealed=False)


def jsonl(folder: Path) -> dict[str, float]:
    """Append lines to a file, which one thread writes and flushes for all that wait: no index, no state."""
    tasks: SimpleQueue[tuple[bytes, Future[None]] | None] = SimpleQueue()
    sizes: list[int] = []

    def run() -> None:
        file = os.open(folder / "log.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        while (first := tasks.get()) is not None:
            batch = [first]
            while True:
                try:
                    more = tasks.get_nowait()
                except Empty:
                    break
                assert more is not None
                batch.append(more)
            os.write(file, b"".join(line for line, _ in batch))
            os.fdatasync(file)
            sizes.append(len(batch))
            for _, future in batch:
                future.set_result(None)
        os.close(file)

    def append() -> None:
        future: Future[None] = Future()
        tasks.put((json.dumps(FIELDS).encode() + b"\n", future))
        future.result()

    thread = threading.Thread(target=run)
    thread.start()
    alone = latency(append)
    sizes.clear()
    found = {**crowd(append), "alone": alone, "batch": statistics.fmean(sizes)}
    tasks.put(None)
    thread.join()
    return found


def commits(folder: Path) -> dict[str, float]:
    """Commit each record by itself, to SQLite with the same settings."""
    db = sqlite3.connect(folder / "log.db", isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE records (number INTEGER PRIMARY KEY, leaf BLOB, body BLOB)")
    one = threading.Lock()

    def append() -> None:
        body = json.dumps(FIELDS).encode()
        with one:
            db.execute("INSERT INTO records (leaf, body) VALUES (?, ?)", (b"\0" * 32, body))

    try:
        return {"alone": latency(append), **crowd(append), "batch": 1.0}
    finally:
        db.close()


def latency(append: Append) -> float:
    """Return the median of milliseconds that one writer alone waits."""
    times: list[float] = []
    for _ in range(300):
        began = time.perf_counter()
        append()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


def crowd(append: Append) -> dict[str, float]:
    """Have all writers append for some seconds; each waits until its record is durable."""
    counts = [0] * WRITERS
    until = time.perf_counter() + SECONDS

    def run(number: int) -> None:
        while time.perf_counter() < until:
            append()
            counts[number] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(WRITERS)]
    began, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"rate": sum(counts) / wall, "cpu": cpu / sum(counts) * 1e6, "busy": cpu / wall}


def flush(folder: Path) -> float:
    """Return the median of milliseconds that the disk takes for one small write."""
    file = os.open(folder / "flush", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times: list[float] = []
    for _ in range(200):
        os.write(file, b"x" * 400)
        began = time.perf_counter()
        os.fdatasync(file)
        times.append(time.perf_counter() - began)
    os.close(file)
    return statistics.median(times) * 1e3


NAMES = {
    "ledger": "**the ledger**: tree, signed checkpoint, state, SQLite",
    "store": "its store alone: SQLite, group commit",
    "jsonl": "lines in a file, group commit; no index, no state, no tree",
    "commits": "SQLite, a commit for each record",
}


def written(found: dict[str, Any]) -> str:
    """Return the table."""
    ours = found["ledger"]
    # Each batch waits for the disk once; whatever else the time goes to is work of the processor.
    waiting = ours["rate"] / ours["batch"] * found["disk"]["flush"] / 1e3
    rows = [
        f"| {NAMES[name]} | {way['rate']:,.0f} | {ours['rate'] / way['rate']:.2f} | {way['batch']:.1f} |"
        f" {way['cpu']:.0f} | {way['alone']:.2f} |"
        for name, way in ((name, found[name]) for name in NAMES)
    ]
    return "\n".join(
        [
            f"### The ledger, {WRITERS} writers",
            "",
            "Each waits until its record is on the disk, and writes the next. Median of "
            f"{ROUNDS} rounds of {SECONDS:.0f} s, the ways in turn.",
            "",
            "| | records/s | the ledger's rate × | records a commit | µs CPU a record | one writer alone, ms |",
            "|---|---:|---:|---:|---:|---:|",
            *rows,
            "",
            f"What bounds it: a flush of this disk took {found['disk']['flush']:.2f} ms at the median, which at "
            f"{ours['batch']:.0f} records a commit is {waiting:.0%} of the ledger's time; the process kept "
            f"{ours['busy']:.2f} processors busy, and Python's lock lets it have little more than one.",
        ]
    )


if __name__ == "__main__":
    print(written(measured()))
