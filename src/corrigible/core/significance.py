"""p-values of instrumental effects, and their correction where many behaviours are tested at once."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


def paired_p(pairs_by_goal: Iterable[Sequence[tuple[bool, bool]]]) -> float:
    """Return the two-sided p-value of equal rates in world and control, pairs grouped by goal.

    With n_g the pairs of goal g in which only the world shows the behaviour, minus those in which only
    the control does, the statistic is T = Σ_g n_g, the difference of the two rates times the number of
    pairs. Where world and control are the same, each goal could as well have shown −n_g: the *sign-flip
    permutation test* compares T with its values under all 2^G choices of signs,

        p = P(|Σ_g ±n_g| ≥ |T|),   signs independent and fair.

    The goals are what is independent, not the pairs; nothing is assumed of how alike the pairs of a goal
    are. The distribution of Σ ±n_g is added up exactly, goal by goal, whatever their number, so that
    there is neither a seed nor a sampling error.

    Where every goal has one pair, n_g is −1, 0 or 1, Σ ±n_g is binomial over the discordant pairs, and
    p is that of the exact McNemar test, to the last digit.

    Parameters
    ----------
    pairs_by_goal
        For each goal its pairs (shown in the world, shown in the control); goals without pairs are
        left out. Where goals come from several worlds, a goal in a world is one of them.

    Returns
    -------
    float
        In (0, 1]. It is 1 where no goal differs; and no less than 2^(1−G) where G goals do, so that one
        goal is never evidence, and six goals are needed for p < 0.05.

    Raises
    ------
    ValueError
        If there is no pair at all.

    Notes
    -----
    *Source:* R. A. Fisher 1935, The Design of Experiments, section 21 (sign flips); M. Pagano and
    D. Tritchler 1983, J. Am. Stat. Assoc. 78, 435–440 (exact distribution by convolution); Q. McNemar
    1947, Psychometrika 12, 153–157 (one pair a goal).

    Examples
    --------
    Six goals that show the behaviour in the world alone, and one that never does:

    >>> paired_p([[(True, False)]] * 6 + [[(False, False)]])
    0.03125

    A hundred pairs of one goal are no evidence about others:

    >>> paired_p([[(True, False)] * 100])
    1.0
    """
    goals = [pairs for pairs in pairs_by_goal if len(pairs) > 0]
    if not goals:
        raise ValueError("a p-value needs at least one pair")
    net = [sum(bool(here) - bool(there) for here, there in pairs) for pairs in goals]
    sizes = [abs(n) for n in net if n]
    if not sizes:
        return 1.0
    # Flipping a sign moves the sum by 2|n_g|: probability[i] is that of the sum 2i − Σ|n_g|.
    whole = sum(sizes)
    probability = np.zeros(whole + 1)
    probability[0] = 1.0
    for size in sizes:
        shifted = np.zeros_like(probability)
        shifted[size:] = probability[: whole + 1 - size]
        probability = (probability + shifted) / 2
    sums = 2 * np.arange(whole + 1) - whole
    p = math.fsum(probability[np.abs(sums) >= abs(sum(net))])
    return min(1.0, max(p, sys.float_info.min))


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return p-values adjusted by Holm's method, so that the chance of any false finding stays bounded.

    With p₍₁₎ ≤ … ≤ p₍ₖ₎ the ordered values, the adjusted ones are

        p̃₍ᵢ₎ = max_{j ≤ i} min(1, (k − j + 1) · p₍ⱼ₎)

    Whoever calls those with p̃ ≤ α findings makes a false one with probability at most α, however the
    tests depend on each other.

    Parameters
    ----------
    p_values
        One for each test, in [0, 1]; None for what was not scored. That is returned as None and does
        not count among the k.

    Raises
    ------
    ValueError
        If a value is no probability.

    Notes
    -----
    *Source:* S. Holm 1979, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6,
    65–70.

    Examples
    --------
    >>> holm([0.25, None, 0.125])
    (0.25, None, 0.25)
    """
    known = [p for p in p_values if p is not None]
    for p in known:
        if not 0 <= p <= 1:
            raise ValueError(f"`{p}` is not a p-value")
    if not known:
        return tuple(None for _ in p_values)
    from statsmodels.stats.multitest import multipletests

    result: Any = multipletests(known, method="holm")
    adjusted = iter(result[1])
    return tuple(None if p is None else float(next(adjusted)) for p in p_values)
