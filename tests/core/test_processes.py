"""Work in other processes: lost, unknown there, or interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from corrigible.core.errors import OptionError, WorkerError
from corrigible.core.processes import cores, in_processes


def test_what_the_jobs_return_comes_back() -> None:
    jobs: list[Callable[[], Any]] = [partial(divmod, number, 3) for number in range(6)]
    assert sorted(in_processes(jobs, 2)) == [divmod(number, 3) for number in range(6)]
    assert cores() >= 1


def test_what_cannot_be_sent_to_another_process_is_told() -> None:
    jobs: list[Callable[[], None]] = [lambda: None]
    with pytest.raises(OptionError, match="cannot be sent"):
        list(in_processes(jobs, 1))


def test_a_module_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None: ...

    here = ModuleType("only_here")
    work.__module__, work.__qualname__ = "only_here", "work"
    vars(here)["work"] = work
    monkeypatch.setitem(sys.modules, "only_here", here)
    with pytest.raises(OptionError, match=r"cannot be had in another process: .*'only_here'"):
        list(in_processes([work], 1))


def test_a_lost_process_is_told() -> None:
    with pytest.raises(WorkerError, match="a worker was lost"):
        list(in_processes([partial(os._exit, 3)], 1))


def test_who_stops_listening_does_not_wait_for_the_rest() -> None:
    began = time.monotonic()
    for _ in in_processes([partial(time.sleep, 0), partial(time.sleep, 60)], 1):
        break
    assert time.monotonic() - began < 30


SLOW = """
import sys
from functools import partial
from time import sleep
from corrigible.core.processes import in_processes

if __name__ == "__main__":
    try:
        for seconds in in_processes([partial(sleep, 0), partial(sleep, 60), partial(sleep, 60)], 2):
            print("ready", flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_ends_all_processes_at_once_and_silently(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert time.monotonic() - began < 20  # the others would sleep for a minute
    assert (process.returncode, out, err) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_processes_end_when_the_one_that_began_them_is_gone(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
        # Its end is read when the last process that could write there is gone.
        began = time.monotonic()
        process.stdout.read()
    assert time.monotonic() - began < 20
