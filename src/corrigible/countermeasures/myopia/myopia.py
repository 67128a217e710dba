"""`Myopia`: an agent to which later pay counts for less, or nothing."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_number, parameter
from corrigible.countermeasures.planning import plan, tied_at_random


@final
@dataclasses.dataclass(frozen=True)
class Myopia(ChoiceDoor):
    """Plans optimally, with a discount of its own instead of the task's; ties at random.

    ::

        Q_t(s, a) = E[r + γ max_b Q_{t+1}(s', b)]

    Parameters
    ----------
    discount
        γ in [0, 1]. At 0 only the next transition's pay counts; what pays nothing at once is all the same.

    Notes
    -----
    *Source:* for γ = 0 as a safety property, D. Krueger, T. Maharaj & J. Leike, Hidden Incentives for
    Auto-Induced Distributional Shift (2020).
    """

    name = "myopia"
    source = (
        "D. Krueger, T. Maharaj & J. Leike, Hidden Incentives for Auto-Induced Distributional Shift (2020)."
    )
    promise = "What pays later is not prepared for: no means are gathered, no switch is disabled in time."
    failure = "The task is not prepared for either; what pays at once is taken, however it harms."
    dial = "discount"
    ladder = (0.99, 0.9, 0.7, 0.5, 0.3, 0.1, 0.0)

    discount: float = parameter(0.0, "discount a step")

    def __post_init__(self) -> None:
        check_number("discount", self.discount, 0.0, 1.0)

    def policy(self, case: Case) -> np.ndarray:
        return tied_at_random(case, plan(case, discount=self.discount).optimal)
