"""The committing thread: what waits at the same time is committed together.

While the disk is busy with one batch, the next gathers; so the more writers there are, the fewer times the
disk is asked for each (group commit: DeWitt et al. 1984, "Implementation techniques for main memory database
systems", section 5).
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from corrigible.core.errors import CorrigibleError, StoreError, in_short
from corrigible.guard.batch import Batch, Rows
from corrigible.guard.store import Reader, Transaction

T = TypeVar("T")

Work = Callable[[Transaction], Any]
Sealing = Callable[[Transaction, Sequence[bytes]], None]

MOST = 256
"""Transactions committed together, at most, so that other processes get their turn."""

COMPANY = 4
GATHERING = 0.0003
"""Where at least so many were committed together, as many are awaited for so many seconds (a third of what a
disk takes), since they are likely to come back: fewer and larger commits."""

PATIENCE = 5.0
"""Seconds for which another process that writes is waited for."""

LAZY = 0.05
"""Seconds that what nobody waits for may wait for company."""

_Task = tuple[Work | None, Callable[[], Any] | None, Future[Any], bool]


class GroupStore(ABC):
    """A store with one thread that commits; what is particular to a database is left open.

    The thread alone calls `_begin`, `_commit`, `_abandon`, `_idle` and what is given to `_aside`.
    """

    idle: float | None = None
    """Seconds without work after which the thread looks whether all is well."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._process = os.getpid()
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._sealings: list[Sealing] = []
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"commits of {url}", daemon=True)

    @abstractmethod
    def _begin(self) -> Rows:
        """Begin a transaction that no other process can begin before it ends."""

    @abstractmethod
    def _commit(self, batch: Batch) -> None:
        """Write the batch; on return it is durable."""

    @abstractmethod
    def _abandon(self) -> None:
        """End the transaction, if there is one, without a trace; never raise."""

    @abstractmethod
    def _shut(self) -> None:
        """Let go of everything."""

    @abstractmethod
    def read(self, work: Callable[[Reader], T]) -> T: ...

    @abstractmethod
    def hold(self, name: str) -> None: ...

    @abstractmethod
    def alive(self, name: str) -> bool: ...

    def _idle(self) -> None:
        """Look whether all is well; never raise."""
        return

    def submit(self, work: Callable[[Transaction], T], *, lazy: bool = False) -> Future[T]:
        future: Future[T] = Future()
        self._enqueue((work, None, future, lazy))
        return future

    def transact(self, work: Callable[[Transaction], T]) -> T:
        if threading.current_thread() is self._thread:
            raise StoreError("a transaction cannot wait for another", "do what it does in the same one")
        return self.submit(work).result()

    def seal(self, sealing: Sealing) -> None:
        self._sealings.append(sealing)

    def close(self) -> None:
        if os.getpid() != self._process:
            return
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._tasks.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _aside(self, action: Callable[[], T]) -> T:
        """Have the committing thread do something between two batches, and wait for it."""
        future: Future[T] = Future()
        self._enqueue((None, action, future, False))
        return future.result()

    def _usable(self) -> None:
        if os.getpid() != self._process:
            raise StoreError(
                f"the store `{self.url}` was opened by another process", "open it anew after a fork"
            )
        if self._closed:
            raise StoreError(f"the store `{self.url}` is closed", "open it anew")

    def _enqueue(self, task: _Task) -> None:
        if os.getpid() != self._process:  # before the lock, which the fork may have copied while it was held
            self._usable()
        with self._closing:
            self._usable()
            self._tasks.put(task)

    def _run(self) -> None:
        going = True
        before = 0
        while going:
            try:
                tasks = [self._tasks.get(timeout=self.idle)]
            except Empty:
                self._idle()
                continue
            if before >= COMPANY:
                self._gather(before - 1)
            until = time.monotonic() + LAZY
            while tasks[-1] is not None and len(tasks) < MOST:
                try:
                    wait = until - time.monotonic() if all(task and task[3] for task in tasks) else 0.0
                    tasks.append(self._tasks.get(wait > 0, max(wait, 0.0)))
                except Empty:
                    break
            going = tasks[-1] is not None
            before = len(tasks)
            works: list[tuple[Work, Future[Any]]] = []
            for task in tasks:
                if task is None:
                    break
                work, action, future, _ = task
                if work is not None:
                    works.append((work, future))
                elif action is not None:
                    self._together(works)
                    works = []
                    _do(action, future)
            self._together(works)
            # what was acknowledged must not be kept alive until there is something new to do
            del tasks, works
        self._shut()

    def _gather(self, expected: int) -> None:
        until = time.monotonic() + GATHERING
        while self._tasks.qsize() < expected and time.monotonic() < until:
            time.sleep(GATHERING / 6)

    def _together(self, works: list[tuple[Work, Future[Any]]]) -> None:
        works = [(work, future) for work, future in works if future.set_running_or_notify_cancel()]
        if not works:
            return
        ends: list[tuple[Future[Any], Any, BaseException | None]] = []
        batch: Batch | None = None
        try:
            batch = Batch(self._begin())
            for work, future in works:
                ends.append((future, *batch.attempt(work)))
            batch.sealed(self._sealings)
            self._commit(batch)
        except BaseException as error:
            self._abandon()
            for _, future in works:
                future.set_exception(_told(error))
            return
        finally:
            if batch is not None:
                batch.end()
        for future, result, error in ends:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def _do(action: Callable[[], Any], future: Future[Any]) -> None:
    try:
        future.set_result(action())
    except BaseException as error:
        future.set_exception(error)


def _told(error: BaseException) -> StoreError | CorrigibleError:
    """Return an exception for one of those who wait, which is theirs alone."""
    told = (
        type(error)(error.message, error.hint)
        if isinstance(error, CorrigibleError)
        else StoreError(f"the transaction cannot be committed: `{in_short(error)}`")
    )
    told.__cause__ = error
    return told
