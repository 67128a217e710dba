"""toll: every act costs something, so that only what is worth it is done."""

import dataclasses

from corrigible.countermeasures import RewardDoor, parameter
from corrigible.countermeasures.contract import check_number


# 1. A frozen dataclass; its fields are the parameters, each with its default and its unit.
@dataclasses.dataclass(frozen=True)
class Toll(RewardDoor):
    strength: float = parameter(0.5, "units of the task's reward")

    # 2. What it is called, where it comes from, what it promises, how it is known to fail.
    name = "toll"
    source = "Written for docs/add-a-countermeasure.md."
    promise = "Nothing is done that does not pay for itself."
    failure = "Harm that pays for itself is done, and at a high toll the task is not."

    # 3. The parameter that says how strongly it holds back, and the values a comparison tries, the weakest first.
    dial = "strength"
    ladder = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)

    # 4. What is out of range is refused before any work.
    def __post_init__(self):
        check_number("strength", self.strength, 0)

    # 5. The one method: here, what the agent is paid for each transition instead.
    def paid(self, case):
        acts = ~case.face.is_noop
        return case.paid - self.strength * acts[case.pair]
