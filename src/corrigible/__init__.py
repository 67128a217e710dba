"""Corrigible: measure, test and hold back instrumental convergence in capable agents.

The public names are loaded when first used, so that importing the package stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from corrigible.core.version import VERSION as __version__

if TYPE_CHECKING:
    from corrigible import agents, audit, mdp, power, worlds
    from corrigible.core.errors import CorrigibleError
    from corrigible.mdp import MDP

__all__ = ["MDP", "CorrigibleError", "__version__", "agents", "audit", "mdp", "power", "worlds"]

_ROOMS = {"agents", "audit", "mdp", "power", "worlds"}
_HOMES = {"MDP": "corrigible.mdp", "CorrigibleError": "corrigible.core.errors"}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"corrigible.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'corrigible' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
