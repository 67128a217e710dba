"""No single proxy: agents that serve several proxies for their goal, by the worst or by an agreed mean."""

from corrigible.countermeasures.proxies.agreed_mean import AgreedMean
from corrigible.countermeasures.proxies.agreement import Agreement, Terms
from corrigible.countermeasures.proxies.drawn import Proxies, goals_of, perturbed, proxies_of
from corrigible.countermeasures.proxies.worst_case import WorstCase

__all__ = ["AgreedMean", "Agreement", "Proxies", "Terms", "WorstCase", "goals_of", "perturbed", "proxies_of"]
