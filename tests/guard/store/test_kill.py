"""Processes that are killed at any moment lose nothing that was acknowledged, and do nothing by halves."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from corrigible.guard.store import open_store
from tests.guard.store.chain import add, broken

ROOT = Path(__file__).parents[3]


def test_what_was_acknowledged_survives_kill_9_of_any_writer(url: str):
    luck = random.Random(4)
    acknowledged: dict[int, int] = {}
    with_us = open_store(url)
    for turn in range(3):
        names = [f"{turn}.{n}" for n in range(2)]
        children = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.guard.store.chain", url, name],
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
            for name in names
        ]
        lines: list[str] = []
        for child in children:
            assert child.stdout is not None
            lines.append(child.stdout.readline())
        time.sleep(luck.uniform(0.0, 0.08))
        for child in children:
            child.send_signal(signal.SIGKILL)
        for child in children:
            lines += child.communicate()[0].splitlines()
        for line in lines:
            number, total = map(int, line.split())
            acknowledged[number] = total
        # Those who are left go on at once, and see that the others are gone.
        number, total = with_us.transact(lambda tx: add(tx, 1000))
        acknowledged[number] = total
        until = time.monotonic() + 5
        while any(map(with_us.alive, names)) and time.monotonic() < until:
            time.sleep(0.01)
        assert not any(map(with_us.alive, names))
    assert broken(with_us, dict(acknowledged)) == ""
    with_us.close()
    again = open_store(url, create=False)
    assert broken(again, acknowledged) == ""
    again.close()
