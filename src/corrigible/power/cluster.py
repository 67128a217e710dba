"""POWER on a Dask cluster: the same numbers, from many machines.

::

    with dask("tcp://host:8786") as executor:
        result = estimate(mdp, samples=100_000, executor=executor)

Each chunk of samples is one task of the cluster, and its number is all that goes out with it. The model
and the distribution of rewards, pickled, are the result of another task: workers get them once, from one
another, and unpickle them once; where all who had them are lost, the scheduler has them made again. So
a worker may be lost at any time: the scheduler gives its chunks to others.

A chunk's result depends on its number alone and results are added up in order, so the result is the same
to the last bit as on one core, on any number of workers; versions that differ are refused for that
reason. Between processors of different kinds NumPy's vector instructions may differ in the last bit.

*Source:* M. Rocklin, Dask: Parallel Computation with Blocked Algorithms and Task Scheduling (2015).
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Executor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from corrigible.core.errors import MissingExtraError, OptionError, WorkerError, in_short

if TYPE_CHECKING:
    from distributed.cfexecutor import ClientExecutor

    from corrigible.power.crew import Crew

T = TypeVar("T")

TIMEOUT = 8.0
"""Seconds within which a scheduler must answer."""

PACKAGES = ("corrigible", "numpy", "scipy", "numba")
"""What must have the same version on every worker as here: the last bit may depend on each."""


@contextmanager
def dask(address: str, *, timeout: float = TIMEOUT) -> Generator[Executor]:
    """Yield an executor for `estimate` whose workers are those of a Dask scheduler.

    Parameters
    ----------
    address
        Where the scheduler listens, for example ``"tcp://host:8786"``.
    timeout
        Seconds within which it must answer, and must have a worker.

    Raises
    ------
    MissingExtraError
        If Dask is not installed here.
    OptionError
        If nobody answers at the address, there are no workers, or a worker's versions differ.
    """
    client_of = _import()
    if not address.strip():
        raise OptionError("the address of the Dask scheduler is empty", _START)
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        # Held before it begins, so that one that fails to is closed here: its own closing by the garbage
        # collector, in the middle of the beginning of another, waits for a lock for ever.
        client = client_of.__new__(client_of)
        try:
            client.__init__(address.strip(), timeout=timeout, set_as_default=False)
        except Exception as error:  # as many kinds as there are protocols
            with suppress(Exception):
                client.close(timeout=timeout)
            raise OptionError(
                f"no Dask scheduler answers at `{address}`: {in_short(error)}", _START
            ) from error
        stack.callback(client.close, timeout=timeout)
        try:
            client.wait_for_workers(1, timeout=timeout)
        except TimeoutError as error:
            raise OptionError(
                f"the Dask scheduler at `{address}` has no workers", f"start one: dask worker {address}"
            ) from error
        try:
            versions = client.get_versions(packages=list(PACKAGES))
        except (CancelledError, OSError) as error:
            raise OptionError(f"the Dask scheduler at `{address}` answers no more", _START) from error
        check_versions(versions)
        yield client.get_executor()


_START = "start one with `dask scheduler`, and give the address that it says, as in `tcp://host:8786`"


@contextmanager
def _quiet() -> Generator[None]:
    """Keep Dask's client from logging what becomes one line of ours."""
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def crew(work: Callable[[int], T], executor: ClientExecutor) -> Generator[Crew[T]]:
    """Yield who works on the chunks of ``work`` for Dask's own executor, as `corrigible.power.crew` asks.

    Raises
    ------
    OptionError
        If the work cannot be pickled, or the workers lack a module of it.
    WorkerError
        If a chunk is lost with its worker again and again, or the scheduler goes away.
    """
    from dask import config  # pyright: ignore[reportMissingImports]
    from distributed.scheduler import KilledWorker

    from corrigible.power.crew import Sent, packed

    client: Any = executor._client  # pyright: ignore[reportPrivateUsage]
    address = client.scheduler.address
    sent = Sent[T].of(packed(work))
    try:
        with config.set({"distributed.admin.large-graph-warning-threshold": sys.maxsize}):
            held = client.submit(bytes, sent.source, pure=False)
        try:
            size = max(1, sum(client.ncores().values()))
            yield size, partial(executor.submit, _call, sent.key, held, pure=False)
        finally:
            held.release()
    except KilledWorker as error:
        raise WorkerError(
            "one chunk was lost with several workers, one after another, and was given up",
            "they may be out of memory: see their logs, and give them more, or fewer threads",
        ) from error
    except ModuleNotFoundError as error:
        raise OptionError(
            f"a Dask worker lacks the module `{error.name}`", "install on the workers what the rewards need"
        ) from error
    except (CancelledError, OSError) as error:
        raise WorkerError(
            f"the Dask scheduler at `{address}` went away in the middle of the work",
            "see its log, and begin again: the same seed gives the same numbers",
        ) from error


def _call(key: str, pickled: bytes, number: int) -> Any:
    from corrigible.power.crew import Sent

    return Sent[Any](key, pickled)(number)


def check_versions(found: Any) -> None:
    """Raise `OptionError` where a worker lacks a package, or has another version of it than we.

    Parameters
    ----------
    found
        What ``distributed.Client.get_versions`` returns.
    """
    here = found["client"]["packages"]
    wrong: Counter[str] = Counter()
    for worker in found["workers"].values():
        for name in PACKAGES:
            if worker["packages"].get(name) != here[name]:
                wrong[f"{name} {worker['packages'].get(name) or 'is missing'} (here {here[name]})"] += 1
    if wrong:
        told = "; ".join(f"`{what}` on {count}" for what, count in wrong.items())
        raise OptionError(
            f"of {len(found['workers'])} Dask workers, some have other versions: {told}",
            "install the same everywhere",
        )


def _import() -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingExtraError("dask is not installed", "pip install 'corrigible[cluster]'") from error
    return Client
