"""What the terminal sees: colours, tables, progress bars, and one line for an error.

No other room writes to the terminal. Results go to standard output, everything else to standard
error; where that is not a terminal there are no bars and no colours.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.table import Table

    from corrigible.core.progress import Progress


WIDE = 160
"""Columns of a table that is written into a file or a pipe."""


def console() -> Any:
    """Return the console of standard output; where that is a file, lines may be as long as they need."""
    from rich.console import Console

    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=WIDE)


def say(text: str) -> None:
    """Write a remark to standard error."""
    click.echo(text, err=True)


def error_line(message: str, hint: str = "") -> str:
    """Return the one line that tells an error."""
    line = " ".join(f"corrigible: {message}{'; ' + hint if hint else ''}".split("\n"))
    return line.rstrip(".")


def table(title: str, columns: Sequence[str], *, numbers: Sequence[str] = ()) -> Table:
    """Return an empty table; the columns in ``numbers`` are set flush right."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column in numbers
        made.add_column(column, justify="right" if right else "left", no_wrap=right)
    return made


class Bars:
    """Draws what a `corrigible.core.progress.Progress` is told."""

    def __init__(self, rich: RichProgress) -> None:
        self.rich = rich
        self._tasks: list[Any] = []

    def start(self, task: str, total: int) -> None:
        """Begin a bar."""
        self._tasks.append(self.rich.add_task(task, total=total))

    def advance(self, steps: int = 1) -> None:
        """Move the newest bar."""
        if self._tasks:
            self.rich.advance(self._tasks[-1], steps)

    def finish(self) -> None:
        """Take the newest bar away."""
        if self._tasks:
            self.rich.remove_task(self._tasks.pop())


@contextmanager
def progress() -> Generator[Progress]:
    """Yield something that listens to progress: bars on a terminal, silence elsewhere."""
    from rich.console import Console

    from corrigible.core.progress import SILENT

    err = Console(stderr=True)
    if not err.is_terminal:
        yield SILENT
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as rich:
        yield Bars(rich)
