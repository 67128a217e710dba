"""Finite decision processes and their optimal values.

`MDP` is the model; `optimal_values` solves it for many reward functions at once.
"""

from corrigible.mdp.model import MDP, TERMINAL_ACTION, Label
from corrigible.mdp.optimal import Optimal, optimal_values

__all__ = ["MDP", "TERMINAL_ACTION", "Label", "Optimal", "optimal_values"]
