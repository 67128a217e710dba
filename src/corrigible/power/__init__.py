"""POWER: how much an agent could still attain, over many goals, and which actions they prefer.

`estimate` gives POWER of every state, `optimality_probability` the share of goals for which each
action of a state is optimal. `RewardDistribution` says which goals: `Independent`, `OneHot`,
`Table`, or what `parse_rewards` reads. Pictures are in `corrigible.power.plots`.
"""

from corrigible.power.estimate import estimate
from corrigible.power.goals import OneHot, Table
from corrigible.power.independent import Independent
from corrigible.power.notation import parse_rewards
from corrigible.power.optimality import OptimalityResult, optimality_probability
from corrigible.power.result import PowerResult, StatePower
from corrigible.power.rewards import RewardDistribution, RewardSamples

__all__ = [
    "Independent",
    "OneHot",
    "OptimalityResult",
    "PowerResult",
    "RewardDistribution",
    "RewardSamples",
    "StatePower",
    "Table",
    "estimate",
    "optimality_probability",
    "parse_rewards",
]
