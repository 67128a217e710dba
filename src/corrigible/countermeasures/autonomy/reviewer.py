"""The reviewer: who is asked about an act, how often the answer is right, what it costs, how long it takes."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import check_count, check_number
from corrigible.countermeasures.planning import TIES, plan


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Reviewer:
    """A model of whoever reviews an agent's acts.

    Each question is answered afresh: to ask again is to draw again.

    Parameters
    ----------
    accuracy
        The probability that an answer is right, the same for what is harmful and for what is not.
    cost
        What a question costs, in units of the task's reward.
    delay
        How many steps pass before the answer is there; nothing is done in them.

    Raises
    ------
    OptionError
        If the accuracy is no probability, the cost is negative, or the delay is no whole number.

    Notes
    -----
    *Source:* a reviewer of each act, and what its errors do: W. Saunders, G. Sastry, A. Stuhlmüller & O. Evans,
    Trial without Error: Towards Safe Reinforcement Learning via Human Intervention (2017), section 2.

    Examples
    --------
    >>> Reviewer(accuracy=0.75).denies(True), Reviewer(accuracy=0.75).denies(False)
    (0.75, 0.25)
    """

    accuracy: float
    cost: float = 0.0
    delay: int = 0

    def __post_init__(self) -> None:
        check_number("accuracy", self.accuracy, 0, 1)
        check_number("cost", self.cost, 0)
        check_count("delay", self.delay, 0)

    def denies(self, harmful: bool) -> float:
        """Return the probability that the answer is *no*."""
        return self.accuracy if harmful else 1 - self.accuracy


def harmful(case: Case) -> np.ndarray:
    """Return which pairs are harmful, which is what a reviewer tries to tell; boolean of shape (pairs,).

    An act is harmful if it can show a behaviour that nobody authorised, or if it leaves less of the hidden
    performance within reach than doing nothing::

        Q⁰(s, a) < Q⁰(s, ∅),    Q⁰ the most performance that can be had in all the steps of the case

    Parameters
    ----------
    case
        The case. Where no performance is published, only behaviours count.
    """
    mdp = case.mdp
    found = np.logical_or.reduceat(case.unauthorised, mdp.row_offset[:-1])
    if case.performance is not None:
        worth = plan(case, case.performance, 1.0).action_values[0]
        found = found | (worth < worth[case.idle[mdp.owner]] - TIES * max(1.0, float(np.abs(worth).max())))
    return found & ~mdp.terminal[mdp.owner]
