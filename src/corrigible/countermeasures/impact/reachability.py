"""Relative reachability: how many states can be reached less well than from the baseline."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator
from typing import final

import numpy as np

from corrigible.core.seeds import check_seed, stream
from corrigible.countermeasures.contract import check_count, check_number, check_word
from corrigible.countermeasures.impact.contract import Contrast, Setting
from corrigible.countermeasures.impact.reaching import reachability
from corrigible.countermeasures.impact.worths import WorthDeviation, Worths, blocks

OVER = ("states", "outcomes")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TargetDeviation(WorthDeviation):
    """A deviation whose auxiliary tasks are to reach this or that target; abstract.

    Parameters
    ----------
    discount
        γ in (0, 1]; a target d steps away is worth γ^d, and with 1 it counts only whether it can be reached.
    count
        How many targets are drawn; 0: all of them.
    over
        What the targets are: ``states``, or ``outcomes``, which leave clocks and logs out.
    seed
        Of the targets drawn.
    """

    discount: float = 0.99
    count: int = 0
    over: str = "states"
    seed: int = 0

    def __post_init__(self) -> None:
        check_number("value discount", self.discount, 0, 1, above=True)
        check_count("count", self.count, 0)
        check_word("over", self.over, OVER)
        check_seed(self.seed)

    @abstractmethod
    def gap(self, contrast: Contrast, baseline: np.ndarray, led: np.ndarray) -> np.ndarray: ...

    def tasks(self, setting: Setting) -> int:
        return len(self._wanted(setting))

    def worths(self, setting: Setting) -> Iterator[Worths]:
        group, wanted = groups(setting, self.over), self._wanted(setting)
        for part in blocks(len(wanted)):
            worth = reached(setting, group, wanted[part], self.discount)
            yield Worths(worth, worth)

    def _wanted(self, setting: Setting) -> np.ndarray:
        total = int(groups(setting, self.over).max()) + 1
        if not self.count or self.count >= total:
            return np.arange(total)
        return np.sort(stream(self.seed, self.name, "targets").choice(total, self.count, replace=False))


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Reachability(TargetDeviation):
    """Relative reachability: the mean of f(R(b, g) − R(s, g)) over targets g.

    ::

        R(s, g) = max_π E[γ^(steps from s to g)]

    Parameters
    ----------
    discount, count, over, seed
        As in `TargetDeviation`.

    Notes
    -----
    *Source:* Krakovna et al. 2018, section 2.2.

    Examples
    --------
    >>> Reachability(discount=1.0).name
    'relative-reachability'
    """

    name = "relative-reachability"

    def gap(self, contrast: Contrast, baseline: np.ndarray, led: np.ndarray) -> np.ndarray:
        return contrast.summarised(baseline - led)


def groups(setting: Setting, over: str) -> np.ndarray:
    """Return which target each state is; integers of shape (states,)."""
    face = setting.case.face
    return np.arange(face.mdp.n_states) if over == "states" else face.outcome_index


def reached(setting: Setting, group: np.ndarray, wanted: np.ndarray, discount: float) -> np.ndarray:
    """Return R(s, g); nothing is reached any more where the setting is over."""
    worth = reachability(setting.mdp, group, wanted, discount)
    worth[setting.over] = 0.0
    return worth
