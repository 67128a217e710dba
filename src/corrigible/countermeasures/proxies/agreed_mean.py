"""`AgreedMean`: an agent that serves several proxies by a mean of what they gain."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core.seeds import check_seed
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import (
    ChoiceDoor,
    check_count,
    check_number,
    check_word,
    parameter,
)
from corrigible.countermeasures.proxies.agreement import Agreement, Terms, agree
from corrigible.countermeasures.proxies.drawn import proxies_of

MEANS = ("geometric", "arithmetic")


@final
@dataclasses.dataclass(frozen=True)
class AgreedMean(ChoiceDoor):
    """Maximises a mean of the gains of several proxies for the goal.

    ::

        geometric:   π ∈ argmax_π Π_k g_k(π)^(1/K)      the Nash bargain; doing nothing is the disagreement
        arithmetic:  π ∈ argmax_π (1/K) Σ_k g_k(π)      one proxy may pay for another

    with g_k the gain over doing nothing in shares of the largest there is.

    Parameters
    ----------
    noise
        How far the proxies differ in how they value the last outcome; in shares of the range of returns.
        Of no account where ``goals`` are given.
    mean
        ``"geometric"`` or ``"arithmetic"``.
    count
        How many there are besides the task's pay.
    goals
        Names of goals of the place, joined by ``+``, that are the other proxies instead.
    seed
        Of the proxies drawn.

    Notes
    -----
    The arithmetic mean is linear, so that a single proxy, their average, would do as well: it is what the
    others are compared with.

    *Source:* J. Nash, The Bargaining Problem (1950); J. Harsanyi, Cardinal Welfare (1955), for the arithmetic
    mean.
    """

    name = "agreed-mean"
    source = "J. Nash, The Bargaining Problem (1950); J. Harsanyi, Cardinal Welfare (1955)."
    promise = "What one proxy gains must not ruin another: at nothing gained for one the mean is nothing."
    failure = (
        "Errors that all proxies share are not averaged out, and the arithmetic mean trades harms for gains."
    )
    dial = "noise"
    ladder = (0.0, 0.03, 0.1, 0.3, 1.0)

    noise: float = parameter(0.1, "shares of the range of returns")
    mean: str = parameter("geometric", "kind of mean")
    count: int = parameter(4, "proxies")
    goals: str = parameter("", "names of goals")
    seed: int = parameter(0, "seed")

    def __post_init__(self) -> None:
        check_number("noise", self.noise, 0.0)
        check_word("mean", self.mean, MEANS)
        check_count("number of proxies", self.count)
        check_seed(self.seed)

    def policy(self, case: Case) -> np.ndarray:
        return self.agreement(case).policy

    def agreement(self, case: Case) -> Agreement:
        """Return the policy with the gains of each proxy, the weights and the error bound."""
        terms = Terms.GEOMETRIC if self.mean == "geometric" else Terms.ARITHMETIC
        return agree(case, proxies_of(case, self.goals, self.count, self.noise, self.seed), terms)
