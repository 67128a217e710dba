"""Commits: what waits at the same time is committed together, and who is alone commits for itself.

While the disk is busy with one batch, the next gathers; so the more writers there are, the fewer times the
disk is asked for each (group commit: DeWitt et al. 1984, "Implementation techniques for main memory database
systems", section 5). A thread does it. Where nobody else waits and the disk is quick, the thread that asks
does it at once: two wakings of threads cost as much as the disk.
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
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

QUICK = 0.003
"""Seconds that the disk may have taken for the next to be done by who asks, in place of the thread."""

_Task = tuple[Work | None, Callable[[], Any] | None, Future[Any], bool]


class Busy(StoreError):
    """Another process is writing just now."""


class GroupStore(ABC):
    """A store that commits in groups; what is particular to a database is left open.

    Whoever has the turn, and nobody else, calls `_begin`, `_commit`, `_abandon`, `_idle` and what is given to
    `_aside`.
    """

    idle: float | None = None
    """Seconds without work after which the thread looks whether all is well."""

    alone = False
    """Whether a transaction may be committed by the thread that asks for it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._process = os.getpid()
        self._tasks: deque[_Task] = deque()
        self._news = threading.Condition()
        self._turn = threading.Lock()
        self._worker = 0
        self._before = 0
        """How many transactions were committed together last."""
        self._took = 0.0
        """Seconds that the disk took for it."""
        self._since = 0.0
        """Since when the first of those that wait does."""
        self._counting = False
        """Whether the thread counts the time of what is lazy."""
        self._sealings: list[Sealing] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"commits of {url}", daemon=True)

    @abstractmethod
    def _begin(self, patience: float) -> Rows:
        """Begin a transaction that no other process can begin before it ends.

        Raises
        ------
        Busy
            If another process has been writing for ``patience`` seconds.
        """

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

    def submit(
        self, work: Callable[[Transaction], T], *, lazy: bool = False, here: bool = False
    ) -> Future[T]:
        future: Future[T] = Future()
        task: _Task = (work, None, future, lazy)
        if not (here and self._at_once(task)):
            self._enqueue(task)
        return future

    def transact(self, work: Callable[[Transaction], T]) -> T:
        if threading.get_ident() == self._worker:
            raise StoreError("a transaction cannot wait for another", "do what it does in the same one")
        return self.submit(work, here=True).result()

    def seal(self, sealing: Sealing) -> None:
        self._sealings.append(sealing)

    def close(self) -> None:
        if os.getpid() != self._process:
            return
        with self._news:
            if self._closed:
                return
            self._closed = True
            self._news.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _aside(self, action: Callable[[], T]) -> T:
        """Have the thread do something between two batches, and wait for it."""
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
        with self._news:
            self._usable()
            if not self._tasks:
                self._since = time.monotonic()
            self._tasks.append(task)
            # A thread that counts the time of what is lazy need not be woken for more of it.
            if not (task[3] and self._counting):
                self._news.notify()

    def _at_once(self, task: _Task) -> bool:
        """Commit a transaction here and now, after what waits for company; False: it is to wait its turn."""
        if not (self.alone and self._before < COMPANY and self._took < QUICK):
            return False
        if os.getpid() != self._process or not self._turn.acquire(blocking=False):
            return False
        try:
            with self._news:
                self._usable()
                if not all(lazy for *_, lazy in self._tasks) or len(self._tasks) >= MOST:
                    return False
                tasks = [*self._tasks, task]
                self._tasks.clear()
            if not self._done(tasks, patience=0.0):
                with self._news:  # in front of what came in between
                    self._tasks.extendleft(reversed(tasks))
                    self._news.notify()
            return True
        finally:
            self._turn.release()

    def _run(self) -> None:
        while self._wait():
            if self._before >= COMPANY:
                self._gather()
            with self._turn:
                with self._news:
                    tasks = [self._tasks.popleft() for _ in range(min(len(self._tasks), MOST))]
                if tasks:
                    self._done(tasks, PATIENCE)
                else:
                    self._idle()
            # what was acknowledged must not be kept alive until there is something new to do
            del tasks
        with self._turn:
            self._shut()

    def _wait(self) -> bool:
        """Wait until there is something to do, or nothing for long; False: nothing, and closed."""
        with self._news:
            while not self._closed and all(lazy for *_, lazy in self._tasks):
                left = self._since + LAZY - time.monotonic() if self._tasks else self.idle
                if left is not None and left <= 0:
                    break
                self._counting = bool(self._tasks)
                told = self._news.wait(left)
                self._counting = False
                if not told and not self._tasks and left == self.idle:
                    break
            return bool(self._tasks) or not self._closed

    def _gather(self) -> None:
        until = time.monotonic() + GATHERING
        while len(self._tasks) < self._before - 1 and time.monotonic() < until:
            time.sleep(GATHERING / 6)

    def _done(self, tasks: Sequence[_Task], patience: float) -> bool:
        """Do what waits, in its order, as few commits as can be; False: another process is writing."""
        self._worker = threading.get_ident()
        try:
            works: list[tuple[Work, Future[Any]]] = []
            for work, action, future, _ in tasks:
                if work is not None:
                    works.append((work, future))
                elif action is not None:
                    self._together(works, patience)
                    works = []
                    _do(action, future)
            return self._together(works, patience)
        finally:
            self._worker = 0
            self._before = len(tasks)

    def _together(self, works: list[tuple[Work, Future[Any]]], patience: float) -> bool:
        if not works:
            return True
        ends: list[tuple[Future[Any], Any, BaseException | None]] = []
        batch: Batch | None = None
        try:
            try:
                batch = Batch(self._begin(patience))
            except Busy:
                return False
            except BaseException:
                works = _begun(works)
                raise
            works = _begun(works)
            for work, future in works:
                ends.append((future, *batch.attempt(work)))
            batch.sealed(self._sealings)
            began = time.monotonic()
            self._commit(batch)
            self._took = time.monotonic() - began
        except BaseException as error:
            self._abandon()
            for _, future in works:
                future.set_exception(_told(error))
            if not isinstance(error, Exception) and threading.current_thread() is not self._thread:
                raise  # it was meant for who asked, such as Ctrl-C
            return True
        finally:
            if batch is not None:
                batch.end()
        for future, result, error in ends:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        return True


def _begun(works: list[tuple[Work, Future[Any]]]) -> list[tuple[Work, Future[Any]]]:
    """Return those that were not cancelled before their turn."""
    return [(work, future) for work, future in works if future.set_running_or_notify_cancel()]


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
