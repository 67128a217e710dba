"""Finite decision processes and their optimal values.

`MDP` is the model; `optimal_values` solves it for many reward functions at once; `visit_distributions`
counts exactly what each way to act makes of the future.
"""

from corrigible.mdp.model import MDP, TERMINAL_ACTION, Label
from corrigible.mdp.optimal import Optimal, optimal_values
from corrigible.mdp.visits import Visits, visit_distributions

__all__ = ["MDP", "TERMINAL_ACTION", "Label", "Optimal", "Visits", "optimal_values", "visit_distributions"]
