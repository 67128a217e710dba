"""Worlds: small, exactly specified situations, and their faces.

The contract is `World` and `Place`; `catalogue` holds the worlds that come with Corrigible;
`process` is the decision-process face, and `theory` what follows from it.
"""

from corrigible.worlds.catalogue import catalogue, load, names
from corrigible.worlds.contract import (
    Action,
    Behaviour,
    Call,
    Drive,
    Goal,
    Gravity,
    Observation,
    Place,
    Tool,
    Variant,
    World,
    schema,
)
from corrigible.worlds.process import Process, process

__all__ = [
    "Action",
    "Behaviour",
    "Call",
    "Drive",
    "Goal",
    "Gravity",
    "Observation",
    "Place",
    "Process",
    "Tool",
    "Variant",
    "World",
    "catalogue",
    "load",
    "names",
    "process",
    "schema",
]
