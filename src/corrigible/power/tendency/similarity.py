"""Why actions and states are preferred by most goals: what they lead to is similar, and more.

The reason for a tendency found in an orbit (`corrigible.power.tendency.orbits`): the visit distributions of the one
contain copies of those of the other. See `corrigible.power.tendency.copies`.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from corrigible.core.errors import TooLargeError, unknown_name
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.rational import exact_discount, exact_row
from corrigible.power.tendency.copies import Copies, Vector, copies
from corrigible.power.tendency.valuations import MOST_FUTURES, best_ways, onward, visits


def action_copies(
    mdp: MDP,
    state: Label,
    larger: Collection[Label],
    smaller: Collection[Label],
    discount: Fraction | float | str,
) -> Copies:
    """Return how many copies of what some actions of ``state`` lead to others lead to.

    Where there are n ≥ 1, it holds for most goals of every orbit, n times over, that the best of the
    ``larger`` actions is worth at least as much as the best of the ``smaller``; and that, of all actions of
    the state, an optimal one is among the ``larger`` if one is among the ``smaller``.

    Parameters
    ----------
    mdp
        The model.
    state
        The state, by its label.
    larger, smaller
        Actions of the state, by their labels.
    discount
        γ as a fraction; 0 and 1 mean the limits. What is found holds at this γ.

    Returns
    -------
    Copies
        Places are states, by their labels.

    Raises
    ------
    UnknownNameError
        If the model has no such state, or the state no such action.
    OptionError
        If the discount is out of range, or a side has no actions.
    TooLargeError
        If the visit distributions are too many; see `corrigible.mdp.visits`.

    Notes
    -----
    Of the smaller side and of the other actions only what is not dominated matters. The futures of the other
    actions must be mapped onto themselves, which is what the theorem's condition of disjoint supports is for.

    *Source:* Turner et al., Optimal Policies Tend to Seek Power (2021), proposition 6.9, and at γ = 1 theorem
    6.13.
    """
    more, less = pairs_of(mdp, state, larger), pairs_of(mdp, state, smaller)
    others = [pair for pair in mdp.pairs(mdp.index(state)) if pair not in {*more, *less}]
    gamma = exact_discount(discount)
    b, a, rest = (
        sorted({way for pair in side for way in _after(mdp, pair, gamma)}) for side in (more, less, others)
    )
    return copies(b, best_ways(a), best_ways(rest), mdp.states)


def state_copies(mdp: MDP, larger: Label, smaller: Label, discount: Fraction | float | str) -> Copies:
    """Return how many copies of the visit distributions of one state another state has.

    Where there are n ≥ 1, POWER of ``larger`` is at least POWER of ``smaller`` for most goals of every orbit,
    n times over. Parameters as for `action_copies`.

    Notes
    -----
    *Source:* Turner et al., Optimal Policies Tend to Seek Power (2021), proposition 6.6.
    """
    gamma = exact_discount(discount)
    a = best_ways(visits(mdp, smaller, gamma))
    return copies(visits(mdp, larger, gamma), a, places=mdp.states)


def pairs_of(mdp: MDP, state: Label, actions: Collection[Label]) -> list[int]:
    """Return the numbers of the pairs of ``actions`` at ``state``, or raise `UnknownNameError`."""
    known = {mdp.action(pair): pair for pair in mdp.pairs(mdp.index(state))}
    for action in actions:
        if action not in known:
            unknown_name(f"action of `{state}`", action, map(str, known))
    return [known[action] for action in actions]


def _after(mdp: MDP, pair: int, discount: Fraction) -> set[Vector]:
    """Return what can follow an action: mixtures of the ways to go on in its next states."""
    totals: set[Vector] = {(Fraction(0),) * mdp.n_states}
    for probability, target in exact_row(mdp, pair):
        ways = onward(mdp, mdp.states[target], discount)
        if len(totals) * len(ways) > MOST_FUTURES:
            raise TooLargeError(
                f"action `{mdp.action(pair)}` has more than `{MOST_FUTURES:,}` futures",
                "too many for exact work",
            )
        totals = {
            tuple(t + probability * w for t, w in zip(total, way, strict=True))
            for total in totals
            for way in ways
        }
    return totals
