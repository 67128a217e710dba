"""`Mona`: an agent that looks at its next pay alone, in which is what an overseer thinks will come of it."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import (
    ChoiceDoor,
    check_count,
    check_number,
    check_word,
    parameter,
)
from corrigible.countermeasures.myopia.overseer import wanted
from corrigible.countermeasures.planning import plan, tied_at_random

APPROVALS = ("foresight", "outcome")


@final
@dataclasses.dataclass(frozen=True)
class Mona(ChoiceDoor):
    """Myopic optimisation with non-myopic approval.

    ::

        Q_t(s, a) = E[r + w · A_t(s, a) + γ max_b Q_{t+1}(s', b)],   γ = 0

    where the approval A is the value that the *overseer* foresees of the action, h steps ahead.

    Parameters
    ----------
    discount
        γ of the agent's own optimisation. 0 is MONA; at the task's own it is ordinary learning with approval
        added, in which a hack of many steps pays again.
    approval
        ``"foresight"``: by what the overseer wants (`overseer.wanted`). ``"outcome"``: by what the task will
        be seen to pay, the variant that fails: approval carries the hack's reward back to its first step.
    weight
        w, at least 0; units of the task's reward for one of approval.
    foresight
        h, how many steps ahead the overseer looks; ``0``: as far as the episode goes.

    Notes
    -----
    A hack is held back only so far as it takes *several* steps: what pays at once is in r, and the agent is
    as safe there as the overseer is watchful. With γ above 0 approvals of one plan add up over
    its steps, which is not how they are meant.

    *Source:* S. Farquhar, V. Varma, D. Lindner et al., MONA: Myopic Optimization with Non-myopic Approval Can
    Mitigate Multi-step Reward Hacking (2025).

    Examples
    --------
    >>> Mona(approval="outcome").describe()
    'mona(approval=outcome)'
    """

    name = "mona"
    source = "S. Farquhar et al., MONA: Myopic Optimization with Non-myopic Approval (2025)."
    promise = "A plan of several steps that the overseer does not foresee as good is not worth beginning."
    failure = (
        "Approval after the outcome brings the hack back, and no plan better than the overseer's is found."
    )
    dial = "discount"
    ladder = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1, 0.0)

    discount: float = parameter(0.0, "discount a step")
    approval: str = parameter("foresight", "kind of approval")
    weight: float = parameter(1.0, "units of the task's reward")
    foresight: int = parameter(0, "steps")

    def __post_init__(self) -> None:
        check_number("discount", self.discount, 0.0, 1.0)
        check_word("approval", self.approval, APPROVALS)
        check_number("weight", self.weight, 0.0)
        check_count("foresight", self.foresight, least=0)

    def policy(self, case: Case) -> np.ndarray:
        return tied_at_random(case, plan(case, self.rewarded(case), self.discount).optimal)

    def rewarded(self, case: Case) -> np.ndarray:
        """Return r + w · A_t; floats of shape (horizon, transitions)."""
        return case.paid + self.weight * self.approved(case)[:, case.pair]

    def approved(self, case: Case) -> np.ndarray:
        """Return A_t(s, a); floats of shape (horizon, pairs)."""
        if self.approval == "outcome":
            foreseen = plan(case).action_values
        else:
            hidden = case.performance is not None
            foreseen = plan(case, wanted(case), 1.0 if hidden else None).action_values
        left = case.horizon - np.arange(case.horizon)
        return foreseen[case.horizon - np.minimum(left, self.foresight or case.horizon)]
