"""Capacity of a discrete memoryless channel by Blahut–Arimoto, bounded on both sides.

With W(y|x) the chance of output y for input x, and D(x) what input x tells::

    C = max_p Σ_x p(x) D(x),      D(x) = Σ_y W(y|x) log₂ (W(y|x) / Σ_x' p(x') W(y|x'))

    Σ_x p(x) D(x)  ≤  C  ≤  max_x D(x)      whatever p is

Blahut–Arimoto multiplies p(x) by 2^(μ D(x)), μ = 1, which never lowers the information. Longer steps μ > 1
are tried, and taken back where they lower it.

*Source:* R. E. Blahut, Computation of channel capacity and rate-distortion functions (1972); S. Arimoto, An
algorithm for computing the capacity of arbitrary discrete memoryless channels (1972); longer steps:
G. Matz & P. Duhamel, Information geometric formulation and interpretation of accelerated
Blahut–Arimoto-type algorithms (2004).
"""

from __future__ import annotations

import numpy as np
from numba import njit

ITERATIONS = 200_000
"""Steps after which the bounds are returned as they are."""


def capacity(channel: np.ndarray, gap: float) -> tuple[float, float]:
    """Return bounds on the capacity of a channel, in bits.

    Parameters
    ----------
    channel
        W(y|x), rows that sum to one; shape (inputs, outputs). Every output has an input that leads to it.
    gap
        How far apart the bounds may be, in bits; they are farther apart where `ITERATIONS` did not do.

    Examples
    --------
    >>> low, high = capacity(np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]), 1e-9)  # half is erased
    >>> round(low, 6), round(high, 6)
    (0.5, 0.5)
    """
    return _iterate(np.ascontiguousarray(channel, dtype=np.float64), float(gap), ITERATIONS)


@njit(nogil=True, cache=True, error_model="numpy")
def _iterate(channel: np.ndarray, gap: float, iterations: int) -> tuple[float, float]:
    inputs, outcomes = channel.shape
    entropy = np.zeros(inputs)
    for x in range(inputs):
        for y in range(outcomes):
            if channel[x, y] > 0:
                entropy[x] += channel[x, y] * np.log2(channel[x, y])
    p = np.full(inputs, 1.0 / inputs)
    kept = p.copy()
    divergence = np.empty(inputs)
    kept_divergence = np.empty(inputs)
    output = np.empty(outcomes)
    best_low = 0.0
    best_high = np.inf
    step = 1.0
    for _ in range(iterations):
        output[:] = 0.0
        for x in range(inputs):
            for y in range(outcomes):
                output[y] += p[x] * channel[x, y]
        for y in range(outcomes):
            output[y] = np.log2(output[y])
        low = 0.0
        high = 0.0
        for x in range(inputs):
            divergence[x] = entropy[x]
            for y in range(outcomes):
                divergence[x] -= channel[x, y] * output[y]
            low += p[x] * divergence[x]
            high = max(high, divergence[x])
        best_high = min(best_high, high)
        if low < best_low and step > 1:
            step = 1.0  # back to the last good point, whose next short step is never down
            p[:] = kept
            divergence[:] = kept_divergence
        else:
            best_low = max(best_low, low)
            if best_high - best_low <= gap:
                break
            kept[:] = p
            kept_divergence[:] = divergence
            step = min(1.5 * step, 1e6)
        top = divergence.max()
        total = 0.0
        for x in range(inputs):
            # Never quite zero, so that an input may come back.
            p[x] = max(p[x] * 2.0 ** (step * (divergence[x] - top)), 1e-200)
            total += p[x]
        p /= total
    return best_low, best_high
