"""Impact measures: penalties for what an agent changes, as deviation × baseline × summary."""

from corrigible.countermeasures.impact.attainable import AttainableUtility
from corrigible.countermeasures.impact.contract import Contrast, Deviation
from corrigible.countermeasures.impact.future_tasks import FutureTasksReward
from corrigible.countermeasures.impact.model_free import LearntUtility, ModelFreeAUP
from corrigible.countermeasures.impact.penalty import ImpactPenalty, Penalised
from corrigible.countermeasures.impact.presets import (
    AttainableUtilityPreservation,
    FutureTasks,
    RelativeReachability,
    Unreachability,
)
from corrigible.countermeasures.impact.reachability import Reachability
from corrigible.countermeasures.impact.unreachability import UnreachabilityOfBaseline

__all__ = [
    "AttainableUtility",
    "AttainableUtilityPreservation",
    "Contrast",
    "Deviation",
    "FutureTasks",
    "FutureTasksReward",
    "ImpactPenalty",
    "LearntUtility",
    "ModelFreeAUP",
    "Penalised",
    "Reachability",
    "RelativeReachability",
    "Unreachability",
    "UnreachabilityOfBaseline",
]
