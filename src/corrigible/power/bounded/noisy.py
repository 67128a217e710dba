"""`NoisyModel`: plans in a model that is wrong."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core.seeds import check_seed, stream
from corrigible.mdp.model import MDP
from corrigible.power.bounded.agent import Agent, Planner
from corrigible.power.bounded.choosing import check_share
from corrigible.power.bounded.epsilon import Slipping


@final
@dataclasses.dataclass(frozen=True)
class NoisyModel(Agent):
    """Optimal in a model that is wrong, and acts in the true one.

    For every action it believes in::

        p̂(·|s, a) = (1 − ε) p(·|s, a) + ε · u_{s,a},   u_{s,a} uniform over all distributions on N(s)

    with N(s) the states that some action leads to from s. It acts evenly among what it believes to be optimal.

    Parameters
    ----------
    noise
        ε, from 0 (the true model) to 1 (its beliefs have nothing to do with what its actions do).
    seed
        Draws u, once for a model: one agent with one wrong belief, for all its goals.

    Notes
    -----
    *Source:* the value lost by planning with a wrong model: S. Singh & R. Yee, An upper bound on the loss from
    approximate optimal-value functions (1994). The uniform distribution over distributions is Dirichlet(1, …, 1).
    """

    noise: float
    seed: int = 0

    def __post_init__(self) -> None:
        check_share(self.noise, "noise")
        check_seed(self.seed)

    def planner(self, mdp: MDP, discount: float) -> Planner:
        """Return the agent in one model at one discount."""
        held = mdp if self.noise == 0 else believed(mdp, float(self.noise), self.seed)
        return Slipping(held, discount, 0.0)

    def describe(self) -> str:
        """Return the agent in words."""
        return f"noisy-model(noise={float(self.noise)!r}, seed={self.seed})"


def believed(mdp: MDP, noise: float, seed: int) -> MDP:
    """Return the model as the agent believes it to be: the same pairs, each over all of N(s)."""
    near = np.unique(mdp.origin * mdp.n_states + mdp.successor)
    state, successor = np.divmod(near, mdp.n_states)
    first = np.searchsorted(state, np.arange(mdp.n_states + 1))
    lengths = np.diff(first)[mdp.owner]
    offset = np.concatenate([[0], np.cumsum(lengths)])
    entry = np.arange(offset[-1]) - np.repeat(offset[:-1], lengths) + np.repeat(first[mdp.owner], lengths)
    exponential = stream(seed, "believed").standard_exponential(offset[-1])
    total = np.add.reduceat(exponential, offset[:-1])
    probability = noise * exponential / np.repeat(total, lengths)
    # Where each true outcome lies in the longer row.
    pair = np.repeat(np.arange(mdp.n_pairs), np.diff(mdp.row_offset))
    place = np.searchsorted(near, mdp.origin * mdp.n_states + mdp.successor) - first[mdp.origin]
    probability[offset[pair] + place] += (1 - noise) * mdp.probability
    return MDP(
        action_offset=mdp.action_offset,
        row_offset=offset,
        successor=successor[entry],
        probability=probability,
    )
