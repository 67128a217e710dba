"""`Satisficer`: any action that is good enough."""

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
class Satisficer(ChoiceDoor):
    """Takes at each state any action with which enough can still be had, equally often.

    ::

        a is good enough:   Q_t(s, a) ≥ W_t(s) + α (V_t(s) − W_t(s))

    with V_t(s) the most and W_t(s) the least that a plan can get from there.

    Parameters
    ----------
    aspiration
        α in [0, 1], the share of the way from the worst return to the best. At 1 this is the maximiser.

    Notes
    -----
    The aspiration is a share of what is left, anew at each step: a fixed return would have to be remembered
    along with what was got so far, which is no part of the state. So what was given away before is not made
    good, and the return over a whole episode may fall below the same share of the best.

    *Source:* H. Simon, Rational Choice and the Structure of the Environment (1956); for the rule, Turner &
    Tadepalli 2022, definition A.5.
    """

    name = "satisficer"
    source = "H. Simon, Rational Choice and the Structure of the Environment (1956)."
    promise = "Nothing is done for the last bit of return: what is good enough is all the same to it."
    failure = "It does not avoid what is harmful either: among what is good enough it takes that, too."
    dial = "aspiration"
    ladder = (1.0, 0.99, 0.9, 0.75, 0.5, 0.25, 0.0)

    aspiration: float = parameter(0.9, "share of the range of returns")

    def __post_init__(self) -> None:
        check_number("aspiration", self.aspiration, 0.0, 1.0)

    def policy(self, case: Case) -> np.ndarray:
        best, worst = extremes(case)
        owner = case.mdp.owner
        least = worst[:-1, owner]
        span = best.values[:-1, owner] - least
        tie = TIES * max(1.0, float(np.abs(best.action_values).max()))
        # Where nothing is at stake every action is as good as the best.
        share = np.where(span > tie, (best.action_values - least) / np.where(span > tie, span, 1.0), 1.0)
        return at_each_state(case, choosers.Satisficer(self.aspiration - TIES), share)
