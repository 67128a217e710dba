"""The loop of `learning`: episodes of Q-learning, compiled."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(nogil=True, cache=True)
def learn_in_place(
    own: np.ndarray, auxiliary: np.ndarray, rewards: np.ndarray, paid: np.ndarray, ends: np.ndarray,
    resting: np.ndarray, lasting: np.ndarray, outcome: np.ndarray, pair_of: np.ndarray, idle: np.ndarray,
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray, start: np.ndarray,
    strength: float, episodes: int, longest: int, rate: float, discount: float, greedy_first: float,
    greedy_last: float, random: Any,
) -> None:  # fmt: skip
    """Learn ``own`` and ``auxiliary`` in place; the arguments are those of `learning.learn`, as arrays."""
    tasks, names = len(rewards), pair_of.shape[1]
    for episode in range(episodes):
        greedy = greedy_last if 3 * episode > 2 * episodes else greedy_first
        state = min(np.searchsorted(start, random.random(), side="right"), len(start) - 1)
        for step in range(longest):
            if ends[state]:
                break
            seen, still = outcome[state], idle[state]
            act = int(np.argmax(own[seen]))
            if names > 1 and random.random() >= greedy:
                act = (act + 1 + int(random.random() * (names - 1))) % names
            pair = pair_of[state, act]
            entry, draw = row_offset[pair], random.random()
            while entry + 1 < row_offset[pair + 1] and draw >= probability[entry]:
                draw -= probability[entry]
                entry += 1
            after = successor[entry]
            then, ended = outcome[after], ends[after]
            penalty = 0.0
            for k in range(tasks):
                ahead = 0.0 if ended else auxiliary[k, then].max()
                auxiliary[k, seen, act] += rate * (
                    rewards[k, then] + discount * ahead - auxiliary[k, seen, act]
                )
                null = auxiliary[k, seen, still]
                penalty += abs(auxiliary[k, seen, act] - null) / (null if null != 0.0 else 1.0)
            paid_now = paid[entry] - (strength * penalty / tasks if tasks else 0.0)
            ahead = resting[after] * lasting[step] if ended else own[then].max()
            own[seen, act] += rate * (paid_now + discount * ahead - own[seen, act])
            state = after
