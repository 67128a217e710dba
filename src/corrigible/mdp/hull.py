"""Which of finitely many points are vertices of their convex hull, decided in whole numbers.

A point that is no vertex is a mixture of vertices, Σ λ_i v_i with λ ≥ 0; one that is no mixture of the
vertices known so far is parted from them by a plane, beyond which a further vertex lies. Which of the two
holds is a linear programme, and the simplex method answers it with a proof either way. So there are about
as many programmes as points, each no wider than the number of vertices.

*Source:* K. L. Clarkson, More output-sensitive geometric algorithms (1994), section 3; whole-number pivots:
J. Edmonds, Systems of distinct representatives and linear algebra (1967).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from corrigible.core.errors import TooLargeError

MOST_WORK = 500_000
"""How much is tried: points times vertices. (That much takes up to a minute.)"""

Ray = tuple[int, ...]
"""A point x in homogeneous whole numbers: (w, w·x) with w > 0."""


def vertices(points: Sequence[Sequence[Fraction]]) -> list[int]:
    """Return which of ``points``, all different, are vertices of the hull of all; ascending numbers.

    Raises
    ------
    TooLargeError
        If points times vertices exceed `MOST_WORK`.
    """
    if len(points) < 2:
        return list(range(len(points)))
    varying = [k for k, column in enumerate(zip(*points, strict=True)) if len(set(column)) > 1]
    rays = [_homogeneous([point[k] for k in varying]) for point in points]
    found: list[int] = []
    for number, ray in enumerate(rays):
        while number not in found:
            plane = parting([rays[k] for k in found], ray)
            if plane is None:
                break
            found.append(_farthest(rays, plane))
            if len(found) * len(points) > MOST_WORK:
                raise TooLargeError(
                    f"`{len(points)}` ways to act leave at least {len(found)} that none dominates",
                    "too many for exact work: sample with `corrigible.power.estimate`",
                )
    return sorted(found)


def parting(rays: Sequence[Ray], point: Ray) -> Ray | None:
    """Return y with y·point > 0 ≥ y·ray for all ``rays``, or ``None`` where ``point`` is Σ λ_i ray_i, λ ≥ 0.

    The first phase of the simplex method on the tableau [rays | identity | point]: it drives the sum of the
    identity's columns, the artificial ones, to its least. Bland's rule keeps it from going in circles.
    """
    n, m = len(point), len(rays)
    sign = [-1 if x < 0 else 1 for x in point]  # so that the last column begins, and stays, at zero or more
    table = [
        [*(sign[k] * ray[k] for ray in rays), *(int(k == j) for j in range(n)), abs(point[k])]
        for k in range(n)
    ]
    # Below, what is still lacking: the sum of the rows whose basic column is artificial.
    lacking = [sum(column) for column in zip(*table, strict=True)]
    lacking[m : m + n] = [0] * n
    table.append(lacking)
    basis = list(range(m, m + n))
    scale = 1  # entries are whole multiples of 1/scale
    while (column := next((j for j in range(m) if table[n][j] > 0), m)) < m:
        rows = [i for i in range(n) if table[i][column] > 0]
        pivot = min(rows, key=lambda i: (Fraction(table[i][-1], table[i][column]), basis[i]))
        lead = table[pivot][column]
        for i in range(n + 1):
            factor = table[i][column]
            if i != pivot:
                pairs = zip(table[i], table[pivot], strict=True)
                table[i] = [(lead * x - factor * y) // scale for x, y in pairs]
        basis[pivot], scale = column, lead
    if table[n][-1] == 0:
        return None
    return tuple(sign[j] * (scale + table[n][m + j]) for j in range(n))


def _homogeneous(point: Sequence[Fraction]) -> Ray:
    scale = math.lcm(*(x.denominator for x in point))
    return (scale, *(int(x * scale) for x in point))


def _farthest(rays: Sequence[Ray], plane: Ray) -> int:
    """Return the point farthest out; of several the last in dictionary order, a vertex of their face."""
    heights = [
        Fraction(sum(y * x for y, x in zip(plane, ray, strict=True) if x), ray[0])
        for ray in rays
    ]  # fmt: skip
    highest = max(heights)
    farthest = (k for k, height in enumerate(heights) if height == highest)
    return max(farthest, key=lambda k: [Fraction(x, rays[k][0]) for x in rays[k]])
