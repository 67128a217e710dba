"""Slow and obvious: optimal values by trying every policy, in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from corrigible import MDP

Row = list[tuple[Fraction, int]]
Model = list[list[Row]]
"""For each state, for each action, its outcomes."""


def policy_value(
    model: Model, policy: tuple[int, ...], rewards: list[Fraction], g: Fraction
) -> list[Fraction]:
    """Return V of the policy: solve (I − γP) V = R by Gauss–Jordan elimination."""
    n = len(model)
    rows = []
    for s in range(n):
        row = [Fraction(int(s == t)) for t in range(n)] + [rewards[s]]
        for p, t in model[s][policy[s]]:
            row[t] -= g * p
        rows.append(row)
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k] != 0:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def optimal(model: Model, rewards: list[Fraction], g: Fraction) -> list[Fraction]:
    """Return V*: the best of all deterministic policies, state by state."""
    choices = product(*(range(len(actions)) for actions in model))
    values = [policy_value(model, policy, rewards, g) for policy in choices]
    return [max(column) for column in zip(*values, strict=True)]


def best_actions(model: Model, state: int, values: list[Fraction]) -> list[bool]:
    """Return which actions of ``state`` are optimal, given V*."""
    worth = [sum((p * values[t] for p, t in row), Fraction(0)) for row in model[state]]
    return [w == max(worth) for w in worth]


def as_mdp(model: Model) -> MDP:
    """Return the same model as an `MDP`, states and actions labelled by number."""
    return MDP.from_edges(
        {s: {a: {t: float(p) for p, t in row} for a, row in enumerate(rows)} for s, rows in enumerate(model)}
    )
