"""Copies of checkpoints elsewhere, so that whoever holds the store and the key still cannot rewrite the past.

``file:PATH`` is appended to (a file on another volume), ``git:FOLDER`` is committed to (push it from there),
``http(s)://…`` is posted to. A place that fails is told of and tried again; it never stops the guard, since what
is lost is only that later checkpoints vouch for more records at once.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

from corrigible.core.errors import CorrigibleError, OptionError, in_short
from corrigible.guard.ledger.checkpoint import Checkpoint
from corrigible.guard.ledger.log import Ledger
from corrigible.guard.manifest import Anchor
from corrigible.guard.store import Reader

ANCHOR = "anchor"
"""The kind of state that tells how each place is doing."""
NAME = "checkpoints"
"""The file in a git folder."""
PATIENCE = 10.0
"""Seconds that a place may take."""


class Place(ABC):
    """Where checkpoints are copied to."""

    @abstractmethod
    def put(self, note: str) -> None:
        """Copy a checkpoint there; anything raised counts as a failure."""

    @abstractmethod
    def notes(self) -> list[str]:
        """Return every checkpoint that was copied there."""


@final
class FilePlace(Place):
    """A file that is appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, note: str) -> None:
        """Append the note, and wait for the disk."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())

    def notes(self) -> list[str]:
        """Return the notes in the file."""
        try:
            return split(self.path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise OptionError(
                f"`{self.path}` cannot be read: {in_short(error)}", "give a file of checkpoints"
            ) from error


@final
class GitPlace(Place):
    """A git repository that is committed to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, note: str) -> None:
        """Append the note to the file and commit it."""
        FilePlace(self.folder / NAME).put(note)
        self._git("add", "--", NAME)
        told = Checkpoint.read(note)
        self._git("commit", "--quiet", "--message", f"{told.origin}: checkpoint at {told.size}", "--", NAME)

    def notes(self) -> list[str]:
        """Return the notes of every commit, so that what was taken out again is still found."""
        texts = list[str]()
        commit = ""
        # Each line is a commit, or how many lines it added and took away.
        for line in self._git("log", "--reverse", "--format=%H", "--numstat", "--", NAME).splitlines():
            if "\t" not in line:
                commit = line or commit
            elif line.split("\t")[1] != "0":
                texts.append(self._git("show", f"{commit}^:{NAME}"))
        texts.append(self._git("show", f"HEAD:{NAME}") if self._git("ls-tree", "HEAD", NAME) else "")
        return list(dict.fromkeys(note for text in texts for note in split(text)))

    def _git(self, *arguments: str) -> str:
        who = (
            "-c",
            "user.name=corrigible guard",
            "-c",
            "user.email=guard@localhost",
            "-c",
            "commit.gpgsign=false",
        )
        done = subprocess.run(
            ["git", "-C", str(self.folder), *who, *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            said = next(iter(done.stderr.strip().splitlines()), "it failed")
            raise OptionError(f"git in `{self.folder}`: {said}", "give the folder of a git repository")
        return done.stdout


@final
class HttpPlace(Place):
    """An address that is posted to."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, note: str) -> None:
        """Post the note; any answer but 2xx is a failure."""
        import urllib.request

        head = {"Content-Type": "text/plain; charset=utf-8"}
        request = urllib.request.Request(self.url, note.encode(), head, method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answer.read(1000)

    def notes(self) -> list[str]:
        """Refuse: an address that takes checkpoints need not give them back."""
        raise OptionError(
            f"checkpoints cannot be read from `{self.url}`", "save them to a file and give that"
        )


def place(to: str) -> Place:
    """Return the place that an anchor of the manifest names."""
    scheme, _, rest = to.partition(":")
    if scheme == "file" and rest:
        return FilePlace(Path(rest))
    if scheme == "git" and rest:
        return GitPlace(Path(rest))
    if scheme in ("http", "https") and rest.startswith("//"):
        return HttpPlace(to)
    raise OptionError(
        f"`{to}` is no place for checkpoints", "give file:PATH, git:FOLDER or an http(s) address"
    )


def kept(where: Path) -> list[str]:
    """Return the checkpoints in a file or a git folder."""
    return (GitPlace(where) if where.is_dir() else FilePlace(where)).notes()


def split(text: str) -> list[str]:
    """Return the notes in a text that holds one after the other; one that was cut at the end is left out."""
    found, lines, signed = list[str](), list[str](), False
    for line in text.splitlines(keepends=True):
        if signed and not line.startswith("— "):
            found.append("".join(lines))
            lines = []
        signed = line.startswith("— ") and line.endswith("\n") and "\n" in lines
        lines.append(line)
    return [*found, "".join(lines)] if signed else found


def states(reader: Reader) -> list[tuple[str, dict[str, Any]]]:
    """Return how each place is doing: when it got which checkpoint, and what went wrong since."""
    return reader.scan(ANCHOR)


@final
class Anchoring:
    """Copies checkpoints while a guard runs, in a thread of its own.

    Parameters
    ----------
    ledger
        Whose checkpoints.
    anchors
        Where to and how often.
    warn
        Told in one sentence when a place fails that did not before.
    run
        Whether to copy in the background, or only when asked (`now`).
    """

    def __init__(
        self,
        ledger: Ledger,
        anchors: Sequence[Anchor],
        warn: Callable[[str], None] = lambda text: None,
        *,
        run: bool = True,
    ) -> None:
        self._ledger, self._warn = ledger, warn
        self._places = [(anchor, place(anchor.to)) for anchor in anchors]
        self._copied: dict[str, str] = {}
        self._failed: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="anchoring", daemon=True)
        if self._places and run:
            self._thread.start()

    def now(self) -> list[str]:
        """Copy the last checkpoint everywhere; return what went wrong, a sentence each."""
        return [problem for anchor, where in self._places if (problem := self._copy(anchor, where))]

    def close(self) -> None:
        """Copy the last checkpoint and end the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE * 3)
        self.now()

    def _run(self) -> None:
        due = {anchor.to: time.monotonic() + anchor.every for anchor, _ in self._places}
        while not self._stop.wait(max(0.0, min(due.values()) - time.monotonic())):
            for anchor, where in self._places:
                if due[anchor.to] <= time.monotonic():
                    self._copy(anchor, where)
                    due[anchor.to] = time.monotonic() + anchor.every

    def _copy(self, anchor: Anchor, where: Place) -> str:
        try:
            note = self._ledger.checkpoint()
            if not note or note == self._copied.get(anchor.to):
                return ""
            where.put(note)
        except (CorrigibleError, OSError, subprocess.SubprocessError, ValueError) as error:
            problem = f"checkpoints cannot be copied to `{anchor.to}`: {in_short(error)}"
            self._tell(anchor, {"failed": time.time(), "why": in_short(error)})
            if anchor.to not in self._failed:
                self._failed.add(anchor.to)
                self._warn(problem)
            return problem
        self._copied[anchor.to] = note
        self._failed.discard(anchor.to)
        self._tell(anchor, {"at": time.time(), "size": Checkpoint.read(note).size})
        return ""

    def _tell(self, anchor: Anchor, state: dict[str, Any]) -> None:
        try:
            before = self._ledger.store.read(lambda reader: reader.get(ANCHOR, anchor.to)) or {}
            kept = {key: before[key] for key in ("at", "size") if key in before}
            self._ledger.store.transact(lambda tx: tx.put(ANCHOR, anchor.to, {**kept, **state}))
        except CorrigibleError as error:
            self._warn(f"what became of the copy to `{anchor.to}` cannot be kept: {in_short(error)}")
