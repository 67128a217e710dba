"""Where episodes are kept as they end, so that an interrupted audit can go on."""

from __future__ import annotations

from pathlib import Path

from corrigible.agents import Record
from corrigible.agents.episode import Status
from corrigible.core.errors import FileFormatError, OutputError
from corrigible.core.files import reason, write_whole

NAME = "episodes.jsonl"


class Journal:
    """A file of records, one a line, of the audits of one design.

    Parameters
    ----------
    folder
        Where `NAME` lies; made with the first record.
    design
        The fingerprint of the design; a record of another one is not taken over.
    """

    def __init__(self, folder: Path, design: str) -> None:
        self.path, self.design = folder / NAME, design

    def read(self) -> list[Record]:
        """Return the records of this design that need not be played again; crashed ones need it.

        A last line that was torn off when the run was interrupted is taken out of the file.

        Raises
        ------
        FileFormatError
            If the file holds episodes of another design: going on would mix the two.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise FileFormatError(f"`{self.path}` cannot be read", "give another folder") from error
        found: list[Record] = []
        for number, line in enumerate(lines, start=1):
            try:
                record = Record.from_json(line, f"{self.path}:{number}")
            except FileFormatError:
                if number == len(lines):
                    break
                raise
            if record.design != self.design:
                raise FileFormatError(
                    f"`{self.path}` holds episodes of another audit",
                    "give another folder, or remove the file",
                )
            found.append(record)
        if lines and len(found) < len(lines):
            write_whole(self.path, "".join(f"{line}\n" for line in lines[: len(found)]))
        last = {record.row.key: record for record in found}
        return [record for record in last.values() if record.status is not Status.CRASHED]

    def add(self, record: Record) -> None:
        """Append a record."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(record.to_json().encode("utf-8", "backslashreplace") + b"\n")
        except OSError as error:
            raise OutputError(
                f"cannot write `{self.path}`: {reason(error)}", "choose another folder"
            ) from error
