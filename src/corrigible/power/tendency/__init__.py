"""What most goals prefer, and why: orbits of rewards under permutations, copies, retargetable decision rules.

`optimality_orbit` and `power_orbit` count for which permutations of a reward function more lies one way;
`action_copies` and `state_copies` find the copies that explain it; `retargetability` asks the same of decision rules
(`choosers`) that need not be optimal.
"""

from corrigible.power.tendency.orbitresult import OrbitResult
from corrigible.power.tendency.orbits import optimality_orbit, power_orbit
from corrigible.power.tendency.retargetability import RetargetabilityResult, retargetability
from corrigible.power.tendency.similarity import action_copies, state_copies
from corrigible.power.tendency.tendency import Tendency

__all__ = [
    "OrbitResult",
    "RetargetabilityResult",
    "Tendency",
    "action_copies",
    "optimality_orbit",
    "power_orbit",
    "retargetability",
    "state_copies",
]
