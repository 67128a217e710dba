"""The guard: controlled autonomy for agents that really act.

Limited permissions (a manifest and a Cedar policy), approval gates, an off-switch that works, and a ledger that
proves what happened, in front of MCP servers (`corrigible guard mcp`) and around functions in Python
(`Guard.wrap`). Nothing here needs the theory.

The public names are loaded when first used: `corrigible halt` must not wait for what it does not need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corrigible.guard.approvals import Request, Vote
    from corrigible.guard.contract import (
        Approved,
        Call,
        Context,
        Halt,
        Outcome,
        Reason,
        Signal,
        Verdict,
        decide,
    )
    from corrigible.guard.flight import NotDoneError
    from corrigible.guard.gate import Answer, Guard, Permit
    from corrigible.guard.grants import Grant
    from corrigible.guard.manifest import Manifest
    from corrigible.guard.oversight import Oversight
    from corrigible.guard.store import Store, open_store

__all__ = [
    "Answer",
    "Approved",
    "Call",
    "Context",
    "Grant",
    "Guard",
    "Halt",
    "Manifest",
    "NotDoneError",
    "Outcome",
    "Oversight",
    "Permit",
    "Reason",
    "Request",
    "Signal",
    "Store",
    "Verdict",
    "Vote",
    "decide",
    "open_store",
]

_HOMES = {
    "approvals": ("Request", "Vote"),
    "contract": ("Approved", "Call", "Context", "Halt", "Outcome", "Reason", "Signal", "Verdict", "decide"),
    "flight": ("NotDoneError",),
    "gate": ("Answer", "Guard", "Permit"),
    "grants": ("Grant",),
    "manifest": ("Manifest",),
    "oversight": ("Oversight",),
    "store": ("Store", "open_store"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"corrigible.guard.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
