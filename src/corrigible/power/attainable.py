"""What a goal attains from each state: the number whose mean over goals is POWER.

For a reward function R and a discount γ in (0, 1) an agent attains, from state s on and per step::

    A_R(s, γ) = (1 − γ)/γ · (V_R(s, γ) − R(s))

with V the value of the policy that it follows; POWER_D(s, γ) = E_{R~D}[A_R(s, γ)]. Both limits exist:

    γ → 0    the reward of the next step,           max_a Σ_s' p(s'|s, a) R(s')
    γ → 1    the greatest average reward (gain)     g_R(s)

An `Attainable` is one model at one discount under one way to act, made ready once and then given rewards,
any number, from any thread. `attainable` gives the optimal one; other ways to act (`corrigible.power.bounded`)
make their own.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.mdp.greedy import ROUNDING, tie_tolerance
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import Optimal as Values
from corrigible.mdp.optimal import Solver, check_discount, solver_for


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attained:
    """What some goals attain.

    Parameters
    ----------
    attained
        A_R(s, γ); shape (samples, states). The caller's own: it may be overwritten.
    residual
        How far each sample is from solving its equation; shape (samples,), in units of reward.
    error_bound
        A certain bound on the error of every entry of ``attained``.
    """

    attained: np.ndarray
    residual: np.ndarray
    error_bound: float


class Attainable(ABC):
    """One model at one discount and one way to act, ready for rewards; immutable, and picklable.

    What comes out for a reward depends on that reward alone.
    """

    discount: float
    """γ, from 0 (the limit) to 1 (the limit)."""

    method: str
    """How it is computed, in a few words."""

    @abstractmethod
    def __call__(self, rewards: np.ndarray) -> Attained:
        """Return what the goals ``rewards``, shape (samples, states), attain, in the calling thread."""

    def near(self, rewards: np.ndarray, attained: np.ndarray) -> Attained:
        """Return the same, given what these goals attain at another discount, which may save work."""
        return self(rewards)


class Optimal(Attainable):
    """What optimal policies attain; the three discounts' cases are told apart by `attainable`."""

    @abstractmethod
    def worth(self, rewards: np.ndarray, found: Attained) -> tuple[np.ndarray, np.ndarray]:
        """Return what orders actions: W of each state, and how far ΣpW may differ in a tie.

        An action is optimal where Σ_s' p(s'|s, a) W(s') is greatest: W is V at discounts between the
        limits, R for γ → 0, the gain at γ = 1 (where ties abound). Shapes (samples, states) and
        (samples,). ``found`` is what the same rewards attain, so that nothing is solved twice.
        """


def attainable(mdp: MDP, discount: float, solver: Callable[[MDP, float], Solver] = solver_for) -> Optimal:
    """Return what is attained by the optimal policy of each goal.

    Parameters
    ----------
    mdp
        The model.
    discount
        γ from 0 to 1; the ends mean the limits.
    solver
        What solves discounts between them, for example `corrigible.mdp.jax.Jax`.

    Raises
    ------
    OptionError
        If the discount is no number from 0 to 1.
    """
    if check_limit(discount) == 0:
        return _NextStep(mdp)
    if discount == 1:
        from corrigible.power.average import AverageReward

        return AverageReward(mdp)
    return _Discounted(solver(mdp, check_discount(discount)))


def at_each(ways: Sequence[Attainable], rewards: np.ndarray) -> Iterator[Attained]:
    """Yield what goals attain in each of several ways, the next from where the last one came to."""
    last: np.ndarray | None = None
    for number, way in enumerate(ways):
        found = way(rewards) if last is None else way.near(rewards, last)
        # A copy, since whoever gets it may overwrite it.
        last = found.attained.copy() if number + 1 < len(ways) else None
        yield found


def check_limit(discount: object) -> float:
    """Return ``discount`` as a float from 0 to 1, the ends meaning the limits, or raise `OptionError`."""
    if isinstance(discount, int | float | np.number) and discount in (0, 1) and discount is not True:
        return float(discount)
    try:
        return check_discount(discount)
    except OptionError as error:
        raise OptionError(
            error.message, "give a number between 0 and 1, for example 0.99; 0 and 1 mean the limits"
        ) from None


@final
class _Discounted(Optimal):
    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self.discount = solver.discount
        self.method = solver.method

    def __call__(self, rewards: np.ndarray) -> Attained:
        return self._attained(self.solver.solve(rewards), rewards)

    def near(self, rewards: np.ndarray, attained: np.ndarray) -> Attained:
        # What a goal attains varies slowly with γ; the values do not.
        start = attained * (self.discount / (1 - self.discount))
        start += rewards
        return self._attained(self.solver.solve(rewards, start), rewards)

    def _attained(self, optimal: Values, rewards: np.ndarray) -> Attained:
        scale = (1 - self.discount) / self.discount
        attained = optimal.values
        attained -= rewards
        attained *= scale
        return Attained(attained=attained, residual=optimal.residual, error_bound=optimal.error_bound * scale)

    def worth(self, rewards: np.ndarray, found: Attained) -> tuple[np.ndarray, np.ndarray]:
        values = found.attained * (self.discount / (1 - self.discount))
        values += rewards
        return values, tie_tolerance(values, found.residual, self.discount)


@final
class _NextStep(Optimal):
    """γ → 0: only the next reward counts."""

    discount = 0.0
    method = "the limit γ → 0: the next reward"

    def __init__(self, mdp: MDP) -> None:
        self._mdp = mdp

    def __call__(self, rewards: np.ndarray) -> Attained:
        mdp = self._mdp
        ahead = np.add.reduceat(mdp.probability * rewards[:, mdp.successor], mdp.row_offset[:-1], axis=1)
        attained = np.maximum.reduceat(ahead, mdp.action_offset[:-1], axis=1)
        longest = int(np.diff(mdp.row_offset).max())
        bound = float(np.abs(rewards).max(initial=0.0)) * (longest + 1) * 2.0**-53
        return Attained(attained=attained, residual=np.zeros(len(rewards)), error_bound=bound)

    def worth(self, rewards: np.ndarray, found: Attained) -> tuple[np.ndarray, np.ndarray]:
        return rewards, ROUNDING * np.abs(rewards).max(axis=1)
