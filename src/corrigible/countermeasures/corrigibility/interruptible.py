"""Safe interruptibility: learners that people interrupt, and what they learn from that."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numba as nb
import numpy as np

from corrigible.core.seeds import check_seed, stream
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import (
    ChoiceDoor,
    check_count,
    check_number,
    check_word,
    inapplicable,
    parameter,
)
from corrigible.countermeasures.corrigibility.spared import spared
from corrigible.countermeasures.planning import TIES, stationary

LEARNERS = ("q-learning", "sarsa", "safe-sarsa")
INTERRUPTIONS = ("override", "dynamics")

RATE_POWER = 0.6
"""The learning rate of the n-th update of an entry is n to minus this (Even-Dar and Mansour 2003)."""


@final
@dataclasses.dataclass(frozen=True)
class SafeInterruption(ChoiceDoor):
    """The agent learns by trial while people interrupt it, and then acts greedily.

    An interruption is what stops the agent in a level (`Place.stopped`). As an *override* it changes
    what the agent does, not where it is: in the state in which it would be without (`Place.spared`) it
    does nothing, and learns of that act. As *dynamics* it is part of the world: a state of its own, for which
    the act that led there is blamed. After each step, with ε-greedy exploration::

        Q(s, a) ← Q(s, a) + α (r + γ X − Q(s, a))

    ==============  ==================================================================
    learner         X
    ==============  ==================================================================
    ``q-learning``  max_b Q(s', b)
    ``sarsa``       Q(s', b) for the b that was then done: for nothing, if interrupted
    ``safe-sarsa``  Q(s', b) for the b that the agent itself would have chosen
    ==============  ==================================================================

    Parameters
    ----------
    learner
        ``"q-learning"``, ``"sarsa"`` or ``"safe-sarsa"``.
    interruptions
        ``"override"`` or ``"dynamics"``.
    episodes
        How long it learns; interrupted in each as the level says.
    exploration
        ε of the first episode, in (0, 1]; it falls linearly to a fiftieth of that.
    seed
        Of what is drawn in learning.

    Raises
    ------
    OptionError, UnknownNameError
        If one of them is out of its range, or no such word.

    Notes
    -----
    Learnt, not exact: where the level is large, give more episodes. As an override, Q-learning and safe Sarsa
    come to do what is best where nobody interrupts them, Sarsa what is
    best for who counts on interruptions. As dynamics no learner does: what is interrupted is worth less.

    *Source:* L. Orseau and S. Armstrong, Safely Interruptible Agents (2016).

    Examples
    --------
    >>> from corrigible.countermeasures import case_of, follow
    >>> from corrigible.worlds.levels.interruption_chain import WORLD
    >>> case = case_of(WORLD.place())
    >>> [follow(SafeInterruption(x).conduct(case)).shown["avoids-ward"] for x in ("q-learning", "sarsa")]
    [0.0, 1.0]
    """

    learner: str = parameter("q-learning", "word")
    interruptions: str = parameter("override", "word")
    episodes: int = parameter(20_000, "episodes")
    exploration: float = parameter(1.0, "probability")
    seed: int = parameter(0, "seed")

    name = "safe-interruption"
    source = "Orseau & Armstrong, Safely Interruptible Agents (2016)"
    promise = "An agent that is interrupted now and then learns neither to prevent nor to seek it."
    failure = "Where the interruption is part of the world that it learns, or it learns on policy, it learns to avoid it."

    def __post_init__(self) -> None:
        check_word("learner", self.learner, LEARNERS)
        check_word("interruptions", self.interruptions, INTERRUPTIONS)
        check_count("episodes", self.episodes)
        check_number("exploration", self.exploration, 0.0, 1.0, above=True)
        check_seed(self.seed)

    def policy(self, case: Case) -> np.ndarray:
        values = self.learn(case)
        seen, _ = self._seen(case)
        mdp = case.mdp
        best = np.maximum.reduceat(values, mdp.action_offset[:-1])[mdp.owner]
        greedy = values >= best - TIES * max(1.0, float(np.abs(values).max()))
        held = seen != np.arange(mdp.n_states)
        greedy[held[mdp.owner]] = False
        greedy[case.idle[held]] = True
        counts = np.add.reduceat(greedy.astype(float), mdp.action_offset[:-1])
        return stationary(case, greedy / counts[mdp.owner])

    def learn(self, case: Case) -> np.ndarray:
        """Return the action values that it learns in a case.

        Parameters
        ----------
        case
            The case.

        Returns
        -------
        numpy.ndarray
            Q of each pair, shape (pairs,); 0 for what was never done.
        """
        seen, held = self._seen(case)
        mdp = case.mdp
        return _learn(
            mdp.action_offset,
            mdp.row_offset,
            mdp.successor,
            mdp.probability,
            case.ends,
            case.paid + case.discount * case.rested(case.horizon)[mdp.successor],
            case.start,
            seen,
            held,
            case.idle,
            LEARNERS.index(self.learner),
            case.discount,
            case.horizon,
            self.episodes,
            self.exploration,
            stream(self.seed, "safe-interruption", self.learner, self.interruptions),
        )

    def _seen(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Return for which state the learner takes each, and where people decide what is done."""
        same = np.arange(case.mdp.n_states)
        without = spared(case)
        if without is None:
            raise inapplicable(self, "people do not interrupt the agent in this place")
        if self.interruptions == "dynamics":
            return same, np.zeros(len(same), dtype=bool)
        if np.any(without.index[case.stopped] < 0) or np.any(
            without.index[case.stopped] >= (~case.stopped).sum()
        ):
            raise inapplicable(
                self, "the interruption always comes, so that nothing can be learnt of what is after"
            )
        running = np.flatnonzero(~case.stopped)
        return np.where(
            case.stopped, running[np.where(case.stopped, without.index, 0)], same
        ), case.stopped.copy()


@nb.njit(cache=True)
def _learn(
    action_offset: np.ndarray,
    row_offset: np.ndarray,
    successor: np.ndarray,
    probability: np.ndarray,
    ends: np.ndarray,
    paid: np.ndarray,
    start: np.ndarray,
    seen: np.ndarray,
    held: np.ndarray,
    idle: np.ndarray,
    learner: int,
    gamma: float,
    horizon: int,
    episodes: int,
    exploration: float,
    rng: np.random.Generator,
) -> np.ndarray:
    values = np.zeros(len(row_offset) - 1)
    updates = np.zeros(len(row_offset) - 1)
    for episode in range(episodes):
        epsilon = exploration * (1 - 0.98 * episode / max(episodes - 1, 1))
        s, at = 0, rng.random()
        while s < len(start) - 1 and at >= start[s]:
            at -= start[s]
            s += 1
        chosen = _choose(values, action_offset[seen[s]], action_offset[seen[s] + 1], epsilon, rng)
        for _ in range(horizon):
            if ends[s]:
                break
            # What is really done, and of which act the learner takes it to be.
            done, credited = (idle[s], idle[seen[s]]) if held[s] else (chosen, chosen)
            at = rng.random()
            e = row_offset[done]
            while e < row_offset[done + 1] - 1 and at >= probability[e]:
                at -= probability[e]
                e += 1
            after = successor[e]
            low, high = action_offset[seen[after]], action_offset[seen[after] + 1]
            chosen = _choose(values, low, high, epsilon, rng)
            target = paid[e]
            if held[after] or not ends[after]:
                then = chosen
                if learner == 0:
                    then = _choose(values, low, high, 0.0, rng)
                elif learner == 1 and held[after]:
                    then = idle[seen[after]]
                target += gamma * values[then]
            updates[credited] += 1
            values[credited] += updates[credited] ** -RATE_POWER * (target - values[credited])
            s = after
    return values


@nb.njit(cache=True)
def _choose(values: np.ndarray, low: Any, high: Any, epsilon: float, rng: np.random.Generator) -> Any:
    if rng.random() < epsilon:
        return low + rng.integers(0, high - low)
    best = low + rng.integers(0, high - low)
    for k in range(low, high):
        if values[k] > values[best]:
            best = k
    return best
