"""Solved places, kept between episodes: dynamics do not change with names and wording."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any

import numpy as np

from corrigible.mdp.greedy import action_values
from corrigible.worlds import Goal, Place, Process, process
from corrigible.worlds.theory import DISCOUNT, solve


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Solved:
    """A goal's optimal values in a place.

    Parameters
    ----------
    face
        The decision process.
    action_values
        (1 − γ) · Q* of each pair, in units of reward a step; shape (pairs,).
    optimal
        The optimal pairs; boolean of shape (pairs,).
    """

    face: Process
    action_values: np.ndarray
    optimal: np.ndarray


def solved(place: Place[Any], goal: Goal) -> Solved:
    """Return the optimal values of ``goal`` in ``place``, at γ = `corrigible.worlds.theory.DISCOUNT`."""
    return _solved(_Key(place, goal))


class _Key:
    """Hashes a place by its dynamics and a goal by its name."""

    def __init__(self, place: Place[Any], goal: Goal) -> None:
        self.place, self.goal = place, goal
        self.key = (place.dynamics_key, goal.name)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.key == other.key


@lru_cache(maxsize=64)
def _solved(key: _Key) -> Solved:
    face = process(key.place, key.goal)
    values, optimal = solve(face, key.goal)
    rewards = face.rewards(key.goal)[None, :]
    worth = action_values(face.mdp, values[None, :], rewards, DISCOUNT)[0]
    return Solved(face=face, action_values=(1 - DISCOUNT) * worth, optimal=optimal)
