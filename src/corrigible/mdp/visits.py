"""Visit distributions: what each way to act makes of the future, counted exactly.

A deterministic policy, followed from state s, visits each state t so often, a visit in k steps counting γ^k::

    f(t) = Σ_k γ^k P(the state after k steps is t)

The present state is visited whatever one does. What is chosen is the *future*; its shares sum to one::

    d(t) = (1 − γ)/γ · (f(t) − [t = s])        γ → 0: the next step        γ → 1: the share in the long run

A goal R attains Σ_t d(t) R(t), so POWER is the mean of the greatest of these over goals. As f and d
determine each other, there are as many of the one as of the other, and the same ones are dominated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction

from corrigible.core.errors import TooLargeError
from corrigible.mdp.hull import vertices
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.rational import Row, exact_discount, exact_row, solve

MOST_POLICIES = 20_000
"""How many policies are tried before the model is called too large for exact work."""

Policy = dict[int, Row]
"""The chosen outcomes of each state that is visited."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Visits:
    """One visit distribution, and how it is begun.

    Parameters
    ----------
    shares
        d; exact, summing to one, by state number.
    actions
        The labels of the actions at the present state that begin some policy with these visits, in the
        model's order.
    """

    shares: tuple[Fraction, ...]
    actions: tuple[Label, ...]


def visit_distributions(
    mdp: MDP, state: Label, discount: Fraction | float | str, nondominated: bool = False
) -> tuple[Visits, ...]:
    """Return the visit distributions of all deterministic policies from ``state``, each once.

    Parameters
    ----------
    mdp
        The model.
    state
        The present state, by its label.
    discount
        γ as a fraction: 0 means the limit γ → 0 (the distributions of the next state), 1 the limit γ → 1
        (the recurrent state distributions, or RSDs: average shares over endless time). A float such as
        0.9 is read as 9/10.
    nondominated
        Return only those that are strictly optimal for some reward function on the states: the vertices
        of the convex hull.

    Returns
    -------
    tuple of Visits
        In the order in which policies find them: the first action first.

    Raises
    ------
    UnknownNameError
        If the model has no such state.
    OptionError
        If the discount is no fraction from 0 to 1.
    ModelError
        If probabilities are no fractions; see `corrigible.mdp.rational`.
    TooLargeError
        If there are more than `MOST_POLICIES` policies, counting only the states that each one visits.

    Notes
    -----
    Different policies with the same visits count once. At a particular γ visits may coincide that differ
    elsewhere.

    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021),
    definitions 3.3 (visit distributions) and 3.6 (non-domination), and section 6.2 (RSDs).

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> for visits in visit_distributions(mdp, "on", Fraction(1, 2)):
    ...     print(*visits.shares, visits.actions)
    1 0 ('on',)
    0 1 ('off',)
    """
    start = mdp.index(state)
    gamma = exact_discount(discount)
    found: dict[tuple[Fraction, ...], dict[Label, None]] = {}
    for policy, labels in policies(mdp, start, deep=gamma > 0):
        shares = _shares(policy, start, gamma)
        row = tuple(shares.get(number, Fraction(0)) for number in range(mdp.n_states))
        found.setdefault(row, {}).update(dict.fromkeys(labels))
    order = mdp.actions(state)
    all_ = [
        Visits(shares=shares, actions=tuple(a for a in order if a in labels))
        for shares, labels in found.items()
    ]
    if nondominated:
        return tuple(all_[k] for k in vertices([visits.shares for visits in all_]))
    return tuple(all_)


# --- the policies, each on the states that it visits ---------------------------------------------


def policies(mdp: MDP, start: int, *, deep: bool) -> Iterator[tuple[Policy, list[Label]]]:
    """Yield every deterministic policy on the states that it visits, and its first actions.

    Where not ``deep``, only the start's actions count.
    """
    choices: dict[int, list[Row]] = {}
    first: dict[Row, list[Label]] = {}
    for pair in mdp.pairs(start):
        first.setdefault(exact_row(mdp, pair), []).append(mdp.action(pair))
    choices[start] = list(first)
    stack: list[Policy] = [{start: row} for row in reversed(choices[start])]
    done: list[Policy] = []
    while stack:
        policy = stack.pop()
        reached = (target for row in policy.values() for _, target in row)
        following = next((target for target in reached if target not in policy), None) if deep else None
        if following is None:
            done.append(policy)
            if len(done) + len(stack) > MOST_POLICIES:
                raise TooLargeError(
                    f"state `{mdp.states[start]}` has more than `{MOST_POLICIES}` policies "
                    f"({mdp.n_states} states, {mdp.n_pairs} actions)",
                    "too many for exact work: sample with `corrigible.power.estimate`",
                )
            continue
        if following not in choices:
            rows = (exact_row(mdp, pair) for pair in mdp.pairs(following))
            choices[following] = list(dict.fromkeys(rows))
        stack.extend({**policy, following: row} for row in reversed(choices[following]))
    for policy in done:
        yield policy, first[policy[start]]


# --- what one policy visits ----------------------------------------------------------------------


def _shares(policy: Policy, start: int, gamma: Fraction) -> dict[int, Fraction]:
    """Return d of one policy, by state number."""
    if gamma == 0:
        return {target: probability for probability, target in policy[start]}
    if all(len(row) == 1 for row in policy.values()):
        return _along_path(policy, start, gamma)
    if gamma == 1:
        return long_run(policy, start)
    visits = _expected_visits(policy, start, gamma)
    visits[start] -= 1
    return {state: (1 - gamma) / gamma * visit for state, visit in visits.items()}


def _along_path(policy: Policy, start: int, gamma: Fraction) -> dict[int, Fraction]:
    """Return d where every step is certain: a way that ends in a cycle."""
    when: dict[int, int] = {}
    state = policy[start][0][1]
    while state not in when:
        when[state] = len(when)
        state = policy[state][0][1]
    entered = when[state]
    length = len(when) - entered
    if gamma == 1:
        return {state: Fraction(1, length) for state, step in when.items() if step >= entered}
    again = 1 / (1 - gamma**length)
    return {
        state: (1 - gamma) * gamma**step * (again if step >= entered else 1)
        for state, step in when.items()
    }  # fmt: skip


def _expected_visits(policy: Policy, start: int, gamma: Fraction) -> dict[int, Fraction]:
    """Return f, by state number: the solution of (I − γPᵀ) f = e_start.

    Successors that ``policy`` does not hold are left out: the process is taken to end there.
    """
    states = list(policy)
    place = {state: k for k, state in enumerate(states)}
    matrix = [[Fraction(int(i == j)) for j in range(len(states))] for i in range(len(states))]
    for state, row in policy.items():
        for probability, target in row:
            if target in place:
                matrix[place[target]][place[state]] -= gamma * probability
    right = [Fraction(int(state == start)) for state in states]
    return dict(zip(states, solve(matrix, right), strict=True))


def long_run(policy: Policy, start: int) -> dict[int, Fraction]:
    """Return the limit of d as γ → 1, by state number.

    Each recurrent class has its own shares, and is weighed by the probability of ending in it.
    """
    reach = {state: _reached(policy, state) for state in policy}
    recurrent = {state for state in policy if all(state in reach[other] for other in reach[state])}
    if start in recurrent:
        return _stationary(policy, reach[start])
    passing = {state: row for state, row in policy.items() if state not in recurrent}
    shares: dict[int, Fraction] = {}
    entered: dict[frozenset[int], Fraction] = {}
    for state, visit in _expected_visits(passing, start, Fraction(1)).items():
        for probability, target in policy[state]:
            if target in recurrent:
                where = frozenset(reach[target])
                entered[where] = entered.get(where, Fraction(0)) + visit * probability
    for members, mass in entered.items():
        for state, share in _stationary(policy, members).items():
            shares[state] = mass * share
    return shares


def _stationary(policy: Policy, members: set[int] | frozenset[int]) -> dict[int, Fraction]:
    """Return the stationary distribution of one recurrent class, by visits between two returns."""
    home = min(members)
    # Cut the returns: leave home once, count visits until it is reached again.
    others = {state: policy[state] for state in members if state != home}
    visits = {home: Fraction(1)}
    if others:
        source = -1
        between = _expected_visits({source: policy[home], **others}, source, Fraction(1))
        visits |= {state: between[state] for state in others}
    total = sum(visits.values())
    return {state: visit / total for state, visit in visits.items()}


def _reached(policy: Policy, start: int) -> set[int]:
    """Return the states that ``policy`` comes to from ``start`` in 0 or more steps."""
    seen, open_ = {start}, [start]
    while open_:
        for _, target in policy[open_.pop()]:
            if target not in seen:
                seen.add(target)
                open_.append(target)
    return seen
