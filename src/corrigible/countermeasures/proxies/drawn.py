"""Proxies for a goal: the published pay, and others that could have been meant."""

from __future__ import annotations

import dataclasses

import numpy as np

from corrigible.core.seeds import stream
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.mild.choosing import extremes

STREAM = "proxies"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Proxies:
    """Several proxies for one goal; the first is what the task pays.

    Parameters
    ----------
    names
        One each.
    paid
        What each pays for a transition; floats of shape (proxies, transitions).
    resting
        What each goes on paying a step where an episode has stopped, as `Case.resting`; floats of shape
        (proxies, states).
    """

    names: tuple[str, ...]
    paid: np.ndarray
    resting: np.ndarray


def perturbed(case: Case, count: int, noise: float, seed: int) -> Proxies:
    """Return the task's pay and others that value the last outcome otherwise.

    ::

        r_k(s, a, s') = paid(s, a, s') + noise · D · (γ ε_k(o(s')) − ε_k(o(s))),   ε_k(o) ~ U[−1, 1]

    with D the range of returns from the start, and ε_k drawn for each proxy k and each outcome o.

    Parameters
    ----------
    case
        The case.
    count
        How many besides the task's pay.
    noise
        In shares of D.
    seed
        Proxy k is drawn from the stream ``("proxies", k)`` under it.

    Notes
    -----
    The terms telescope: over an episode a proxy adds noise · D · (γ^T ε_k(o_T) − ε_k(o_0)), so it differs
    in how things are left and not in how long it takes. Where nothing is changed all agree.
    """
    mdp, face = case.mdp, case.face
    best, worst = extremes(case)
    size = noise * float(case.start @ (best.values[0] - worst[0]))
    before, after = face.outcome_index[mdp.owner[case.pair]], face.outcome_index[mdp.successor]
    liked = np.stack(
        [np.zeros(len(face.outcomes))]
        + [stream(seed, STREAM, k).uniform(-1, 1, len(face.outcomes)) for k in range(1, count + 1)]
    )
    return Proxies(
        names=("pay", *(f"variation {k}" for k in range(1, count + 1))),
        paid=case.paid + size * (case.discount * liked[:, after] - liked[:, before]),
        resting=np.tile(case.resting, (count + 1, 1)),
    )


def goals_of(case: Case, names: tuple[str, ...]) -> Proxies:
    """Return the task's pay and the rewards of named goals of the place, on the next outcome and, where an
    episode has stopped, on the last one as long as it lasts.

    Raises
    ------
    UnknownNameError
        If the place has no such goal.
    """
    rewards = [case.face.rewards(case.place.goal(name)) for name in names]
    return Proxies(
        names=("pay", *names),
        paid=np.stack([case.paid, *(reward[case.mdp.successor] for reward in rewards)]),
        resting=np.stack([case.resting, *(np.where(case.ends, reward, 0.0) for reward in rewards)]),
    )


def proxies_of(case: Case, goals: str, count: int, noise: float, seed: int) -> Proxies:
    """Return the proxies that parameters ask for: `goals_of` the names in ``goals``, parted by ``+``, or
    where that is empty `perturbed`."""
    if goals:
        return goals_of(case, tuple(name.strip() for name in goals.split("+")))
    return perturbed(case, count, noise, seed)
