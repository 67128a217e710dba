"""Countermeasures: what is done against instrumental convergence, each through one of three doors.

The contract is `Countermeasure`; `case_of` makes what it is put on, `follow` says what came of it.
"""

from corrigible.countermeasures.case import Case, case_of
from corrigible.countermeasures.contract import (
    ChoiceDoor,
    Conduct,
    Countermeasure,
    Door,
    RewardDoor,
    WorldDoor,
    parameter,
)
from corrigible.countermeasures.following import Followed, follow
from corrigible.countermeasures.planning import Plan, plan

__all__ = [
    "Case",
    "ChoiceDoor",
    "Conduct",
    "Countermeasure",
    "Door",
    "Followed",
    "Plan",
    "RewardDoor",
    "WorldDoor",
    "case_of",
    "follow",
    "parameter",
    "plan",
]
