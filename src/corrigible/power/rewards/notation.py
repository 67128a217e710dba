"""Reward distributions as people give them: nothing, a word, an array, SciPy's own objects."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np

from corrigible.core.errors import DistributionError, FileFormatError, unknown_name
from corrigible.power.rewards.arrays import read_array
from corrigible.power.rewards.contract import RewardDistribution
from corrigible.power.rewards.factors import Factors
from corrigible.power.rewards.features import Features
from corrigible.power.rewards.independent import Independent
from corrigible.power.rewards.scalar import is_number
from corrigible.power.rewards.smooth import Smooth
from corrigible.power.rewards.sparse import Sparse
from corrigible.power.rewards.tables import Empirical, OneHot, Table

Rewards: TypeAlias = RewardDistribution | np.ndarray | str | Any
"""A `RewardDistribution`, an array of samples (samples, states), text for `parse_rewards`, a frozen
SciPy distribution; ``None`` is independent and uniform on [0, 1]."""

_HINT = "write for example `uniform`, `norm(0, 1)`, `beta(2, 5)`, `expon(scale=2)` or `one-hot`"


class _Kind(NamedTuple):
    """A kind of distribution that is a word of its own."""

    make: Callable[..., RewardDistribution]
    parameters: tuple[str, ...]


_KINDS = {
    "sparse": _Kind(Sparse, ("goals", "of")),
    "smooth": _Kind(Smooth, ("length_scale", "smoothness", "of")),
    "factors": _Kind(lambda of=None: Factors(of=of), ("of",)),
}

_OF_ONE = ("of", "weights")
"""The parameters that are distributions of single numbers."""

_OF_FILES = {
    "features": _Kind(Features, ("weights",)),
    "factors": _Kind(lambda array, of=None: Factors(_whole(array), of), ("of",)),
    "table": _Kind(Table, ()),
    "empirical": _Kind(Empirical, ()),
}
"""The kinds that read a file, whose table comes before the parameters."""


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

    ==================================  ===============================================================
    ``uniform``                         independent, uniform on [0, 1]
    ``norm(0, 1)``, ``expon(scale=2)``  independent, any univariate distribution of ``scipy.stats``, its
                                        parameters by place or by name
    ``one-hot``                         one state has reward 1
    ``sparse(3)``, ``sparse(0.1)``      3 states, or each with probability 0.1, have a reward; `Sparse`
    ``smooth(2)``, ``smooth(2, inf)``   alike up to 2 steps away; smoothness 2, or ∞; `Smooth`
    ``factors``                         a sum over the entries of the states' labels; `Factors`
    ``factors:FILE``                    or over the rows of a table of whole numbers
    ``features:FILE``                   linear in a table of features (a row a state), `Features`
    ``table:FILE``                      the rows of a table, each once (a column a state); `Table`
    ``empirical:FILE``                  the rows of a table, drawn at random; `Empirical`
    ==================================  ===============================================================

    Where a distribution of single numbers is chosen, it stands last, or by name: ``sparse(3, norm(0, 1))``,
    ``smooth(2, of=uniform)``, ``factors(norm)``, ``features(expon(scale=2)):FILE``. Parameters are those of
    the classes, or SciPy's, so ``uniform(2, 5)`` (place, width) is uniform on [2, 7]. Files are ``.npy``,
    ``.npz`` or ``.csv``, as in `read_array`.

    Raises
    ------
    UnknownNameError
        If there is no such distribution; the message suggests the nearest.
    DistributionError
        If the text cannot be read, the parameters are wrong, or there is no finite mean.
    FileFormatError
        If a file is not there, or does not hold such a table.

    Examples
    --------
    >>> parse_rewards("beta(2, 5)").describe()
    'independent beta(2, 5) per state'
    >>> parse_rewards("sparse(3, norm(0, 1))").describe()
    'sparse norm(0, 1) per state, 3 at a time, else 0'
    """
    word = text.strip()
    if word.lower() in ("one-hot", "onehot", "one_hot"):
        return OneHot()
    if word in ("uniform", "uniform()"):
        return Independent()
    if (found := re.match(r"(\w+)\s*(?:\(.*?\))?\s*:", word)) is not None:
        return _of_file(word, found[1])
    tree = _call(word, text)
    name = tree.func.id  # pyright: ignore[reportAttributeAccessIssue]
    if name in _KINDS:
        return _made(_KINDS[name], tree, word)
    if name in _OF_FILES:
        raise DistributionError(f"the rewards `{word}` name no file", f"write `{name}:FILE`")
    return Independent(_frozen(tree, text))


def _of_file(word: str, name: str) -> RewardDistribution:
    """Read ``NAME:FILE`` or ``NAME(parameters):FILE``."""
    if name not in _OF_FILES:
        unknown_name("reward distribution of a file", name, _OF_FILES, "for example `table:goals.csv`")
    # The file's name may hold colons and brackets, too: the first colon after a whole call is the one.
    colons = [at.start() for at in re.finditer(":", word)]
    colon = next((at for at in colons if word[:at].count("(") == word[:at].count(")")), None)
    if colon is None:
        _unreadable(word)
    tree, path = _call(word[:colon].strip(), word), word[colon + 1 :].strip()
    if not path:
        raise DistributionError(f"the rewards `{word}` name no file", f"write `{name}:FILE`")
    array = read_array(path)
    if name != "features" and hasattr(array, "toarray"):
        array = array.toarray()
    try:
        return _made(_OF_FILES[name], tree, word, array)
    except DistributionError as error:
        if tree.args or tree.keywords:
            raise
        raise FileFormatError(f"{path}: {error.message}", error.hint) from error


def _made(kind: _Kind, tree: ast.Call, word: str, *table: Any) -> RewardDistribution:
    values = [_value(node, word) for node in tree.args]
    named = {str(key.arg): _value(key.value, word) for key in tree.keywords}
    try:
        given = [*zip(kind.parameters, values, strict=False), *named.items()]
        if len(given) < len(values) + len(named) or not named.keys() <= set(kind.parameters):
            raise TypeError("parameters that it does not take")
        if any(is_number(value) == (name in _OF_ONE) for name, value in given):
            raise TypeError("a number for a distribution, or the other way round")
        return kind.make(*table, *values, **named)
    except TypeError as error:
        takes = ", ".join(kind.parameters) or "none"
        raise DistributionError(f"the parameters of `{word}` do not fit", f"it takes: {takes}") from error


def _whole(array: Any) -> Any:
    """Return whole numbers as integers, for a text file does not say which they are."""
    whole = array.dtype.kind == "f" and bool(np.all(array == np.floor(array)))
    return array.astype(np.int64) if whole else array


def _call(word: str, text: str) -> ast.Call:
    """Read a name, or a name with parameters in brackets."""
    try:
        tree = ast.parse(word, mode="eval").body
    except (SyntaxError, ValueError):
        _unreadable(text)
    call = tree if isinstance(tree, ast.Call) else ast.Call(func=tree, args=[], keywords=[])
    if not isinstance(call.func, ast.Name):
        _unreadable(text)
    return call


def _value(node: ast.expr, text: str) -> Any:
    """Return a parameter: a number, `inf`, or a distribution of single numbers."""
    if isinstance(node, ast.Name) and node.id == "inf":
        return math.inf
    if isinstance(node, ast.Name):
        node = ast.Call(func=node, args=[], keywords=[])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _frozen(node, text)
    return _number(node, text)


def _frozen(call: ast.Call, text: str) -> Any:
    """Return the distribution of SciPy's that is called."""
    numbers = [_number(node, text) for node in call.args]
    named = {key.arg: _number(key.value, text) for key in call.keywords if key.arg is not None}
    kind = _scipy(call.func.id)  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return kind(*numbers, **named)
    except (TypeError, ValueError) as error:
        shapes = f"{kind.shapes}, " if kind.shapes else ""
        scale = "loc" if not hasattr(kind, "pdf") else "loc, scale"
        raise DistributionError(
            f"the parameters of `{text.strip()}` do not fit",
            f"SciPy's `{kind.name}` takes: {shapes}{scale}",
        ) from error


def _scipy(name: str) -> Any:
    from scipy import stats

    known = {
        key: value
        for key, value in vars(stats).items()
        if isinstance(value, stats.rv_continuous | stats.rv_discrete)
    }
    if name not in known:
        unknown_name("reward distribution", name, [*known, "one-hot", *_KINDS, *_OF_FILES], _HINT)
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
