"""Reward distributions: over which goals POWER averages.

`contract` says what one is; each kind has a file. `notation` reads them as people write them.
"""

from corrigible.power.rewards.contract import RewardDistribution, RewardSamples
from corrigible.power.rewards.factors import Factors
from corrigible.power.rewards.features import Features
from corrigible.power.rewards.independent import Independent
from corrigible.power.rewards.notation import parse_rewards
from corrigible.power.rewards.smooth import Smooth
from corrigible.power.rewards.sparse import Sparse
from corrigible.power.rewards.tables import Empirical, OneHot, Table, named_goals

__all__ = [
    "Empirical",
    "Factors",
    "Features",
    "Independent",
    "OneHot",
    "RewardDistribution",
    "RewardSamples",
    "Smooth",
    "Sparse",
    "Table",
    "named_goals",
    "parse_rewards",
]
