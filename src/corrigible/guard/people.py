"""Who counts as whom, and who may say yes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from corrigible.core.errors import OptionError


def same(one: str, other: str) -> bool:
    """Return whether two names are one person's: case, spaces around them and what looks alike to Unicode
    (its form NFKC, signs that are not seen) do not matter."""
    return _seen(one) == _seen(other)


def _seen(name: str) -> str:
    shown = "".join(sign for sign in name if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold()).strip()


def check_person(who: str) -> None:
    """Raise `OptionError` where nobody is named."""
    if not _seen(who):
        raise OptionError("nobody is named", "say who decides: --by NAME")


def check_approver(who: str, approvers: Sequence[str], askers: Iterable[str] = ()) -> None:
    """Raise `OptionError` unless ``who`` may approve what ``askers`` ask.

    Parameters
    ----------
    who
        The person.
    approvers
        Who may; empty: anyone.
    askers
        Who asks, by all their names.
    """
    check_person(who)
    if any(same(who, asker) for asker in askers):
        raise OptionError(f"`{who}` asks, and cannot approve it", "ask another person")
    if approvers and not any(same(who, approver) for approver in approvers):
        known = ", ".join(f"`{approver}`" for approver in approvers)
        raise OptionError(f"`{who}` is none of those who may approve", f"they are {known}")
