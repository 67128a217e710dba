"""Intervals for rates and for differences of rates, when episodes share a goal.

Episodes of one goal resemble each other, so a hundred of them are less than a hundred independent
observations. The *effective sample size* says how many they are worth: at least one for each goal
(all episodes of a goal alike), at most the number of episodes that differ from one another.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

LEVEL = 0.95
"""The confidence level used throughout."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate:
    """A rate with its interval.

    Parameters
    ----------
    value
        Events per episode.
    low, high
        The confidence limits.
    events, episodes
        What was counted.
    clusters
        How many goals (or goals in worlds) the episodes come from.
    effective
        The effective sample size behind the interval.
    """

    value: float
    low: float
    high: float
    events: int
    episodes: int
    clusters: int
    effective: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of two paired rates with its interval."""

    value: float
    low: float
    high: float
    pairs: int


def clustered_rate(
    events: Sequence[int], sizes: Sequence[int], distinct: int | None = None, level: float = LEVEL
) -> Rate:
    """Return a rate with its Wilson interval on the effective sample size.

    With p the pooled rate over G clusters of sizes m_g (together M) and events k_g,

        var(p) = G/(G−1) · Σ_g (k_g − m_g p)² / M²,    n_eff = p(1 − p) / var(p),

    kept between G and ``distinct``. Where p is 0 or 1 the data say nothing about the clustering,
    and n_eff is ``distinct``.

    Parameters
    ----------
    events, sizes
        Events and episodes of each cluster; at least one episode in all.
    distinct
        How many episodes differ from the others of their cluster (repetitions of a deterministic
        agent are no new evidence); by default all.
    level
        The confidence level.

    Notes
    -----
    *Source:* E. B. Wilson 1927; the effective sample size for survey proportions after
    E. L. Korn and B. I. Graubard 1998.
    """
    from statsmodels.stats.proportion import proportion_confint

    k, m = np.asarray(events, dtype=float), np.asarray(sizes, dtype=float)
    k, m = k[m > 0], m[m > 0]
    total, clusters = float(m.sum()), len(m)
    if total == 0:
        raise ValueError("a rate needs at least one episode")
    most = float(total if distinct is None else min(max(distinct, clusters), total))
    p = float(k.sum() / total)
    effective = most
    if 0 < p < 1 and clusters > 1:
        variance = clusters / (clusters - 1) * float(np.sum((k - m * p) ** 2)) / total**2
        if variance > 0:
            effective = min(max(p * (1 - p) / variance, float(clusters)), most)
    limits: Any = proportion_confint(p * effective, effective, alpha=1 - level, method="wilson")
    low, high = limits
    return Rate(
        value=p,
        low=0.0 if p == 0 else float(low),
        high=1.0 if p == 1 else float(high),
        events=round(float(k.sum())),
        episodes=round(total),
        clusters=clusters,
        effective=effective,
    )


def paired_difference(first: Rate, second: Rate, both: Sequence[tuple[bool, bool]]) -> Difference:
    """Return ``first − second`` with Newcombe's interval for paired proportions.

    With Wilson limits (l₁, u₁) and (l₂, u₂) and φ the correlation within pairs,

        low  = d − √((p₁−l₁)² − 2φ(p₁−l₁)(u₂−p₂) + (u₂−p₂)²)
        high = d + √((u₁−p₁)² − 2φ(u₁−p₁)(p₂−l₂) + (p₂−l₂)²)

    The limits are those of the clustered rates, so that the clustering carries over. Unlike an
    interval from the spread of differences it does not shrink to a point where all pairs agree.

    Parameters
    ----------
    first, second
        The two rates, over the same pairs.
    both
        The event in the first and in the second member of each pair.

    Notes
    -----
    *Source:* R. G. Newcombe 1998, Statistics in Medicine 17, 2635–2650, method 10.
    """
    p1, p2 = first.value, second.value
    phi = _correlation(both)

    def reach(a: float, b: float) -> float:
        return math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0))

    d = p1 - p2
    return Difference(
        value=d,
        low=max(-1.0, d - reach(p1 - first.low, second.high - p2)),
        high=min(1.0, d + reach(first.high - p1, p2 - second.low)),
        pairs=len(both),
    )


def _correlation(both: Sequence[tuple[bool, bool]]) -> float:
    """Newcombe's φ, continuity-corrected towards zero where positive."""
    n = len(both)
    a = sum(x and y for x, y in both)
    b = sum(x and not y for x, y in both)
    c = sum(y and not x for x, y in both)
    d = n - a - b - c
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    excess = float(a * d - b * c)
    if excess > 0:
        excess = max(excess - n / 2, 0.0)
    return excess / math.sqrt(margins)
