"""`PowerDifference`: how much more POWER there is on one side than on the other, and how sure that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from corrigible.core.errors import unknown_name
from corrigible.core.results import Provenance, to_json
from corrigible.mdp.model import Label
from corrigible.power.result import import_pandas, student_reach

if TYPE_CHECKING:
    import pandas

    from corrigible.power.designs import DesignName


class StateDifference(NamedTuple):
    """The difference of POWER of one pair of states, and POWER on either side."""

    state: Label
    versus: Label
    difference: float
    stderr: float
    first: float
    second: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PowerDifference:
    """POWER of states on a first side, minus POWER of states on a second, estimated from the same goals.

    Parameters
    ----------
    difference
        The first's minus the second's; read-only, shape (pairs,), in the order of ``states``.
    stderr
        Its standard error over the goals, paired; shape (pairs,). NaN where it cannot be known.
    first, second
        POWER on either side; shape (pairs,).
    first_stderr, second_stderr
        Their standard errors.
    states, versus
        The labels of the states on the first side and on the second.
    discounts
        γ on either side.
    samples
        How many reward functions were drawn.
    units
        Of how many independent units of equal size they consist.
    design
        How they were drawn; see `corrigible.power.designs`.
    residual
        The largest Bellman residual of any sample on either side, in units of value.
    error_bound
        How far the solvers may have moved any difference at most, beside the sampling error.
    methods
        The solver of either side.
    target_met
        Whether the standard error asked for was reached; ``None`` where none was asked for.
    provenance
        Seed, version, fingerprint of the first model; that of the second and the rewards in ``settings``.
    """

    difference: np.ndarray
    stderr: np.ndarray
    first: np.ndarray
    first_stderr: np.ndarray
    second: np.ndarray
    second_stderr: np.ndarray
    states: Sequence[Label]
    versus: Sequence[Label]
    discounts: tuple[float, float]
    samples: int
    units: int
    design: DesignName
    residual: float
    error_bound: float
    methods: tuple[str, str]
    target_met: bool | None
    provenance: Provenance

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper ends of a confidence interval for each difference.

        Student's t with ``units`` − 1 degrees of freedom, widened by the solvers' error bound; each by itself
        holds with probability ``level``, as for `PowerResult.interval`.

        Raises
        ------
        OptionError
            If ``level`` is not between 0 and 1.
        """
        reach = student_reach(level, self.units) * self.stderr + self.error_bound
        return self.difference - reach, self.difference + reach

    @cached_property
    def correlation(self) -> np.ndarray:
        """Of what goals attain on the two sides, shape (pairs,); NaN where one side never varies.

        For designs other than independent draws: of the means of their units.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            shared = self.first_stderr**2 + self.second_stderr**2 - self.stderr**2
            return np.clip(shared / (2 * self.first_stderr * self.second_stderr), -1, 1)

    @cached_property
    def saved(self) -> np.ndarray:
        """How many times as many goals two separate estimates need for the same error; shape (pairs,).

        (first_stderr² + second_stderr²) / stderr²; infinite where the difference never varies and the sides
        do, NaN where nothing does.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.first_stderr**2 + self.second_stderr**2) / self.stderr**2

    def at(self, state: Label, versus: Label | None = None) -> StateDifference:
        """Return the difference at ``state`` of the first side, from ``versus`` where it is in several pairs.

        Raises
        ------
        UnknownNameError
            If there is no such pair.
        """
        for number, (one, two) in enumerate(zip(self.states, self.versus, strict=True)):
            if one == state and versus in (None, two):
                return self._entry(number)
        known = [str(label) for label in self.states] if len(self.states) <= 10_000 else list[str]()
        there = f"there are {len(self.states)} pairs"
        if state in self.states:
            unknown_name("pair", f"{state}, {versus}", [], there)
        unknown_name("state", state, known, there)

    def largest(self, k: int = 5) -> list[StateDifference]:
        """Return the ``k`` largest differences, of either sign; ties in the order of ``states``."""
        order = np.argsort(-np.abs(self.difference), kind="stable")[: max(k, 0)]
        return [self._entry(number) for number in order.tolist()]

    def to_json(self) -> str:
        """Return the result as JSON text: ``kind`` (``"power-difference"``) and the fields of this class.

        The arrays, ``states`` and ``versus`` are lists in the same order; ``correlation`` and ``saved`` too
        (``null`` where there is none).
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        further = {"correlation": self.correlation, "saved": self.saved}
        return to_json({"kind": "power-difference"} | fields | further)

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame: state, versus, difference, stderr, low, high (at 95%), first, second, saved.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        pd = import_pandas()
        low, high = self.interval()
        return pd.DataFrame(
            {
                "state": pd.Series(list(self.states), dtype=object),
                "versus": pd.Series(list(self.versus), dtype=object),
                "difference": self.difference,
                "stderr": self.stderr,
                "low": low,
                "high": high,
                "first": self.first,
                "second": self.second,
                "saved": self.saved,
            }
        )

    def _entry(self, number: int) -> StateDifference:
        return StateDifference(
            self.states[number],
            self.versus[number],
            float(self.difference[number]),
            float(self.stderr[number]),
            float(self.first[number]),
            float(self.second[number]),
        )

    def __repr__(self) -> str:
        gammas = " and ".join(f"{discount:g}" for discount in dict.fromkeys(self.discounts))
        return (
            f"<PowerDifference: {len(self.states)} pairs of states, discount {gammas}, {self.samples} samples, "
            f"{self.difference.min():+.4g} to {self.difference.max():+.4g}, "
            f"stderr up to {np.max(self.stderr):.2g}>"
        )
