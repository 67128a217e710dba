"""The exact view of a model: its probabilities as fractions, and linear equations solved in them.

A model stores floats, and 1/3 is none. Each number is read as the simplest fraction that is equal to it but
for rounding; where the fractions of a row do not sum to exactly one, as the decimals that it is
written with; where these do not either, the row is refused. Nothing is ever rescaled.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from fractions import Fraction

from corrigible.core.errors import ModelError, OptionError
from corrigible.mdp.model import MDP

ROUNDING = Fraction(4, 2**53)
"""How far, as a share of itself, a stored float may be from the number that was meant."""

Row = tuple[tuple[Fraction, int], ...]
"""The outcomes of an action: (probability, state number), in the order of the states."""


def fraction(number: float) -> Fraction:
    """Return the simplest fraction that is ``number`` but for rounding.

    Examples
    --------
    >>> fraction(0.1 + 0.2), fraction(1 / 3), fraction(2.0)
    (Fraction(3, 10), Fraction(1, 3), Fraction(2, 1))
    """
    exact = Fraction(number)
    slack = abs(exact) * ROUNDING
    return _simplest(exact - slack, exact + slack)


def exact_row(mdp: MDP, pair: int) -> Row:
    """Return the outcomes of pair number ``pair`` with exact probabilities, which sum to one.

    Raises
    ------
    ModelError
        If the stored floats cannot be read as such fractions.
    """
    outcomes = mdp.row(pair)
    for read in (fraction, lambda p: Fraction(str(p))):
        shares = [read(probability) for probability, _ in outcomes]
        if sum(shares) == 1:
            return tuple(zip(shares, (state for _, state in outcomes), strict=True))
    owner = int(mdp.action_offset.searchsorted(pair, side="right")) - 1
    shown = ", ".join(str(probability) for probability, _ in outcomes[:4])
    raise ModelError(
        f"the probabilities of action `{mdp.action(pair)}` of state `{mdp.states[owner]}` are no fractions "
        f"that sum to one ({shown}{', …' if len(outcomes) > 4 else ''})",
        "exact work needs fractions such as 1/3 or 0.25; or sample with `corrigible.power.estimate`",
    )


def exact_discount(discount: object) -> Fraction:
    """Return γ from 0 to 1 as a fraction, or raise `OptionError`.

    A `Fraction` or a whole number is itself, text is read as ``"9/10"`` or ``"0.9"``, a float as `fraction`
    reads it.
    """
    value = None
    try:
        if isinstance(discount, bool):
            pass
        elif isinstance(discount, str | numbers.Rational):
            value = Fraction(discount)
        elif isinstance(discount, numbers.Real) and math.isfinite(discount):
            value = fraction(float(discount))
    except (ValueError, ZeroDivisionError):
        pass
    if value is None or not 0 <= value <= 1:
        raise OptionError(
            f"the discount `{discount}` is no fraction from 0 to 1",
            "give for example Fraction(9, 10); 0 and 1 mean the limits",
        )
    return value


def solve(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """Return the x of ``matrix`` x = ``right``, exactly.

    Parameters
    ----------
    matrix
        Square and not singular; shape (n, n).
    right
        Shape (n,).
    """
    return [row[-1] for row in _eliminated([[*row, x] for row, x in zip(matrix, right, strict=True)])]


def inverse(matrix: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """Return the inverse of a square matrix that is not singular, exactly."""
    n = len(matrix)
    beside = [[*row, *(Fraction(int(j == i)) for j in range(n))] for i, row in enumerate(matrix)]
    return [row[n:] for row in _eliminated(beside)]


def _eliminated(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """Turn the square on the left of ``rows`` into the identity, by Gauss–Jordan elimination."""
    for k in range(len(rows)):
        pivot = next(i for i in range(k, len(rows)) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        scale = 1 / rows[k][k]
        rows[k] = [x * scale if x else x for x in rows[k]]
        for i, row in enumerate(rows):
            factor = row[k]
            if i != k and factor:
                rows[i] = [x - factor * y if y else x for x, y in zip(row, rows[k], strict=True)]
    return rows


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction of the smallest denominator from ``low`` to ``high``: by continued fractions."""
    whole = math.ceil(low)
    if whole <= high:
        # Of several whole numbers the nearest to zero.
        return Fraction(min(max(whole, 0), math.floor(high)))
    below = whole - 1
    return below + 1 / _simplest(1 / (high - below), 1 / (low - below))
