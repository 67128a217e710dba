"""The greatest of several linear functions of independent uniform numbers: its mean, and which one it is.

Functions that share no variable, not even over others, are independent: they form *blocks*. With
F_b(t) = P(greatest of block b ≤ t), a piecewise polynomial::

    E[max] = T − ∫^T Π_b F_b(t) dt                      for any T above all values
    P(i is greatest) = ∫ Π_{b ≠ b(i)} F_b(t) dG_i(t)

where G_i(t) = P(i is greatest in its block, and ≤ t) comes from `corrigible.power.exactly.cells`. All in fractions.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import TypeAlias

from corrigible.mdp.hull import vertices
from corrigible.power.exactly.cells import Affine, Transform, cell, law, mass, moment

Polynomial: TypeAlias = list[Fraction]
"""Coefficients, that of the lowest power first."""

Powers: TypeAlias = list[tuple[Fraction, int, Fraction]]
"""Σ c · max(t − a, 0)^e: each (a, e, c)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Maximum:
    """The greatest of some functions.

    Parameters
    ----------
    mean
        E[max_i f_i(u)].
    greatest
        P(f_i is the greatest), one for each function; they sum to one.
    """

    mean: Fraction
    greatest: tuple[Fraction, ...]


def maximum(functions: Sequence[Affine]) -> Maximum:
    """Return the mean of the greatest of ``functions``, and how often each is the greatest.

    Parameters
    ----------
    functions
        Different ones: c + Σ_k g_k u_k with u independent and uniform on [0, 1], each as (c, g).

    Raises
    ------
    TooLargeError
        If too many variables hang together; see `corrigible.power.exactly.cells`.

    Examples
    --------
    >>> one, zero, half = Fraction(1), Fraction(0), Fraction(1, 2)
    >>> found = maximum([(zero, (one, zero)), (zero, (half, half))])
    >>> found.mean, found.greatest[0]
    (Fraction(7, 12), Fraction(1, 2))
    """
    greatest = [Fraction(0)] * len(functions)
    if not any(any(slopes) for _, slopes in functions):
        kept = [max(range(len(functions)), key=lambda i: functions[i][0])]
    else:
        kept = vertices([(constant, *slopes) for constant, slopes in functions])
    # What all have in common decides nothing.
    common = [
        k
        for k, column in enumerate(zip(*(functions[i][1] for i in kept), strict=True))
        if len(set(column)) == 1
    ]
    shift = sum((functions[kept[0]][1][k] for k in common), Fraction(0)) / 2
    variables = [k for k in range(len(functions[0][1])) if k not in common]
    blocks, floor = _blocks(functions, kept, variables)
    if not blocks:
        mean, best = max((functions[i][0], i) for i in kept)
        greatest[best] = Fraction(1)
        return Maximum(mean=mean + shift, greatest=tuple(greatest))
    if len(blocks) == 1 and floor is None:
        mean = shift
        for i, transform in blocks[0].transforms.items():
            greatest[i] = mass(transform, blocks[0].size)
            mean += moment(transform, blocks[0].size)
        return Maximum(mean=mean, greatest=tuple(greatest))
    mean = _combine(blocks, floor, functions, greatest)
    return Maximum(mean=mean + shift, greatest=tuple(greatest))


# --- blocks --------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Block:
    """Functions that share variables: how many variables, and each function's law where it is greatest."""

    size: int
    transforms: dict[int, Transform]

    def laws(self) -> dict[int, Powers]:
        return {i: law(transform, self.size) for i, transform in self.transforms.items()}


def _blocks(
    functions: Sequence[Affine], kept: Sequence[int], variables: Sequence[int]
) -> tuple[list[_Block], int | None]:
    """Return the blocks of the functions ``kept``, and the largest constant function, if there is one."""
    members: list[tuple[set[int], list[int]]] = []
    floor = None
    for i in kept:
        used = {k for k in variables if functions[i][1][k]}
        if not used:
            if floor is None or functions[i][0] > functions[floor][0]:
                floor = i
            continue
        joined = [block for block in members if block[0] & used]
        members = [block for block in members if block not in joined]
        members.append((used.union(*(b[0] for b in joined)), [j for b in joined for j in b[1]] + [i]))
    blocks: list[_Block] = []
    for used, numbers in members:
        columns = sorted(used)
        local = [(functions[i][0], tuple(functions[i][1][k] for k in columns)) for i in numbers]
        cells = {i: cell(local, place) for place, i in enumerate(numbers)}
        blocks.append(_Block(size=len(columns), transforms={i: t for i, t in cells.items() if t}))
    return blocks, floor


def _combine(
    blocks: list[_Block], floor: int | None, functions: Sequence[Affine], greatest: list[Fraction]
) -> Fraction:
    """Return the mean of the greatest of all blocks and the constant one; fill in ``greatest``."""
    laws = [block.laws() for block in blocks]
    ends = sorted({a for each in laws for powers in each.values() for a, _, _ in powers})
    mean = ends[-1]
    if floor is not None:
        least = functions[floor][0]
        mean = max(mean, least)
        ends = [least, *(a for a in ends if a > least)]
    for low, high in itertools.pairwise(ends):
        width = high - low
        parts = [{i: _piece(powers, low) for i, powers in each.items()} for each in laws]
        below = [reduce(_plus, each.values()) for each in parts]
        mean -= _integral(reduce(_times, below), width)
        for b, each in enumerate(parts):
            others = reduce(_times, (other for k, other in enumerate(below) if k != b), [Fraction(1)])
            for i, piece in each.items():
                greatest[i] += _integral(_times(_slope(piece), others), width)
    if floor is not None:
        at = (sum((_piece(powers, ends[0])[0] for powers in each.values()), Fraction(0)) for each in laws)
        greatest[floor] = math.prod(at, start=Fraction(1))
    return mean


# --- polynomials on an interval ------------------------------------------------------------------


def _piece(powers: Powers, low: Fraction) -> Polynomial:
    """Return ``powers`` beyond ``low``, up to where the next one begins, as a polynomial in t − ``low``."""
    result = [Fraction(0)] * (1 + max((e for _, e, _ in powers), default=0))
    for a, e, c in powers:
        if a <= low:
            for k in range(e + 1):
                result[k] += c * math.comb(e, k) * (low - a) ** (e - k)
    return result


def _plus(one: Polynomial, other: Polynomial) -> Polynomial:
    return [x + y for x, y in itertools.zip_longest(one, other, fillvalue=Fraction(0))]


def _times(one: Polynomial, other: Polynomial) -> Polynomial:
    result = [Fraction(0)] * (len(one) + len(other) - 1)
    for i, x in enumerate(one):
        if x:
            for j, y in enumerate(other):
                result[i + j] += x * y
    return result


def _slope(polynomial: Polynomial) -> Polynomial:
    return [k * x for k, x in enumerate(polynomial)][1:] or [Fraction(0)]


def _integral(polynomial: Polynomial, width: Fraction) -> Fraction:
    return sum((x * width ** (k + 1) / (k + 1) for k, x in enumerate(polynomial)), Fraction(0))
