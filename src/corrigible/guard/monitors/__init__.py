"""Monitors: what is independent of the agent, sees every call and result, and can ask or halt, never allow.

Each monitor is one file. The manifest turns them on with ``[monitors.NAME]``; where it has no such section,
`DEFAULTS` are on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from corrigible.core.errors import unknown_name
from corrigible.guard.monitors.contract import Memory as Memory
from corrigible.guard.monitors.contract import Monitor as Monitor
from corrigible.guard.monitors.contract import Reviewer as Reviewer
from corrigible.guard.monitors.denials import Denials
from corrigible.guard.monitors.grounding import Grounding
from corrigible.guard.monitors.injection import Injection
from corrigible.guard.monitors.provenance import Provenance
from corrigible.guard.monitors.reaching import Reaching
from corrigible.guard.monitors.spending import Spending
from corrigible.guard.monitors.toolmix import ToolMix

MONITORS: Mapping[str, type[Monitor]] = {
    kind.name: kind for kind in (Denials, Reaching, ToolMix, Spending, Provenance, Grounding, Injection)
}

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "denials": {},
    "reaching": {},
    "provenance": {},
    "injection": {},
}
"""On where the manifest names none: these say something from the first call on. The mix of tools and the
spending of a session mean something only in long ones, and their reading is statistical."""


def load(settings: Mapping[str, Mapping[str, Any]]) -> tuple[Monitor, ...]:
    """Return the monitors that are on, in a fixed order.

    Parameters
    ----------
    settings
        By name, as the manifest has them; empty: `DEFAULTS`.

    Raises
    ------
    UnknownNameError
        If there is no such monitor, or it has no such setting.
    OptionError
        If a setting is out of its range.
    """
    chosen = settings or DEFAULTS
    for name in chosen:
        if name not in MONITORS:
            unknown_name("monitor", name, MONITORS)
    return tuple(kind.of(dict(chosen[name])) for name, kind in MONITORS.items() if name in chosen)
