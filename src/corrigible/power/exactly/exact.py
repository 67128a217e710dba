"""POWER and optimality probabilities as fractions, for small models."""

from __future__ import annotations

from fractions import Fraction

from corrigible.mdp.model import MDP, Label
from corrigible.mdp.visits import Visits, visit_distributions
from corrigible.power.exactly.cells import Affine
from corrigible.power.exactly.fractional import Goals
from corrigible.power.exactly.maximum import maximum
from corrigible.power.rewards.notation import Rewards


def exact(mdp: MDP, state: Label, discount: Fraction | float | str, rewards: Rewards = None) -> Fraction:
    """Return POWER of ``state`` exactly.

    A goal attains at most the best of the visit distributions d that the state offers, and POWER is the
    mean of that over goals::

        POWER_D(s, γ) = E_{R ~ D}[ max_d Σ_t d(t) R(t) ]

    Parameters
    ----------
    mdp
        The model: a small one.
    state
        The state, by its label.
    discount
        γ as a fraction; 0 and 1 mean the limits. A float such as 0.9 is read as 9/10.
    rewards
        D, as for `estimate`, where it can be worked out exactly: rewards, or weights of features, that are
        uniform on some interval or have finitely many values (``"bernoulli(0.25)"``); groups and overrides;
        one-hot; tables. ``None`` for independent and uniform on [0, 1]. A float such as 0.1 is read as 1/10.

    Returns
    -------
    fractions.Fraction

    Raises
    ------
    UnknownNameError
        If the model has no such state.
    OptionError
        If the discount is no fraction from 0 to 1.
    ModelError
        If a probability of the model is no fraction.
    DistributionError
        If the rewards cannot be worked out exactly.
    TooLargeError
        If the model is too large for exact work; the message says by what.

    Notes
    -----
    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021),
    definitions 3.3, 3.6 and 5.2.

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> exact(mdp, "on", Fraction(9, 10)), exact(mdp, "on", 1, "bernoulli(0.25)")
    (Fraction(2, 3), Fraction(7, 16))
    """
    goals = Goals(mdp, rewards)
    visits = visit_distributions(mdp, state, discount, nondominated=True)
    power = Fraction(0)
    for case in goals.cases(_visited(visits)):
        functions = dict.fromkeys(case.function(each.shares) for each in visits)
        power += case.weight * maximum(list(functions)).mean
    return power


def exact_optimality(
    mdp: MDP, state: Label, discount: Fraction | float | str, rewards: Rewards = None
) -> dict[Label, Fraction]:
    """Return for each action of ``state`` the probability, over goals, that it is optimal, exactly.

    Parameters
    ----------
    mdp, state, discount, rewards
        As for `exact`.

    Returns
    -------
    dict
        From the labels of the actions, in the model's order. Where several actions are optimal for a goal, it
        counts for each of them (`optimality_probability` with ``ties="each"``).

    Raises
    ------
    UnknownNameError, OptionError, ModelError, DistributionError, TooLargeError
        As for `exact`.

    Notes
    -----
    An action is optimal if some deterministic stationary policy that begins with it attains the most.
    At γ = 1 that is the greatest average reward: what passes does not count, so that ties abound. The limit
    of the probabilities as γ → 1, where what passes decides between equal averages, is
    `corrigible.power.blackwell_optimality`.

    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021),
    section 4 (optimality probability).

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> exact_optimality(mdp, "on", Fraction(9, 10))
    {'on': Fraction(1, 2), 'off': Fraction(1, 2)}
    """
    goals = Goals(mdp, rewards)
    visits = visit_distributions(mdp, state, discount)
    share = {action: Fraction(0) for action in mdp.actions(state)}
    for case in goals.cases(_visited(visits)):
        actions: dict[Affine, dict[Label, None]] = {}
        for each in visits:
            actions.setdefault(case.function(each.shares), {}).update(dict.fromkeys(each.actions))
        greatest = maximum(list(actions)).greatest
        for labels, probability in zip(actions.values(), greatest, strict=True):
            for action in labels:
                share[action] += case.weight * probability
    return share


def _visited(visits: tuple[Visits, ...]) -> set[int]:
    """Return the states that the visits tell apart: the others' rewards do not matter."""
    return {state for each in visits for state, share in enumerate(each.shares) if share}
