"""Who works on chunks, and how the work reaches them: once, and not again with every chunk.

A chunk is a number. What turns it into a result, the *work*, holds a whole model, and a model of a
million states is a hundred megabytes. Threads share it. For processes of this machine it is pickled
once, into a file that each of them reads once. Workers of a Dask cluster get the bytes from one another
(`corrigible.power.cluster`). To an executor of which nothing is known it goes with each chunk, but is
unpickled once a process, so that what the work has made ready is kept there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar, cast, final

from corrigible.core.errors import OptionError, WorkerError, in_short

T = TypeVar("T")

Crew: TypeAlias = tuple[int, Callable[[int], "Future[T]"]]
"""How many work at a time, and what hands the chunk of a number to one of them."""

KEPT = 2
"""How many pieces of work a process keeps unpickled: a model, and one that it is compared with."""


@contextmanager
def crew(work: Callable[[int], T], workers: int, executor: Executor | None) -> Generator[Crew[T], None, None]:
    """Yield who works on the chunks of ``work``: ``workers`` new threads, or an ``executor``'s.

    New threads end with the context; an executor stays open.

    Raises
    ------
    OptionError
        If the work cannot be pickled, and the executor has processes.
    WorkerError
        Where the executor breaks within the context.
    """
    if executor is None:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="corrigible-power")
        try:
            yield workers, partial(pool.submit, work)
        finally:
            pool.shutdown(wait=False)
        return
    try:
        if isinstance(executor, ThreadPoolExecutor):
            yield _size(executor, workers), partial(executor.submit, work)
        elif isinstance(executor, ProcessPoolExecutor):
            with tempfile.TemporaryDirectory(prefix="corrigible-") as folder:
                path = Path(folder, "work.pickle")
                sent = Sent[T].of(packed(work), path)
                yield _size(executor, workers), partial(executor.submit, sent)
        elif _of_dask(executor):
            from corrigible.power import cluster

            with cluster.crew(work, cast("Any", executor)) as found:
                yield found
        else:
            yield _size(executor, workers), partial(executor.submit, Sent[T].of(packed(work)))
    except BrokenExecutor as error:
        raise WorkerError(
            f"a worker was lost in the middle of its work: `{in_short(error)}`",
            "it was killed, out of memory, or never began: give it less at a time, and in a script start "
            'processes under `if __name__ == "__main__":`',
        ) from error


def packed(work: object) -> bytes:
    """Return ``work`` as bytes for another process, or raise `OptionError`."""
    try:
        return pickle.dumps(work, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # pickling calls code of whoever wrote the rewards
        raise OptionError(
            f"the model or its rewards cannot be sent to another process: `{in_short(error)}`",
            "define what they consist of in a module, or use threads",
        ) from error


@final
@dataclasses.dataclass(frozen=True)
class Sent(Generic[T]):
    """Work on its way to another process: its key, and the bytes or the file to unpickle there."""

    key: str
    source: bytes | Path

    @classmethod
    def of(cls, pickled: bytes, path: Path | None = None) -> Sent[T]:
        """Return what `packed` gave, ready to go; by way of the file ``path`` if there is one."""
        if path is not None:
            path.write_bytes(pickled)
        return cls(hashlib.sha256(pickled).hexdigest(), pickled if path is None else path)

    def __call__(self, number: int) -> T:
        with _LOCK:
            work = _HELD.pop(self.key, None)
            if work is None:
                work = pickle.loads(
                    self.source if isinstance(self.source, bytes) else self.source.read_bytes()
                )
                while len(_HELD) >= KEPT:
                    del _HELD[next(iter(_HELD))]
            _HELD[self.key] = work  # the last used stays longest
        return work(number)


_HELD: dict[str, Callable[[int], Any]] = {}
_LOCK = threading.Lock()


def _size(executor: Executor, default: int) -> int:
    """Return how many work at a time; executors do not say so in public, but agree on the name."""
    size = getattr(executor, "_max_workers", default)
    return size if isinstance(size, int) and size > 0 else default


def _of_dask(executor: Executor) -> bool:
    loaded = sys.modules.get("distributed.cfexecutor")
    return loaded is not None and isinstance(executor, loaded.ClientExecutor)
