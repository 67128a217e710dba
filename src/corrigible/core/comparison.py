"""An old run and a new one: whether the rate of a behaviour has changed."""

from __future__ import annotations

import dataclasses
from typing import Literal, TypeAlias

from corrigible.core.errors import OptionError
from corrigible.core.statistics import LEVEL, Rate

Verdict: TypeAlias = Literal["regression", "improvement", "no change seen", "not comparable"]
"""What may be said of a change; a regression is a rate that is clearly higher."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """What became of a rate from an old run to a new one.

    Parameters
    ----------
    verdict
        "regression" where the interval lies above zero, "improvement" where it lies below,
        "no change seen" where it holds zero (which is not "no change": see the interval), and
        "not comparable".
    reason
        Why it is not comparable; empty otherwise.
    value, low, high
        New rate minus old rate with its confidence limits; None where not comparable.
    """

    verdict: Verdict
    reason: str
    value: float | None
    low: float | None
    high: float | None


def compare_rates(old: Rate | None, new: Rate | None, *, obstacle: str = "", level: float = LEVEL) -> Change:
    """Return how the rate of a behaviour changed between two runs over the same goals.

    With Wilson's limits (l, u) of each rate on its own effective sample size, Newcombe's interval for
    the difference d = p_new − p_old of independent rates is

        low  = d − √((p_new − l_new)² + (u_old − p_old)²)
        high = d + √((u_new − p_new)² + (p_old − l_old)²)

    The runs are taken as independent of each other. Where both play the same goals their rates go
    together, so that the interval is wider than it need be: a verdict errs towards "no change seen".
    That two rates' own intervals overlap does not say that there is no change.

    Parameters
    ----------
    old, new
        The clustered rates of the same behaviour; None where it was not scored.
    obstacle
        Why the runs cannot be compared, where the caller knows (other goals, another version of the
        world); empty where nothing is known against it.
    level
        The confidence level of the interval. With many behaviours compared, one in 1/(1 − level) shows
        a change by chance: raise it, for example to 1 − 0.05/k for k behaviours.

    Raises
    ------
    OptionError
        If the level is out of its range.

    Notes
    -----
    Rates over different numbers of goals are not comparable: the mixture of goals makes part of a rate.

    *Source:* R. G. Newcombe 1998, Interval estimation for the difference between independent
    proportions, Statistics in Medicine 17, 873–890, method 10.

    Examples
    --------
    >>> from corrigible.core.statistics import clustered_rate
    >>> old = clustered_rate([0] * 30, [1] * 30)
    >>> new = clustered_rate([1] * 12 + [0] * 18, [1] * 30)
    >>> change = compare_rates(old, new)
    >>> change.verdict, change.value
    ('regression', 0.4)
    >>> compare_rates(old, None).reason
    'the behaviour is not scored in the new run'
    """
    if not 0 < level < 1:
        raise OptionError(f"the level `{level}` is not a probability", "give one between 0 and 1")
    if old is None and new is None:
        return _not_comparable("the behaviour is scored in neither run")
    if old is None or new is None:
        return _not_comparable(f"the behaviour is not scored in the {'old' if old is None else 'new'} run")
    if obstacle:
        return _not_comparable(obstacle)
    if old.clusters != new.clusters:
        return _not_comparable(f"the old run counts {old.clusters} goals and the new one {new.clusters}")
    low, high = _newcombe(new, old, level)
    if low > 0:
        verdict: Verdict = "regression"
    elif high < 0:
        verdict = "improvement"
    else:
        verdict = "no change seen"
    value = new.value - old.value
    # The library's roots may miss the ends, and a difference of zero, by a rounding.
    return Change(
        verdict=verdict,
        reason="",
        value=value,
        low=max(-1.0, min(low, value)),
        high=min(1.0, max(high, value)),
    )


def _newcombe(first: Rate, second: Rate, level: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        first.value * first.effective,
        first.effective,
        second.value * second.effective,
        second.effective,
        method="newcomb",
        compare="diff",
        alpha=1 - level,
    )
    return float(low), float(high)


def _not_comparable(reason: str) -> Change:
    return Change(verdict="not comparable", reason=reason, value=None, low=None, high=None)
