"""Reward distributions as people give them: nothing, a word, an array, SciPy's own objects."""

from __future__ import annotations

import ast
from typing import Any, NoReturn, TypeAlias

import numpy as np

from corrigible.core.errors import DistributionError, unknown_name
from corrigible.power.goals import OneHot, Table
from corrigible.power.independent import Independent
from corrigible.power.rewards import RewardDistribution

Rewards: TypeAlias = RewardDistribution | np.ndarray | str | Any
"""A `RewardDistribution`, an array of samples (samples, states), text for `parse_rewards`, a frozen
SciPy distribution; ``None`` is independent and uniform on [0, 1]."""

_HINT = "write for example `uniform`, `norm(0, 1)`, `beta(2, 5)`, `expon(scale=2)` or `one-hot`"


def as_distribution(rewards: Rewards) -> RewardDistribution:
    """Return ``rewards`` as a `RewardDistribution`; see `Rewards` for what may be given."""
    if rewards is None:
        return Independent()
    if isinstance(rewards, RewardDistribution):
        return rewards
    if isinstance(rewards, str):
        return parse_rewards(rewards)
    if hasattr(rewards, "rvs"):
        return Independent(rewards)
    return Table(rewards)


def parse_rewards(text: str) -> RewardDistribution:
    """Return the distribution that ``text`` names.

    ``uniform`` (on [0, 1]), ``one-hot``, or any univariate distribution of ``scipy.stats`` with its
    parameters as numbers, by place or by name: ``norm(0, 1)``, ``beta(2, 5)``, ``expon(scale=2)``.
    The parameters are SciPy's, so ``uniform(2, 5)`` (place, width) is uniform on [2, 7].

    Raises
    ------
    UnknownNameError
        If there is no such distribution; the message suggests the nearest.
    DistributionError
        If the text cannot be read, the parameters are wrong, or there is no finite mean.

    Examples
    --------
    >>> parse_rewards("beta(2, 5)").describe()
    'independent beta(2, 5) per state'
    """
    word = text.strip()
    if word.lower() in ("one-hot", "onehot", "one_hot"):
        return OneHot()
    if word in ("uniform", "uniform()"):
        return Independent()
    try:
        tree = ast.parse(word, mode="eval").body
    except (SyntaxError, ValueError):
        _unreadable(text)
    call = tree if isinstance(tree, ast.Call) else ast.Call(func=tree, args=[], keywords=[])
    if not isinstance(call.func, ast.Name):
        _unreadable(text)
    numbers = [_number(node, text) for node in call.args]
    named = {key.arg: _number(key.value, text) for key in call.keywords if key.arg is not None}
    kind = _scipy(call.func.id)
    try:
        frozen = kind(*numbers, **named)
    except (TypeError, ValueError) as error:
        shapes = f"{kind.shapes}, " if kind.shapes else ""
        scale = "loc" if not hasattr(kind, "pdf") else "loc, scale"
        raise DistributionError(
            f"the parameters of `{word}` do not fit", f"SciPy's `{kind.name}` takes: {shapes}{scale}"
        ) from error
    return Independent(frozen)


def _scipy(name: str) -> Any:
    from scipy import stats

    known = {
        key: value
        for key, value in vars(stats).items()
        if isinstance(value, stats.rv_continuous | stats.rv_discrete)
    }
    if name not in known:
        unknown_name("reward distribution", name, [*known, "one-hot"], _HINT)
    return known[name]


def _number(node: ast.expr, text: str) -> float:
    try:
        value = ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError):
        _unreadable(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        _unreadable(text)
    return value


def _unreadable(text: str) -> NoReturn:
    raise DistributionError(f"the rewards `{text}` cannot be read", _HINT)
