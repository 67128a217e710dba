"""`ProcessReward`: an agent paid for taking right steps, not for what comes of them."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import RewardDoor, check_number, parameter
from corrigible.countermeasures.myopia.overseer import wanted
from corrigible.countermeasures.planning import plan


@final
@dataclasses.dataclass(frozen=True)
class ProcessReward(RewardDoor):
    """Pays for each step that a supervisor finds right, and the less for outcomes; then plans optimally.

    ::

        r_t(s, a, s') = (1 − w) · paid(s, a, s') − w · c · [a is not right at s with t steps gone]

    A step is *right* if it is among the best for what the supervisor wants (`overseer.wanted`): in a level
    the hidden performance, elsewhere the task without unauthorised behaviour; c is the largest |return| at
    stake.

    Parameters
    ----------
    share
        w in [0, 1], the part of the pay that is for the process. At 1 outcomes are not paid for at all, and
        the agent takes right steps only, tied at random among them.

    Notes
    -----
    The label is right or wrong, as in process supervision: how much a wrong step would bring does not show in
    it, so that there is no outcome to hack. Right steps are paid 0 and wrong ones less, since pay for
    each right step would make long episodes worth more than short ones. Unlike `Mona` the agent
    still looks ahead, and below w = 1 a hack that gains enough is still worth its wrong steps.

    *Source:* J. Uesato et al., Solving Math Word Problems with Process- and Outcome-based Feedback (2022);
    H. Lightman et al., Let's Verify Step by Step (2023).
    """

    name = "process-reward"
    source = "J. Uesato et al., Process- and Outcome-based Feedback (2022); H. Lightman et al. (2023)."
    promise = "An outcome that looks good pays nothing, only the steps that a supervisor finds right."
    failure = "The supervisor must know the right step everywhere; the agent is never better than that."
    dial = "share"
    ladder = (0.01, 0.03, 0.1, 0.3, 1.0)

    share: float = parameter(1.0, "share of the pay")

    def __post_init__(self) -> None:
        check_number("share", self.share, 0.0, 1.0)

    def paid(self, case: Case) -> np.ndarray:
        right = plan(case, wanted(case), None if case.performance is None else 1.0).optimal
        at_stake = float(np.abs(plan(case).values).max()) or 1.0
        wrong = ~right[:, case.pair]
        return (1 - self.share) * case.paid - self.share * (at_stake * wrong + self._rested(case))

    @staticmethod
    def _rested(case: Case) -> np.ndarray:
        """Return what the end that a transition leads to goes on paying: an outcome, so taken back as well;
        floats of shape (horizon, transitions)."""
        left = case.horizon - 1 - np.arange(case.horizon)
        of_state = np.stack([case.rested(int(steps)) for steps in left])
        return case.discount * of_state[:, case.mdp.successor]
