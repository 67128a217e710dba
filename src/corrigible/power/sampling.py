"""Chunks of samples worked on by several threads, or elsewhere, their results handed back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from typing import TypeVar

from corrigible.power.crew import crew

T = TypeVar("T")


def in_order(
    work: Callable[[int], T], numbers: range, workers: int, executor: Executor | None = None
) -> Generator[T, None, None]:
    """Yield ``work(number)`` for each of ``numbers`` in order, computed by ``workers`` threads.

    Where an ``executor`` is given it computes them instead, and is left open. At most two results a
    worker are under way at a time, so memory does not grow with ``numbers``. Where the consumer stops
    early, or is interrupted, what has not begun is dropped.

    Raises
    ------
    WorkerError
        If an executor loses its workers.
    OptionError
        If ``work`` cannot be sent to the executor's processes.
    """
    workers = min(workers, len(numbers))
    if executor is None and workers <= 1:
        for number in numbers:
            yield work(number)
        return
    if not numbers:
        return
    with crew(work, workers, executor) as (size, submit):
        waiting: deque[Future[T]] = deque()
        try:
            for number in numbers:
                waiting.append(submit(number))
                if len(waiting) >= 2 * size:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
