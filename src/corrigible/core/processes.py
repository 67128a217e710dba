"""Work in processes of this machine, which end with the one that began them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

from corrigible.core.errors import OptionError, WorkerError, in_short

T = TypeVar("T")


def cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def in_processes(jobs: Sequence[Callable[[], T]], workers: int) -> Iterator[T]:
    """Yield what the jobs return as they end, begun in their order.

    Processes are spawned: forking one that has threads, as NumPy's libraries do, can hang. If the caller
    stops listening, or is interrupted, they are ended in the middle of their work.

    Raises
    ------
    OptionError
        If a job cannot be sent to another process.
    WorkerError
        If a process was lost.
    """
    pickled = [_packed(job) for job in jobs]
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare)
    try:
        with _deaf():  # an interrupt before a process can end silently would print its whole stack
            waiting: set[Future[T]] = {pool.submit(_do, job) for job in pickled}
        while waiting:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                yield future.result()
    except BrokenExecutor as error:
        raise WorkerError(
            f"a worker was lost in the middle of its work: `{in_short(error)}`",
            "it was killed, out of memory, or never began: use fewer workers, and in a script start "
            'processes under `if __name__ == "__main__":`',
        ) from error
    finally:
        # Public only since Python 3.14 (`terminate_workers`); without it an interrupt would wait.
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _deaf() -> Generator[None, None, None]:
    """Put interrupts off; processes that begin within do so until they are ready."""
    if not hasattr(signal, "pthread_sigmask"):  # not on every system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _packed(job: object) -> bytes:
    try:
        return pickle.dumps(job, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # pickling calls anybody's code
        raise OptionError(
            f"a piece of work cannot be sent to another process: `{in_short(error)}`",
            "define what it consists of in a module, or use one worker",
        ) from error


def _do(pickled: bytes) -> Any:
    try:
        job: Callable[[], Any] = pickle.loads(pickled)
    except Exception as error:  # unpickling imports anybody's code
        raise OptionError(
            f"a piece of work cannot be had in another process: `{in_short(error)}`",
            "its modules must be importable there; or use one worker",
        ) from error
    return job()


def _prepare() -> None:
    """End silently on Ctrl-C, and when the process that began this one is gone."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker always has a parent"
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
