"""What a policy visits when γ is near 1: the long run, then what passes, term by term.

With ρ = (1 − γ)/γ, P the policy's transitions, P* their limit on average and D the deviation matrix::

    Σ_k γ^k P^k = (1 + ρ) · (P*/ρ + D − ρ D² + ρ² D³ − …),        D = (I − P + P*)⁻¹ − P*

So of two policies the better one, for all γ near enough to 1, is the one whose first different term of
P*, D, −D², D³, … earns more.

*Source:* M. L. Puterman, Markov Decision Processes (1994), theorem 8.2.3; B. L. Miller & A. F. Veinott,
Discrete dynamic programming with a small interest rate (1969).
"""

from __future__ import annotations

from fractions import Fraction

from corrigible.mdp.rational import inverse
from corrigible.mdp.visits import Policy, long_run


def laurent(policy: Policy, start: int, terms: int) -> list[dict[int, Fraction]]:
    """Return the row of ``start`` in P*, D, −D², D³, …: the first ``terms``, each by state number.

    Parameters
    ----------
    policy
        The chosen outcomes of every state that is reached from ``start``.
    start
        The number of the present state.
    terms
        How many, 1 or more.
    """
    states = list(policy)
    limit = [long_run(policy, state) for state in states]
    fundamental = [[Fraction(int(s == t)) + limit[k].get(t, 0) for t in states] for k, s in enumerate(states)]
    for k, row in enumerate(policy.values()):
        for probability, target in row:
            fundamental[k][states.index(target)] -= probability
    deviation = [
        [x - limit[k].get(t, 0) for x, t in zip(row, states, strict=True)]
        for k, row in enumerate(inverse(fundamental))
    ]
    series = [limit[states.index(start)]]
    row = [Fraction(int(state == start)) for state in states]
    for term in range(terms - 1):
        row = [
            sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*deviation, strict=True)
        ]
        series.append({state: (-1) ** term * x for state, x in zip(states, row, strict=True)})
    return series
