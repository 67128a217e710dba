"""`Satisficer`: an option that is good enough."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.power.tendency.choosers.grouped import Grouped
from corrigible.power.tendency.choosers.rule import Chooser, Number, Numbers, among, best, weights_of


@final
@dataclasses.dataclass(frozen=True)
class Satisficer(Chooser):
    """Any option that is good enough, by the base; where none is, a best one.

    Parameters
    ----------
    threshold
        The least utility that is good enough.

    Notes
    -----
    *Source:* Turner & Tadepalli, Parametrically Retargetable Decision-Makers Tend To Seek Power (2022),
    definition A.5, which leaves open what is done where nothing is good enough: there f is 0 for all.
    """

    threshold: Number

    def probabilities(self, utilities: Numbers, base: Numbers | None = None) -> list[Number]:
        """Return the probability of each option."""
        weights = weights_of(utilities, base)
        enough = [i for i, u in enumerate(utilities) if u >= self.threshold and weights[i]]
        return among(enough or best(utilities, weights), weights)

    def grouped(self, options: Grouped) -> np.ndarray:
        """Return the probability of each option of many choices; floats of shape (options,)."""
        enough = options.utilities >= self.threshold
        none = ~np.logical_or.reduceat(enough, options.offset[:-1])
        return options.among(enough | (none[options.choice] & options.best()))

    def describe(self) -> str:
        """Return for example ``satisficer, threshold 3``."""
        return f"satisficer, threshold {self.threshold}"
