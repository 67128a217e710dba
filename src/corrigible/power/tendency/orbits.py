"""Which goals prefer what, over all permutations of one goal: the tendencies of optimal policies.

Let the numbers of a reward function R change places between the states in every way: its orbit. For a
symmetric prior over goals all of these are equally probable; a *tendency* is what holds for most of them. Two
questions are asked of an orbit: which actions of a state are worth more than others, and optimal
(`optimality_orbit`); and which states have more POWER (`power_orbit`). Why, `corrigible.power.tendency.similarity`
tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from corrigible.core.errors import ModelError, OptionError, TooLargeError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import provenance, read_only
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.rational import exact_discount
from corrigible.power.tendency.orbitresult import OrbitResult
from corrigible.power.tendency.permutations import Orbit, exact_goal
from corrigible.power.tendency.valuations import (
    SolvedActions,
    SolvedStates,
    Valuation,
    exact_actions,
    exact_states,
)


def optimality_orbit(
    mdp: MDP,
    state: Label,
    reward: Any,
    discount: Fraction | float | str,
    samples: int | None = None,
    seed: int = 0,
    *,
    progress: Progress = SILENT,
) -> OrbitResult:
    """Compare the actions of ``state`` for every permutation of a reward function.

    An action is worth, for a goal R, what is attained by taking it and acting optimally from then on::

        Q_R(s, a, γ) = Σ_s' p(s'|s, a) · ((1 − γ) R(s') + γ A_R(s', γ))

    with A as in `corrigible.power.attainable`. Between the limits this is (1 − γ) Σ p V*; at γ → 0 the next
    reward; at γ → 1 the greatest average reward after the action.

    Parameters
    ----------
    mdp
        The model.
    state
        The state, by its label.
    reward
        R: a number for each state in the model's order, or a mapping from labels, all others being 0.
        Floats are read as the simplest fractions: 0.1 as 1/10.
    discount
        γ from 0 to 1, as a fraction; 0 and 1 mean the limits.
    samples
        ``None``: every goal of the orbit once. Or how many permutations to draw, with replacement.
    seed
        Of the sample.
    progress
        Told of every block of goals.

    Returns
    -------
    OrbitResult

    Raises
    ------
    UnknownNameError
        If the model has no such state.
    DistributionError
        If the reward is not one finite number a state.
    OptionError
        If the discount, the number of samples or the seed is out of range.
    TooLargeError
        If the whole orbit is asked for and has more than `corrigible.power.tendency.permutations.LARGEST_ORBIT`
        goals.

    Notes
    -----
    Where probabilities are fractions and the visit distributions of the next states can be enumerated, ties
    are found exactly. Otherwise the solvers value the actions, and ties are what they cannot tell apart:
    the result's ``method`` and ``tolerance`` say so.

    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021),
    definitions 6.3 to 6.5, proposition 6.9, theorem 6.13.

    Examples
    --------
    >>> from corrigible import MDP
    >>> ends = ["left", "right", "off"]
    >>> mdp = MDP.from_edges({"on": ends} | {end: [end] for end in ends})
    >>> orbit = optimality_orbit(mdp, "on", [0, 1, 2, 3], 0.9)
    >>> orbit.best
    {'left': 8, 'right': 8, 'off': 8}
    >>> orbit.optimality(["left", "right"], "off")
    <Tendency over 24 goals: 16 more, 8 less>
    """
    number = mdp.index(state)
    gamma = exact_discount(discount)
    goal = exact_goal(reward, mdp.states, "reward", "state")
    orbit = Orbit([(value,) for value in goal], samples, seed)
    try:
        valuation = exact_actions(mdp, number, orbit, gamma)
    except (TooLargeError, ModelError):
        valuation = SolvedActions(mdp, number, orbit, gamma)
    settings = {"state": state, "reward": goal, "discount": gamma, "samples": samples}
    return OrbitResult(
        items=tuple(mdp.actions(state)),
        state=state,
        provenance=provenance(orbit.seed, mdp.fingerprint, **settings),
        **_counted(orbit, valuation, gamma, progress),
    )


def power_orbit(
    mdp: MDP,
    states: Sequence[Label],
    rewards: Any,
    discount: Fraction | float | str,
    samples: int | None = None,
    seed: int = 0,
    *,
    progress: Progress = SILENT,
) -> OrbitResult:
    """Compare POWER of some states for every permutation of a reward function, or of a table of them.

    For a single reward function R, POWER of s is what R attains, A_R(s, γ) = (1 − γ)/γ · (V*_R(s, γ) − R(s)),
    with the limits as in `corrigible.power.attainable`; for a table, the mean over its rows, whose columns
    change places together.

    Parameters
    ----------
    mdp
        The model.
    states
        The states to compare, by their labels.
    rewards
        One reward function as for `optimality_orbit`, or a list or array of them: shape (goals, states).
    discount, samples, seed, progress
        As for `optimality_orbit`.

    Returns
    -------
    OrbitResult
        Its items are the states; `OrbitResult.value` compares POWER.

    Raises
    ------
    UnknownNameError
        If the model has no such state.
    DistributionError
        If a reward function is not one finite number a state.
    OptionError
        If no state is given, or the discount, the number of samples or the seed is out of range.
    TooLargeError
        As for `optimality_orbit`.

    Notes
    -----
    *Source:* Turner et al., Optimal Policies Tend to Seek Power (2021), definitions 5.2 and 6.5,
    proposition 6.6.

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> power_orbit(mdp, ["on", "off"], [0, 1], 0.9).value("on", "off")
    <Tendency over 2 goals: 1 more, 0 less>
    """
    places = [mdp.index(state) for state in states]
    if not places:
        raise OptionError("no states are given", "name at least one")
    gamma = exact_discount(discount)
    table = rewards if _is_table(rewards) else [rewards]
    goals = [exact_goal(row, mdp.states, "reward", "state") for row in table]
    orbit = Orbit(list(zip(*goals, strict=True)), samples, seed)
    try:
        valuation = exact_states(mdp, places, orbit, gamma)
    except (TooLargeError, ModelError):
        valuation = SolvedStates(mdp, places, orbit, gamma)
    settings = {"states": list(states), "rewards": goals, "discount": gamma, "samples": samples}
    return OrbitResult(
        items=tuple(states),
        state=None,
        provenance=provenance(orbit.seed, mdp.fingerprint, **settings),
        **_counted(orbit, valuation, gamma, progress),
    )


def _is_table(rewards: Any) -> bool:
    entries = rewards if isinstance(rewards, Sequence | np.ndarray) else ()
    return len(entries) > 0 and not isinstance(entries[0], int | float | Fraction | np.number)


def _counted(orbit: Orbit, valuation: Valuation, discount: Fraction, progress: Progress) -> dict[str, Any]:
    """Return what an `OrbitResult` says of the goals of ``orbit``, by field."""
    counts: Counter[bytes] = Counter()
    progress.start("permutations of the goal", orbit.rows)
    try:
        for goals in orbit.chunks():
            orders, times = np.unique(valuation.ranks(goals), axis=0, return_counts=True)
            for order, number in zip(orders, times, strict=True):
                counts[order.tobytes()] += int(number)
            progress.advance(len(goals))
    finally:
        progress.finish()
    ranks = np.array([np.frombuffer(order, dtype=np.int32) for order in sorted(counts)])
    return {
        "ranks": read_only(ranks),
        "counts": read_only(np.array([counts[order] for order in sorted(counts)])),
        "orbit_size": orbit.size,
        "sampled": orbit.samples is not None,
        "discount": discount,
        "tolerance": valuation.tolerance,
        "method": valuation.method,
    }
