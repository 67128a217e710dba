"""One random number: a frozen SciPy distribution, ``None`` for uniform on [0, 1], or a number itself."""

from __future__ import annotations

import math
import warnings
from typing import Any, TypeGuard

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.core.results import digest

_BELOW_ONE = 1 - 2.0**-53


def check_scalar(distribution: Any, what: str = "rewards", *, number: bool = False) -> None:
    """Raise `DistributionError`, naming ``what``, unless the distribution can be drawn and has a mean.

    Numbers pass where ``number`` is true, and finite.
    """
    if distribution is None and not number:
        return
    if number and is_number(distribution):
        if not math.isfinite(float(distribution)):
            raise DistributionError(f"the {what} are `{distribution}`", "give a finite number")
        return
    if not (hasattr(distribution, "rvs") and hasattr(distribution, "dist")):
        raise DistributionError(
            f"the {what} are `{distribution}`, not a frozen univariate SciPy distribution",
            "give one such as `scipy.stats.norm(0, 1)`" + (", or a number" if number else ""),
        )
    mean = _moment(distribution, "mean")
    if mean.shape != ():
        raise DistributionError(
            f"the {what} are an array of distributions, of shape `{mean.shape}`",
            "give one distribution, and overrides for single states",
        )
    if not np.isfinite(mean):
        raise DistributionError(
            f"the {what} are `{in_words(distribution)}`, which has no finite mean",
            "POWER is an expectation: choose a distribution that has one (and check its parameters)",
        )


def in_words(distribution: Any) -> str:
    """Return the name and numbers of a frozen distribution (or a number); ``None`` is uniform."""
    if distribution is None:
        return "uniform on [0, 1]"
    if is_number(distribution):
        return short(distribution)
    name = distribution.dist.name
    if name == "uniform":
        low, high = distribution.support()
        return f"uniform on [{short(low)}, {short(high)}]"
    words = [short(x) for x in distribution.args]
    words += [f"{key}={short(x)}" for key, x in sorted(distribution.kwds.items())]
    text = f"{name or type(distribution.dist).__name__}({', '.join(words)})"
    from scipy import stats

    if name and type(getattr(stats, name, None)) is type(distribution.dist):
        return text
    # A distribution of the user's own may share its name with another: tell them apart by shape.
    return f"{text} [quantiles {digest(distribution.ppf(np.linspace(0.01, 0.99, 99)))[:16]}]"


def short(number: Any) -> str:
    """Return a number in as few digits as say it exactly."""
    value = float(number)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether ``value`` is a number, and not a truth value."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def has_variance(distribution: Any) -> bool:
    """Whether its variance is finite."""
    if not hasattr(distribution, "var"):
        return True
    return bool(np.isfinite(_moment(distribution, "var")))


def draws(distribution: Any, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return independent draws as a new array."""
    if distribution is None:
        return generator.random(shape)
    if is_number(distribution):
        return np.full(shape, float(distribution))
    return np.asarray(distribution.rvs(size=shape, random_state=generator), dtype=np.float64)


def quantiles(distribution: Any, uniforms: np.ndarray) -> np.ndarray:
    """Return the quantiles at numbers between 0 and 1 as a new array of the same shape."""
    if distribution is None:
        return np.array(uniforms, dtype=np.float64)
    if is_number(distribution):
        return np.full(uniforms.shape, float(distribution))
    # Rounding may have made a number 0 or 1, whose quantile need not be finite.
    return np.asarray(distribution.ppf(np.clip(uniforms, 2.0**-64, _BELOW_ONE)), dtype=np.float64)


def _moment(distribution: Any, name: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(getattr(distribution, name)(), dtype=np.float64)
