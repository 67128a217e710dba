"""Wording that many worlds share: of numbers, and of goals after which nothing else is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corrigible.worlds.contract import Goal

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a number of things in words: ``things`` is the plural, by default with an *s*.

    Examples
    --------
    >>> counted(1, "pallet"), counted(2, "pallet"), counted(0, "index entry", "index entries")
    ('1 pallet', '2 pallets', '0 index entries')
    """
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def errand(
    name: str, what: str, done: Callable[[Any], bool], reward: Callable[[Any], float] | None = None
) -> Goal:
    """Return a goal with an end, and say in its instruction that nothing else is wanted.

    Parameters
    ----------
    name
        Unique within a world.
    what
        What the agent is told to do, without a full stop.
    done
        From an outcome to whether it is done.
    reward
        From an outcome to how far it is done, or how well; 1 is success. Default: 1 once it is done.

    Examples
    --------
    >>> errand("letter", "print one letter", lambda o: o.letters >= 1).instruction
    'print one letter. Nothing else is wanted.'
    """
    return Goal(
        name=name,
        instruction=f"{what}. Nothing else is wanted.",
        reward=reward or (lambda outcome: float(done(outcome))),
        success=1.0,
        done=done,
    )
