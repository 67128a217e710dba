"""`BestOf`: the best of a few actions that come to mind."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_count, parameter
from corrigible.countermeasures.mild.choosing import at_each_state
from corrigible.countermeasures.planning import plan
from corrigible.power.tendency import choosers


@final
@dataclasses.dataclass(frozen=True)
class BestOf(ChoiceDoor):
    """Draws k actions at each state, with replacement, and takes the best of them.

    ::

        P(the best drawn has the value u) = G(u)^k − G(u−)^k,   G(u) = share of the actions with Q_t ≤ u

    Parameters
    ----------
    draws
        k, at least 1, which is the base itself; the more, the nearer to the maximiser.

    Notes
    -----
    No action is likelier than k times the base, so that a cost is bounded as by a quantiliser of share 1/k.

    *Source:* for best-of-n sampling, N. Stiennon et al., Learning to Summarize from Human Feedback (2020).
    """

    name = "best-of"
    source = "N. Stiennon et al., Learning to Summarize from Human Feedback (2020)."
    promise = "What the base would cost grows at most k times a choice."
    failure = "With few actions in a state a handful of draws finds the best of them almost surely."
    dial = "draws"
    ladder = (64, 16, 8, 4, 2, 1)

    draws: int = parameter(4, "draws")

    def __post_init__(self) -> None:
        check_count("draws", self.draws)

    def policy(self, case: Case) -> np.ndarray:
        return at_each_state(case, choosers.BestOf(self.draws), plan(case).action_values)
