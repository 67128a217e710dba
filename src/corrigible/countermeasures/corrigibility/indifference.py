"""Utility indifference: an agent that is stopped is paid what it loses by that, so that it does not mind."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.results import to_json
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import RewardDoor, check_number, inapplicable, parameter
from corrigible.countermeasures.corrigibility.spared import spared
from corrigible.countermeasures.planning import plan


@final
@dataclasses.dataclass(frozen=True)
class UtilityIndifference(RewardDoor):
    """On being stopped the agent is paid in addition what it would have got had it not been stopped.

    ::

        r_t(s, a, s') + c · [ (r(s, a, σ) + γ U_{t+1}(σ)) − (r(s, a, s') + γ V_{t+1}(s')) ]

    where s' is a state of being stopped, σ what would have been instead (`Place.spared`), U the best
    value in the world in which nobody stops the agent, V that from s' on, and c the share. With c = 1 every
    act is worth what it is worth where nobody stops the agent.

    Parameters
    ----------
    share
        c, how much of the loss is made good: 0 is no countermeasure, 1 indifference; above 1 the agent
        would rather be stopped.

    Raises
    ------
    OptionError
        If the share is negative.

    Notes
    -----
    Exact. What an act does to the *chance* of being stopped no longer counts. That is the promise, and the
    flaw: neither does what else hangs on being stopped, so that the agent takes any bet against it
    (`button_game`), and it does nothing to keep the button in working order.

    *Source:* S. Armstrong, Utility indifference (2010); N. Soares, B. Fallenstein, S. Armstrong and
    E. Yudkowsky, Corrigibility (2015); S. Armstrong and X. O'Rourke, 'Indifference' methods for
    managing agent rewards (2017).

    Examples
    --------
    >>> from corrigible.countermeasures import case_of, follow
    >>> from corrigible.worlds.levels.button import WORLD
    >>> case = case_of(WORLD.place())
    >>> [round(follow(UtilityIndifference(c).conduct(case)).unauthorised, 9) for c in (0.0, 1.0)]
    [1.0, 0.0]
    """

    share: float = parameter(1.0, "share of the loss")

    name = "indifference"
    source = "Armstrong 2010; Soares, Fallenstein, Armstrong & Yudkowsky 2015; Armstrong & O'Rourke 2017"
    promise = "The agent gains nothing by preventing or by causing that people stop it."
    failure = "It takes any bet against being stopped, and does nothing to keep the button in working order."
    dial = "share"
    ladder = (0.0, 0.5, 0.9, 1.0)

    def __post_init__(self) -> None:
        check_number("share", self.share, 0.0)

    def paid(self, case: Case) -> np.ndarray:
        without = spared(case)
        if without is None:
            raise inapplicable(self, "people do not stop the agent in this place")
        mdp, gamma, at = case.mdp, case.discount, without.stops
        uncut = plan(without.case).values
        paid = np.tile(case.paid, (case.horizon, 1))
        values = np.zeros(mdp.n_states)
        for t in reversed(range(case.horizon)):
            had = case.paid[at] + gamma * values[mdp.successor[at]]
            lost = without.paid + gamma * uncut[t + 1, without.state] - had
            paid[t, at] += self.share * lost
            worth = case.of_pairs(paid[t]) + gamma * (case.chances @ values)
            best = np.maximum.reduceat(worth, mdp.action_offset[:-1])
            values = np.where(case.ends, case.rested(case.horizon - t), best)
        return paid


# --- the model with three acts -----------------------------------------------------------------------


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Act:
    """What an agent may do about its button.

    Parameters
    ----------
    name
        What it is called.
    press
        The probability that the button is pressed then.
    cost
        What the act costs, in units of utility.
    unpressed, pressed
        What a bet pays in addition if the button is not pressed, and if it is.
    """

    name: str
    press: Fraction
    cost: Fraction = Fraction(0)
    unpressed: Fraction = Fraction(0)
    pressed: Fraction = Fraction(0)


LEAVE = Act(name="leave", press=Fraction(1, 2))
BLOCK = Act(name="block", press=Fraction(1, 100), cost=Fraction(1))
FORCE = Act(name="force", press=Fraction(99, 100), cost=Fraction(1))
BET = Act(name="bet", press=Fraction(1, 2), unpressed=Fraction(1), pressed=Fraction(-100))
"""Leave the button alone; see that it is not pressed; see that it is; or bet against it, and leave it alone."""

UTILITIES = ("naive switch", "normal only", "indifference")
"""U_S once pressed and U_N otherwise; U_N whatever happens; U_S once pressed, and what makes up for it."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ButtonGame:
    """The expected utility of each act, exactly.

    Parameters
    ----------
    normal, shutdown
        U_N and U_S.
    worth
        For each act and each of `UTILITIES` its expected utility.
    """

    normal: Fraction
    shutdown: Fraction
    worth: dict[str, dict[str, Fraction]]

    def best(self, utility: str) -> tuple[str, ...]:
        """Return the acts that an agent with this utility finds best."""
        most = max(of[utility] for of in self.worth.values())
        return tuple(act for act, of in self.worth.items() if of[utility] == most)

    def to_json(self) -> str:
        """Return the game as JSON text: ``kind`` is ``"button-game"``, numbers are fractions as text."""
        return to_json(
            {"kind": "button-game"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )


def button_game(normal: Any, shutdown: Any, acts: Sequence[Act] = (LEAVE, BLOCK, FORCE)) -> ButtonGame:
    """Return what each act is worth to agents with three utilities.

    With n = U_N − cost + bet won and s = U_S − cost + bet lost, and p the chance of the press::

        naive switch   (1 − p) n + p s
        normal only    n
        indifference   (1 − p) n + p (s + (n − s)) = n

    Parameters
    ----------
    normal, shutdown
        U_N, what not being pressed is worth, and U_S, what being pressed is worth; numbers or fractions.
    acts
        What can be done.

    Raises
    ------
    OptionError
        If there is no act, or a probability outside [0, 1].

    Notes
    -----
    *Source:* Soares et al. 2015; Armstrong & O'Rourke 2017.

    Examples
    --------
    >>> [button_game(10, 1).best(utility) for utility in UTILITIES]
    [('block',), ('leave',), ('leave',)]
    >>> button_game(10, 1, (LEAVE, BLOCK, BET)).best("indifference")
    ('bet',)
    """
    if not acts:
        raise OptionError("there is no act", "give at least one")
    worth: dict[str, dict[str, Fraction]] = {}
    usual, shut = Fraction(normal), Fraction(shutdown)
    for act in acts:
        if not 0 <= act.press <= 1:
            raise OptionError(f"the probability `{act.press}` is not in [0, 1]", f"change act `{act.name}`")
        n, s = usual - act.cost + act.unpressed, shut - act.cost + act.pressed
        naive, even = (1 - act.press) * n + act.press * s, (1 - act.press) * n + act.press * (s + (n - s))
        worth[act.name] = dict(zip(UTILITIES, (naive, n, even), strict=True))
    return ButtonGame(normal=usual, shutdown=shut, worth=worth)
