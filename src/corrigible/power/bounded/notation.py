"""Agents as people write them: ``boltzmann(0.1)``, ``epsilon-greedy(0.2)``, ``limited-horizon(3)``, ``noisy-model(0.5)``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from corrigible.core.errors import OptionError, unknown_name
from corrigible.power.bounded.agent import Agent
from corrigible.power.bounded.boltzmann import Boltzmann
from corrigible.power.bounded.epsilon import EpsilonGreedy
from corrigible.power.bounded.horizon import LimitedHorizon
from corrigible.power.bounded.noisy import NoisyModel

_KINDS: dict[str, Callable[[Any], Agent]] = {
    "boltzmann": Boltzmann,
    "epsilon-greedy": EpsilonGreedy,
    "limited-horizon": LimitedHorizon,
    "noisy-model": NoisyModel,
}

_HINT = (
    "write for example `boltzmann(0.1)`, `epsilon-greedy(0.2)`, `limited-horizon(3)` or `noisy-model(0.5)`"
)


def parse_agent(text: str) -> Agent:
    """Return the agent that ``text`` names: a kind and its number in brackets.

    Raises
    ------
    UnknownNameError
        If there is no such kind; the message suggests the nearest.
    OptionError
        If there is no number, or it is out of range.

    Examples
    --------
    >>> parse_agent("boltzmann(0.1)").describe()
    'boltzmann(temperature=0.1)'
    """
    found = re.fullmatch(r"\s*([A-Za-z-]+)\s*(?:\(\s*([^()]*?)\s*\))?\s*", text)
    if found is None:
        raise OptionError(f"the agent `{text}` cannot be read", _HINT)
    kind = found[1].lower()
    if kind not in _KINDS:
        unknown_name("agent", kind, [*_KINDS], _HINT)
    if not found[2]:
        raise OptionError(f"the agent `{text}` has no number", _HINT)
    try:
        number = int(found[2]) if re.fullmatch(r"[+-]?\d+", found[2]) else float(found[2])
    except ValueError:
        raise OptionError(f"the agent's number `{found[2]}` is none", _HINT) from None
    return _KINDS[kind](number)
