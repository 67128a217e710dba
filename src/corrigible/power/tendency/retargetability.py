"""Which options a chooser tends to take as its utilities are permuted: retargetability.

A decision rule that looks at utilities alone can be turned to other options by changing them. Where the set B
of options contains n copies of A, then for any utilities u::

    #{φ: f(B | φ·u) > f(A | φ·u)}  ≥  n · #{φ: f(B | φ·u) < f(A | φ·u)}

That holds for the best option and the worst, for a noisy, a satisficing and a random choice. So it is not
optimality that makes agents keep options open.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias, final

from corrigible.core.errors import DistributionError, OptionError, TooLargeError, unknown_name
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, digest, provenance, to_json
from corrigible.mdp.model import Label
from corrigible.power.tendency.choosers import DecisionRule
from corrigible.power.tendency.copies import Vector, copies
from corrigible.power.tendency.permutations import Orbit, exact_goal, in_words, orbit_size
from corrigible.power.tendency.tendency import Tendency

Handful: TypeAlias = tuple[int, ...]
"""How many of each of the different utilities."""

MOST_CHOICES = 250_000
"""How many different choices are counted in full; each takes tens of microseconds."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class RetargetabilityResult:
    """How a decision rule prefers one set of options to another over an orbit of utilities.

    Parameters
    ----------
    rule
        The rule, in words.
    larger, smaller
        The options of B and of A, by their labels.
    tendency
        For how many permutations f(B) is more than f(A), less, or equal.
    copies
        n: how many copies of A there are in B.
    exhaustive
        Whether there are certainly no more copies.
    orbit_size
        How many different permutations the utilities have.
    provenance
        Seed of a sample, version, digest of the problem; its parts in ``settings``.
    """

    rule: str
    larger: tuple[Label, ...]
    smaller: tuple[Label, ...]
    tendency: Tendency
    copies: int
    exhaustive: bool
    orbit_size: int
    provenance: Provenance

    def holds(self, level: float = 0.95) -> bool | None:
        """Return whether f(B) ≥ f(A) for most permutations, ``copies`` times over.

        Without copies nothing is foretold, and the answer is whether it holds once. ``None`` where a sample
        leaves it open; see `Tendency.holds`.
        """
        return self.tendency.holds(max(1, self.copies), level)

    def to_json(self) -> str:
        """Return the result as JSON text.

        An object with the keys ``kind`` (``"retargetability"``), ``holds``, and one for each field of this
        class.
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return to_json({"kind": "retargetability", "holds": self.holds()} | fields)

    def __repr__(self) -> str:
        votes = self.tendency
        return (
            f"<RetargetabilityResult, {self.rule}: {votes.more:,} more, {votes.less:,} less, "
            f"{votes.equal:,} equal; {self.copies} copies>"
        )


def retargetability(
    utilities: Any,
    larger: Collection[Label],
    smaller: Collection[Label],
    rule: DecisionRule,
    lotteries: Mapping[Label, Any] | None = None,
    samples: int | None = None,
    seed: int = 0,
    *,
    progress: Progress = SILENT,
) -> RetargetabilityResult:
    """Compare how a decision rule prefers two sets of options, for every permutation of utilities.

    Parameters
    ----------
    utilities
        u: a number for each outcome; a mapping from outcomes, or a sequence, whose outcomes are its
        positions. Floats are read as the simplest fractions: 0.1 as 1/10.
    larger, smaller
        B and A: sets of options without a common one.
    rule
        What decides; see `corrigible.power.tendency.choosers`. All options come to mind equally.
    lotteries
        The options: a probability of each outcome, as a mapping (others being 0) or in the order of the
        outcomes. Their utility is the expected one. ``None``: each outcome is an option.
    samples
        ``None``: each permutation is counted once. Or how many to draw, with replacement.
    seed
        Of the sample.
    progress
        Told of every thousand choices.

    Returns
    -------
    RetargetabilityResult

    Raises
    ------
    UnknownNameError
        If an option or outcome is not there.
    DistributionError
        If a utility is not finite, or the probabilities of an option do not sum to one.
    OptionError
        If a set is empty, the two have a common option, or two are the same lottery, or the number of samples
        or the seed is out of range.
    TooLargeError
        If there are more than `MOST_CHOICES` different choices, and no number of samples is given.

    Notes
    -----
    Counted and compared exactly. Where outcomes are options, a choice depends only on which utilities B,
    A and the others get, not on their order within each; so each such division is looked at once, with its
    number of permutations.

    An involution counts as a copy only if it maps all options onto options.

    *Source:* Turner & Tadepalli, Parametrically Retargetable Decision-Makers Tend To Seek Power (2022),
    definitions 3.2 (n-fold orbit inequalities) and 3.5 (retargetability), theorem 3.6.

    Examples
    --------
    >>> from corrigible.power.tendency.choosers import Argmax, Uniform
    >>> fruit = {"apple": 10, "banana": 5, "cherry": 0}
    >>> retargetability(fruit, ["apple", "banana"], ["cherry"], Argmax())
    <RetargetabilityResult, argmax: 4 more, 2 less, 0 equal; 2 copies>
    """
    outcomes = list(utilities) if isinstance(utilities, Mapping) else list(range(len(utilities)))
    goal = exact_goal(utilities, outcomes, "utility", "outcome")
    options = outcomes if lotteries is None else list(lotteries)
    b, a = _numbers(options, larger), _numbers(options, smaller)
    if not (a and b) or set(a) & set(b):
        raise OptionError("the two sets of options are empty, or have a common one", "give two apart")
    rows = (
        None if lotteries is None else [_lottery(lotteries[option], option, outcomes) for option in options]
    )
    size = orbit_size(goal)
    if rows is None:
        count, exhaustive = len(b) // len(a), True
        different = _count_divisions(goal, len(b), len(a))
    else:
        if len(set(rows)) < len(rows):
            raise OptionError("two options are the same lottery", "give each once")
        found = copies({rows[i] for i in b}, {rows[i] for i in a}, rows)
        count, exhaustive, different = found.count, found.exhaustive, size
    if samples is None and different > MOST_CHOICES:
        raise TooLargeError(
            f"the permutations come to `{in_words(different)}` different choices, more than {MOST_CHOICES:,}",
            "give a number of samples",
        )
    orbit = None if rows is None and samples is None else Orbit(goal, samples, seed)
    choices = _permuted(orbit) if orbit else _divided(goal, b, a)
    votes: Counter[int] = Counter()
    progress.start("permutations of the utilities", size if samples is None else samples)
    try:
        for permuted, times in choices:
            expected = permuted if rows is None else [_dot(row, permuted) for row in rows]
            votes[rule.compare(expected, b, a)] += times
            progress.advance(times)
    finally:
        progress.finish()
    return RetargetabilityResult(
        rule=rule.describe(),
        larger=tuple(options[i] for i in b),
        smaller=tuple(options[i] for i in a),
        tendency=Tendency(more=votes[1], less=votes[-1], equal=votes[0], sampled=samples is not None),
        copies=count,
        exhaustive=exhaustive,
        orbit_size=size,
        provenance=provenance(
            orbit.seed if orbit else None,
            digest(repr((outcomes, goal, options, rows))),
            utilities=dict(zip(map(str, outcomes), goal, strict=True)),
            rule=rule.describe(),
            samples=samples,
        ),
    )


def _numbers(options: Sequence[Label], chosen: Collection[Label]) -> list[int]:
    places = {option: i for i, option in enumerate(options)}
    for option in chosen:
        if option not in places:
            unknown_name("option", option, map(str, options[:10_000]))
    return sorted({places[option] for option in chosen})


def _lottery(chances: Any, option: Label, outcomes: Sequence[Label]) -> Vector:
    row = exact_goal(chances, outcomes, f"probability in `{option}`", "outcome")
    if sum(row) != 1 or min(row) < 0:
        raise DistributionError(
            f"the probabilities of option `{option}` sum to `{sum(row)}`, or some are below 0",
            "give probabilities that sum to 1, as fractions where floats cannot",
        )
    return row


def _dot(row: Vector, utilities: Sequence[Fraction]) -> Fraction:
    return sum((p * u for p, u in zip(row, utilities, strict=True) if p), Fraction(0))


def _permuted(orbit: Orbit) -> Iterator[tuple[list[Fraction], int]]:
    for goals in orbit.chunks():
        for row in goals.tolist():
            yield [orbit.values[number] for number in row], 1


def _divided(
    utilities: Sequence[Fraction], b: Sequence[int], a: Sequence[int]
) -> Iterator[tuple[list[Fraction], int]]:
    """Yield one permutation for each division among b, a and the rest, and how many are like it."""
    counts = Counter(utilities)
    blocks = [b, a, [i for i in range(len(utilities)) if i not in {*a, *b}]]
    for handfuls in _divisions(tuple(counts.values()), [len(block) for block in blocks]):
        permuted, times = list(utilities), 1
        for block, handful in zip(blocks, handfuls, strict=True):
            taken = [u for u, number in zip(counts, handful, strict=True) for _ in range(number)]
            for place, u in zip(block, taken, strict=True):
                permuted[place] = u
            times *= orbit_size(taken)
        yield permuted, times


def _divisions(left: Handful, sizes: Sequence[int]) -> Iterator[list[Handful]]:
    """Yield how many of each kind each block gets, of which there are ``left``."""
    if not sizes:
        yield []
        return
    for handful in _handfuls(left, sizes[0]):
        remaining = tuple(have - taken for have, taken in zip(left, handful, strict=True))
        for others in _divisions(remaining, sizes[1:]):
            yield [handful, *others]


def _count_divisions(utilities: Sequence[Fraction], b: int, a: int) -> int:
    """Return how many divisions there are: kind by kind, by how many b and a have so far."""
    ways: Counter[tuple[int, int]] = Counter({(0, 0): 1})
    for count in Counter(utilities).values():
        further: Counter[tuple[int, int]] = Counter()
        for (x, y), number in ways.items():
            for i in range(min(count, b - x) + 1):
                for k in range(min(count - i, a - y) + 1):
                    further[x + i, y + k] += number
        ways = further
    return ways[b, a]


def _handfuls(left: Handful, size: int) -> Iterator[Handful]:
    """Yield every way to take ``size`` things of kinds of which there are ``left``."""
    if not left:
        yield ()
        return
    for number in range(max(0, size - sum(left[1:])), min(left[0], size) + 1):
        for others in _handfuls(left[1:], size - number):
            yield (number, *others)
