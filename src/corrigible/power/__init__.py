"""POWER: how much an agent could still attain, over many goals, and which actions they prefer.

`estimate` gives POWER of every state, `optimality_probability` the share of goals for which each action of a
state is optimal, `overview` both at once; `exact`, `exact_optimality` and `blackwell_optimality` give fractions, for
small models. `difference` compares models, discounts, agents or states by the same goals. `transitions`, `along` and
`bottlenecks` say where POWER is gained. `RewardDistribution` says which goals: see `corrigible.power.rewards`.

Apart stand agents that are not optimal (`bounded`), what most goals prefer and why (`tendency`), a human and an agent
together (`multiagent`), and `empowerment`. Pictures are in `corrigible.power.plots`.
"""

from corrigible.power.along import PowerAlong, along
from corrigible.power.bottlenecks import Bottlenecks, bottlenecks
from corrigible.power.compared import PowerDifference
from corrigible.power.difference import difference
from corrigible.power.estimate import estimate
from corrigible.power.exactly import blackwell_optimality, exact, exact_optimality
from corrigible.power.gained import PowerOfTransitions, transitions
from corrigible.power.optimality import OptimalityResult, optimality_probability
from corrigible.power.overview import Overview, overview
from corrigible.power.result import PowerResult, StatePower
from corrigible.power.rewards import (
    Empirical,
    Factors,
    Features,
    Independent,
    OneHot,
    RewardDistribution,
    RewardSamples,
    Smooth,
    Sparse,
    Table,
    named_goals,
    parse_rewards,
)

__all__ = [
    "Bottlenecks",
    "Empirical",
    "Factors",
    "Features",
    "Independent",
    "OneHot",
    "OptimalityResult",
    "Overview",
    "PowerAlong",
    "PowerDifference",
    "PowerOfTransitions",
    "PowerResult",
    "RewardDistribution",
    "RewardSamples",
    "Smooth",
    "Sparse",
    "StatePower",
    "Table",
    "along",
    "blackwell_optimality",
    "bottlenecks",
    "difference",
    "estimate",
    "exact",
    "exact_optimality",
    "named_goals",
    "optimality_probability",
    "overview",
    "parse_rewards",
    "transitions",
]
