"""Chunks of samples worked on by several threads, their results handed back in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from corrigible.core.errors import OptionError

T = TypeVar("T")


def check_workers(workers: object) -> int:
    """Return the number of threads to use; ``None`` is one for each core this process may use."""
    if workers is None:
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:
            return os.cpu_count() or 1
    if isinstance(workers, bool) or not isinstance(workers, int | np.integer) or workers < 1:
        raise OptionError(f"the number of workers `{workers}` is no whole number from 1", "give 1 or more")
    return int(workers)


def in_order(work: Callable[[int], T], numbers: range, workers: int) -> Iterator[T]:
    """Yield ``work(number)`` for each of ``numbers`` in order, computed by ``workers`` threads.

    At most two results a thread are under way at a time, so memory does not grow with ``numbers``.
    Where the consumer stops early, or is interrupted, what has not begun is dropped.
    """
    workers = min(workers, len(numbers))
    if workers <= 1:
        for number in numbers:
            yield work(number)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="corrigible-power")
    waiting: deque[Future[T]] = deque()
    try:
        for number in numbers:
            waiting.append(pool.submit(work, number))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
