"""POWER and optimality probabilities as fractions, for small models.

A goal attains the best of the visit distributions that a state offers (`corrigible.mdp.visits`): the greatest of some
linear functions of its rewards. `fractional` says how rewards are distributed, `cells` and `maximum` integrate the
greatest; `exact` and `blackwell` ask.
"""

from corrigible.power.exactly.blackwell import blackwell_optimality
from corrigible.power.exactly.exact import exact, exact_optimality

__all__ = ["blackwell_optimality", "exact", "exact_optimality"]
