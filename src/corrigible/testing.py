"""What people who extend Corrigible test their own parts with."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corrigible.countermeasures.conformance import check_countermeasure
    from corrigible.guard.conformance import check_guard_store
    from corrigible.worlds.conformance import check_world

__all__ = ["check_countermeasure", "check_guard_store", "check_world"]

# Each is loaded when it is first used: whoever writes a store need not have what worlds need.
_HOMES = {
    "check_countermeasure": "corrigible.countermeasures.conformance",
    "check_guard_store": "corrigible.guard.conformance",
    "check_world": "corrigible.worlds.conformance",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'corrigible.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
