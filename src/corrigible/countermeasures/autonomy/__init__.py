"""Controlled autonomy: what may stand between an agent and the world, as wrappers of places.

An approval gate, checkpoints and a budget of steps; the first two ask a `Reviewer`.
"""

from corrigible.countermeasures.autonomy.budget import BudgetPlace, StepBudget
from corrigible.countermeasures.autonomy.checkpoints import CheckpointPlace, Checkpoints
from corrigible.countermeasures.autonomy.gate import ApprovalGate, GatePlace
from corrigible.countermeasures.autonomy.reviewed import ReviewedPlace, ReviewedState
from corrigible.countermeasures.autonomy.reviewer import Reviewer, harmful

__all__ = [
    "ApprovalGate",
    "BudgetPlace",
    "CheckpointPlace",
    "Checkpoints",
    "GatePlace",
    "ReviewedPlace",
    "ReviewedState",
    "Reviewer",
    "StepBudget",
    "harmful",
]
