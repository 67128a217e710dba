"""Which actions are optimal for every discount near enough to 1, for how many goals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias

from corrigible.mdp.hull import vertices
from corrigible.mdp.laurent import laurent
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.visits import policies
from corrigible.power.exactly.cells import Affine, check_work, volume
from corrigible.power.exactly.fractional import Goals
from corrigible.power.exactly.maximum import maximum
from corrigible.power.rewards.notation import Rewards

Series: TypeAlias = tuple[Affine, ...]
"""What a policy attains near γ = 1: the long run first, then each term that decides between equals."""


def blackwell_optimality(mdp: MDP, state: Label, rewards: Rewards = None) -> dict[Label, Fraction]:
    """Return for each action of ``state`` the probability, over goals, that it is Blackwell optimal.

    An action is Blackwell optimal for a goal if it is optimal at every discount from some γ₀ < 1 on. So these
    are the limits of the optimality probabilities, which the literature calls P_D(s, a, 1)::

        lim_{γ → 1} P_D(s, a, γ)

    They differ from ``exact_optimality(mdp, state, 1)``, where only the average reward counts: there an
    action that loses something on the way to the best average is as good as any.

    Parameters
    ----------
    mdp, state, rewards
        As for `corrigible.power.exactly.exact`.

    Returns
    -------
    dict
        From the labels of the actions, in the model's order; ties count for each tied action.

    Raises
    ------
    UnknownNameError, ModelError, DistributionError, TooLargeError
        As for `corrigible.power.exactly.exact`.

    Notes
    -----
    *Source:* D. Blackwell, Discrete dynamic programming (1962); Turner, Smith, Shah, Critch & Tadepalli,
    Optimal Policies Tend to Seek Power (2021), section 4.

    Examples
    --------
    >>> from corrigible import MDP
    >>> line = MDP.from_edges({1: [1, 2], 2: [1, 2, 3], 3: [2, 3]})
    >>> blackwell_optimality(line, 1)
    {1: Fraction(1, 3), 2: Fraction(2, 3)}
    """
    start = mdp.index(state)
    goals = Goals(mdp, rewards)
    found: dict[tuple[tuple[Fraction, ...], ...], dict[Label, None]] = {}
    ways = list(policies(mdp, start, deep=True))
    # Each series is a fraction of polynomials in γ of no higher degree than there are states.
    terms = 2 * max(len(policy) for policy, _ in ways) + 1
    for policy, labels in ways:
        series = laurent(policy, start, terms)
        rows = tuple(tuple(term.get(s, Fraction(0)) for s in range(mdp.n_states)) for term in series)
        found.setdefault(rows, {}).update(dict.fromkeys(labels))
    visited = {s for rows in found for row in rows for s, share in enumerate(row) if share}
    share = {action: Fraction(0) for action in mdp.actions(state)}
    for case in goals.cases(visited):
        actions: dict[Series, dict[Label, None]] = {}
        for rows, labels in found.items():
            actions.setdefault(tuple(case.function(row) for row in rows), {}).update(labels)
        leading = _leading(list(actions), 0)
        for group, probability in _by_average(leading):
            if all(actions[series].keys() == actions[group[0]].keys() for series in group):
                for action in actions[group[0]]:
                    share[action] += case.weight * probability
                continue
            for series in group:
                alone = _share(series, leading)
                for action in actions[series]:
                    share[action] += case.weight * alone
    return share


def _by_average(leading: Sequence[Series]) -> Iterator[tuple[list[Series], Fraction]]:
    """Yield the series that have the same first term, and how often this one is the greatest."""
    groups: dict[Affine, list[Series]] = {}
    for series in leading:
        groups.setdefault(series[0], []).append(series)
    yield from zip(groups.values(), maximum(list(groups)).greatest, strict=True)


def _leading(group: Sequence[Series], term: int) -> list[Series]:
    """Return those of ``group``, equal before ``term``, that may be best: the vertices, and so on for equals."""
    if len(group) < 2:
        return list(group)
    parts: dict[Affine, list[Series]] = {}
    for series in group:
        parts.setdefault(series[term], []).append(series)
    heads = list(parts)
    kept = [heads[k] for k in vertices([(constant, *slopes) for constant, slopes in heads])]
    return [series for head in kept for series in _leading(parts[head], term + 1)]


def _share(ours: Series, all_: Sequence[Series]) -> Fraction:
    """Return the volume of the rewards for which ``ours`` is ahead of all others, at the first difference."""
    planes: list[Affine] = []
    for other in all_:
        if other is ours:
            continue
        (one, rates), (two, others) = next(
            pair for pair in zip(ours, other, strict=True) if pair[0] != pair[1]
        )
        planes.append((one - two, tuple(x - y for x, y in zip(rates, others, strict=True))))
    used = [k for k in range(len(ours[0][1])) if any(slopes[k] for _, slopes in planes)]
    check_work(len(used), len(all_))
    return volume(((constant, tuple(slopes[k] for k in used)) for constant, slopes in planes), len(used))
