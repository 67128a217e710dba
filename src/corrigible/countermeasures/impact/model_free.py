"""Attainable utility preservation without a model: Q-learning of the task and of the auxiliary rewards."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from typing import final

import numpy as np

from corrigible.core.seeds import check_seed, stream
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_count, check_number, parameter
from corrigible.countermeasures.impact.contract import Contrast, Setting
from corrigible.countermeasures.impact.learning import Learnt, Lessons, learn, pairs_of_actions
from corrigible.countermeasures.impact.worths import WorthDeviation, Worths
from corrigible.countermeasures.planning import stationary


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelFreeAUP(ChoiceDoor):
    """Attainable utility preservation by Q-learning: it learns, and then takes the action that seems best.

    What it learns is on outcomes, so that it knows no clock that they leave out. It tries every action of the
    place everywhere; what is not possible in a state does nothing. Ties are broken at random.

    Parameters
    ----------
    strength
        λ, at least 0; published 1/1.501.
    count
        How many auxiliary rewards, uniform on [0, 1] for each outcome; 0: plain Q-learning.
    value_discount
        γ in [0, 1), of the task and of the auxiliary rewards.
    episodes, longest
        How many episodes, and the most steps in one.
    learning_rate
        In (0, 1]; 1 where moves are certain.
    greedy_first, greedy_last
        The chance of taking the action that seems best, in the first two thirds of the episodes and after.
    seed
        Of the auxiliary rewards and of the exploration.
    """

    strength: float = parameter(1 / 1.501, "units of the task's reward")
    count: int = parameter(30, "rewards")
    value_discount: float = parameter(0.996, "per step")
    episodes: int = parameter(6000, "episodes")
    longest: int = parameter(100, "steps")
    learning_rate: float = parameter(1.0, "share")
    greedy_first: float = parameter(0.2, "probability")
    greedy_last: float = parameter(0.9, "probability")
    seed: int = parameter(0, "seed")

    name = "model-free-aup"
    source = (
        "A. Turner, D. Hadfield-Menell & P. Tadepalli 2020, Conservative agency via attainable utility "
        "preservation"
    )
    promise = "As aup, without a model of the world."
    failure = (
        "It compares after a single step, so that what shows only later, such as a switch-off, is missed."
    )
    dial = "strength"
    ladder = (0.1, 1 / 1.501, 3.0, 10.0, 30.0, 100.0)

    def __post_init__(self) -> None:
        check_number("strength", self.strength, 0)
        check_count("count", self.count, 0)
        check_number("value discount", self.value_discount, 0, 1, below=True)
        check_count("episodes", self.episodes)
        check_count("longest", self.longest)
        check_number("learning rate", self.learning_rate, 0, 1, above=True)
        check_number("greedy_first", self.greedy_first, 0, 1)
        check_number("greedy_last", self.greedy_last, 0, 1)
        check_seed(self.seed)

    def policy(self, case: Case) -> np.ndarray:
        mdp = case.mdp
        worth = self.learnt(case).own[case.face.outcome_index]
        state, action = np.nonzero(worth == worth.max(axis=1)[:, None])
        pair = pairs_of_actions(case)[state, action]
        ties = np.bincount(state, minlength=mdp.n_states)
        return stationary(case, np.bincount(pair, 1.0 / ties[state], minlength=mdp.n_pairs))

    def learnt(self, case: Case) -> Learnt:
        """Return the Q-values that it has in the end; kept, since they take a while."""
        return _learnt(self, case)


@lru_cache(maxsize=8)
def _learnt(learner: ModelFreeAUP, case: Case) -> Learnt:
    seed, name = learner.seed, learner.name
    rewards = stream(seed, name, "rewards").random((learner.count, len(case.face.outcomes)))
    lessons = Lessons(
        episodes=learner.episodes,
        longest=learner.longest,
        rate=float(learner.learning_rate),
        discount=float(learner.value_discount),
        greedy=(float(learner.greedy_first), float(learner.greedy_last)),
    )
    return learn(case, rewards, float(learner.strength), lessons, stream(seed, name, "steps"))


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class LearntUtility(WorthDeviation):
    """Attainable utility as a learner believes it to be: `AttainableUtility`, with Q-values in place of V.

    The published planner has its auxiliary values from the learner, errors and all.

    Parameters
    ----------
    learner
        Who learns them.
    """

    name = "learnt-utility"

    learner: ModelFreeAUP = ModelFreeAUP()

    def tasks(self, setting: Setting) -> int:
        return self.learner.count

    def worths(self, setting: Setting) -> Iterator[Worths]:
        case = setting.case
        learnt = self.learner.learnt(case).auxiliary[:, case.face.outcome_index]
        still = case.mdp.action_index[case.idle]
        best, idle = learnt.max(axis=2).T, learnt[:, np.arange(case.mdp.n_states), still].T
        over = case.ends[:, None]
        yield Worths(np.where(over, 0.0, best), np.where(over, 0.0, idle))

    def gap(self, contrast: Contrast, baseline: np.ndarray, led: np.ndarray) -> np.ndarray:
        return contrast.summarised(baseline - led) / np.where(baseline == 0, 1.0, np.abs(baseline))
