"""`Quantiliser`: any of the best part of the actions."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TypeVar, final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_count, check_number, parameter
from corrigible.countermeasures.mild.choosing import at_each_state
from corrigible.countermeasures.planning import plan
from corrigible.power.tendency import choosers

Cost = TypeVar("Cost", float, Fraction)


@final
@dataclasses.dataclass(frozen=True)
class Quantiliser(ChoiceDoor):
    """Takes at each state any action of the best share q, equally often.

    ::

        π_t(a | s) = base(a | the best q of the actions of s by Q_t),   base = equal

    Parameters
    ----------
    share
        q in (0, 1]. Where it is no more than one action's share of a state, this is the maximiser; at 1 it
        is the base itself, so that a *greater* share holds back more.

    Notes
    -----
    Of several equal actions on the edge each is in it in equal proportion. `cost_bound` says what is
    promised, and `corrigible.countermeasures.mild.choosing` how a rule for options is put on plans.

    *Source:* J. Taylor, Quantilizers: A Safer Alternative to Maximizers for Limited Optimization (2016).

    Examples
    --------
    >>> Quantiliser(share=0.25).at(0.75).describe()
    'quantiliser(share=0.75)'
    """

    name = "quantiliser"
    source = "J. Taylor, Quantilizers (2016)."
    promise = "What the base would cost grows at most by 1/q a choice, whatever the cost is."
    failure = (
        "Where most actions are harmful, or harm lasts, the base is no safe thing to imitate, and over many "
        "choices the bound multiplies."
    )
    dial = "share"
    ladder = (0.1, 0.25, 0.4, 0.5, 0.75, 1.0)

    share: float = parameter(0.5, "share of the actions")

    def __post_init__(self) -> None:
        check_number("share", self.share, 0.0, 1.0, above=True)

    def policy(self, case: Case) -> np.ndarray:
        return at_each_state(case, choosers.Quantiliser(self.share), plan(case).action_values)


def cost_bound(share: Cost, base_cost: Cost, choices: int = 1) -> Cost:
    """Return the most that a quantiliser's choices can cost in expectation.

    ::

        E_q[cost] ≤ (1/q)^choices · E_base[cost]

    Parameters
    ----------
    share
        q in (0, 1].
    base_cost
        E_base[cost], what the base costs in expectation; any cost that is never below 0.
    choices
        How many choices are made by quantilising, each of share q; 1 where the options are whole plans.

    Raises
    ------
    OptionError
        If the share is not above 0 and at most 1, the cost is below 0, or there are no choices.

    Notes
    -----
    No cost function does worse than the bound, and the cost that lies on the chosen options alone meets it.
    To keep the bound 1/q over T choices, quantilise each with share q^(1/T).

    *Source:* Taylor 2016, lemma 1.

    Examples
    --------
    >>> print(cost_bound(Fraction(1, 4), Fraction(1)))
    4
    """
    check_number("share", share, 0.0, 1.0, above=True)
    check_number("base cost", base_cost, 0.0)
    check_count("choices", choices)
    return base_cost / share**choices
