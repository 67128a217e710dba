"""The models that are timed: open grids, with sure and with slipping moves."""

from __future__ import annotations

import numpy as np

from corrigible import MDP

SLIP = 0.2


def neighbours(width: int) -> np.ndarray:
    """Return where stay, up, down, left and right lead; shape (states, 5). Moves off the grid stay."""
    s = np.arange(width * width)
    x, y = s % width, s // width
    moves = [(0, 0), (0, -1), (0, 1), (-1, 0), (1, 0)]
    return np.stack(
        [np.clip(x + dx, 0, width - 1) + width * np.clip(y + dy, 0, width - 1) for dx, dy in moves], axis=1
    )


def grid(width: int) -> MDP:
    """Return the open grid of width × width cells with five sure actions."""
    return MDP.from_successors(neighbours(width))


def slippery(width: int) -> MDP:
    """Return the same grid where each action is replaced, with chance 0.2, by one of the five at random."""
    near = neighbours(width)
    n = len(near)
    chance = np.full((n, 5, 5), SLIP / 5) + (1 - SLIP) * np.eye(5)
    return MDP(
        action_offset=np.arange(n + 1) * 5,
        row_offset=np.arange(5 * n + 1) * 5,
        successor=np.repeat(near[:, None], 5, axis=1).ravel(),
        probability=chance.ravel(),
    )


def rewards(mdp: MDP, samples: int) -> np.ndarray:
    """Return rewards uniform on [0, 1], the same for every solver."""
    return np.random.default_rng(2021).random((samples, mdp.n_states))
