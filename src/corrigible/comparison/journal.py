"""Where cells are kept as they are found, so that an interrupted comparison can go on."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeAlias, final

from corrigible.comparison.found import Found, Status
from corrigible.core import journal
from corrigible.core.errors import FileFormatError

Entry: TypeAlias = tuple[str, str, Found]
"""The design's fingerprint, the cell's key, and what was found."""


@final
class Journal(journal.Journal[Entry]):
    """A file of cells of the comparisons of one design."""

    NAME = "cells.jsonl"
    HOLDS = "cells of another comparison"

    def read(self) -> dict[str, Found]:
        """Return what was found, by the cells' keys; failed cells need to be computed again."""
        found = {key: found for _, key, found in self.entries()}
        return {key: each for key, each in found.items() if each.status is not Status.FAILED}

    def told(self, entry: Entry) -> str:
        design, key, found = entry
        return json.dumps({"design": design, "cell": key, **dataclasses.asdict(found)})

    def understood(self, line: str, where: str) -> Entry:
        try:
            told: dict[str, Any] = json.loads(line)
            return told["design"], told["cell"], Found.of(told)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FileFormatError(f"{where}: this is no cell of a comparison", "remove the file") from error

    def design_of(self, entry: Entry) -> str:
        return entry[0]
