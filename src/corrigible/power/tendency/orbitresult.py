"""`OrbitResult`: how the goals of an orbit order the actions of a state, or some states."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, final

import numpy as np

from corrigible.core.errors import OptionError, unknown_name
from corrigible.core.results import Provenance, to_json
from corrigible.core.statistics import wilson
from corrigible.mdp.model import Label
from corrigible.power.result import import_pandas
from corrigible.power.tendency.tendency import Tendency

if TYPE_CHECKING:
    import pandas


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class OrbitResult:
    """In which order each goal of an orbit puts the actions of a state, or some states.

    Parameters
    ----------
    items
        The labels of the actions, or of the states.
    state
        The state whose actions they are; ``None`` where they are states.
    ranks
        The different orders: how many items are better than each, so that the best have 0 and equal ones
        the same; read-only, shape (orders, items).
    counts
        How many goals have each; read-only, shape (orders,).
    orbit_size
        How many goals the whole orbit has.
    sampled
        Whether the goals are a sample of the orbit, drawn with replacement; otherwise they are all of it.
    discount
        γ; 0 and 1 mean the limits.
    tolerance
        The largest difference that still counted as equal, in units of the largest reward; 0 where all
        was computed in fractions.
    method
        How items were valued.
    provenance
        Seed of the sample, version, fingerprint of the model; the goal in ``settings``.
    """

    items: Sequence[Label]
    state: Label | None
    ranks: np.ndarray
    counts: np.ndarray
    orbit_size: int
    sampled: bool
    discount: Fraction
    tolerance: float
    method: str
    provenance: Provenance

    @property
    def goals(self) -> int:
        """How many goals were asked."""
        return int(self.counts.sum())

    @property
    def best(self) -> dict[Label, int]:
        """For how many goals each item is a best one; equally good ones count each."""
        numbers = self.counts @ (self.ranks == 0)
        return {item: int(number) for item, number in zip(self.items, numbers, strict=True)}

    def value(self, larger: Any, smaller: Any) -> Tendency:
        """Return for how many goals the best of ``larger`` is worth more than the best of ``smaller``.

        Parameters
        ----------
        larger, smaller
            An item by its label, or a list or set of items.

        Raises
        ------
        UnknownNameError
            If there is no such item.
        """
        one, other = self._best_rank(larger), self._best_rank(smaller)
        return self._tendency(one < other, one > other)

    def optimality(self, larger: Any, smaller: Any) -> Tendency:
        """Return for how many goals a best item is among ``larger`` and none among ``smaller``.

        Parameters and errors as for `value`. Goals for which both or neither hold a best item count as
        equal.
        """
        one, other = self._best_rank(larger) == 0, self._best_rank(smaller) == 0
        return self._tendency(one & ~other, other & ~one)

    def to_json(self) -> str:
        """Return the result as JSON text.

        An object with the keys ``kind`` (``"orbit"``), ``goals``, ``best``, and one for each field of
        this class; ``ranks`` and ``counts`` are lists in the same order.
        """
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return to_json({"kind": "orbit", "goals": self.goals, "best": list(self.best.values())} | fields)

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with the columns item, best (goals), share, low, high (at 95%)."""
        pd = import_pandas()
        best = np.array(list(self.best.values()))
        share = best / self.goals
        low, high = wilson(share, self.goals) if self.sampled else (share, share)
        items = pd.Series(list(self.items), dtype=object)
        return pd.DataFrame({"item": items, "best": best, "share": share, "low": low, "high": high})

    def __repr__(self) -> str:
        what = "states" if self.state is None else f"actions at {self.state}"
        kind = "a sample of " if self.sampled else ""
        shares = ", ".join(f"{item}: {count / self.goals:.3g}" for item, count in self.best.items())
        return (
            f"<OrbitResult over {kind}{self.goals:,} goals, discount {float(self.discount):g}, "
            f"{what} best: {shares}>"
        )

    def _best_rank(self, chosen: Any) -> np.ndarray:
        """Return the rank of the best of the chosen items in each order; shape (orders,)."""
        labels: list[Label] = list(chosen) if isinstance(chosen, list | set) else [chosen]
        if not labels:
            raise OptionError("a set of items is empty", "give at least one on either side")
        for label in labels:
            if label not in self.items:
                unknown_name("item", label, map(str, self.items))
        return self.ranks[:, [self.items.index(label) for label in labels]].min(axis=1)

    def _tendency(self, more: np.ndarray, less: np.ndarray) -> Tendency:
        one, other = int(self.counts @ more), int(self.counts @ less)
        return Tendency(more=one, less=other, equal=self.goals - one - other, sampled=self.sampled)
