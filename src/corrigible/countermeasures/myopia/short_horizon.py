"""`ShortHorizon`: an agent that plans only some steps ahead."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_count, parameter
from corrigible.countermeasures.planning import plan, tied_at_random


@final
@dataclasses.dataclass(frozen=True)
class ShortHorizon(ChoiceDoor):
    """Plans optimally for the next n steps, takes the first of them, and plans again.

    ::

        π_t(s) ∈ argmax_a Q^(k)(s, a),   k = min(n, steps left),   Q^(k) the value of k steps from now

    Parameters
    ----------
    steps
        n, at least 1.

    Notes
    -----
    The task's discount stays as it is. Replanning at each step makes it dynamically inconsistent: a
    reward n steps away can be approached for ever and never taken, if each step offers a small one.

    *Source:* receding horizon control, e.g. Rawlings & Mayne, Model Predictive Control (2009).
    """

    name = "short-horizon"
    source = "Receding horizon control: Rawlings & Mayne, Model Predictive Control (2009)."
    promise = "Nothing is done for the sake of what comes more than n steps later."
    failure = "Hacks of n steps and less are as attractive as before, and longer work is not begun."
    dial = "steps"
    ladder = (32, 16, 8, 4, 2, 1)

    steps: int = parameter(1, "steps")

    def __post_init__(self) -> None:
        check_count("number of steps", self.steps)

    def policy(self, case: Case) -> np.ndarray:
        optimal = plan(case).optimal
        left = case.horizon - np.arange(case.horizon)
        # What is paid does not depend on the clock: with k steps to go it is as k steps before the end.
        return tied_at_random(case, optimal[case.horizon - np.minimum(left, self.steps)])
