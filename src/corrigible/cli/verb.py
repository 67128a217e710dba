"""A verb that is known by its name and one line, and read when it is used.

So ``corrigible halt`` reads what a halt needs, and nothing of the theory, and ``corrigible --help`` reads no
verb at all.
"""

from __future__ import annotations

import importlib
from typing import Any, final

import click


@final
class Verb(click.Command):
    """A command in a file of its own, which is imported on its first use.

    Parameters
    ----------
    name
        What it is called, on the command line and, with ``_`` for ``-``, in its file.
    file
        The module within ``corrigible.cli``.
    short_help
        The line that lists of commands show; the command's own must be the same.

    Examples
    --------
    >>> Verb("power", "power", "Compute POWER and preferred actions of a model.").command().name
    'power'
    """

    def __init__(self, name: str, file: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.file = file

    def command(self) -> click.Command:
        """Return the command itself."""
        assert self.name, "a verb has a name"
        found = getattr(importlib.import_module(f"corrigible.cli.{self.file}"), self.name.replace("-", "_"))
        assert isinstance(found, click.Command)
        return found

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        # Whoever runs a context runs the command that made it, which is thereby the real one.
        return self.command().make_context(info_name, args, parent=parent, **extra)
