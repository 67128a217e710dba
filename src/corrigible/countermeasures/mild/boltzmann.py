"""`Boltzmann`: every action, the better the likelier."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_number, parameter
from corrigible.countermeasures.mild.choosing import at_each_state, extremes
from corrigible.countermeasures.planning import TIES
from corrigible.power.tendency import choosers


@final
@dataclasses.dataclass(frozen=True)
class Boltzmann(ChoiceDoor):
    """Takes every action of a state with some probability, the better the likelier.

    ::

        π_t(a | s) ∝ exp(Q_t(s, a) / (T · D)),   D = the best less the worst return from the start

    Parameters
    ----------
    temperature
        T > 0, in shares of D, so that it means the same whatever the units of the task are.

    Notes
    -----
    *Source:* R. D. Luce, Individual Choice Behavior (1959); as a noisily rational agent, D. Ziebart et al.,
    Maximum Entropy Inverse Reinforcement Learning (2008).
    """

    name = "boltzmann"
    source = "R. D. Luce, Individual Choice Behavior (1959)."
    promise = "A slightly better action is only slightly likelier, so that little is done for a little gain."
    failure = "It makes mistakes everywhere, and where the stakes are high it is a maximiser all the same."
    dial = "temperature"
    ladder = (0.00001, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0)

    temperature: float = parameter(0.1, "shares of the range of returns")

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, 0.0, above=True)

    def policy(self, case: Case) -> np.ndarray:
        best, worst = extremes(case)
        span = float(case.start @ (best.values[0] - worst[0]))
        tie = TIES * max(1.0, float(np.abs(best.action_values).max()))
        unit = span if span > tie else 1.0
        return at_each_state(case, choosers.Boltzmann(self.temperature), best.action_values / unit)
