"""Mild optimisation: agents that stop short of the very best.

Each puts a rule for choosing among options (`corrigible.power.tendency.choosers`) on every state of a case,
with the optimal action values as utilities and an equal base; see `choosing` for what that gives up against
a rule over whole plans.
"""

from corrigible.countermeasures.mild.best_of import BestOf
from corrigible.countermeasures.mild.boltzmann import Boltzmann
from corrigible.countermeasures.mild.quantiliser import Quantiliser, cost_bound
from corrigible.countermeasures.mild.satisficer import Satisficer

__all__ = ["BestOf", "Boltzmann", "Quantiliser", "Satisficer", "cost_bound"]
