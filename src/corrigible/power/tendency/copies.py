"""Why a tendency holds: one set of options holds copies of another.

A permutation φ of the places (states, outcomes) moves the entries of a vector: (φ·x)(φ(i)) = x(i). A set B
*contains n copies* of a set A where there are involutions φ_1 … φ_n (permutations that undo themselves)
with::

    φ_i·A = B_i ⊆ B,        φ_i·B_j = B_j for j ≠ i

Let v_X(R) = max over x ∈ X of x·R. For a goal R with v_A > v_B, each φ_i·R is a goal with v_B > v_A, a
different one for each i and R. So v_B ≥ v_A for most goals of every orbit, n times over: one looks for
copies once, and need not count.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias, final

from corrigible.core.errors import OptionError
from corrigible.mdp.model import Label

Vector: TypeAlias = tuple[Fraction, ...]
Places: TypeAlias = tuple[int, ...]
Code: TypeAlias = tuple[int, ...]
"""A vector, with a number for each different entry."""

Candidate: TypeAlias = tuple[frozenset[Code], Places]
"""What an involution makes of A, and where it takes each place."""

MOST_TRIED = 10_000
"""How many involutions the search tries before it gives up."""

MOST_COMBINED = 200_000
"""How many pairs of involutions it then holds against each other."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Copies:
    """The copies of one set of vectors that were found in another.

    Parameters
    ----------
    swaps
        For each copy its involution: the pairs of places that change places.
    exhaustive
        Whether there are certainly no more.
    """

    swaps: tuple[tuple[tuple[Label, Label], ...], ...]
    exhaustive: bool

    @property
    def count(self) -> int:
        """n: how many copies there are, or at least are where the search was not exhaustive."""
        return len(self.swaps)

    def __repr__(self) -> str:
        number = f"{self.count}" if self.exhaustive else f"at least {self.count}"
        return f"<Copies: {number}>"


def copies(
    larger: Collection[Vector],
    smaller: Collection[Vector],
    kept: Collection[Vector] = (),
    places: Sequence[Label] | None = None,
) -> Copies:
    """Return how many copies of ``smaller`` are contained in ``larger``.

    Parameters
    ----------
    larger, smaller
        B and A; vectors of one length.
    kept
        Vectors that each involution must map onto themselves as a set: the options that compete with
        both, where the question is which of *all* is best.
    places
        What the places are called in the result; default their numbers.

    Returns
    -------
    Copies
        As many as there can be, if the search could try all of them. Where ``smaller`` lies in ``larger``
        itself, one without swaps: then v_A > v_B for no goal at all.

    Raises
    ------
    OptionError
        If a set is empty.

    Notes
    -----
    *Source:* Turner et al., Optimal Policies Tend to Seek Power (2021), section 6.1 (similarity of vector
    sets); Turner & Tadepalli, Parametrically Retargetable Decision-Makers Tend To Seek Power (2022),
    definition A.7 (containment of set copies).

    Examples
    --------
    >>> one, two, three = (tuple(Fraction(int(i == j)) for j in range(3)) for i in range(3))
    >>> copies({two, three}, {one}).swaps
    (((0, 1),), ((0, 2),))
    """
    if not (larger and smaller):
        raise OptionError("a set of options is empty", "give at least one option on either side")
    a, b, stay = _coded(smaller, larger, kept)
    if b.issuperset(a):
        return Copies(swaps=((),), exhaustive=True)
    # Copies in a set apart from A are apart from each other.
    bound = len(b) // len(a) if b.isdisjoint(a) else math.inf
    for widely in (False, True):
        tried = list(itertools.islice(_candidates(a, b, widely), MOST_TRIED + 1))
        fitting = [c for c in tried[:MOST_TRIED] if c and _moved(stay, c[1]) == stay]
        best, all_combined = _compatible(fitting, bound)
        exhaustive = len(best) == bound or (widely and all_combined and len(tried) <= MOST_TRIED)
        if exhaustive:
            break
    names = range(len(a[0])) if places is None else places
    return Copies(
        swaps=tuple(
            tuple((names[i], names[k]) for i, k in enumerate(permutation) if i < k) for _, permutation in best
        ),
        exhaustive=exhaustive,
    )


# --- the search ----------------------------------------------------------------------------------


def _coded(
    smaller: Collection[Vector], larger: Collection[Vector], kept: Collection[Vector]
) -> tuple[list[Places], frozenset[Places], frozenset[Code]]:
    """Return the sets with a whole number for each different entry: all that matters is which are equal."""
    entries = {x for vector in [*smaller, *larger, *kept] for x in vector}
    code = {x: number for number, x in enumerate(sorted(entries))}
    a, b, stay = (
        [tuple(code[x] for x in vector) for vector in dict.fromkeys(side)] for side in (smaller, larger, kept)
    )
    return a, frozenset(b), frozenset(stay)


def _candidates(a: list[Code], b: frozenset[Code], widely: bool) -> Iterator[Candidate | None]:
    """Yield involutions φ with φ·A ⊆ B, and φ·A: for each way to pair A with vectors of B one, or all.

    And ``None`` for every pairing that leads to none, so that a search without success has an end too.

    If φ takes the vectors A_k to B_σ(k), then A_k(i) = B_σ(k)(φ(i)) for all k, and the same with the two
    changed since φ undoes itself. So place i, whose entries are (A_k(i))_k and (B_σ(k)(i))_k, changes places
    with one that has the two the other way round.
    """
    alike: list[list[Code]] = [[y for y in b if sorted(y) == sorted(x)] for x in a]

    def images(chosen: list[Code]) -> Iterator[list[Code] | None]:
        if not _swappable(a[: len(chosen)], chosen):
            yield None
            return
        if len(chosen) == len(a):
            yield chosen
            return
        for y in sorted(alike[len(chosen)], reverse=True):
            if y not in chosen:
                yield from images([*chosen, y])

    for chosen in images([]):
        if chosen is None:
            yield None
            continue
        for permutation in _involutions(_classes(a, chosen), len(a[0]), widely):
            yield frozenset(chosen), permutation


def _classes(a: list[Code], b: list[Code]) -> dict[tuple[Code, Code], list[int]]:
    """Return the places by their entries in the vectors of ``a`` and of ``b``."""
    classes: dict[tuple[Code, Code], list[int]] = {}
    for i in range(len(a[0]) if a else 0):
        classes.setdefault((tuple(x[i] for x in a), tuple(y[i] for y in b)), []).append(i)
    return classes


def _swappable(a: list[Code], b: list[Code]) -> bool:
    classes = _classes(a, b)
    return all(len(classes.get((y, x), ())) == len(places) for (x, y), places in classes.items())


def _involutions(classes: dict[tuple[Code, Code], list[int]], n: int, widely: bool) -> Iterator[Places]:
    """Yield involutions that change the places of each class with those of the opposite class.

    The first moves no place that may stay; the others follow only if ``widely``.
    """
    choices: list[Iterator[list[tuple[int, int]]]] = []
    for (x, y), places in classes.items():
        if x == y:
            choices.append(_matchings(places))
        elif x < y:
            choices.append(_bijections(places, classes[(y, x)]))
    for combination in _product(choices):
        permutation = list(range(n))
        for i, k in itertools.chain.from_iterable(combination):
            permutation[i], permutation[k] = k, i
        yield tuple(permutation)
        if not widely:
            return


def _bijections(places: list[int], others: list[int]) -> Iterator[list[tuple[int, int]]]:
    """Yield every way to pair ``places`` with as many ``others``."""
    for order in itertools.permutations(others):
        yield list(zip(places, order, strict=True))


def _matchings(places: list[int]) -> Iterator[list[tuple[int, int]]]:
    """Yield every set of disjoint pairs of ``places``, the empty one first."""
    if not places:
        yield []
        return
    first, *others = places
    yield from _matchings(others)
    for k, other in enumerate(others):
        for pairs in _matchings(others[:k] + others[k + 1 :]):
            yield [(first, other), *pairs]


def _product(choices: list[Iterator[list[tuple[int, int]]]]) -> Iterator[list[list[tuple[int, int]]]]:
    """Yield what `itertools.product` yields, without first making each list whole: it may be endless."""
    if not choices:
        yield []
        return
    seen: list[list[tuple[int, int]]] = []
    *front, last = choices
    source = iter(last)
    for head in _product(front):
        for item in seen:
            yield [*head, item]
        for item in source:
            seen.append(item)
            yield [*head, item]


def _moved(vectors: Collection[Code], permutation: Places) -> frozenset[Code]:
    """Return φ·X; an involution is its own inverse, so that (φ·x)(i) = x(φ(i))."""
    return frozenset(tuple(x[k] for k in permutation) for x in vectors)


def _compatible(candidates: list[Candidate], bound: float) -> tuple[list[Candidate], bool]:
    """Return a largest family in which no involution moves another's image, and whether all were tried."""
    best: list[Candidate] = []
    steps = 0

    def fits(one: Candidate, other: Candidate) -> bool:
        return (
            one[0] != other[0] and _moved(other[0], one[1]) == other[0] and _moved(one[0], other[1]) == one[0]
        )

    def extend(family: list[Candidate], left: list[Candidate]) -> None:
        nonlocal best, steps
        if len(family) > len(best):
            best = family
        for k, candidate in enumerate(left):
            images = len({image for image, _ in left[k:]})
            if len(best) >= bound or len(family) + images <= len(best) or steps > MOST_COMBINED:
                return
            steps += len(left) - k
            extend([*family, candidate], [c for c in left[k + 1 :] if fits(candidate, c)])

    extend([], candidates)
    return best, steps <= MOST_COMBINED
