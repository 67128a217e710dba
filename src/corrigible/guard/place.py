"""Whether a file is fit to be a store: alone in the hands of its owner, on a disk of this machine."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from corrigible.core.errors import OptionError, StoreError
from corrigible.core.files import reason

REMOTE = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.gcsfuse",
        "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs",
        "nfs", "nfs4", "ocfs2", "orangefs", "smb2", "smb3", "smbfs", "vboxsf",
    }
)  # fmt: skip
"""File systems on which locks and shared memory do not hold between machines."""


def settled(path: str, *, create: bool) -> Path:
    """Return where the database lies, links followed, after making an empty file if there is none.

    Raises
    ------
    OptionError
        If there is none and none is to be made.
    StoreError
        If it cannot be made, or is not safe there.
    """
    try:
        place = Path(path).expanduser().resolve()
        folder = place.parent.stat()
    except (OSError, RuntimeError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError | ValueError) else str(error)
        raise StoreError(
            f"`{path}` cannot be a store: {why}", "give a file in a folder that exists"
        ) from error
    if not stat.S_ISDIR(folder.st_mode):
        raise StoreError(f"`{place.parent}` is not a folder", "give a file in a folder that exists")
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        raise StoreError(
            f"anyone may replace what lies in `{place.parent}`",
            f"say `chmod o-w {place.parent}`, or choose another",
        )
    if kind := _remote(folder.st_dev):
        raise StoreError(
            f"`{place.parent}` is on a network file system (`{kind}`), where locks do not hold",
            "choose a disk of this machine, or use Postgres for more than one machine",
        )
    if not os.path.lexists(place):
        if not create:
            raise OptionError(
                f"there is no store at `{place}`", "check the path; a guard makes it when it starts"
            )
        _make(place)
    _check(place)
    return place


def which(path: str) -> tuple[int, int] | None:
    """Return which file lies at a path: another file there is another store."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _make(place: Path) -> None:
    # An existing file is never opened here: closing it would drop the locks that SQLite has on it.
    try:
        os.close(os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"`{place}` cannot be made: {reason(error)}", "choose another place") from error


def _check(place: Path) -> None:
    try:
        found = place.stat()
    except OSError as error:
        raise StoreError(f"`{place}` cannot be used: {reason(error)}") from error
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"`{place}` is not a file", "give the path of a store")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StoreError(f"others may write to `{place}`", f"say `chmod 600 {place}`")
    if not os.access(place, os.R_OK | os.W_OK):
        raise StoreError(
            f"`{place}` may not be written", "give yourself the right to, or choose another place"
        )


def _remote(device: int) -> str:
    """Return the kind of the network file system that has the number ``device``; empty: it is none."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""  # not Linux: what lies where cannot be told cheaply
    for line in lines:
        before, _, after = line.partition(" - ")
        kind = after.split(" ", 1)[0]
        if kind in REMOTE and before.split(" ")[2] == f"{os.major(device)}:{os.minor(device)}":
            return kind
    return ""
