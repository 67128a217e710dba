"""Optimal values by trying every policy, in exact fractions.

A model is a list of states, a state a list of actions, an action a list of (probability, next state).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from corrigible import MDP

Model = list[list[list[tuple[Fraction, int]]]]


def model_of(mdp: MDP) -> Model:
    """Return a model with the probabilities of ``mdp`` exactly as they are, as fractions."""
    return [
        [[(Fraction(p), successor) for p, successor in mdp.row(k)] for k in mdp.pairs(s)]
        for s in range(mdp.n_states)
    ]


def policy_values(
    model: Model, policy: tuple[int, ...], rewards: list[list[Fraction]], discount: Fraction
) -> list[list[Fraction]]:
    """Return V = (I − γP)⁻¹ R of a deterministic policy for each reward, by Gauss–Jordan elimination."""
    n = len(model)
    matrix = [[Fraction(int(i == j)) for j in range(n)] + [reward[i] for reward in rewards] for i in range(n)]
    for i in range(n):
        for probability, j in model[i][policy[i]]:
            matrix[i][j] -= discount * probability
    for i in range(n):
        pivot = next(k for k in range(i, n) if matrix[k][i])
        matrix[i], matrix[pivot] = matrix[pivot], matrix[i]
        matrix[i] = [x / matrix[i][i] for x in matrix[i]]
        for k in range(n):
            if k != i and matrix[k][i]:
                matrix[k] = [x - matrix[k][i] * y for x, y in zip(matrix[k], matrix[i], strict=True)]
    return [[row[n + sample] for row in matrix] for sample in range(len(rewards))]


def optimal_values(model: Model, rewards: list[list[Fraction]], discount: Fraction) -> list[list[Fraction]]:
    """Return V* of each reward: in each state the best over all deterministic policies.

    *Source:* Puterman (1994), theorem 6.2.10.
    """
    policies = product(*(range(len(actions)) for actions in model))
    values = [policy_values(model, policy, rewards, discount) for policy in policies]
    return [
        [max(column) for column in zip(*of_reward, strict=True)] for of_reward in zip(*values, strict=True)
    ]


def action_values(model: Model, values: list[Fraction]) -> list[Fraction]:
    """Return Σ p V for every action of every state, in order."""
    return [sum((p * values[t] for p, t in row), Fraction(0)) for actions in model for row in actions]
