"""POWER worked out elsewhere: the same bits as on one core, whoever works, and whoever is lost."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Generator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

from corrigible.core.errors import MissingExtraError, OptionError, WorkerError
from corrigible.core.progress import Silent
from corrigible.mdp.model import MDP
from corrigible.mdp.textmap import read_map
from corrigible.power import PowerResult, crew, estimate
from corrigible.power.cluster import PACKAGES, check_versions, dask
from corrigible.power.rewards.contract import Draw, RewardDistribution
from corrigible.power.sampling import in_order

MAZE = read_map("S..#.\n.#...\n.....\n").mdp
SAMPLES = 3000
"""A dozen chunks."""


def same(one: PowerResult, other: PowerResult) -> bool:
    return one.power.tobytes() == other.power.tobytes() and one.stderr.tobytes() == other.stderr.tobytes()


class Kill(Silent):
    """Kills a process when the third chunk comes back."""

    def __init__(self, pid: int) -> None:
        self.pid, self.chunks, self.samples = pid, 0, 0

    def advance(self, steps: int = 1) -> None:
        self.chunks += 1
        self.samples += steps
        if self.chunks == 3:
            os.kill(self.pid, signal.SIGKILL)


class Wire(Executor):
    """Sends everything as bytes, and works on it in this process; says nothing of its size."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        sent, given = pickle.loads(pickle.dumps((fn, args)))
        future.set_result(sent(*given))
        return future


class Never(Executor):
    """Begins nothing."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        if len(self.futures) == 1:
            self.futures[0].set_result("first")
        return self.futures[-1]


class Bound(RewardDistribution):
    """Uniform; tells how often it was made ready."""

    times = 0

    def bind(self, mdp: MDP) -> Draw:
        Bound.times += 1
        return lambda generator, first, rows: generator.random((rows, mdp.n_states))

    def describe(self) -> str:
        return "bound"


class Local(Bound):
    """Cannot be pickled."""

    def __init__(self) -> None:
        self.draw = lambda: None


class AtHome(Bound):
    """Cannot be unpickled elsewhere."""

    def __reduce__(self) -> Any:
        return _at_home, (os.getpid(),)


def _at_home(pid: int) -> Bound:
    if pid != os.getpid():
        raise ModuleNotFoundError("No module named 'mine'", name="mine")
    return AtHome()


def test_threads_of_an_executor_and_a_plain_wire_give_the_same_bits():
    alone = estimate(MAZE, samples=SAMPLES, workers=1)
    with ThreadPoolExecutor(3) as threads:
        assert same(alone, estimate(MAZE, samples=SAMPLES, executor=threads))
    assert same(alone, estimate(MAZE, samples=SAMPLES, executor=Wire()))


def test_work_is_made_ready_once_in_a_process_and_not_with_each_chunk():
    crew._HELD.clear()
    Bound.times = 0
    estimate(MAZE, Bound(), samples=SAMPLES, executor=Wire())
    few = Bound.times
    estimate(MAZE, Bound(), samples=SAMPLES, seed=1, executor=Wire())
    assert 1 < few <= 3
    assert Bound.times == 2 * few
    assert len(crew._HELD) <= crew.KEPT


def test_no_more_than_two_chunks_a_worker_are_under_way_and_what_has_not_begun_is_dropped():
    never = Never()
    parts = in_order(str, range(100), 3, never)
    assert next(parts) == "first"
    assert len(never.futures) == 6
    parts.close()
    assert all(future.cancelled() for future in never.futures[1:])


def test_a_process_gives_the_same_bits_and_one_that_is_killed_is_told_in_one_line():
    alone = estimate(MAZE, samples=SAMPLES, workers=1)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert same(alone, estimate(MAZE, samples=SAMPLES, executor=pool))
        pids = list(pool._processes)
        with pytest.raises(WorkerError, match=r"a worker was lost .*`BrokenProcessPool"):
            estimate(MAZE, samples=500 * SAMPLES, executor=pool, progress=Kill(pids[0]))


def test_what_cannot_be_sent_is_refused_in_one_line():
    with pytest.raises(OptionError, match="cannot be sent to another process"):
        estimate(MAZE, Local(), samples=SAMPLES, executor=Wire())


@pytest.fixture(scope="module")
def cluster() -> Generator[Any]:
    """Two workers of one thread each, in processes of their own."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as made:
        yield made


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_bits(cluster: Any):
    alone = estimate(MAZE, discount=[0.9, 0.99], samples=10 * SAMPLES)
    kill = Kill(next(iter(cluster.workers.values())).pid)
    with dask(cluster.scheduler_address) as executor:
        there = estimate(MAZE, discount=[0.9, 0.99], samples=10 * SAMPLES, executor=executor, progress=kill)
    assert kill.samples == 10 * SAMPLES
    assert all(same(one, other) for one, other in zip(alone, there, strict=True))


def test_what_dask_workers_cannot_unpickle_is_told_in_one_line(cluster: Any):
    with dask(cluster.scheduler_address) as executor, pytest.raises(OptionError, match="lacks the module"):
        estimate(MAZE, AtHome(), samples=SAMPLES, executor=executor)


def test_the_command_line_works_on_a_dask_cluster(cluster: Any, capsys: pytest.CaptureFixture[str]):
    from corrigible.cli import main

    printed: list[str] = []
    for where in ([], ["--dask", cluster.scheduler_address]):
        with pytest.raises(SystemExit) as left:
            main(["power", "off-switch", "--samples", "600", "--csv", *where])
        assert left.value.code == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != ""


def test_the_command_line_leaves_with_2_where_nobody_answers(capsys: pytest.CaptureFixture[str]):
    from corrigible.cli import main

    with pytest.raises(SystemExit) as left:
        main(["power", "off-switch", "--dask", "nowhere"])
    said = capsys.readouterr()
    assert (left.value.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "no Dask scheduler answers at `nowhere`" in said.err


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "http://127.0.0.1:80", "nowhere", " "])
def test_an_address_nobody_answers_is_one_line(address: str):
    with pytest.raises(OptionError, match=f"`{address}`|is empty"), dask(address, timeout=0.3):
        pass


def test_a_scheduler_without_workers_is_one_line():
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(OptionError, match="has no workers"),
        dask(empty.scheduler_address, timeout=0.3),
    ):
        pass


def test_workers_of_other_versions_are_refused_by_name():
    here = {"packages": dict.fromkeys(PACKAGES, "2.0")}
    check_versions({"client": here, "workers": {"a": here, "b": here}})
    old = {"packages": here["packages"] | {"numpy": "1.26"}}
    bare = {"packages": here["packages"] | {"corrigible": None}}
    with pytest.raises(OptionError, match=r"`numpy 1\.26 \(here 2\.0\)` on 2; `corrigible is missing"):
        check_versions({"client": here, "workers": {"a": old, "b": here, "c": old, "d": bare}})


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"corrigible\[cluster\]"), dask("tcp://127.0.0.1:9"):
        pass
