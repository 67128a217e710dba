"""Discounted reward for same-length trajectories: whether it teaches an agent not to care how long it runs.

In a meta-episode the agent acts n times in the same place. If trajectories have k lengths and the one at hand has been
chosen N times before, the i-th is paid λ^(N − (i−1)/k) · c/m: c is what it collected, m the most that one of its
length can. So a length that was used more than its share pays less.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, final

import numpy as np

from corrigible.core.errors import OptionError, TooLargeError
from corrigible.core.results import to_json
from corrigible.countermeasures.contract import check_count, check_number
from corrigible.countermeasures.corrigibility.post import entropy

GRID = 200
"""In how many steps the best share is looked for, before it is refined."""


def meta_return(shares: Sequence[Any], uses: int, discount: Any) -> Any:
    """Return what an agent that draws its lengths independently is paid in a meta-episode.

    ::

        F(p) = Σ_{i=0}^{n−1} λ^(−i/k) Σ_ℓ p_ℓ (1 − (1 − λ) p_ℓ)^i

    Parameters
    ----------
    shares
        p, the probability of each of the k lengths; each plan is the best of its length.
    uses
        n, the number of mini-episodes.
    discount
        λ in (0, 1).

    Returns
    -------
    fractions.Fraction or float
        Exact where the shares are fractions and λ is one whose k-th root is.

    Raises
    ------
    OptionError
        If the shares are no distribution, or another argument is out of its range.
    TooLargeError
        If it fits no float, and is not asked for in fractions.

    Notes
    -----
    *Source:* Thornley, Roman, Ziakas, Ho & Thomson, Towards Shutdownable Agents via Stochastic Choice (2024);
    the expectation follows since the uses of ℓ before the i-th are binomial.

    Examples
    --------
    >>> quarter, half = Fraction(1, 4), Fraction(1, 2)
    >>> meta_return([quarter, 1 - quarter], 7, quarter) - meta_return([half, half], 7, quarter)
    Fraction(36351, 262144)
    """
    check_count("number of mini-episodes", uses)
    check_number("discount", discount, 0, 1, above=True, below=True)
    if not shares or min(shares) < 0 or abs(sum(shares) - 1) > 1e-12:
        raise OptionError(f"the shares `{list(shares)}` are no distribution", "give numbers that sum to one")
    root = _root(discount, len(shares))
    try:
        return sum(root**-i * sum(p * (1 - (1 - discount) * p) ** i for p in shares) for i in range(uses))
    except OverflowError as error:
        raise TooLargeError(
            f"the return of `{uses}` mini-episodes at λ = `{discount}` fits no float",
            "give fractions, or fewer",
        ) from error


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class BestShare:
    """The best independent draw of two lengths.

    Parameters
    ----------
    discount, uses
        λ and n.
    share
        p*, the smaller of the two probabilities; ½ where to draw evenly is best.
    neutrality
        The entropy of (p*, 1 − p*) in bits.
    attained, even
        F(p*) and F(½).
    error
        How far ``share`` may be off.
    """

    discount: float
    uses: int
    share: float
    neutrality: float
    attained: float
    even: float
    error: float

    def to_json(self) -> str:
        """Return the result as JSON text: ``kind`` is ``"best-share"``."""
        return to_json(
            {"kind": "best-share"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )


def best_share(discount: float, uses: int) -> BestShare:
    """Return how an agent that draws between two lengths independently is paid best.

    Parameters
    ----------
    discount
        λ in (0, 1).
    uses
        n, the number of mini-episodes.

    Raises
    ------
    OptionError
        If one of them is out of its range.

    Notes
    -----
    The best of a grid over [0, ½], refined by golden-section search between its neighbours.

    Examples
    --------
    >>> best_share(0.25, 6).share, round(best_share(0.25, 8).share, 4)
    (0.5, 0.2244)
    """
    even = float(meta_return([0.5, 0.5], uses, discount))

    def worth(p: Any) -> Any:
        return _smooth(p, uses, discount)

    grid = np.linspace(0, 0.5, GRID + 1)
    at = int(np.argmax(worth(grid)))
    low, high = grid[max(at - 1, 0)], grid[min(at + 1, GRID)]
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(45):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if worth(left) >= worth(right) else (left, high)
    share = (low + high) / 2
    # Near ½ the return is flat: there is nothing to choose unless it is better by more than rounding.
    if worth(share) <= worth(0.5) * (1 + 1e-12):
        share = 0.5
    attained = float(worth(share) / worth(0.5)) * even
    return BestShare(
        discount=float(discount),
        uses=uses,
        share=float(share),
        neutrality=entropy([share, 1 - share]),
        attained=attained,
        even=even,
        error=1e-7,
    )


def bends_up(discount: float, uses: int) -> bool:
    """Return whether to draw two lengths evenly is no maximum of the return, not even of those near it.

    It is none where F''(½) > 0; by λ^(−i/2) that grows with n, and changes sign near n = 6/(1 − λ).
    """
    check_number("discount", discount, 0, 1, above=True, below=True)
    check_count("number of mini-episodes", uses)
    lam = float(discount)
    c = 1 - lam
    i = np.arange(uses)
    q = 1 - c / 2
    bend = -2 * i * c * q ** (i - 1.0) + 0.5 * i * (i - 1) * c**2 * q ** (i - 2.0)
    terms = bend * np.exp((uses - 1 - i) * math.log(lam) / 2)
    return math.fsum(terms) > 1e-12 * math.fsum(np.abs(terms))


def smallest_counterexample(discount: float, most: int = 10_000) -> int:
    """Return the least number of mini-episodes at which to draw two lengths evenly is not best.

    Parameters
    ----------
    discount
        λ in (0, 1).
    most
        The largest number that is tried.

    Raises
    ------
    OptionError
        If there is none up to ``most``.

    Notes
    -----
    The source's claim that DReST trains agents to choose lengths with equal probability holds below this
    number, which is near 6/(1 − λ). It is no matter of learning: F itself is larger elsewhere.

    Examples
    --------
    >>> [smallest_counterexample(discount) for discount in (0.1, 0.25, 0.5, 0.9)]
    [5, 7, 11, 59]
    """
    uses = next((n for n in range(2, most + 1) if bends_up(discount, n)), 0)
    if not uses:
        raise OptionError(f"there is none up to `{most}` mini-episodes", "give more")
    # A maximum elsewhere could be higher before that one is lost.
    while uses > 2 and best_share(discount, uses - 1).share < 0.5:
        uses -= 1
    return uses


def _smooth(p: Any, uses: int, discount: float) -> np.ndarray:
    """Return F(p, 1 − p) but for a factor that keeps it from overflowing."""
    share = np.asarray(p, dtype=float)[..., None]
    i = np.arange(uses)
    weight = np.exp((uses - 1 - i) * math.log(float(discount)) / 2)
    c = 1 - float(discount)
    return (weight * (share * (1 - c * share) ** i + (1 - share) * (1 - c * (1 - share)) ** i)).sum(axis=-1)


def _root(discount: Any, k: int) -> Any:
    """Return λ^(1/k), as a fraction where it is one."""
    if isinstance(discount, Fraction):
        top, bottom = (round(part ** (1 / k)) for part in discount.as_integer_ratio())
        if Fraction(top, bottom) ** k == discount:
            return Fraction(top, bottom)
    return float(discount) ** (1 / k)
