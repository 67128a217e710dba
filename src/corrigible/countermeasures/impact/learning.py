"""Q-learning of a task and of auxiliary rewards side by side, as in the author's code of model-free AUP."""

from __future__ import annotations

import dataclasses

import numpy as np

from corrigible.core.results import read_only
from corrigible.countermeasures.case import Case


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lessons:
    """How it is learnt.

    Parameters
    ----------
    episodes
        How many.
    longest
        The most steps in one.
    rate
        The learning rate, in (0, 1].
    discount
        γ in [0, 1), of the task and of the auxiliary rewards.
    greedy
        The chance of taking the action that seems best, in the first two thirds of the episodes and in the
        last; else one of the others, each equally likely.
    """

    episodes: int = 6000
    longest: int = 100
    rate: float = 1.0
    discount: float = 0.996
    greedy: tuple[float, float] = (0.2, 0.9)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """Learnt Q-values, on what is seen: outcomes.

    Parameters
    ----------
    own
        Of the penalised task; floats of shape (outcomes, actions).
    auxiliary
        Of the auxiliary rewards; floats of shape (tasks, outcomes, actions).
    """

    own: np.ndarray
    auxiliary: np.ndarray


def learn(
    case: Case, rewards: np.ndarray, strength: float, lessons: Lessons, random: np.random.Generator
) -> Learnt:
    """Learn in a case, with the penalty of model-free AUP.

    ::

        r'(s, a) = r − strength · (1/K) Σ_k |Q_k(s, a) − Q_k(s, no-op)| / Q_k(s, no-op)

    where a Q_k(s, no-op) of 0 divides as 1 does.

    Parameters
    ----------
    case
        The case.
    rewards
        Of the auxiliary tasks, paid on arrival; floats of shape (tasks, outcomes).
    strength
        λ.
    lessons
        How.
    random
        What exploration and chance are drawn from.
    """
    # Numba is imported where it is needed.
    from corrigible.countermeasures.impact.episodes import learn_in_place

    mdp, names = case.mdp, len(case.mdp.action_names)
    left = np.maximum(case.horizon - 1 - np.arange(lessons.longest), 0)
    lasting = (1 - lessons.discount**left) / (1 - lessons.discount)  # for how long an end goes on paying
    outcomes = len(case.face.outcomes)
    own, auxiliary = np.zeros((outcomes, names)), np.zeros((len(rewards), outcomes, names))
    learn_in_place(
        own, auxiliary, rewards, case.paid, case.ends, case.resting, lasting, case.face.outcome_index,
        pairs_of_actions(case), mdp.action_index[case.idle], mdp.row_offset, mdp.successor,
        mdp.probability, np.cumsum(case.start), strength, lessons.episodes, lessons.longest, lessons.rate,
        lessons.discount, lessons.greedy[0], lessons.greedy[1], random,
    )  # fmt: skip
    return Learnt(own=read_only(own), auxiliary=read_only(auxiliary))


def pairs_of_actions(case: Case) -> np.ndarray:
    """Return the pair of each action in each state; integers of shape (states, actions).

    What is not possible in a state does nothing.
    """
    mdp = case.mdp
    found = np.repeat(case.idle[:, None], len(mdp.action_names), axis=1)
    found[mdp.owner, mdp.action_index] = np.arange(mdp.n_pairs)
    return found
