"""Attainable utility: how much the values of auxiliary rewards differ from the baseline's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.seeds import check_seed, stream
from corrigible.countermeasures.contract import check_count, check_number, check_word
from corrigible.countermeasures.impact.contract import Contrast, Setting
from corrigible.countermeasures.impact.reachability import OVER, groups, reached
from corrigible.countermeasures.impact.worths import WorthDeviation, Worths, blocks
from corrigible.mdp import optimal_values

DRAWN = ("random", "goals", "indicators")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class AttainableUtility(WorthDeviation):
    """Attainable utility: the mean of f(V_k(b) − V_k(s)) over auxiliary rewards r_k, scaled.

    ::

        V_k(s) = max_π E[Σ_{j ≥ 0} γ^j r_k(s_j)]

    Parameters
    ----------
    auxiliary
        ``random``: drawn uniformly from [0, 1] for each state or outcome; ``goals``: the rewards of all goals
        of the place; ``indicators``: to reach this or that state or outcome, paid once; or a tuple of goals'
        names; or an array of rewards of shape (tasks, states).
    count
        How many random rewards.
    discount
        γ in [0, 1).
    over
        What random rewards and indicators are on: ``states`` or ``outcomes``.
    collected
        Whether a reward is collected ``here``, in the state one is in, or on ``arrival`` in the next.
    scale
        What the difference is divided by: the ``baseline``'s own worth (by 1 where that is 0), the
        ``largest`` worth that rewards up to 1 can have, 1/(1 − γ), or ``none``.
    left
        What the state is worth in which the agent is left, in the stepwise contrast: the ``best`` that can
        be made of it, V, or what it is worth to go on ``idle``, the Q-value of doing nothing.
    seed
        Of the random rewards.

    Notes
    -----
    The defaults are those of the author's code, in which doing nothing costs a little, too: what `left` is
    under ``idle`` is less than V. Values are solved to 10⁻¹⁰ of their size and better.

    *Source:* Turner et al. 2020, section 4; the scale 1 − γ: Krakovna et al. 2018, section 2.2.
    """

    name = "attainable-utility"

    auxiliary: Any = "random"
    count: int = 30
    discount: float = 0.996
    over: str = "outcomes"
    collected: str = "arrival"
    scale: str = "baseline"
    left: str = "idle"
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.auxiliary, str):
            check_word("auxiliary rewards", self.auxiliary, DRAWN)
        elif isinstance(self.auxiliary, np.ndarray):  # tuples can be compared and hashed
            object.__setattr__(self, "auxiliary", tuple(map(tuple, self.auxiliary.tolist())))
        check_count("count", self.count)
        check_number("value discount", self.discount, 0, 1, below=True)
        check_word("over", self.over, OVER)
        check_word("collected", self.collected, ("here", "arrival"))
        check_word("scale", self.scale, ("baseline", "largest", "none"))
        check_word("left", self.left, ("best", "idle"))
        check_seed(self.seed)

    def tasks(self, setting: Setting) -> int:
        if self.auxiliary == "indicators":
            return int(groups(setting, self.over).max()) + 1
        return self.count if self.auxiliary == "random" else len(self.rewards(setting))

    def rewards(self, setting: Setting) -> np.ndarray:
        """Return the auxiliary rewards; floats of shape (tasks, states).

        Raises
        ------
        UnknownNameError
            If a goal is not one of the place's.
        OptionError
            If an array has another shape.
        """
        face, given = setting.case.face, self.auxiliary
        if given == "random":
            group = groups(setting, self.over)
            drawn = stream(self.seed, self.name, "rewards").random((self.count, int(group.max()) + 1))
            return drawn[:, group]
        if given == "goals" or all(isinstance(each, str) for each in given):
            names = [goal.name for goal in face.place.goals] if given == "goals" else given
            return np.array([face.rewards(face.place.goal(name)) for name in names])
        rewards = np.array(given, dtype=float)
        if rewards.ndim != 2 or rewards.shape[1] != face.mdp.n_states:
            raise OptionError(
                f"auxiliary rewards of shape `{rewards.shape}` do not fit {face.mdp.n_states} states",
                "give the shape (tasks, states)",
            )
        return rewards

    def worths(self, setting: Setting) -> Iterator[Worths]:
        if self.auxiliary == "indicators":
            group = groups(setting, self.over)
            for part in blocks(self.tasks(setting)):
                worth = reached(setting, group, np.arange(part.start, part.stop), self.discount)
                yield Worths(worth, worth)
            return
        rewards = self.rewards(setting)
        for part in blocks(len(rewards)):
            yield self._worths(setting, rewards[part])

    def gap(self, contrast: Contrast, baseline: np.ndarray, led: np.ndarray) -> np.ndarray:
        lost = contrast.summarised(baseline - led)
        if self.scale == "baseline":
            return lost / np.where(baseline == 0, 1.0, np.abs(baseline))
        return lost if self.scale == "none" else lost * (1 - self.discount)

    def _worths(self, setting: Setting, rewards: np.ndarray) -> Worths:
        over, case = setting.over[:, None], setting.case
        # Where all is over a reward is collected once, on arrival: as much as 1 − γ of it for ever.
        lasting = np.where(setting.over, (1 - self.discount) * rewards, rewards)
        values = _values(setting, lasting, self.discount).T
        onward = setting.idling @ values
        if self.collected == "here":
            best, idle = values, rewards.T + self.discount * onward
        else:
            best, idle = (
                np.maximum.reduceat(case.chances @ values, case.mdp.action_offset[:-1], axis=0),
                onward,
            )
        best, idle = np.where(over, 0.0, best), np.where(over, 0.0, idle)
        return Worths(best, idle if self.left == "idle" else best)


def _values(setting: Setting, rewards: np.ndarray, discount: float) -> np.ndarray:
    if discount == 0:
        return rewards
    return optimal_values(setting.mdp, rewards, discount).values
