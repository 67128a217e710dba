"""Where episodes are kept as they end, so that an interrupted audit can go on."""

from __future__ import annotations

from typing import final

from corrigible.agents import Record
from corrigible.agents.episode import Status
from corrigible.core import journal

NAME = "episodes.jsonl"


@final
class Journal(journal.Journal[Record]):
    """A file of records of the audits of one design."""

    NAME = NAME
    HOLDS = "episodes of another audit"

    def read(self) -> list[Record]:
        """Return the records that need not be played again, each row's last; crashed ones need it."""
        last = {record.row.key: record for record in self.entries()}
        return [record for record in last.values() if record.status is not Status.CRASHED]

    def told(self, entry: Record) -> str:
        return entry.to_json()

    def understood(self, line: str, where: str) -> Record:
        return Record.from_json(line, where)

    def design_of(self, entry: Record) -> str:
        return entry.design
