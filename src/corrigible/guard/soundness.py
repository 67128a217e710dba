"""Whether a call can be judged at all: one that cannot is refused before anything looks at it.

What looks at a call looks at every text in it while all other calls wait, and the off-switch with them. So
what a call may hold has bounds, and what no record could say is no call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from corrigible.core.errors import OptionError
from corrigible.guard.canonical import canonical
from corrigible.guard.contract import Call

LONGEST = 512
"""Bytes of a name: of a session, a tool, an agent, an idempotency key."""
STEP = 8192
"""Characters of what is said of a plan's step."""
EVIDENCE = 1000
"""References to earlier results."""
EACH, TEXT, MOST = 40, 4096, 400_000
"""What arguments weigh: each value and key ``EACH``, and the characters of a text, up to ``TEXT``, since of
longer ones no more is read closely; all together at most ``MOST``: ten thousand numbers, or a hundred long
texts."""


def check_session(name: str) -> None:
    """Raise `OptionError` unless a session can be called so.

    Names with one reading only: halts, grants and limits go by them, and a name that looks like another, or
    means everything, would be a way round.
    """
    parts = name.split("/")
    if (
        not name.isprintable()
        or len(name.encode()) > LONGEST
        or any(part in ("", "*") or part != part.strip() for part in parts)
    ):
        shown = name[:40].encode("unicode_escape").decode()
        raise OptionError(
            f"no session can be called `{shown}`",
            f"give words of printable text with `/` between them, at most {LONGEST} bytes",
        )


def check_call(call: Call) -> None:
    """Raise `OptionError` unless a call can be judged and written down."""
    check_session(call.session)
    try:
        _check_weight(call.arguments)
        for what, text in (("tool", call.tool), ("agent", call.agent), ("key", call.key)):
            if len(text.encode()) > LONGEST:
                raise ValueError(f"its {what} has more than {LONGEST} bytes")
        if len(call.step) > STEP or len(call.evidence) > EVIDENCE:
            raise ValueError(
                f"its step has more than {STEP} characters, or its evidence than {EVIDENCE} calls"
            )
        canonical([call.arguments, call.step, call.confidence, call.evidence])
    except (TypeError, ValueError) as error:
        why = "it holds text that is not Unicode" if isinstance(error, UnicodeError) else str(error)
        raise OptionError(f"the call cannot be judged: {why}", "make a smaller or plainer one") from error


def _check_weight(arguments: Any) -> None:
    if not isinstance(arguments, Mapping):
        raise TypeError("its arguments have no names")
    weight = 0
    waiting: list[Any] = [cast(Mapping[Any, Any], arguments)]
    while waiting:
        value = waiting.pop()
        weight += EACH
        if isinstance(value, str):
            weight += min(len(value), TEXT)
        elif isinstance(value, Mapping):
            value = cast(Mapping[Any, Any], value)
            weight += EACH * len(value) + sum(min(len(key), TEXT) for key in value if isinstance(key, str))
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(cast(Sequence[Any], value))
        if weight + EACH * len(waiting) > MOST:
            raise ValueError("its arguments hold more than can be looked through")
