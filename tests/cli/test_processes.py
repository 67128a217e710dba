"""What only a process of its own can show: exit status, Ctrl-C, a closed pipe."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "corrigible"]


def test_bad_input_leaves_with_status_2():
    done = subprocess.run([*COMMAND, "power", "of-switch"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "arguments",
    [
        ("power", "maze.txt", "--samples", "50000000", "--plot", "out.png"),
        ("audit", "off-switch", "--agent", "random", "--epochs", "1000000", "--out", "out"),
    ],
)
def test_an_interrupt_leaves_with_status_130_one_line_and_nothing_half_written(tmp_path, arguments):
    (tmp_path / "maze.txt").write_text("S....\n" * 5)
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        time.sleep(4)
        assert process.poll() is None, "it should still be at work"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert err == "corrigible: interrupted; nothing half-written is left\n"
    assert [path.name for path in tmp_path.iterdir()] == ["maze.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_closed_pipe_is_quiet_and_no_verdict():
    process = subprocess.Popen(
        [*COMMAND, "worlds", "off-switch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert err == ""
