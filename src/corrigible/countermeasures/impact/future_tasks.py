"""Future tasks: what the agent could still do for others afterwards, of what it could have done anyhow."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.impact.contract import Contrast
from corrigible.countermeasures.impact.reachability import TargetDeviation


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class FutureTasksReward(TargetDeviation):
    """The reward for future tasks, as a deviation below nought: −(1/K) Σ_g min(R(b, g), R(s, g)).

    A future task is to reach a target g, each equally likely. It pays only once the agent has reached g *and*
    a twin who started from the baseline has reached it too, so that it is worth γ^max(n, n') where they need
    n and n' steps: the smaller of the two reachabilities. Tasks that the baseline would have lost pay
    nothing, which takes away the reason to interfere with what happens anyway.

    Parameters
    ----------
    discount, count, over, seed
        As in `TargetDeviation`.

    Notes
    -----
    Exact where moves are certain. Elsewhere E[γ^max(n, n')] is smaller than the smaller expectation, which is
    what is used here. Since min(b, s) = b − max(b − s, 0), it prefers the same plans of equal length as
    relative reachability, truncated, from the inaction baseline. The summary does not matter.

    *Source:* V. Krakovna et al., Avoiding side effects by considering future tasks (2020), section 3.
    """

    name = "future-tasks"

    def gap(self, contrast: Contrast, baseline: np.ndarray, led: np.ndarray) -> np.ndarray:
        return -np.minimum(baseline, led)
