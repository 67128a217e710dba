"""Which actions are optimal, and what they are worth, against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.mdp.greedy import action_values, optimal_pairs
from corrigible.mdp.optimal import optimal_values
from tests.mdp.test_optimal import deterministic, stochastic
from tests.oracles import values as oracle


@given(st.data(), st.one_of(deterministic(), stochastic()), st.sampled_from([0.1, 0.5, 0.9, 0.99]))
@settings(max_examples=80, deadline=None)
def test_ties_and_preferences_are_told_apart(data: st.DataObject, mdp: MDP, discount: float):
    n = mdp.n_states
    number = st.integers(-2, 2)
    rewards = data.draw(st.lists(st.lists(number, min_size=n, max_size=n), min_size=1, max_size=5))
    table = np.array(rewards, dtype=float)
    found = optimal_values(mdp, table, discount)
    chosen = optimal_pairs(mdp, found.values, discount, found.residual)
    worth = action_values(mdp, found.values, table, discount)
    model = oracle.model_of(mdp)
    exact = oracle.optimal_values(model, [[Fraction(r) for r in row] for row in rewards], Fraction(discount))
    for sample, values in enumerate(exact):
        ahead = oracle.action_values(model, values)
        for s in range(n):
            best = max(ahead[k] for k in mdp.pairs(s))
            for k in mdp.pairs(s):
                q = rewards[sample][s] + discount * float(ahead[k])
                assert abs(worth[sample, k] - q) <= found.error_bound + 1e-12 * (1 + abs(q))
                # Every optimal action is found; one is wrongly so only within the doubt that is stated.
                if ahead[k] == best:
                    assert chosen[sample, k]
                elif chosen[sample, k]:
                    assert best - ahead[k] <= 5 * found.error_bound + 1e-11 * float(1 + abs(best))
