"""Impact penalties: what a deviation from a baseline costs the agent."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from functools import lru_cache
from typing import Any, final

import numpy as np

from corrigible.core.results import read_only
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import RewardDoor, check_number, check_word, parameter
from corrigible.countermeasures.impact.attainable import AttainableUtility
from corrigible.countermeasures.impact.contract import Contrast, Deviation
from corrigible.countermeasures.impact.future_tasks import FutureTasksReward
from corrigible.countermeasures.impact.reachability import Reachability
from corrigible.countermeasures.impact.unreachability import UnreachabilityOfBaseline

BETAS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""The strengths tried by Krakovna et al."""

_KINDS: dict[str, Any] = {
    each.name: each for each in (AttainableUtility, Reachability, UnreachabilityOfBaseline, FutureTasksReward)
}


@lru_cache(maxsize=8)
def _distances(measure: Deviation, contrast: Contrast, case: Case) -> np.ndarray:
    """Return the deviations; kept, since a curve over strengths asks for the same ones again and again."""
    return read_only(measure.distances(case, contrast))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Penalised(RewardDoor):
    """A task with a penalty for impact; abstract.

    ::

        paid'_t(s, a, s') = paid(s, a, s') − strength · weight_t(s') · d_t(s, a)

    ``weight`` is 1 in the last step of an episode (it stops in s', or the steps are used up), and
    ``before_end`` in those before.

    Parameters
    ----------
    strength
        λ (Turner) or β (Krakovna), at least 0.
    baseline, rollouts, rollout_discount, after_end
        As in `Contrast`.
    before_end
        The weight of a step that is not the last, in [0, 1]. Turner and the paper on stepwise relative
        reachability have 1; the paper on future tasks, and Krakovna's code by default, 1 − γ = 0.01: how the
        agent leaves the world is what counts, and a detour costs little.
    """

    strength: float = parameter(1.0, "units of the task's reward")
    baseline: str = parameter("stepwise", "word")
    rollouts: str = parameter("none", "word")
    rollout_discount: float = parameter(0.99, "per step")
    before_end: float = parameter(1.0, "share")
    after_end: str = parameter("goes-on", "word")

    dial = "strength"
    ladder = (*BETAS, 300.0)  # tasks pay up to 50 at a time

    def __post_init__(self) -> None:
        check_number("strength", self.strength, 0)
        check_number("before_end", self.before_end, 0, 1)
        self.measure()
        self.contrast()

    @abstractmethod
    def measure(self) -> Deviation:
        """Return the deviation that is penalised."""

    def summarised(self) -> str:
        """Return the summary; for deviations to which it does not matter any."""
        return "truncated"

    def contrast(self) -> Contrast:
        """Return what actions are compared with."""
        return Contrast(
            baseline=self.baseline,
            rollouts=self.rollouts,
            rollout_discount=self.rollout_discount,
            summary=self.summarised(),
            after_end=self.after_end,
        )

    @final
    def paid(self, case: Case) -> np.ndarray:
        distances = _distances(self.measure(), self.contrast(), case)[..., case.pair]
        if self.before_end == 1:
            return case.paid - self.strength * distances
        weight = np.where(case.ends[case.mdp.successor], 1.0, self.before_end)
        weights = np.tile(weight, (case.horizon, 1))
        weights[-1] = 1.0
        return case.paid - self.strength * weights * distances


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ImpactPenalty(Penalised):
    """Any deviation from any baseline under any summary: a cell of the design matrix.

    Parameters
    ----------
    deviation
        A `Deviation`, or the name of one, with its defaults: ``attainable-utility``,
        ``relative-reachability``, ``unreachability`` or ``future-tasks``.
    summary
        As in `Contrast`.
    strength, baseline, rollouts, rollout_discount, before_end, after_end
        As in `Penalised`.

    Raises
    ------
    UnknownNameError
        If a deviation, baseline, summary or another word is not known.
    OptionError
        If the strength is negative, or another number out of its range.

    Examples
    --------
    >>> ImpactPenalty(deviation="unreachability", baseline="start", strength=3).describe()
    'impact-penalty(strength=3, baseline=start, deviation=unreachability)'
    """

    deviation: Deviation | str = parameter("relative-reachability", "deviation")  # noqa: RUF009
    summary: str = parameter("truncated", "word")

    name = "impact-penalty"
    source = "V. Krakovna et al. 2018, Penalizing side effects using stepwise relative reachability"
    promise = "What the task does not need is left as the baseline would leave it."
    failure = (
        "The starting state makes the agent interfere, inaction makes it undo its task, and what neither "
        "deviation nor baseline sees goes unpenalised."
    )

    def __post_init__(self) -> None:
        if not isinstance(self.deviation, Deviation):
            check_word("deviation", self.deviation, tuple(_KINDS))
        super().__post_init__()

    def measure(self) -> Deviation:
        return self.deviation if isinstance(self.deviation, Deviation) else _KINDS[self.deviation]()

    def summarised(self) -> str:
        return self.summary
