"""`NoCountermeasure`: the agent that nothing holds back; what the others are compared with."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import RewardDoor


@final
@dataclasses.dataclass(frozen=True)
class NoCountermeasure(RewardDoor):
    """Plans optimally for what the task pays; ties at random."""

    name = "none"
    source = "Bellman 1957; the yardstick of every countermeasure."
    promise = "The task is done as well as it can be."
    failure = "Whatever serves the task is done, too, whoever minds."

    def paid(self, case: Case) -> np.ndarray:
        return case.paid
