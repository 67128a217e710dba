"""The impact measures of the literature, with their published settings."""

from __future__ import annotations

import dataclasses
from typing import final

from corrigible.countermeasures.contract import parameter
from corrigible.countermeasures.impact.attainable import AttainableUtility
from corrigible.countermeasures.impact.contract import Deviation
from corrigible.countermeasures.impact.future_tasks import FutureTasksReward
from corrigible.countermeasures.impact.penalty import Penalised
from corrigible.countermeasures.impact.reachability import Reachability
from corrigible.countermeasures.impact.unreachability import UnreachabilityOfBaseline


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class AttainableUtilityPreservation(Penalised):
    """Attainable utility preservation (AUP), planned exactly.

    Each action is followed by doing nothing for the rest of the plan, and so is doing nothing in its place;
    what random rewards are worth then is compared, in units of what they are worth in the second case.
    Nothing is worth anything after the end.

    Parameters
    ----------
    strength, baseline, rollouts, rollout_discount, before_end, after_end
        As in `Penalised`; the published λ is 1/1.501.
    summary
        As in `Contrast`.
    auxiliary, count, value_discount, over, scale, left, seed
        As in `AttainableUtility`.

    Examples
    --------
    >>> AttainableUtilityPreservation(baseline="inaction").describe()
    'aup(baseline=inaction)'
    """

    strength: float = parameter(1 / 1.501, "units of the task's reward")
    rollouts: str = parameter("plan", "word")
    after_end: str = parameter("nothing", "word")
    summary: str = parameter("absolute", "word")
    auxiliary: str | tuple[str, ...] = parameter("random", "word, or names of goals")
    count: int = parameter(30, "rewards")
    value_discount: float = parameter(0.996, "per step")
    over: str = parameter("outcomes", "word")
    scale: str = parameter("baseline", "word")
    left: str = parameter("idle", "word")
    seed: int = parameter(0, "seed")

    name = "aup"
    source = (
        "A. Turner, D. Hadfield-Menell & P. Tadepalli 2020, Conservative agency via attainable utility "
        "preservation"
    )
    promise = "The agent does its task without gaining or losing the means to other ends."
    failure = "It hinders help as much as harm, and small steps, each hardly penalised, may add up."
    ladder = (0.01, 0.1, 0.3, 1 / 1.501, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)

    def measure(self) -> Deviation:
        return AttainableUtility(
            auxiliary=self.auxiliary,
            count=self.count,
            discount=self.value_discount,
            over=self.over,
            scale=self.scale,
            left=self.left,
            seed=self.seed,
        )

    def summarised(self) -> str:
        return self.summary


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class RelativeReachability(Penalised):
    """Relative reachability: a penalty for what can be reached less well than from the baseline.

    Parameters
    ----------
    strength, baseline, rollouts, rollout_discount, before_end, after_end
        As in `Penalised`.
    summary
        As in `Contrast`.
    value_discount, count, over, seed
        As in `Reachability`.
    """

    rollouts: str = parameter("discounted", "word")
    summary: str = parameter("truncated", "word")
    value_discount: float = parameter(0.99, "per step")
    count: int = parameter(0, "targets")
    over: str = parameter("states", "word")
    seed: int = parameter(0, "seed")

    name = "relative-reachability"
    source = "V. Krakovna et al. 2018, Penalizing side effects using stepwise relative reachability"
    promise = "No more states are lost than the task needs and would be lost anyway."
    failure = (
        "From the starting state it interferes, from inaction it undoes its task; gains of power are free."
    )

    def measure(self) -> Deviation:
        return Reachability(discount=self.value_discount, count=self.count, over=self.over, seed=self.seed)

    def summarised(self) -> str:
        return self.summary


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Unreachability(Penalised):
    """Unreachability, by default of the starting state: a penalty for what cannot be undone.

    Parameters
    ----------
    strength, baseline, rollouts, rollout_discount, before_end, after_end
        As in `Penalised`.
    value_discount
        As in `UnreachabilityOfBaseline`.
    """

    baseline: str = parameter("start", "word")
    value_discount: float = parameter(0.99, "per step")

    name = "unreachability"
    source = "V. Krakovna et al. 2018, section 2.2; B. Eysenbach et al. 2018, Leave no trace"
    promise = "What was done can be undone."
    failure = "Once something irreversible is needed, everything after it is free."

    def measure(self) -> Deviation:
        return UnreachabilityOfBaseline(discount=self.value_discount)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class FutureTasks(Penalised):
    """The reward for future tasks: what others may want done next stays possible, if it would have been.

    Parameters
    ----------
    strength, baseline, rollouts, rollout_discount, before_end, after_end
        As in `Penalised`.
    value_discount, count, over, seed
        As in `FutureTasksReward`.
    """

    baseline: str = parameter("inaction", "word")
    before_end: float = parameter(0.01, "share")
    value_discount: float = parameter(0.99, "per step")
    count: int = parameter(0, "targets")
    over: str = parameter("states", "word")
    seed: int = parameter(0, "seed")

    name = "future-tasks"
    source = "V. Krakovna et al. 2020, Avoiding side effects by considering future tasks"
    promise = "Tasks that could have been done had the agent done nothing can still be done."
    failure = "With inaction as baseline it is paid for undoing its task, as relative reachability is."

    def measure(self) -> Deviation:
        return FutureTasksReward(
            discount=self.value_discount, count=self.count, over=self.over, seed=self.seed
        )
