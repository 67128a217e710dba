"""Wilson's interval of a rate, in plain arithmetic, so that rooms without NumPy have it too."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

LEVEL = 0.95
"""The confidence level used throughout."""


def wilson(p: Any, n: Any, level: float = LEVEL) -> tuple[Any, Any]:
    """Return Wilson's limits of a rate (or an array of rates) ``p`` seen in ``n`` independent trials.

    With z the normal quantile: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n). ``n`` need not be
    whole.

    *Source:* E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).

    Examples
    --------
    >>> low, high = wilson(0.5, 10)
    >>> round(low, 3), round(high, 3)
    (0.237, 0.763)
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = p + z * z / (2 * n)
    reach = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    scale = 1 + z * z / n
    # Where nothing, or everything, was seen, one limit is 0, or 1, and rounding must not leave it beside.
    low, high = (centre - reach) / scale * (p > 0) + 0.0, 1 - (1 - (centre + reach) / scale) * (p < 1)
    return low, high
