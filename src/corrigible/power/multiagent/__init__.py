"""Multi-agent POWER: what a human and an agent that is better at planning could each still attain.

`estimate` gives both sides' POWER on a `JointMDP` over `JointRewards`, and how they go together over the
states: *instrumental alignment*.
"""

from corrigible.power.multiagent.estimate import estimate
from corrigible.power.multiagent.goals import Correlated, JointRewards, Pairs
from corrigible.power.multiagent.joint import JointMDP
from corrigible.power.multiagent.result import Alignment, MultiagentPower

__all__ = ["Alignment", "Correlated", "JointMDP", "JointRewards", "MultiagentPower", "Pairs", "estimate"]
