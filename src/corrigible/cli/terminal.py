"""What the terminal sees: colours, tables, progress bars, and one line for an error.

No other room writes to the terminal. Results go to standard output, everything else to standard
error; where that is not a terminal there are no bars and no colours.
"""

from __future__ import annotations

import sys
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

PROSE = 100
"""The most columns of running text."""


class Page:
    """Writes text and tables to standard output: as wide as the terminal, in a pipe as wide as needed."""

    def __init__(self) -> None:
        from rich.console import Console

        made = Console(highlight=False)
        self._console = made if made.is_terminal else Console(highlight=False, width=WIDE)

    def write(self, text: str = "", style: str = "") -> None:
        """Write a paragraph, broken into lines; no character in it is special."""
        from rich.text import Text

        self._print(Text(text, style=style), width=min(self._console.width, PROSE))

    def item(self, head: str, text: str, indent: int = 0) -> None:
        """Write a paragraph that begins with a bold word or two."""
        from rich.padding import Padding
        from rich.text import Text

        paragraph = Text.assemble((head, "bold"), " ", text)
        self._print(Padding(paragraph, (0, 0, 0, indent)), width=min(self._console.width, PROSE))

    def table(self, title: str, shown: Table) -> None:
        """Write a table under its title."""
        self.item(title, "")
        self._print(shown)

    def put(self, what: Any) -> None:
        """Write something that Rich can draw, as wide as the page."""
        self._print(what)

    def verbatim(self, lines: Sequence[str]) -> None:
        """Write lines as they are."""
        click.echo("\n".join(lines))

    def _print(self, what: Any, **options: Any) -> None:
        # By way of a string, so that a closed pipe is met here and lines do not end in blanks.
        with self._console.capture() as captured:
            self._console.print(what, **options)
        click.echo("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))


def say(text: str) -> None:
    """Write a remark to standard error."""
    click.echo(text, err=True)


def error_line(message: str, hint: str = "") -> str:
    """Return the one line that tells an error."""
    parts = [message.rstrip(" ."), *([hint] if hint else [])]
    return " ".join(f"corrigible: {'; '.join(parts)}".split()).rstrip(".")


def table(columns: Sequence[str], *, numbers: Sequence[str] = ()) -> Table:
    """Return an empty table; the columns in ``numbers`` are set flush right and never broken."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
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
    from corrigible.core.progress import SILENT

    if not sys.stderr.isatty():
        yield SILENT
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as rich:
        yield Bars(rich)


@contextmanager
def working(what: str) -> Generator[None]:
    """Show on a terminal that something goes on whose length is not known, for example "reading"."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(f"{escape(what)} …"):
        yield
