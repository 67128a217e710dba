"""The contract of a countermeasure: a case in, a policy out, through one of three doors.

============  =====================================================================================
door          what changes
============  =====================================================================================
``reward``    what the agent is paid: `RewardDoor.paid`; it then plans optimally
``choice``    how it chooses: `ChoiceDoor.policy`
``world``     what comes of its actions: `WorldDoor.wrap`; it then plans optimally in that world
============  =====================================================================================

To write one, subclass a door as a frozen dataclass whose fields are the parameters, each made by `parameter`
with its unit; to know whether it is right, run `corrigible.testing.check_countermeasure` on it.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self, TypeVar, final

import numpy as np

from corrigible.core.errors import InapplicableError, OptionError
from corrigible.countermeasures.case import Case, case_of
from corrigible.countermeasures.planning import plan, tied_at_random
from corrigible.worlds import Place

T = TypeVar("T")


class Door(enum.StrEnum):
    """Where a countermeasure takes hold."""

    REWARD = "reward"
    CHOICE = "choice"
    WORLD = "world"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Conduct:
    """What an agent does under a countermeasure.

    Parameters
    ----------
    case
        The case in which it acts; not the one that was given where the countermeasure changed the world.
    policy
        π_t(a | s), the probability of each pair with t steps gone; floats of shape (horizon, pairs).
    """

    case: Case
    policy: np.ndarray


class Countermeasure(ABC):
    """What is done against instrumental convergence.

    Subclasses of the doors are frozen dataclasses, and give the attributes below.

    Attributes
    ----------
    name
        As used on the command line: lower case, words joined by hyphens.
    source
        The literature it comes from.
    promise
        What it promises, in one sentence.
    failure
        How it is known to fail, in one sentence.
    dial
        The name of the parameter that says how strongly it holds back; empty where there is none.
    ladder
        The values of that parameter which a comparison tries, the weakest first.
    """

    door: ClassVar[Door]
    name: ClassVar[str]
    source: ClassVar[str]
    promise: ClassVar[str]
    failure: ClassVar[str]
    dial: ClassVar[str] = ""
    ladder: ClassVar[tuple[Any, ...]] = ()

    @abstractmethod
    def conduct(self, case: Case) -> Conduct:
        """Return what an agent under this countermeasure does in a case.

        Raises
        ------
        InapplicableError
            If there is nothing in this case that it could take hold of.
        TooLargeError
            If the case is too large; the message says what is, and the alternative.
        """

    def at(self, strength: Any) -> Self:
        """Return the same countermeasure at another strength.

        Raises
        ------
        OptionError
            If it has no strength, or that is out of its range.
        """
        if not self.dial:
            raise OptionError(f"the countermeasure `{self.name}` has no strength", "leave the strength out")
        return self.replace(**{self.dial: strength})

    def replace(self, **changes: Any) -> Self:
        """Return the same countermeasure with other parameters."""
        known = {field.name: field for field in dataclasses.fields(self)}  # pyright: ignore[reportArgumentType]
        return type(self)(**{name: getattr(self, name) for name in known} | changes)

    def parameters(self) -> dict[str, tuple[Any, str]]:
        """Return each parameter's value and unit, by name."""
        fields = dataclasses.fields(self)  # pyright: ignore[reportArgumentType]
        return {field.name: (getattr(self, field.name), field.metadata["unit"]) for field in fields}

    def describe(self) -> str:
        """Return name and parameters, as they can be given again: ``aup(strength=0.5)``."""
        fields = dataclasses.fields(self)  # pyright: ignore[reportArgumentType]
        told = [
            f"{f.name}={_plain(getattr(self, f.name))}" for f in fields if getattr(self, f.name) != f.default
        ]
        return f"{self.name}({', '.join(told)})" if told else self.name


class RewardDoor(Countermeasure):
    """A countermeasure that changes what the agent is paid; the agent plans optimally for that."""

    door = Door.REWARD

    @abstractmethod
    def paid(self, case: Case) -> np.ndarray:
        """Return what the agent is paid for each transition instead of ``case.paid``; floats of shape
        (transitions,), or (horizon, transitions) where it depends on the steps gone."""

    @final
    def conduct(self, case: Case) -> Conduct:
        return Conduct(case=case, policy=tied_at_random(case, plan(case, self.paid(case)).optimal))


class ChoiceDoor(Countermeasure):
    """A countermeasure that changes how the agent chooses."""

    door = Door.CHOICE

    @abstractmethod
    def policy(self, case: Case) -> np.ndarray:
        """Return π_t(a | s); floats of shape (horizon, pairs)."""

    @final
    def conduct(self, case: Case) -> Conduct:
        return Conduct(case=case, policy=self.policy(case))


class WorldDoor(Countermeasure):
    """A countermeasure that puts something between the agent and the world."""

    door = Door.WORLD

    @abstractmethod
    def wrap(self, case: Case) -> Place[Any]:
        """Return the place in which the agent acts; goals, outcomes and behaviours are those of
        ``case.place`` (`corrigible.worlds.wrapped.WrappedPlace`)."""

    @final
    def conduct(self, case: Case) -> Conduct:
        place = self.wrap(case)
        goal = place.goal(case.goal.name)
        # A wrapper that takes time may add steps; the case may have been given fewer than its place has.
        steps = case.horizon + max(0, place.horizon - case.place.horizon)
        wrapped = case_of(place, goal, horizon=steps, discount=case.discount)
        return Conduct(case=wrapped, policy=tied_at_random(wrapped, plan(wrapped).optimal))


# --- parameters ------------------------------------------------------------------------------------


def parameter(default: Any, unit: str) -> Any:
    """Return the dataclass field of a parameter with its default and its unit (a word, ``"steps"``,
    ``"units of the task's reward"``, ``"probability"``)."""
    return dataclasses.field(default=default, metadata={"unit": unit})


def check_number(
    name: str, value: Any, least: float, most: float = math.inf, *, above: bool = False, below: bool = False
) -> None:
    """Raise `OptionError` unless a parameter is a number in its range.

    Parameters
    ----------
    name, value
        The parameter.
    least, most
        The ends of its range.
    above, below
        Whether the ends themselves are excluded.
    """
    ends = f"{'above' if above else 'at least'} {least:g}"
    if most < math.inf:
        ends += f" and {'below' if below else 'at most'} {most:g}"
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (least < number if above else least <= number) or not (number < most if below else number <= most):
        example = least + 1 if most == math.inf else (least + most) / 2
        raise OptionError(
            f"the {name.replace('_', ' ')} `{value}` is no number {ends}", f"give for example {example:g}"
        )


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise `OptionError` unless a parameter is a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise OptionError(
            f"the {name.replace('_', ' ')} `{value}` is no whole number of at least {least}",
            f"give {max(least, 1)}",
        )


def check_word(name: str, value: Any, words: tuple[str, ...]) -> None:
    """Raise `UnknownNameError` unless a parameter is one of its words; the message suggests the nearest."""
    from corrigible.core.errors import unknown_name

    if value not in words:
        unknown_name(name.replace("_", " "), str(value), words, f"one of {', '.join(words)}")


def inapplicable(measure: Countermeasure, why: str) -> InapplicableError:
    """Return the error that says why a countermeasure has nothing to take hold of in a case."""
    return InapplicableError(f"`{measure.name}` does not apply here: {why}", "leave it out of this row")


def _plain(value: Any) -> str:
    return (
        value if isinstance(value, str) else repr(value) if not isinstance(value, float) else f"{value:.12g}"
    )
