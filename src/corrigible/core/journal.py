"""Where the pieces of a long run are kept as they end, so that an interrupted one can go on."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from corrigible.core.errors import FileFormatError, OutputError
from corrigible.core.files import reason, write_whole

T = TypeVar("T")


class Journal(ABC, Generic[T]):
    """A file of entries, one a line, of the runs of one design.

    Parameters
    ----------
    folder
        Where `NAME` lies; made with the first entry.
    design
        The fingerprint of the design; an entry of another one is not taken over.

    Attributes
    ----------
    NAME
        The file's name.
    HOLDS
        What it holds, for the errors: "episodes of another audit".
    """

    NAME: ClassVar[str]
    HOLDS: ClassVar[str]

    def __init__(self, folder: Path, design: str) -> None:
        self.path, self.design = folder / self.NAME, design

    @abstractmethod
    def told(self, entry: T) -> str:
        """Return an entry as one line."""

    @abstractmethod
    def understood(self, line: str, where: str) -> T:
        """Return the entry that a line tells; `FileFormatError`, which names ``where``, if it tells none."""

    @abstractmethod
    def design_of(self, entry: T) -> str:
        """Return the fingerprint of the design that an entry belongs to."""

    def entries(self) -> list[T]:
        """Return the entries of this design, in the order in which they were added.

        A last line that was torn off when the run was interrupted is taken out of the file.

        Raises
        ------
        FileFormatError
            If the file holds entries of another design: going on would mix the two.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise FileFormatError(f"`{self.path}` cannot be read", "give another folder") from error
        found: list[T] = []
        for number, line in enumerate(lines, start=1):
            try:
                entry = self.understood(line, f"{self.path}:{number}")
            except FileFormatError:
                if number == len(lines):
                    break
                raise
            if self.design_of(entry) != self.design:
                raise FileFormatError(
                    f"`{self.path}` holds {self.HOLDS}", "give another folder, or remove the file"
                )
            found.append(entry)
        if lines and len(found) < len(lines):
            write_whole(self.path, "".join(f"{line}\n" for line in lines[: len(found)]))
        return found

    def add(self, *entries: T) -> None:
        """Append entries; they are on the disk when this returns."""
        lines = "".join(f"{self.told(entry)}\n" for entry in entries)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(lines.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(
                f"cannot write `{self.path}`: {reason(error)}", "choose another folder"
            ) from error
