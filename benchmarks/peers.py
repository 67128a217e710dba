"""Other solvers, called as their manuals say. Each returns V*(R) for one reward R on states."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix

from corrigible import MDP

Solve = Callable[[np.ndarray], np.ndarray]

EPSILON = 1e-6
"""What solvers that stop early are asked for, unless said otherwise: values within this of V*."""


def quantecon(mdp: MDP, discount: float, method: str, epsilon: float = EPSILON) -> Solve:
    """QuantEcon's DiscreteDP in state–action-pair form with sparse rows."""
    from quantecon.markov import DiscreteDP

    owner = np.repeat(np.arange(mdp.n_states), np.diff(mdp.action_offset))
    table = csr_matrix((mdp.probability, mdp.successor, mdp.row_offset), shape=(mdp.n_pairs, mdp.n_states))
    table.sum_duplicates()
    problem = DiscreteDP(np.zeros(mdp.n_pairs), table, discount, owner, mdp.action_index.astype(np.int64))

    def solve(reward: np.ndarray) -> np.ndarray:
        problem.R = reward[owner]
        result = problem.solve(method=method, epsilon=epsilon, max_iter=10**6)
        return result.v

    return solve


def mdptoolbox(mdp: MDP, discount: float, method: str, epsilon: float = EPSILON) -> Solve:
    """pymdptoolbox, with one sparse matrix for each action."""
    from mdptoolbox import mdp as toolbox

    tables = [
        csr_matrix((mdp.probability, mdp.successor, mdp.row_offset), shape=(mdp.n_pairs, mdp.n_states))[
            action::5
        ]
        for action in range(5)
    ]

    def solve(reward: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if method == "policy_iteration":
                run = toolbox.PolicyIteration(tables, reward, discount)
            else:
                run = toolbox.PolicyIterationModified(
                    tables, reward, discount, epsilon=epsilon, max_iter=10**6
                )
            run.run()
        return np.array(run.V)

    return solve
