"""Deviations that compare worths: of many auxiliary tasks, what each is worth in one state and in another."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from corrigible.core.errors import TooLargeError
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.impact.contract import Contrast, Deviation, Setting

LARGEST = 2**31
"""The largest number of comparisons (actions × auxiliary tasks × steps)."""

BLOCK = 64
"""Auxiliary tasks that are compared at a time."""


@dataclasses.dataclass(frozen=True, eq=False)
class Worths:
    """What auxiliary tasks are worth in each state.

    Parameters
    ----------
    led
        Where an action has led; floats of shape (states, tasks).
    left
        Where nothing was done in a step instead (baseline ``stepwise``); likewise.
    """

    led: np.ndarray
    left: np.ndarray


class WorthDeviation(Deviation):
    """A deviation that is the mean over auxiliary tasks of what their worths differ by.

    ::

        d(s, a) = (1/K) Σ_k gap( W_k(baseline), Σ_s' p(s'|s, a) W_k(s') )
    """

    @abstractmethod
    def tasks(self, setting: Setting) -> int:
        """Return the number K of auxiliary tasks."""

    @abstractmethod
    def worths(self, setting: Setting) -> Iterator[Worths]:
        """Yield the worths, some tasks at a time; together all K."""

    def gap(self, contrast: Contrast, baseline: np.ndarray, led: np.ndarray) -> np.ndarray:
        """Return the deviation of each task, from the worths in the baseline and where the action led."""
        return contrast.summarised(baseline - led)

    def distances(self, case: Case, contrast: Contrast) -> np.ndarray:
        setting = Setting(case, contrast)
        steps = case.horizon if contrast.timed else 1
        tasks = self.tasks(setting)
        needed = case.mdp.n_pairs * tasks * steps
        if needed > LARGEST:
            raise TooLargeError(
                f"`{self.name}` would compare {case.mdp.n_pairs:,} actions for {tasks:,} tasks in {steps} "
                f"steps, `{needed:,}` times",
                "draw fewer of them, with `count=100`",
            )
        found = np.zeros((steps, case.mdp.n_pairs))
        for worths in self.worths(setting):
            self._add(found, setting, worths)
        found /= tasks
        return found if contrast.timed else found[0]

    def _add(self, found: np.ndarray, setting: Setting, worths: Worths) -> None:
        case, contrast = setting.case, setting.contrast
        led, left = worths.led, worths.left if contrast.baseline == "stepwise" else worths.led
        start = (case.start @ led)[None, :]
        if contrast.rollouts == "discounted":
            led, left = _rolled(setting, led), _rolled(setting, left)
        for t in reversed(range(len(found))):
            if contrast.baseline == "start":
                baseline = start
            elif contrast.baseline == "inaction":
                baseline = (setting.drifted[t + 1] @ left)[None, :]
            else:
                baseline = (setting.idling @ left)[case.mdp.owner]
            found[t] += self.gap(contrast, baseline, case.chances @ led).sum(axis=1)
            if contrast.rollouts == "plan":  # one step of the plan earlier, one more step of doing nothing
                led, left = setting.idling @ led, setting.idling @ left


def _rolled(setting: Setting, worth: np.ndarray) -> np.ndarray:
    """Return (1 − γ) Σ_k γ^k N^k W = (1 − γ) (I − γN)⁻¹ W, N the matrix of doing nothing."""
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import splu

    gamma = setting.contrast.rollout_discount
    matrix: Any = csc_array(eye_array(len(worth)) - gamma * setting.idling)
    return (1 - gamma) * splu(matrix).solve(np.ascontiguousarray(worth))


def blocks(count: int) -> Iterator[slice]:
    """Yield slices that together cover ``count`` tasks."""
    for first in range(0, count, BLOCK):
        yield slice(first, min(first + BLOCK, count))
