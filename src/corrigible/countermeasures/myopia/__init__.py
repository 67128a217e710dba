"""Myopia: agents that do not look far ahead, or are not paid for what comes far ahead."""

from corrigible.countermeasures.myopia.induced_shift import (
    Apart,
    Learner,
    Learners,
    StatelessQ,
    UnitTest,
    unit_test,
)
from corrigible.countermeasures.myopia.mona import Mona
from corrigible.countermeasures.myopia.myopia import Myopia
from corrigible.countermeasures.myopia.process_reward import ProcessReward
from corrigible.countermeasures.myopia.short_horizon import ShortHorizon

__all__ = [
    "Apart",
    "Learner",
    "Learners",
    "Mona",
    "Myopia",
    "ProcessReward",
    "ShortHorizon",
    "StatelessQ",
    "UnitTest",
    "unit_test",
]
