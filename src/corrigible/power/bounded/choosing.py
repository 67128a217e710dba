"""How planners choose: what lies ahead of each action, and the policies made of it."""

from __future__ import annotations

import math
import numbers

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.mdp.model import MDP


def ahead(mdp: MDP, worth: np.ndarray) -> np.ndarray:
    """Σ_s' p(s'|s, a) W(s') of every pair; shape (samples, pairs)."""
    if mdp.deterministic:
        return worth[:, mdp.successor]
    return np.add.reduceat(mdp.probability * worth[:, mdp.successor], mdp.row_offset[:-1], axis=1)


def greedy(mdp: MDP, worth: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Return the policies that choose evenly among the best actions; shape (samples, pairs)."""
    worths = ahead(mdp, worth)
    best = np.maximum.reduceat(worths, mdp.action_offset[:-1], axis=1)[:, mdp.owner]
    return shares(mdp, (worths >= best - tolerance[:, None]).astype(np.float64))


def shares(mdp: MDP, weight: np.ndarray) -> np.ndarray:
    return weight / np.add.reduceat(weight, mdp.action_offset[:-1], axis=1)[:, mdp.owner]


def check_number(value: object, name: str, most: float) -> None:
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise OptionError(f"the {name} `{value}` is not a number", "give for example 0.1")
    if not 0 <= float(value) <= most or math.isinf(float(value)):
        raise OptionError(f"the {name} `{value}` is out of range", f"give a number from 0 to {most:g}")


def check_share(value: object, name: str) -> None:
    check_number(value, name, 1.0)
