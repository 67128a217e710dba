"""The one error tree.

::

    CorrigibleError
    ├── InputError                  bad input; the command line leaves with status 2
    │   ├── OptionError             an option or argument out of its range      C101
    │   ├── UnknownNameError        no such world, agent, state, distribution   C102
    │   ├── FileFormatError         a file that is not what it should be        C103
    │   ├── OutputError             a place that cannot be written              C104
    │   ├── ModelError              transitions that are no decision process    C105
    │   ├── TooLargeError           it would not fit in memory                  C106
    │   ├── DistributionError       rewards that cannot be drawn                C107
    │   ├── WorldError              a world that breaks its contract            C108
    │   ├── MissingExtraError       an optional dependency is not installed     C109
    │   └── InapplicableError       a countermeasure with nothing to hold on to C110
    ├── ConvergenceError            a solver that did not reach its tolerance   C201
    ├── WorkerError                 workers, elsewhere, that were lost          C202
    └── GuardError                  the guard cannot go on, or does not let     C300
        ├── StoreError              a store that cannot be reached or written   C301
        ├── LedgerError             a ledger that was tampered with             C302
        ├── RefusedError            a call that the guard does not let through  C303
        └── UnknownOutcomeError     a call of which nobody knows what became    C304

Every error is one lower-case sentence that names the value in backticks, and, apart from it, what
to do. Codes are stable: scripts may rely on them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NoReturn


class CorrigibleError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    message
        One lower-case sentence naming the offending value in backticks.
    hint
        What to do about it, also one sentence; empty where the message says it all.
    """

    code = "C000"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InputError(CorrigibleError):
    """Something the user gave cannot be used."""

    code = "C100"


class OptionError(InputError):
    """An option or argument is out of its range."""

    code = "C101"


class UnknownNameError(InputError):
    """A name that stands for nothing we know."""

    code = "C102"


class FileFormatError(InputError):
    """A file that is not what it should be; the message starts with ``path:line:``."""

    code = "C103"


class OutputError(InputError):
    """A place that cannot be written."""

    code = "C104"


class ModelError(InputError):
    """Transitions that do not form a decision process."""

    code = "C105"


class TooLargeError(InputError):
    """Arrays that would not fit in memory, found before they are allocated."""

    code = "C106"


class DistributionError(InputError):
    """Rewards that cannot be drawn as asked."""

    code = "C107"


class WorldError(InputError):
    """A world that breaks its contract."""

    code = "C108"


class MissingExtraError(InputError):
    """An optional dependency is not installed."""

    code = "C109"


class InapplicableError(InputError):
    """A countermeasure that has nothing to take hold of in a world."""

    code = "C110"


class ConvergenceError(CorrigibleError):
    """A solver that did not reach its tolerance; never hidden in a result."""

    code = "C201"


class WorkerError(CorrigibleError):
    """Workers, in other processes or on other machines, that were lost before they were done."""

    code = "C202"


class GuardError(CorrigibleError):
    """The guard cannot go on, or does not let a call through."""

    code = "C300"


class StoreError(GuardError):
    """A store that cannot be reached, read or written; nothing is executed without it."""

    code = "C301"


class LedgerError(GuardError):
    """A ledger that is not what was signed: cut, forked, reordered or edited."""

    code = "C302"


class RefusedError(GuardError):
    """A call that the guard did not let through; ``verdict`` says why."""

    code = "C303"

    def __init__(self, message: str, hint: str = "", verdict: object = None) -> None:
        super().__init__(message, hint)
        self.verdict = verdict


class UnknownOutcomeError(GuardError):
    """A call that was started, and of which nobody knows whether it was done."""

    code = "C304"


LONGEST = 300
"""Characters that are kept of what other people's code raised."""


def in_short(error: BaseException) -> str:
    """Return an exception of anybody's code in one line: its type and the first line it says."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}".removesuffix(": ")[:LONGEST]


def unknown_name(kind: str, name: object, known: Iterable[str], hint: str = "") -> NoReturn:
    """Raise `UnknownNameError` for a ``kind`` called ``name``, suggesting the nearest of ``known``."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    if near:
        advice = f"did you mean `{near[0]}`?"
    elif hint:
        advice = hint
    else:
        shown = ", ".join(f"`{n}`" for n in names[:12])
        advice = f"known: {shown}{', …' if len(names) > 12 else ''}"
    raise UnknownNameError(f"there is no {kind} `{name}`", advice)
