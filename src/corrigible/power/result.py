"""`PowerResult`: POWER of every state, with what is needed to trust it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from corrigible.core.errors import MissingExtraError, OptionError, unknown_name
from corrigible.core.results import Provenance, to_json
from corrigible.mdp.model import Label

if TYPE_CHECKING:
    import pandas

    from corrigible.power.designs import DesignName


class StatePower(NamedTuple):
    """POWER of one state."""

    state: Label
    power: float
    stderr: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PowerResult:
    """POWER of states at one discount, estimated from samples of rewards.

    Parameters
    ----------
    power
        POWER_D(s, γ); read-only, shape (states,), in the order of ``states``.
    stderr
        Its standard error over the samples; shape (states,). NaN where it cannot be known: after a
        single sample or unit, and for rewards of infinite variance.
    states
        The labels of the states: all of the model's, or those that were asked for.
    discount
        γ.
    samples
        How many reward functions were drawn.
    units
        Of how many independent units of equal size they consist; ``samples`` for independent draws.
    design
        How they were drawn; see `corrigible.power.designs`.
    residual
        The largest Bellman residual of any sample, in units of value.
    error_bound
        How far the solver may have moved any POWER at most, beside the sampling error.
    method
        The solver.
    target_met
        Whether the standard error asked for was reached; ``None`` where none was asked for.
    provenance
        Seed, version, fingerprint of the model; the rewards in ``settings``.
    """

    power: np.ndarray
    stderr: np.ndarray
    states: Sequence[Label]
    discount: float
    samples: int
    units: int
    design: DesignName
    residual: float
    error_bound: float
    method: str
    target_met: bool | None
    provenance: Provenance

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper ends of a confidence interval for each state.

        Student's t with ``units`` − 1 degrees of freedom, widened by the solver's error bound::

            power ± (t · stderr + error_bound)

        Each state's interval holds by itself with probability ``level``, not all of them at once.

        Raises
        ------
        OptionError
            If ``level`` is not between 0 and 1.
        """
        reach = student_reach(level, self.units) * self.stderr + self.error_bound
        return self.power - reach, self.power + reach

    def at(self, state: Label) -> StatePower:
        """Return the POWER of the state labelled ``state``.

        Raises
        ------
        UnknownNameError
            If there is none; the message suggests the nearest label.
        """
        number = self._numbers.get(state)
        if number is None:
            known = [str(label) for label in self.states] if len(self.states) <= 10_000 else list[str]()
            unknown_name("state", state, known, f"the result has {len(self.states)} states")
        return self._entry(number)

    def most(self, k: int = 5) -> list[StatePower]:
        """Return the ``k`` states of most POWER, the first the highest; ties in the model's order."""
        return [self._entry(int(i)) for i in np.argsort(-self.power, kind="stable")[: max(k, 0)]]

    def least(self, k: int = 5) -> list[StatePower]:
        """Return the ``k`` states of least POWER, the first the lowest; ties in the model's order."""
        return [self._entry(int(i)) for i in np.argsort(self.power, kind="stable")[: max(k, 0)]]

    def to_json(self) -> str:
        """Return the result as JSON text.

        An object with the keys ``kind`` (``"power"``), ``discount``, ``samples``, ``units``, ``design``,
        ``residual``, ``error_bound``, ``method``, ``target_met``, ``provenance`` (``seed``, ``version``,
        ``input_hash``, ``settings``), and three lists in the same order: ``states``, ``power``,
        ``stderr`` (``null`` where it is not known).
        """
        lists = ("states", "power", "stderr")
        head = [field.name for field in dataclasses.fields(self) if field.name not in lists]
        return to_json({"kind": "power"} | {name: getattr(self, name) for name in (*head, *lists)})

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with the columns state, power, stderr, discount.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        pd = import_pandas()
        return pd.DataFrame(
            {
                "state": pd.Series(list(self.states), dtype=object),
                "power": self.power,
                "stderr": self.stderr,
                "discount": self.discount,
            }
        )

    @cached_property
    def _numbers(self) -> dict[Label, int]:
        return {label: i for i, label in enumerate(self.states)}

    def _entry(self, number: int) -> StatePower:
        return StatePower(self.states[number], float(self.power[number]), float(self.stderr[number]))

    def __repr__(self) -> str:
        widest = np.max(self.stderr)
        how = "" if self.design == "independent" else f" ({self.design})"
        return (
            f"<PowerResult: {len(self.states)} states, discount {self.discount:g}, "
            f"{self.samples} samples{how}, POWER {self.power.min():.4g} to {self.power.max():.4g}, "
            f"stderr up to {widest:.2g}>"
        )


def student_reach(level: float, units: int) -> float:
    """Return how many standard errors a two-sided interval of ``level`` reaches either way."""
    check_level(level)
    if units < 2:
        return float("nan")
    from scipy.special import stdtrit

    return float(stdtrit(units - 1, 0.5 + level / 2))


def check_level(level: float) -> None:
    """Raise `OptionError` unless ``level`` lies between 0 and 1."""
    if not 0 < level < 1:
        raise OptionError(f"the level `{level}` is not between 0 and 1", "give for example 0.95")


def import_pandas():
    """Return the module pandas, or raise `MissingExtraError`."""
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("pandas is not installed", "pip install pandas") from error
    return pandas
