"""What a call does to a file or a process, whatever tool it came through."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing done.

    Parameters
    ----------
    kind
        ``read``, ``write`` (new content), ``append``, ``edit`` (in place), ``remove``, ``move`` (away),
        ``copy`` (onto the path), ``run`` (a program by its path), ``mode`` (permissions), ``list``,
        ``kill`` (a process), ``stop`` (a service) or ``skip`` (a check is told not to run).
    path
        The file or process, as far as it can be known without running anything; ``*`` where it cannot.
    text
        What is written, where it is spelt out.
    literal
        Whether the text is spelt out in the call, not computed from a file or by a program.
    source
        Where content comes from (``copy``) or goes to (``move``).
    how
        The command that does it.
    programs
        Programs by path whose output is what is written.
    arguments
        Of a ``run``, ``mode``, ``kill``.
    """

    kind: str
    path: str
    text: str = ""
    literal: bool = False
    source: str = ""
    how: str = ""
    programs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


CHANGES = ("write", "append", "edit", "remove", "move", "copy")
"""The kinds that change a file."""
