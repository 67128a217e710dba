"""Unreachability: how badly the baseline's state itself can be reached again."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numpy as np

from corrigible.core.errors import TooLargeError
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import check_number
from corrigible.countermeasures.impact.contract import Contrast, Deviation, Setting
from corrigible.countermeasures.impact.reachability import reached

LARGEST = 4_000
"""The largest number of states."""

NEGLIGIBLE = 1e-16
"""Rollouts stop where what follows weighs less."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class UnreachabilityOfBaseline(Deviation):
    """Unreachability: 1 − R(s, b), R as in `Reachability`.

    Parameters
    ----------
    discount
        γ in (0, 1]; with 1 it counts only whether the baseline's state can be reached.

    Notes
    -----
    There is one pair of states to compare and nothing to sum over, so the summary does not matter. Rollouts
    run side by side: the k-th state after the action against the k-th after the baseline's.

    *Source:* Krakovna et al. 2018, section 2.2, after T. Moldovan & P. Abbeel 2012 (reversibility).
    """

    name = "unreachability"

    discount: float = 0.99

    def __post_init__(self) -> None:
        check_number("value discount", self.discount, 0, 1, above=True)

    def distances(self, case: Case, contrast: Contrast) -> np.ndarray:
        setting, mdp = Setting(case, contrast), case.mdp
        if mdp.n_states > LARGEST:
            raise TooLargeError(
                f"`{self.name}` compares all pairs of `{mdp.n_states:,}` states, more than {LARGEST:,}",
                "use relative-reachability with sampled targets, `count=100`",
            )
        everywhere = np.arange(mdp.n_states)
        far = 1.0 - reached(setting, everywhere, everywhere, self.discount)
        step = setting.idling
        fixed = contrast.baseline == "start"
        if contrast.rollouts == "discounted":
            far = _rolled(far, step, contrast.rollout_discount, fixed)
        steps = case.horizon if contrast.timed else 1
        found = np.empty((steps, mdp.n_pairs))
        for t in reversed(range(steps)):
            if contrast.baseline == "stepwise":
                found[t] = _product(case, far, step)
            else:
                towards = case.start if fixed else setting.drifted[t + 1]
                found[t] = case.chances @ (far @ towards)
            if contrast.rollouts == "plan":
                far = step @ far if fixed else _both(step, far)
        return found if contrast.timed else found[0]


def _product(case: Case, far: np.ndarray, step: Any) -> np.ndarray:
    """Return Σ_s' Σ_b p(s'|s, a) p(b|s, no-op) far(s', b) of each pair, a few pairs at a time."""
    owner, chances = case.mdp.owner, case.chances
    found = np.empty(case.mdp.n_pairs)
    for first in range(0, len(found), 1024):
        rows = slice(first, first + 1024)
        found[rows] = (step[owner[rows]] * (chances[rows] @ far)).sum(axis=1)
    return found


def _both(step: Any, far: np.ndarray) -> np.ndarray:
    """Return what is expected of ``far`` after as much doing nothing on both sides as ``step`` is."""
    return np.asarray((step @ (step @ far).T).T)


def _rolled(far: np.ndarray, step: Any, gamma: float, fixed: bool) -> np.ndarray:
    """Return (1 − γ) Σ_k γ^k of ``far`` after k steps of doing nothing on both sides, by doubling."""
    total, weight = (1 - gamma) * far, gamma
    while weight > NEGLIGIBLE:
        ahead = step @ total if fixed else _both(step, total)
        total, weight, step = total + weight * ahead, weight * weight, step @ step
    return total
