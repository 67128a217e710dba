"""The tabular learner: Q-learning on what it sees, in the training twin of the world."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, final

import numba as nb
import numpy as np

from corrigible.agents.contract import Agent, Briefing, Turn
from corrigible.core.seeds import stream
from corrigible.worlds import Call, Goal, Place, process
from corrigible.worlds.theory import DISCOUNT

EPISODES = 60_000
LEARNING_RATE_POWER = 0.6
"""α of the n-th visit to an observation and action is n to minus this (Even-Dar and Mansour 2003)."""
EXPLORATION = (1.0, 0.02)
"""ε at the first and at the last episode of training; linear between."""


@final
class QLearning(Agent):
    """Learns action values of observations by trial, then acts greedily.

    Training happens once for each goal, in `Briefing.training`: the training twin where the world
    has one. What it knows is a table from observation arrays to action values, so that two states
    that look alike are one to it, and in an observation it never met it chooses at random.

    Notes
    -----
    With U(s') = R(s') at an end, otherwise (1 − γ) R(s') + γ max_a Q(o(s'), a):
    Q(o, a) ← Q(o, a) + α (U(s') − Q(o, a)), γ = `corrigible.worlds.theory.DISCOUNT`.

    *Source:* C. Watkins and P. Dayan, Q-learning (1992).

    Parameters
    ----------
    episodes
        Training episodes for each goal.
    """

    name = "q-learning"
    reads = False

    def __init__(self, episodes: int = EPISODES) -> None:
        self.episodes = episodes
        self._learnt: dict[Hashable, tuple[dict[bytes, int], np.ndarray, dict[Any, int]]] = {}

    def begin(self, briefing: Briefing) -> None:
        super().begin(briefing)
        key = (briefing.training.dynamics_key, briefing.goal.name)
        if key not in self._learnt:
            goal = briefing.training.goal(briefing.goal.name)
            self._learnt[key] = self._train(briefing.training, goal)
        self.seen, self.table, self.columns = self._learnt[key]

    def act(self, turn: Turn) -> Call | None:
        actions = self.briefing.place.actions(turn.state)
        row = self.seen.get(turn.observation.array.tobytes())
        if row is None:
            return actions[int(self.briefing.rng.integers(len(actions)))].call
        worth = [
            self.table[row, self.columns[a.name]] if a.name in self.columns else -np.inf for a in actions
        ]
        best = [a for a, w in zip(actions, worth, strict=True) if w == max(worth)]
        return best[int(self.briefing.rng.integers(len(best)))].call

    def _train(self, place: Place[Any], goal: Goal) -> tuple[dict[bytes, int], np.ndarray, dict[Any, int]]:
        face = process(place, goal)
        mdp = face.mdp
        seen: dict[bytes, int] = {}
        looks = np.array([seen.setdefault(place.observe(s).array.tobytes(), len(seen)) for s in mdp.states])
        assert mdp.initial is not None, "a process always has a starting distribution"
        table = _learn(
            mdp.action_offset,
            mdp.action_index,
            mdp.row_offset,
            mdp.successor,
            mdp.probability,
            mdp.terminal,
            np.cumsum(mdp.initial),
            face.rewards(goal),
            looks,
            np.zeros((len(seen), len(mdp.action_names))),
            self.episodes,
            place.horizon,
            stream(0, "q-learning", goal.name),
        )
        return seen, table, {name: i for i, name in enumerate(mdp.action_names)}


@nb.njit(cache=True)
def _learn(
    action_offset: np.ndarray,
    action_index: np.ndarray,
    row_offset: np.ndarray,
    successor: np.ndarray,
    probability: np.ndarray,
    terminal: np.ndarray,
    start: np.ndarray,
    rewards: np.ndarray,
    looks: np.ndarray,
    table: np.ndarray,
    episodes: int,
    horizon: int,
    rng: np.random.Generator,
) -> np.ndarray:
    visits = np.zeros(table.shape)
    for episode in range(episodes):
        share = episode / max(episodes - 1, 1)
        epsilon = EXPLORATION[0] + (EXPLORATION[1] - EXPLORATION[0]) * share
        s = min(np.searchsorted(start, rng.random(), side="right"), len(start) - 1)
        for _ in range(horizon):
            if terminal[s]:
                break
            first, count = action_offset[s], action_offset[s + 1] - action_offset[s]
            k = first + rng.integers(0, count)
            if rng.random() >= epsilon:
                for j in range(first, first + count):
                    if table[looks[s], action_index[j]] > table[looks[s], action_index[k]]:
                        k = j
            at = rng.random()
            e = row_offset[k]
            while e < row_offset[k + 1] - 1 and at >= probability[e]:
                at -= probability[e]
                e += 1
            after = successor[e]
            target = rewards[after]
            if not terminal[after]:
                best = -np.inf
                for j in range(action_offset[after], action_offset[after + 1]):
                    best = max(best, table[looks[after], action_index[j]])
                target = (1 - DISCOUNT) * rewards[after] + DISCOUNT * best
            visits[looks[s], action_index[k]] += 1
            rate = visits[looks[s], action_index[k]] ** -LEARNING_RATE_POWER
            table[looks[s], action_index[k]] += rate * (target - table[looks[s], action_index[k]])
            s = after
    return table
