"""Reward distributions read exactly: as cases, in each of which rewards are fixed or uniform.

Exact work goes through the cases: a finite distribution gives one for each of its values, uniform rewards
stay random within a case. Numbers are read as `corrigible.mdp.rational.fraction` reads them: 0.1 is 1/10.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn, final

import numpy as np

from corrigible.core.errors import DistributionError, TooLargeError
from corrigible.mdp.model import MDP
from corrigible.mdp.rational import fraction
from corrigible.power.exactly.cells import Affine
from corrigible.power.rewards.contract import groups_of
from corrigible.power.rewards.features import Features
from corrigible.power.rewards.independent import Independent
from corrigible.power.rewards.notation import Rewards, as_distribution
from corrigible.power.rewards.scalar import in_words, is_number
from corrigible.power.rewards.tables import Empirical, OneHot, Table

MOST_CASES = 10_000
"""How many combinations of finite rewards are gone through."""


@dataclasses.dataclass(frozen=True)
class Uniform:
    """One reward, uniform from ``low`` to ``low`` + ``width``."""

    low: Fraction
    width: Fraction


@dataclasses.dataclass(frozen=True)
class Finite:
    """One reward of finitely many values: (probability, value) each."""

    values: tuple[tuple[Fraction, Fraction], ...]


@dataclasses.dataclass(frozen=True)
class Case:
    """A part of the goals, of probability ``weight``: R(s) = Σ_k ``terms``[s][k] · number k.

    Each number k is ``numbers``[k].low + ``numbers``[k].width · u_k, with its own u_k uniform on [0, 1].
    """

    weight: Fraction
    numbers: tuple[Uniform, ...]
    terms: Sequence[Mapping[int, Fraction]]

    def function(self, shares: Sequence[Fraction]) -> Affine:
        """Return Σ_s shares(s) R(s) as a function of all u_k."""
        constant = Fraction(0)
        slopes = [Fraction(0)] * len(self.numbers)
        for share, terms in zip(shares, self.terms, strict=True):
            if share:
                for k, factor in terms.items():
                    constant += share * factor * self.numbers[k].low
                    slopes[k] += share * factor * self.numbers[k].width
        return constant, tuple(slopes)


@final
class Goals:
    """A reward distribution on a model, read exactly.

    Parameters
    ----------
    mdp
        The model.
    rewards
        As `corrigible.power.estimate` takes them: `OneHot`, `Table`, `Empirical`; `Independent` and
        `Features`, where what they draw is uniform or of finitely many values.

    Raises
    ------
    UnknownNameError, DistributionError
        If the distribution does not fit the model, or cannot be read exactly.
    """

    def __init__(self, mdp: MDP, rewards: Rewards) -> None:
        distribution = as_distribution(rewards)
        distribution.bind(mdp)  # which checks labels and shapes
        self._rows: list[tuple[Fraction, list[Fraction]]] = []
        self._numbers: list[Uniform | Finite] = []
        if not isinstance(distribution, Independent | Features | OneHot | Table | Empirical):
            _refuse(distribution.describe())
        count, member = groups_of(distribution.groups, mdp)
        column: list[int] = (np.arange(count) if member is None else member).tolist()
        self._terms: list[dict[int, Fraction]] = [{k: Fraction(1)} for k in column]
        if isinstance(distribution, Independent):
            self._numbers = [_read(distribution.distribution)] * count
            for label, exception in distribution.overrides.items():
                self._numbers[column[mdp.index(label)]] = _read(exception)
        elif isinstance(distribution, Features):
            matrix: list[list[float]] = distribution.matrix.toarray().tolist()
            self._numbers = [_read(distribution.weights)] * len(matrix[0])
            self._terms = [{f: fraction(x) for f, x in enumerate(matrix[k]) if x} for k in column]
        elif isinstance(distribution, OneHot):
            share = Fraction(1, count)
            self._rows = [
                (share, [Fraction(int(k == chosen)) for k in range(count)]) for chosen in range(count)
            ]
        else:
            table, weights = _weighed(distribution)
            total = sum(weights)
            self._rows = [
                (weight / total, [fraction(x) for x in row])
                for weight, row in zip(weights, table.tolist(), strict=True)
                if weight
            ]

    def cases(self, visited: Collection[int]) -> Iterator[Case]:
        """Yield the cases, their weights summing to one; only the rewards of states ``visited`` are wanted.

        Raises
        ------
        TooLargeError
            If there are more than `MOST_CASES`.
        """
        for weight, row in self._rows:
            yield Case(weight, tuple(Uniform(x, Fraction(0)) for x in row), self._terms)
        if self._rows:
            return
        used = {k for state in visited for k in self._terms[state]}
        finite = {k: x for k, x in enumerate(self._numbers) if isinstance(x, Finite) and k in used}
        count = math.prod(len(x.values) for x in finite.values())
        if count > MOST_CASES:
            raise TooLargeError(
                f"`{len(finite)}` finite rewards combine in {Decimal(count):.3g} ways",
                f"at most {MOST_CASES:,} for exact work: sample with `corrigible.power.estimate`",
            )
        for chosen in itertools.product(*(x.values for x in finite.values())):
            fixed = {k: value for k, (_, value) in zip(finite, chosen, strict=True)}
            numbers = (
                x if isinstance(x, Uniform) else Uniform(fixed.get(k, Fraction(0)), Fraction(0))
                for k, x in enumerate(self._numbers)
            )
            weight = math.prod((p for p, _ in chosen), start=Fraction(1))
            yield Case(weight, tuple(numbers), self._terms)


def _weighed(rows: Table | Empirical) -> tuple[np.ndarray, list[Fraction]]:
    """Return the rows of rewards, and how likely each is up to a common factor."""
    if isinstance(rows, Table):
        return rows.rewards, [Fraction(1)] * len(rows.rewards)
    if rows.weights is None:
        return rows.table, [Fraction(1)] * len(rows.table)
    return rows.table, [fraction(x) for x in rows.weights.tolist()]


def _read(distribution: Any) -> Uniform | Finite:
    """Return one reward's distribution: ``None``, a number, or SciPy's."""
    if distribution is None:
        return Uniform(Fraction(0), Fraction(1))
    if is_number(distribution):
        return Finite(((Fraction(1), fraction(float(distribution))),))
    low, high = (float(end) for end in distribution.support())
    if distribution.dist.name == "uniform":
        return Uniform(fraction(low), fraction(high) - fraction(low))
    if not hasattr(distribution, "pmf") or not high - low <= MOST_CASES:
        _refuse(in_words(distribution))
    points = [float(x) for x in getattr(distribution.dist, "xk", np.arange(low, high + 1))]
    values = [(fraction(float(distribution.pmf(x))), fraction(x)) for x in points]
    if sum(p for p, _ in values) != 1:
        _refuse(in_words(distribution), "; its probabilities are no fractions that sum to one")
    return Finite(tuple((p, x) for p, x in values if p))


def _refuse(words: str, why: str = "") -> NoReturn:
    raise DistributionError(
        f"the rewards `{words}` cannot be worked out exactly{why}",
        "exact work takes uniform, finite and fixed rewards; sample others with `corrigible.power.estimate`",
    )
