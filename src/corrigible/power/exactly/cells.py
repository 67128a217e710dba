"""The cells of a maximum of linear functions on a cube: where each of them is greatest, and its law there.

On a polytope P of dimension n let f be linear. All that is wanted of f is in one rational function,
written in partial fractions (a `Transform`)::

    L_P(z) = n! ∫_P dx / (z − f(x))^(n+1) = Σ c / (z − a)^p

On a simplex it is n! · volume / Π_j (z − f(v_j)) over its corners v_j. And a polytope is the union of the
pyramids from one of its corners v over the facets G that do not hold v::

    L_P(z) = 1/(z − f(v)) · Σ_G (distance of v from G) L_G(z)

So it is computed from face to face, no face twice. Corners come from cutting the cube by one plane after the
other.

*Source:* the formula of Hermite and Genocchi (divided differences as integrals over a simplex); J. Cohen &
T. Hickey, Two algorithms for determining volumes of convex polyhedra (1979); T. S. Motzkin, H. Raiffa,
G. L. Thompson & R. M. Thrall, The double description method (1953).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeAlias

from corrigible.core.errors import TooLargeError

MOST_WORK = 1_000_000
"""How much is tried: the corners of the cube times the functions squared. (That much takes about a minute.)"""

Affine: TypeAlias = tuple[Fraction, tuple[Fraction, ...]]
"""c + Σ_k g_k u_k as (c, g)."""

Transform: TypeAlias = dict[tuple[Fraction, int], Fraction]
"""Σ c / (z − a)^p as a mapping from (a, p) to c."""


def cell(functions: Sequence[Affine], number: int) -> Transform:
    """Return the transform of function ``number`` on the part of the cube [0, 1]^n where it is greatest.

    Parameters
    ----------
    functions
        Different ones, of n ≥ 1 variables each.
    number
        Which of them.

    Returns
    -------
    Transform
        Empty where the part has no volume.

    Raises
    ------
    TooLargeError
        If 2^n · (number of functions)² exceeds `MOST_WORK`.
    """
    constant, slopes = functions[number]
    check_work(len(slopes), len(functions))
    polytope = _part(
        (
            (constant - other, tuple(x - y for x, y in zip(slopes, rates, strict=True)))
            for k, (other, rates) in enumerate(functions)
            if k != number
        ),
        len(slopes),
    )
    if polytope is None:
        return {}
    values = [_at(functions[number], corner.place) for corner in polytope.corners]
    return _Faces(polytope, values).transform


def volume(planes: Iterable[Affine], n: int) -> Fraction:
    """Return the volume of the part of the cube [0, 1]^n where none of ``planes`` is negative."""
    polytope = _part(planes, n)
    if polytope is None:
        return Fraction(0)
    return mass(_Faces(polytope, [Fraction(0)] * len(polytope.corners)).transform, n)


def check_work(n: int, functions: int) -> None:
    """Raise `TooLargeError` where ``functions`` of ``n`` variables are too much work."""
    if 2**n * functions**2 > MOST_WORK:
        raise TooLargeError(
            f"the rewards of `{n}` states hang together in {functions} ways to act",
            "too many for exact work: sample with `corrigible.power.estimate`",
        )


def mass(transform: Transform, n: int) -> Fraction:
    """Return the volume of the polytope, of dimension ``n``."""
    return _against(transform, n)


def moment(transform: Transform, n: int) -> Fraction:
    """Return the integral of the function over the polytope, of dimension ``n``."""
    return _against(transform, n + 1)


def law(transform: Transform, n: int) -> list[tuple[Fraction, int, Fraction]]:
    """Return the volume of the part where the function is below t: Σ c · max(t − a, 0)^e, as (a, e, c) each."""
    return [
        (a, n + 1 - p, c * (-1) ** (n + 1 - p) / (math.factorial(n + 1 - p) * math.factorial(p - 1)))
        for (a, p), c in transform.items()
    ]


def _against(transform: Transform, degree: int) -> Fraction:
    """Return Σ c φ^(p − 1)(a) / (p − 1)! for φ(x) = x^degree / degree!.

    That is ∫_P φ^(n)(f(x)) dx, by Hermite and Genocchi.
    """
    total = Fraction(0)
    for (a, p), c in transform.items():
        left = degree - p + 1
        total += c * a**left / (math.factorial(left) * math.factorial(p - 1))
    return total


def _at(function: Affine, place: tuple[Fraction, ...]) -> Fraction:
    constant, slopes = function
    return constant + sum(g * x for g, x in zip(slopes, place, strict=True) if g and x)


def _over(transform: Transform, v: Fraction) -> Transform:
    """Return ``transform`` / (z − v), in partial fractions."""
    result: Transform = {}

    def add(a: Fraction, p: int, c: Fraction) -> None:
        total = result.get((a, p), 0) + c
        if total:
            result[a, p] = total
        else:
            result.pop((a, p), None)

    for (a, p), c in transform.items():
        if a == v:
            add(a, p + 1, c)
            continue
        # The expansions of 1/(z − v) about a, and of 1/(z − a)^p about v.
        step = -1 / (a - v)
        add(v, 1, c * step**p)
        for q in range(p, 0, -1):
            c = -c * step if q == p else c * step
            add(a, q, c)
    return result


# --- polytopes by their corners ------------------------------------------------------------------


def _part(planes: Iterable[Affine], n: int) -> _Polytope | None:
    """Return the part of the cube where no plane is negative, or ``None`` where it has no volume."""
    polytope = _Polytope.cube(n)
    return polytope if all(polytope.cut(plane) for plane in planes) else None


@dataclasses.dataclass(frozen=True)
class _Corner:
    place: tuple[Fraction, ...]
    tight: int
    """The constraints that hold with equality, a bit each."""


class _Polytope:
    """A part of the cube: constraints c + g·x ≥ 0, and the corners that they leave."""

    def __init__(self, constraints: list[Affine], corners: list[_Corner]) -> None:
        self.constraints = constraints
        self.corners = corners

    @classmethod
    def cube(cls, n: int) -> _Polytope:
        zero, one = Fraction(0), Fraction(1)
        unit = [tuple(one if j == k else zero for j in range(n)) for k in range(n)]
        constraints = [
            side for k in range(n) for side in ((zero, unit[k]), (one, tuple(-x for x in unit[k])))
        ]
        corners = [
            _Corner(
                tuple(Fraction(bits >> k & 1) for k in range(n)),
                sum(1 << (2 * k + (bits >> k & 1)) for k in range(n)),
            )
            for bits in range(2**n)
        ]
        return cls(constraints, corners)

    def cut(self, plane: Affine) -> bool:
        """Keep the part where ``plane`` is not negative; return whether it has volume."""
        heights = [_at(plane, corner.place) for corner in self.corners]
        if max(heights) <= 0:
            return False
        bit = 1 << len(self.constraints)
        self.constraints.append(plane)
        kept = [
            corner if height else _Corner(corner.place, corner.tight | bit)
            for corner, height in zip(self.corners, heights, strict=True)
            if height >= 0
        ]
        above = [k for k, height in enumerate(heights) if height > 0]
        below = [k for k, height in enumerate(heights) if height < 0]
        for i in above:
            for j in below:
                one, other = self.corners[i], self.corners[j]
                common = one.tight & other.tight
                if self._joined(common, i, j):
                    share = heights[i] / (heights[i] - heights[j])
                    place = tuple(
                        x if x == y else x + share * (y - x)
                        for x, y in zip(one.place, other.place, strict=True)
                    )
                    kept.append(_Corner(place, common | bit))
        self.corners = kept
        return True

    def _joined(self, common: int, i: int, j: int) -> bool:
        """Whether an edge joins two corners: no third one lies on all that they have in common."""
        if common.bit_count() < len(self.corners[0].place) - 1:
            return False
        return not any(
            corner.tight & common == common and k != i and k != j
            for k, corner in enumerate(self.corners)
        )  # fmt: skip


class _Faces:
    """The recursion over faces, each a set of corners (a bit each).

    The content of a face is measured on some of the coordinates, those that its equations leave free; the
    equations are kept in echelon form, so that the choice depends on the face alone.
    """

    def __init__(self, polytope: _Polytope, values: list[Fraction]) -> None:
        # Corners on many facets first: a pyramid from such a corner has few facets to stand on.
        order = sorted(range(len(values)), key=lambda k: polytope.corners[k].tight.bit_count(), reverse=True)
        self.corners = [polytope.corners[k] for k in order]
        self.values = [values[k] for k in order]
        self.constraints = polytope.constraints
        self.on = [
            sum(1 << k for k, corner in enumerate(self.corners) if corner.tight >> c & 1)
            for c in range(len(self.constraints))
        ]
        self.known: dict[int, Transform] = {}
        self.transform = self._of((1 << len(order)) - 1, ())

    def _of(self, face: int, equations: tuple[tuple[int, list[Fraction]], ...]) -> Transform:
        if face in self.known:
            return self.known[face]
        apex = (face & -face).bit_length() - 1
        total: Transform = {}
        if face == 1 << apex:
            total[self.values[apex], 1] = Fraction(1)
        else:
            for facet, c in self._facets(face, apex):
                pivot, row = _reduced(list(self.constraints[c][1]), equations)
                height = _at(self.constraints[c], self.corners[apex].place) / abs(row[pivot])
                scaled = [x / row[pivot] for x in row]
                for pole, weight in self._of(facet, (*equations, (pivot, scaled))).items():
                    total[pole] = total.get(pole, 0) + height * weight
            total = _over(total, self.values[apex])
        self.known[face] = total
        return total

    def _facets(self, face: int, apex: int) -> list[tuple[int, int]]:
        """Return the facets of ``face`` without the corner ``apex``, each with one of its constraints."""
        proper = {face & on: c for c, on in enumerate(self.on) if face & on != face and face & on}
        return [
            (facet, c)
            for facet, c in proper.items()
            if not facet >> apex & 1
            and not any(facet & other == facet and facet != other for other in proper)
        ]


def _reduced(
    row: list[Fraction], equations: tuple[tuple[int, list[Fraction]], ...]
) -> tuple[int, list[Fraction]]:
    """Return ``row`` less what ``equations`` say, and the first column where something is left."""
    for pivot, equation in equations:
        factor = row[pivot]
        if factor:
            row = [x - factor * y if y else x for x, y in zip(row, equation, strict=True)]
    return next(k for k, x in enumerate(row) if x), row
