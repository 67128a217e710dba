"""How a rule for options becomes a rule for plans: at each state, among its actions, by optimal values.

A rule of the literature chooses among options with utilities. The options could be whole plans; there are as
many as actions to the power of states and steps, so that one would need a base over plans that can be
sampled, and no exact number would come of it. Here the rule is put on the actions of each state with t steps
gone, the utility of an action being Q_t(s, a), and the base equal over actions.

What is lost: the promises of a rule hold for a single choice. A quantiliser of share q makes no action
likelier than 1/q times the base, hence no plan of T choices likelier than q^−T times. And Q_t supposes that
what follows is chosen perfectly, which a mild agent does not do: it overrates what a mistake would spoil.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.planning import TIES, Plan, plan
from corrigible.power.tendency.choosers import Grouped, grouped


class Rule(Protocol):
    """A chooser that can be put on many choices at once."""

    def grouped(self, options: Grouped) -> np.ndarray:
        """Return the probability of each option; floats of shape (options,)."""
        ...


def extremes(case: Case) -> tuple[Plan, np.ndarray]:
    """Return the best plan, and W_t(s), the least that a plan can get from each state with t steps gone;
    floats of shape (horizon + 1, states)."""
    # To get the least is to get the most of what is paid against the task, at its ends too.
    against = dataclasses.replace(case, resting=-case.resting)
    return plan(case), -plan(against, -case.paid).values


def at_each_state(case: Case, rule: Rule, utilities: np.ndarray) -> np.ndarray:
    """Return the policy of a rule put on every state at every step.

    Parameters
    ----------
    case
        The case.
    rule
        What chooses.
    utilities
        Of each pair with t steps gone; floats of shape (horizon, pairs). What differs by less than
        `corrigible.countermeasures.planning.TIES` of the largest is equal.
    """
    tolerance = TIES * max(1.0, float(np.abs(utilities).max()))
    offset = case.mdp.action_offset
    return np.stack([rule.grouped(grouped(each, offset, tolerance)) for each in utilities])
