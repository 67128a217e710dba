"""The contract of impact measures: a penalty is a deviation from a baseline, under a summary.

::

    paid'_t(s, a, s') = paid(s, a, s') − strength · weight · d_t(s, a)

A `Deviation` says what d is; a `Contrast` says what an action is compared with and how. Any deviation goes
with any contrast, which is the design matrix of Krakovna et al. 2018.

==============  ===================================================================================
baseline        what an action is compared with
==============  ===================================================================================
``start``       the starting state
``inaction``    where the agent would be now had it done nothing from the start
``stepwise``    where it would be now had it done nothing in this step
==============  ===================================================================================

==============  ===================================================================================
rollouts        what the two sides are judged by
==============  ===================================================================================
``none``        the states they are in
``discounted``  those and all that follow when nothing more is done: (1 − γ) Σ_k γ^k of the k-th
``plan``        the state they are in once nothing was done for the rest of the plan
==============  ===================================================================================

The starting state is a state to return to, not a course of events, so that it is never rolled out.

==============  ===================================================================================
summary         f(x), where x is what the baseline's side is worth more
==============  ===================================================================================
``absolute``    |x|
``decrease``    max(x, 0): only what is lost counts (Turner's word)
``truncated``   the same (Krakovna's word)
==============  ===================================================================================

*Source:* V. Krakovna et al., Penalizing side effects using stepwise relative reachability (2018), sections 2
and 3; A. Turner et al., Conservative agency via attainable utility preservation (2020), section 4.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import check_number, check_word
from corrigible.mdp import MDP

BASELINES = ("start", "inaction", "stepwise")
ROLLOUTS = ("none", "discounted", "plan")
SUMMARIES = ("absolute", "decrease", "truncated")
AFTER_END = ("goes-on", "nothing")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contrast:
    """What an action is compared with, and how.

    Parameters
    ----------
    baseline
        ``start``, ``inaction`` or ``stepwise``.
    rollouts
        ``none``, ``discounted`` or ``plan``.
    rollout_discount
        γ of ``discounted``, in [0, 1).
    summary
        ``absolute``, ``decrease`` or ``truncated``.
    after_end
        What is attainable where an episode has stopped: as much as if it ``goes-on``, or ``nothing``.

    Raises
    ------
    UnknownNameError
        If one of the words is not known.
    OptionError
        If the discount is out of its range.
    """

    baseline: str = "stepwise"
    rollouts: str = "none"
    rollout_discount: float = 0.99
    summary: str = "truncated"
    after_end: str = "goes-on"

    def __post_init__(self) -> None:
        check_word("baseline", self.baseline, BASELINES)
        check_word("rollouts", self.rollouts, ROLLOUTS)
        check_word("summary", self.summary, SUMMARIES)
        check_word("after_end", self.after_end, AFTER_END)
        check_number("rollout_discount", self.rollout_discount, 0, 1, below=True)

    @property
    def timed(self) -> bool:
        """Whether d depends on the steps gone."""
        return self.baseline == "inaction" or self.rollouts == "plan"

    def summarised(self, lost: np.ndarray) -> np.ndarray:
        """Return f of each element."""
        return np.abs(lost) if self.summary == "absolute" else np.maximum(lost, 0.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """A case under a contrast.

    Parameters
    ----------
    case, contrast
        The two.
    """

    case: Case
    contrast: Contrast

    @property
    def over(self) -> np.ndarray:
        """Where nothing is attainable any more; boolean of shape (states,)."""
        ends = self.case.ends
        return ends if self.contrast.after_end == "nothing" else np.zeros_like(ends)

    @cached_property
    def mdp(self) -> MDP:
        """The model in which one asks what is attainable; it stops where that is nothing."""
        return self.case.mdp.absorbing(self.over) if self.over.any() else self.case.mdp

    @cached_property
    def idling(self) -> Any:
        """The transition matrix of doing nothing, which stays where `over`; sparse, (states, states)."""
        from scipy.sparse import csr_array, diags_array

        over = self.over.astype(float)
        stays: Any = diags_array(over)
        return csr_array(diags_array(1.0 - over) @ self.case.idling + stays)

    @cached_property
    def drifted(self) -> np.ndarray:
        """Where one is after t steps of doing nothing; floats of shape (horizon + 1, states)."""
        found = np.empty((self.case.horizon + 1, self.case.mdp.n_states))
        found[0] = self.case.start
        for t in range(self.case.horizon):
            found[t + 1] = found[t] @ self.idling
        return found


class Deviation(ABC):
    """How far what an action leads to is from a baseline.

    Subclasses are frozen dataclasses, whose fields are their parameters.

    Attributes
    ----------
    name
        Lower case, words joined by hyphens.
    """

    name: ClassVar[str]

    @abstractmethod
    def distances(self, case: Case, contrast: Contrast) -> np.ndarray:
        """Return d(s, a); floats of shape (pairs,), or (horizon, pairs) where ``contrast.timed``.

        Where an action, or doing nothing, has several outcomes, what they are worth is averaged before it is
        compared, as the Q-values of attainable utility preservation are. So in the stepwise contrast of
        worths doing nothing costs nothing, whatever chance brings.

        Raises
        ------
        TooLargeError
            If the case is too large for it.
        """
