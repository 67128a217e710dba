"""The off-switch game: whether a robot that is unsure of what a human wants lets itself be switched off."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, final

from corrigible.core.errors import DistributionError, OptionError
from corrigible.core.results import to_json
from corrigible.countermeasures.contract import check_number

Number = Fraction | float

FAR = 40.0
"""Beyond this many standard deviations, or units of β, what is left of an integral is below rounding."""


class Human(ABC):
    """How a human judges an act that is worth u to them."""

    @abstractmethod
    def passes(self, utility: Number) -> Number:
        """Return the probability that they let it pass."""


@final
@dataclasses.dataclass(frozen=True)
class Erring(Human):
    """A human who lets pass what is good for them and stops what is bad, and errs now and then.

    Parameters
    ----------
    error
        ε, the probability of erring, in [0, 1]; 0 is a rational human.
    """

    error: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        check_number("error", self.error, 0, 1)

    def passes(self, utility: Number) -> Number:
        return Fraction(1, 2) if utility == 0 else 1 - self.error if utility > 0 else self.error


@final
@dataclasses.dataclass(frozen=True)
class Logistic(Human):
    """A human who lets an act pass with probability 1/(1 + e^(−u/β)).

    Parameters
    ----------
    noise
        β > 0, in units of utility; towards 0 a rational human.
    """

    noise: float

    def __post_init__(self) -> None:
        check_number("noise", self.noise, 0, above=True, below=True)

    def passes(self, utility: Number) -> Number:
        return _logistic(float(utility) / self.noise)


class Belief(ABC):
    """What a robot believes of u, the worth of its act to the human; to be switched off is worth nothing."""

    @abstractmethod
    def expected(self) -> Number:
        """Return E[u]."""

    @abstractmethod
    def gains(self) -> Number:
        """Return E[max(u, 0)]."""

    @abstractmethod
    def deferring(self, human: Human) -> tuple[Number, float]:
        """Return E[u π(u)], what asking is worth, and how far it may be off."""


@final
@dataclasses.dataclass(frozen=True)
class Discrete(Belief):
    """A belief in finitely many values.

    Parameters
    ----------
    probabilities
        The probability of each value of u; numbers or fractions that sum to one.

    Raises
    ------
    DistributionError
        If they are negative or do not sum to one.
    """

    probabilities: Mapping[Any, Any]

    def __post_init__(self) -> None:
        weights = [Fraction(p) for p in self.probabilities.values()]
        if min(weights, default=-1) < 0 or abs(sum(weights) - 1) > Fraction(1, 10**12):
            raise DistributionError(
                f"the probabilities `{dict(self.probabilities)}` are none", "they sum to one"
            )

    def expected(self) -> Fraction:
        return sum((u * p for u, p in self._entries()), Fraction(0))

    def gains(self) -> Fraction:
        return sum((u * p for u, p in self._entries() if u > 0), Fraction(0))

    def deferring(self, human: Human) -> tuple[Number, float]:
        terms = [u * p * human.passes(u) for u, p in self._entries()]
        if isinstance(human, Erring):
            return sum(terms, Fraction(0)), 0.0
        return math.fsum(map(float, terms)), 1e-15 * math.fsum(abs(float(u * p)) for u, p in self._entries())

    def _entries(self) -> list[tuple[Fraction, Fraction]]:
        return [(Fraction(u), Fraction(p)) for u, p in self.probabilities.items()]


@final
@dataclasses.dataclass(frozen=True)
class Gaussian(Belief):
    """A normal belief.

    Parameters
    ----------
    mean
        μ, in units of utility.
    deviation
        σ > 0, likewise.

    Notes
    -----
    With an erring human all is in closed form. With a logistic one, what is lost against a rational one is::

        E[max(u, 0)] − E[u π(u)] = ∫_0^∞ x/(1 + e^(x/β)) · (f(x) + f(−x)) dx

    for the density f, which adaptive quadrature finds with an error bound.
    """

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        check_number("mean", self.mean, -math.inf, above=True, below=True)
        check_number("deviation", self.deviation, 0, above=True, below=True)

    def expected(self) -> float:
        return self.mean

    def gains(self) -> float:
        z = self.mean / self.deviation
        return self.mean * math.erfc(-z / math.sqrt(2)) / 2 + self.deviation * _density(z)

    def deferring(self, human: Human) -> tuple[Number, float]:
        gains = self.gains()
        if isinstance(human, Erring):
            error = float(human.error)
            return (1 - error) * gains + error * (self.mean - gains), 1e-15 * (
                abs(self.mean) + self.deviation
            )
        assert isinstance(human, Logistic), "the humans are those of this file"
        lost, error = self._lost(human.noise)
        return gains - lost, error + 1e-15 * (abs(self.mean) + self.deviation)

    def _lost(self, noise: float) -> tuple[float, float]:
        from scipy.integrate import quad

        mu, sigma = self.mean, self.deviation

        def shown(x: float) -> float:
            return (
                x * _logistic(-x / noise) * (_density((x - mu) / sigma) + _density((x + mu) / sigma)) / sigma
            )

        end = min(abs(mu) + FAR * sigma, FAR**2 / 2 * noise)
        marks = sorted({x for k in (-8, -2, 0, 2, 8) if 0 < (x := abs(mu) + k * sigma) < end})
        marks = sorted({*marks, *(x for k in (1, 4, 16) if 0 < (x := k * noise) < end)})
        total, bound = 0.0, 0.0
        for low, high in zip([0.0, *marks], [*marks, end], strict=True):
            part, error = quad(shown, low, high, epsabs=1e-14, epsrel=1e-13, limit=200)[:2]
            total, bound = total + part, bound + error
        return total, bound


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class OffSwitchGame:
    """What acting, asking and switching itself off are worth to the robot; fractions where they are exact.

    Parameters
    ----------
    belief, human
        The game.
    act
        E[u], what acting without asking is worth; switching itself off is worth nothing.
    ask
        E[u π(u)], what asking is worth.
    incentive
        Δ = E[u π(u)] − max(E[u], 0), the incentive to defer.
    error
        How far ``ask`` and ``incentive`` may be off; nothing where they are exact.
    """

    belief: Belief
    human: Human
    act: Number
    ask: Number
    incentive: Number
    error: float

    @property
    def defers(self) -> bool:
        """Whether the robot lets the human decide: it does where that is no worse."""
        return self.incentive >= -self.error

    def to_json(self) -> str:
        """Return the game as JSON text: ``kind`` is ``"off-switch-game"``; fractions are text."""
        return to_json(
            {"kind": "off-switch-game"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )


def off_switch_game(belief: Belief, human: Human) -> OffSwitchGame:
    """Return what a robot has from deferring to a human.

    Parameters
    ----------
    belief
        Of the robot on u, the worth of its act to the human: `Discrete` or `Gaussian`.
    human
        Who knows u, and decides: `Erring` or `Logistic`.

    Notes
    -----
    With a rational human Δ ≥ 0 for every belief (theorem 1 of the source), since E[max(u, 0)] is at least both
    E[u] and 0. With a logistic human and a Gaussian belief Δ ≥ 0 exactly where β ≤ σ²/(2|μ|)
    (`critical_noise`).

    *Source:* D. Hadfield-Menell, A. Dragan, P. Abbeel and S. Russell, The Off-Switch Game (2017).

    Examples
    --------
    >>> game = off_switch_game(Discrete({2: Fraction(1, 2), -1: Fraction(1, 2)}), Erring(Fraction(1, 10)))
    >>> game.ask, game.incentive, game.defers
    (Fraction(17, 20), Fraction(7, 20), True)
    """
    ask, error = belief.deferring(human)
    act = belief.expected()
    rest = max(act, 0)
    incentive = (
        ask - rest
        if isinstance(ask, Fraction) and isinstance(rest, Fraction | int)
        else float(ask) - float(rest)
    )
    return OffSwitchGame(belief=belief, human=human, act=act, ask=ask, incentive=incentive, error=error)


def critical_error(belief: Belief) -> Number:
    """Return the ε up to which a robot defers to an erring human, min(P, N)/(P + N).

    P = E[max(u, 0)] and N = E[max(−u, 0)] are what is to be gained and lost by the act. A fraction for
    discrete beliefs.

    Raises
    ------
    OptionError
        If u is certainly 0, so that nothing hangs on the answer.
    """
    gained: Any = belief.gains()
    lost: Any = gained - belief.expected()
    if gained + lost == 0:
        raise OptionError("the act is worth nothing for certain", "give a belief in other values")
    return min(gained, lost) / (gained + lost)


def critical_noise(belief: Gaussian) -> float:
    """Return the β up to which a robot with a Gaussian belief defers to a logistic human, σ²/(2|μ|)."""
    return math.inf if belief.mean == 0 else belief.deviation**2 / (2 * abs(belief.mean))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x)


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
