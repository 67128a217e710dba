"""Grants: a yes given beforehand to calls of one kind, so many of them, for so long.

A grant stands for a person's approval where the policy asks for one. It does not outweigh what a monitor
raises, and there is none for what the manifest calls grave.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fnmatch import translate
from re import fullmatch
from typing import TYPE_CHECKING, Any, final

from corrigible.core.errors import OptionError
from corrigible.guard.canonical import canonical
from corrigible.guard.contract import EVERYTHING, Call, covers
from corrigible.guard.store import Reader, Transaction

if TYPE_CHECKING:
    from corrigible.guard.ledger import Ledger


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Grant:
    """What was granted.

    Parameters
    ----------
    id
        Its name.
    tool
        ``server/tool``.
    session
        Whose calls; ``*``: anybody's.
    ranges
        For each argument that is bound, its condition: ``{"is": value}``, ``{"in": [values]}``,
        ``{"like": pattern}`` (``*`` stands for anything), ``{"min": low, "max": high}`` (either may be left
        out). It is looked at as policies see the argument. An argument without condition is free.
    calls, left
        How many calls, and how many are left.
    expires, at
        Until when, and since when (seconds of the epoch).
    who, why
        Who granted it, for what reason.
    """

    id: str
    tool: str
    session: str
    ranges: Mapping[str, Mapping[str, Any]]
    calls: int
    left: int
    expires: float
    who: str
    why: str
    at: float

    def covers(self, call: Call, shown: Mapping[str, Any], now: float) -> bool:
        """Return whether it covers a call with these arguments, now."""
        return (
            call.tool == self.tool
            and self.left > 0
            and now < self.expires
            and covers(self.session, call.session)
            and all(name in shown and _holds(shown[name], wanted) for name, wanted in self.ranges.items())
        )


def check_ranges(ranges: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `OptionError` unless each condition is one that there is."""
    for name, wanted in ranges.items():
        if not wanted or not set(wanted) <= set(_MEANINGS):
            known = ", ".join(f"`{condition}`" for condition in _MEANINGS)
            raise OptionError(f"`{dict(wanted)}` is no condition of the argument `{name}`", f"give {known}")
        if "in" in wanted and not isinstance(wanted["in"], list | tuple):
            raise OptionError(f"`in` of the argument `{name}` is no list", "give the values that are granted")
        if "like" in wanted and not isinstance(wanted["like"], str):
            raise OptionError(f"`like` of the argument `{name}` is no text", "give a pattern")
        for bound in ("min", "max"):
            if bound in wanted and not _number(wanted[bound]):
                raise OptionError(f"`{bound}` of the argument `{name}` is no number", "give one")
        try:
            canonical({name: dict(wanted)})
        except (TypeError, ValueError) as error:
            raise OptionError(
                f"the condition of an argument cannot be written down: {error}", "mend it"
            ) from error


def give(ledger: Ledger, tx: Transaction, grant: Grant) -> None:
    """Write a grant down."""
    tx.put("grant", _key(grant), vars(grant))
    told = {field: getattr(grant, field) for field in ("tool", "session", "ranges", "calls", "who", "why")}
    ledger.append(tx, "granted", grant.at, grant=grant.id, expires=grant.expires, **told)


def grants(store: Reader, now: float) -> list[Grant]:
    """Return the grants in force."""
    given = (Grant(**grant) for _, grant in store.scan("grant"))
    return [grant for grant in given if grant.left > 0 and now < grant.expires]


def covering(store: Reader, call: Call, shown: Mapping[str, Any], now: float) -> Grant | None:
    """Return a grant that covers a call, the one that expires first, if there is any."""
    kept = (
        Grant(**value)
        for session in (EVERYTHING, *call.sessions())
        for _, value in store.scan("grant", f"{call.tool}\t{session}\t")
    )
    found = [grant for grant in kept if grant.covers(call, shown, now)]
    return min(found, key=lambda grant: grant.expires, default=None)


def use(tx: Transaction, grant: Grant) -> None:
    """Take one call from a grant; one that is used up goes."""
    if grant.left > 1:
        tx.put("grant", _key(grant), vars(dataclasses.replace(grant, left=grant.left - 1)))
    else:
        tx.delete("grant", _key(grant))


def revoke(ledger: Ledger, tx: Transaction, identifier: str, who: str, why: str, now: float) -> Grant:
    """Take a grant back, and return it as it was.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    found = next((Grant(**grant) for _, grant in tx.scan("grant") if grant["id"] == identifier), None)
    if found is None:
        raise OptionError(f"there is no grant `{identifier}`", "see `corrigible grants`")
    tx.delete("grant", _key(found))
    ledger.append(tx, "revoked", now, grant=identifier, who=who, why=why)
    return found


def _key(grant: Grant) -> str:
    # By tool and session, so that a call is compared with few; neither has tabs in it.
    return f"{grant.tool}\t{grant.session}\t{grant.id}"


def _holds(value: Any, wanted: Mapping[str, Any]) -> bool:
    if isinstance(value, Decimal):  # as policies see numbers
        value = float(value)
    if isinstance(value, list | tuple) and not isinstance(wanted.get("is"), list | tuple):
        return bool(value) and all(_holds(item, wanted) for item in value)  # each of several recipients
    return all(_MEANINGS[condition](value, bound) for condition, bound in wanted.items())


def _like(value: Any, pattern: str) -> bool:
    # Of fnmatch's signs only the star is one here.
    plain = pattern.replace("[", "[[]").replace("?", "[?]")
    return isinstance(value, str) and fullmatch(translate(plain), value) is not None


def _equal(value: Any, wanted: Any) -> bool:
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_MEANINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": _equal,
    "in": lambda value, options: any(_equal(value, option) for option in options),
    "like": _like,
    "min": lambda value, low: _number(value) and value >= low,
    "max": lambda value, high: _number(value) and value <= high,
}
