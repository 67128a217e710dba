"""Chunks of samples worked on by several threads, their results handed back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_order(work: Callable[[int], T], numbers: range, workers: int) -> Generator[T, None, None]:
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
