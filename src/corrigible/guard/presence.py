"""Who is alive on one machine: a locked file for each, and the system lets go of a lock whatever ends its
holder.

Files are made and removed under a lock on their folder, so that nobody's is removed for another's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import weakref
from collections.abc import Generator
from pathlib import Path
from typing import final
from urllib.parse import quote

from corrigible.core.errors import StoreError
from corrigible.core.files import reason

PATIENCE = 1.0
"""Seconds for which those who only look, and those who hold another name, are waited for."""


@final
class Presence:
    """The names that are held beside one database.

    Parameters
    ----------
    folder
        Where the files lie; it is made when a name is first held.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}
        _all.add(self)

    def hold(self, name: str) -> None:
        """Hold a name until `release`, or until the process ends."""
        if name in self._held:
            return
        try:
            with self._alone():
                self._sweep()
                file = os.open(self._file(name), os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    _lock(file)
                except BlockingIOError:
                    os.close(file)
                    raise StoreError(
                        f"`{name}` is held by another process", "give each process its own name"
                    ) from None
                self._held[name] = file
        except OSError as error:
            raise StoreError(f"`{self._folder}` cannot be used: {reason(error)}") from error

    def alive(self, name: str) -> bool:
        """Return whether some process holds a name."""
        try:
            file = os.open(self._file(name), os.O_RDONLY)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"`{self._file(name)}` cannot be read: {reason(error)}") from error
        try:
            return not _free(file)
        finally:
            os.close(file)

    def release(self) -> None:
        """Hold nothing any more."""
        with contextlib.suppress(OSError), self._alone():
            for name in self._held:
                self._file(name).unlink(missing_ok=True)
        self.forget()

    def forget(self) -> None:
        """Close the files; the locks stay with those who have them open still."""
        while self._held:
            os.close(self._held.popitem()[1])

    def _file(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe='', errors='surrogatepass')}.lock"

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            _lock(folder)
            yield
        finally:
            os.close(folder)

    def _sweep(self) -> None:
        """Remove the files of those that are gone."""
        for path in self._folder.glob("*.lock"):
            file = os.open(path, os.O_RDONLY)
            try:
                if _free(file):
                    path.unlink()
            finally:
                os.close(file)


def _lock(file: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(0.002)


def _free(file: int) -> bool:
    """Return whether nobody holds a file; those who ask do not disturb one another."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_all: weakref.WeakSet[Presence] = weakref.WeakSet()


def _after_fork() -> None:
    # A lock lasts as long as any process has the file open: a child would keep its dead parent alive.
    for presence in _all:
        presence.forget()


os.register_at_fork(after_in_child=_after_fork)
