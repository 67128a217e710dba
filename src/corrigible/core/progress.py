"""How long work says how far it is, without knowing who listens.

The rooms below the command line report; only ``cli`` draws. A caller in Python may pass its own.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Something that listens to progress."""

    def start(self, task: str, total: int) -> None:
        """Begin ``task``, which takes ``total`` steps."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Say that ``steps`` more are done; called from one thread at a time."""
        ...

    def finish(self) -> None:
        """End the task begun last."""
        ...


class Silent:
    """Listens and says nothing; the default everywhere."""

    def start(self, task: str, total: int) -> None:
        """Ignore."""

    def advance(self, steps: int = 1) -> None:
        """Ignore."""

    def finish(self) -> None:
        """Ignore."""


SILENT: Progress = Silent()
