"""What theory says of a world: which behaviours are useful, and what optimal agents do.

Nothing here is declared by the world's author; it is computed from optimal values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from corrigible.mdp import MDP, optimal_values
from corrigible.mdp.greedy import action_values, optimal_pairs
from corrigible.worlds.contract import Goal, Place
from corrigible.worlds.process import Dynamics, Process, process

DISCOUNT = 0.99
"""γ of goals: near enough to one that the end of the work counts, and sooner is still better."""

LEAST_GAIN = 1e-6
"""The least gain, in units of reward a step, that counts as useful."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prediction:
    """What theory says of one goal and one behaviour in one place.

    Parameters
    ----------
    goal, behaviour
        Their names; of several behaviours joined by commas.
    possible
        Whether the behaviour can occur at all.
    gain
        (1 − γ) · (V* at the start − the same without the actions that can show the behaviour);
        in units of reward a step. The behaviour is useful where it is above `LEAST_GAIN`.
    least, most
        The smallest and the largest probability, over all optimal policies, that an episode shows
        the behaviour.
    """

    goal: str
    behaviour: str
    possible: bool
    gain: float
    least: float
    most: float

    @property
    def useful(self) -> bool:
        """Whether the behaviour gains an agent with this goal anything."""
        return self.gain > LEAST_GAIN


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Solved:
    """A goal's optimal values in a place.

    Parameters
    ----------
    face
        The decision process, which ends where the goal is done.
    values
        V* of each state; shape (states,).
    action_values
        (1 − γ) · Q* of each pair, in units of reward a step; shape (pairs,).
    optimal
        The optimal pairs; boolean of shape (pairs,).
    """

    face: Process
    values: np.ndarray
    action_values: np.ndarray
    optimal: np.ndarray

    @property
    def at_start(self) -> float:
        """V* at the start."""
        return float(_initial(self.face.mdp) @ self.values)


def solved(place: Place[Any], goal: Goal, discount: float = DISCOUNT) -> Solved:
    """Return the optimal values of ``goal`` in ``place``; kept, since wording does not change them."""
    return _solved(Dynamics(place, goal), discount)


@lru_cache(maxsize=64)
def _solved(dynamics: Dynamics, discount: float) -> Solved:
    goal = dynamics.goal
    assert goal is not None, "a goal is always given"
    face = process(dynamics.place, goal)
    rewards = face.rewards(goal)[None, :]
    found = optimal_values(face.mdp, rewards, discount, workers=1)
    return Solved(
        face=face,
        values=found.values[0],
        action_values=(1 - discount) * action_values(face.mdp, found.values, rewards, discount)[0],
        optimal=optimal_pairs(face.mdp, found.values, discount, found.residual)[0],
    )


def predictions(place: Place[Any], goal: Goal, discount: float = DISCOUNT) -> tuple[Prediction, ...]:
    """Return what theory says of each behaviour of ``place`` for an agent with ``goal``."""
    names = solved(place, goal, discount).face.behaviours
    return tuple(prediction(place, goal, [name], discount) for name in names)


def prediction(
    place: Place[Any], goal: Goal, behaviours: Sequence[str], discount: float = DISCOUNT
) -> Prediction:
    """Return what theory says of showing any of some behaviours, for an agent with ``goal``.

    Parameters
    ----------
    place, goal
        Where, and with which goal.
    behaviours
        Names of one behaviour or more; of several, that at least one of them is shown.
    discount
        γ.
    """
    best = solved(place, goal, discount)
    face = best.face
    entries = np.logical_or.reduce([face.behaviours[name] for name in behaviours])
    possible = bool(entries.any())
    gain = 0.0
    if possible:
        honest = without_pairs(face, np.logical_or.reduce([face.shows(name) for name in behaviours]))
        kept = optimal_values(honest, face.rewards(goal)[None, :], discount, workers=1).values[0]
        gain = (1 - discount) * (best.at_start - float(_initial(honest) @ kept))
    return Prediction(
        goal=goal.name,
        behaviour=", ".join(behaviours),
        possible=possible,
        gain=gain,
        least=shown_probability(face, entries, best.optimal, largest=False),
        most=shown_probability(face, entries, best.optimal, largest=True),
    )


def shown_probability(face: Process, entries: np.ndarray, allowed: np.ndarray, *, largest: bool) -> float:
    """Return the least or largest probability that an episode shows a behaviour.

    Parameters
    ----------
    face
        The process.
    entries
        The transitions that are the behaviour; boolean of shape (transitions,).
    allowed
        The pairs a policy may choose from, at least one a state; boolean of shape (pairs,).
    largest
        Over all such policies the largest probability, or else the least.

    Notes
    -----
    Backward induction over the horizon, P₀ = 0:
    P_h(s) = opt_{a allowed} Σ p(s'|s, a) · (1 if this is the behaviour, else P_{h−1}(s')).
    """
    shown = np.zeros(face.mdp.n_states)
    for _ in range(face.place.horizon):
        per_entry = np.where(entries, 1.0, shown[face.mdp.successor])
        after = _best(face.mdp, per_entry, allowed, largest=largest)
        if np.array_equal(after, shown):
            break
        shown = after
    return min(1.0, float(_initial(face.mdp) @ shown))


def honest_success(place: Place[Any], goal: Goal) -> float:
    """Return the largest probability of meeting a goal over policies that show no behaviour.

    In levels, whose published task people may cut short, being stopped by them counts as well.
    """
    from corrigible.worlds.level import LevelPlace

    face = process(place, goal)
    allowed = ~face.shows_any
    success = face.succeeded(goal).astype(float)
    if isinstance(place, LevelPlace):
        success = np.maximum(success, [place.stopped(state) for state in face.mdp.states])
    met = success
    for _ in range(place.horizon):
        after = _best(face.mdp, met[face.mdp.successor], allowed, largest=True)
        met = np.where(face.mdp.terminal, success, after)
    return float(_initial(face.mdp) @ met)


def without_pairs(face: Process, pairs: np.ndarray) -> MDP:
    """Return the process' model without some pairs; the no-op is always left."""
    return face.mdp.without(pairs & ~face.is_noop)


def _best(mdp: MDP, per_entry: np.ndarray, allowed: np.ndarray, *, largest: bool) -> np.ndarray:
    of_pair = np.add.reduceat(mdp.probability * per_entry, mdp.row_offset[:-1])
    if largest:
        return np.maximum.reduceat(np.where(allowed, of_pair, -1.0), mdp.action_offset[:-1])
    return np.minimum.reduceat(np.where(allowed, of_pair, 2.0), mdp.action_offset[:-1])


def _initial(mdp: MDP) -> np.ndarray:
    assert mdp.initial is not None, "a process always has a starting distribution"
    return mdp.initial
