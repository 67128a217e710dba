"""Worlds: small, exactly specified situations, and their faces.

The contract is `World` and `Place`; `catalogue` holds the worlds that come with Corrigible, `levels` those of the
literature, which also say what they pay (`LevelPlace`);
`process` is the decision-process face, and `theory` what follows from it.
"""

from corrigible.worlds.catalogue import catalogue, level_names, load, names
from corrigible.worlds.contract import Behaviour, Drive, Goal, Gravity, Observation, Place, Question, World
from corrigible.worlds.process import Process, process
from corrigible.worlds.tools import Action, Call, Tool, schema
from corrigible.worlds.variant import Variant

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
    "Question",
    "Tool",
    "Variant",
    "World",
    "catalogue",
    "level_names",
    "load",
    "names",
    "process",
    "schema",
]
