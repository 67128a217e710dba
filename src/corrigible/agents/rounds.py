"""Whose turn it is: hands out the rows of an experiment that nobody has played yet, one to each that comes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, final

from corrigible.agents.record import Record, Row
from corrigible.agents.sitting import Asking, Playing, Sitting
from corrigible.core.errors import FileFormatError, OutputError
from corrigible.core.files import probe, reason
from corrigible.core.results import digest
from corrigible.worlds import World


@final
class Rounds:
    """Hands out what is not yet recorded in a folder: first the questions, then the episodes.

    Parameters
    ----------
    rows
        The experiment, in order.
    folder
        Where the records are, one file each.
    questions
        The rows after whose briefing the place's questions are asked, each in a sitting of its own.
    agent
        What the agent is called in the records; empty: as it calls itself.
    world
        The world of all rows, where it is not the one that they name.

    Attributes
    ----------
    sittings
        Those that were handed out.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        folder: Path,
        *,
        questions: Sequence[Row] = (),
        agent: str = "",
        world: World | None = None,
    ) -> None:
        self.rows, self.questions = tuple(rows), tuple(questions)
        self.folder, self.agent, self.world = folder, agent, world
        self.sittings: list[Sitting] = []
        self._read: dict[str, tuple[Any, ...] | None] = {}
        try:
            probe(folder)
        except (OSError, ValueError) as error:
            raise OutputError(
                f"cannot write into `{folder}`: {reason(error)}", "choose another place with --record"
            ) from error

    @property
    def sessions(self) -> int:
        """How many sittings there are in all."""
        return len(self.questions) + len(self.rows)

    def unasked(self) -> tuple[Row, ...]:
        """Return the rows whose questions have no record, in order."""
        done = self._recorded()
        return tuple(row for row in self.questions if (row.key, True) not in done)

    def left(self) -> tuple[Row, ...]:
        """Return the rows whose episodes have no record, in order."""
        done = self._recorded()
        return tuple(row for row in self.rows if (row.key, False) not in done)

    def next(self) -> Sitting | None:
        """Return the next sitting that has no record and is not being held; None: none is left."""
        for kind, rows in ((Asking, self.unasked()), (Playing, self.left())):
            for row in rows:
                name = _name(row, asked=kind is Asking)
                path = self.folder / f"{name}.json"
                lock = _Lock.take(self.folder / f".{name}.lock")
                if lock is None:
                    continue
                if path.exists():  # written while we looked
                    lock.release()
                    continue
                self.sittings.append(kind(row, path, self.world, lock.release))
                return self.sittings[-1]
        return None

    def _recorded(self) -> set[tuple[Any, ...]]:
        for path in sorted(self.folder.glob("*.json")):
            if path.name not in self._read:
                try:
                    record = Record.from_json(path.read_text(encoding="utf-8"), str(path))
                    key = record.row.key, record.asked
                except (OSError, UnicodeDecodeError, FileFormatError):
                    key = None  # something else that lies here
                self._read[path.name] = key
        return {key for key in self._read.values() if key is not None}


def _name(row: Row, *, asked: bool) -> str:
    """Return the name of a record's file: readable, and different for different rows."""
    words = f"{row.world}-{row.twin}-{'questions' if asked else f'{row.goal}-{row.epoch}'}"
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', words)}-{digest(repr((row.key, asked)))[:8]}"


class _Lock:
    """A row that is being played, also for other processes; given back when the process ends, however."""

    taken: ClassVar[set[Path]] = set()

    def __init__(self, path: Path, file: int) -> None:
        self._path, self._file = path, file

    @classmethod
    def take(cls, path: Path) -> _Lock | None:
        """Return the lock, or None if somebody has it."""
        path = path.absolute()
        if path in cls.taken:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
        with suppress(ImportError):  # Windows has no such locks; there one process at a time is kept apart
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                return None
        cls.taken.add(path)
        return cls(path, file)

    def release(self) -> None:
        """Give it back."""
        with suppress(OSError):
            self._path.unlink()
        os.close(self._file)
        self.taken.discard(self._path)
