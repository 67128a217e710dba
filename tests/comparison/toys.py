"""Countermeasures and worlds for these tests."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, final

import numpy as np

from corrigible.core.errors import TooLargeError
from corrigible.core.seeds import stream
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, RewardDoor, inapplicable, parameter


@final
@dataclasses.dataclass(frozen=True)
class Fine(RewardDoor):
    """Takes ``fine`` for each transition that shows a behaviour nobody authorised."""

    fine: float = parameter(1.0, "units of the task's reward")

    name = "fine"
    source = "These tests."
    promise = "What costs more than it brings is not done."
    failure = "Somebody has to name the behaviour."
    dial = "fine"
    ladder = (0.0, 0.01, 100.0)

    def paid(self, case: Case) -> np.ndarray:
        return case.paid - self.fine * case.unauthorised


@final
@dataclasses.dataclass(frozen=True)
class Dither(ChoiceDoor):
    """Does nothing with probability ``share``, else anything; by chance also nothing at all."""

    share: float = parameter(0.5, "probability")
    seed: int = parameter(0, "seed")

    name = "dither"
    source = "These tests."
    promise = "Little happens."
    failure = "Little happens."
    dial = "share"
    ladder = (0.0, 0.5, 1.0)

    def policy(self, case: Case) -> np.ndarray:
        luck = stream(self.seed, "dither").random()
        idle = np.zeros(case.mdp.n_pairs)
        idle[case.idle] = 1.0
        counts = np.diff(case.mdp.action_offset)
        share = max(self.share, float(luck < 0.5))
        chosen = share * idle + (1 - share) / counts[case.mdp.owner]
        return np.broadcast_to(chosen, (case.horizon, case.mdp.n_pairs))


@final
@dataclasses.dataclass(frozen=True)
class Broken(RewardDoor):
    """Fails as it is told to."""

    how: str = parameter("crash", "word")

    name = "broken"
    source = "These tests."
    promise = "None."
    failure = "Always."

    def paid(self, case: Case) -> np.ndarray:
        if self.how == "crash":
            raise RuntimeError("half way\nand more")
        if self.how == "large":
            raise TooLargeError("a table of `10` rows is too large", "sample it")
        if self.how == "slow":
            time.sleep(60)
        if self.how == "only-maze" and case.place.behaviours[0].name == "takes-pass":
            return case.paid
        raise inapplicable(self, "there is nothing to break")


def policy_rows(case: Case, policy: Any) -> np.ndarray:
    """The sums of a policy's rows, a row a step."""
    return np.add.reduceat(policy, case.mdp.action_offset[:-1], axis=1)
