"""Ways to choose among options by their utilities: the best, a good enough one, a noisy one, one of a few.

`DecisionRule` and `Chooser` are the contract. All but `Boltzmann`, whose probabilities are irrational,
compute in whatever numbers they are given, so that fractions stay exact.
"""

from corrigible.power.tendency.choosers.argmax import Argmax
from corrigible.power.tendency.choosers.argmin import Argmin
from corrigible.power.tendency.choosers.bestof import BestOf
from corrigible.power.tendency.choosers.boltzmann import Boltzmann
from corrigible.power.tendency.choosers.grouped import Grouped, grouped
from corrigible.power.tendency.choosers.isoptimal import IsOptimal
from corrigible.power.tendency.choosers.nearest import Nearest
from corrigible.power.tendency.choosers.quantiliser import Quantiliser
from corrigible.power.tendency.choosers.rule import Chooser, DecisionRule
from corrigible.power.tendency.choosers.satisficer import Satisficer
from corrigible.power.tendency.choosers.uniform import Uniform

__all__ = [
    "Argmax",
    "Argmin",
    "BestOf",
    "Boltzmann",
    "Chooser",
    "DecisionRule",
    "Grouped",
    "IsOptimal",
    "Nearest",
    "Quantiliser",
    "Satisficer",
    "Uniform",
    "grouped",
]
