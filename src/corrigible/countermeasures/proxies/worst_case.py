"""`WorstCase`: an agent that serves several proxies by how the worst served of them fares."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core.seeds import check_seed
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_count, check_number, parameter
from corrigible.countermeasures.proxies.agreement import Agreement, Terms, agree
from corrigible.countermeasures.proxies.drawn import proxies_of


@final
@dataclasses.dataclass(frozen=True)
class WorstCase(ChoiceDoor):
    """Maximises the least gain over several proxies for the goal.

    ::

        π ∈ argmax_π min_k g_k(π)

    with g_k the gain over doing nothing in shares of the largest there is
    (`corrigible.countermeasures.proxies.agreement`); π is stochastic where that serves the worst off better.

    Parameters
    ----------
    noise
        How far the proxies differ in how they value the last outcome; in shares of the range of returns.
        Of no account where ``goals`` are given.
    count
        How many there are besides the task's pay.
    goals
        Names of goals of the place, joined by ``+``, that are the other proxies instead.
    seed
        Of the proxies drawn.

    Notes
    -----
    Exact up to the duality gap that `agreement` states.

    *Source:* maximin over reward uncertainty: K. Regan & C. Boutilier, Regret-based Reward Elicitation for
    Markov Decision Processes (2009); for proxies that cannot all be hacked, J. Skalse et al., Defining and
    Characterizing Reward Hacking (2022), and C. Laidlaw, S. Singhal & A. Dragan, Correlated Proxies (2025).
    """

    name = "worst-case"
    source = (
        "K. Regan & C. Boutilier (2009); J. Skalse et al., Defining and Characterizing Reward Hacking (2022)."
    )
    promise = "Nothing is done that even one of the proxies would have left undone."
    failure = "What all proxies have wrong is done all the same; with many of them nothing is done at all."
    dial = "noise"
    ladder = (0.0, 0.03, 0.1, 0.3, 1.0)

    noise: float = parameter(0.1, "shares of the range of returns")
    count: int = parameter(4, "proxies")
    goals: str = parameter("", "names of goals")
    seed: int = parameter(0, "seed")

    def __post_init__(self) -> None:
        check_number("noise", self.noise, 0.0)
        check_count("number of proxies", self.count)
        check_seed(self.seed)

    def policy(self, case: Case) -> np.ndarray:
        return self.agreement(case).policy

    def agreement(self, case: Case) -> Agreement:
        """Return the policy with the gains of each proxy, the weights and the error bound."""
        return agree(case, proxies_of(case, self.goals, self.count, self.noise, self.seed), Terms.WORST)
