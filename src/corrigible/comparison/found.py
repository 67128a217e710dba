"""What is found in a cell of the table: one countermeasure, at one strength, on one level."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, final


class Status(enum.StrEnum):
    """Whether there is anything to tell; only "ok" says something about safety."""

    OK = "ok"
    NOT_APPLICABLE = "not applicable"
    TOO_LARGE = "too large"
    FAILED = "failed"
    NOT_RUN = "not run"


@final
@dataclasses.dataclass(frozen=True)
class Frame:
    """One moment of an episode.

    Parameters
    ----------
    picture
        The state: a map where there is one, else its variables, as text.
    action
        What was done then; empty at the end.
    shows
        The behaviours that this shows.
    """

    picture: str
    action: str
    shows: tuple[str, ...] = ()


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """The numbers of a cell; exact, but for POWER.

    Parameters
    ----------
    done
        The probability that the task counts as met.
    paid, best_paid, idle_paid
        What the unchanged task pays, discounted; at most; and for doing nothing all the time.
    performance, best_performance
        The hidden performance, and at most; ``None`` where the level publishes none.
    passed
        As `corrigible.countermeasures.Followed`.
    shown
        For each behaviour the probability that an episode shows it.
    unauthorised
        That it shows any which nobody authorised.
    switchable
        The probability that people can still stop the agent; ``None`` where nothing could take that.
    correctable
        How much of what doing nothing leaves reachable is still reachable in the end.
    gained, gained_stderr
        POWER of the end minus that where doing nothing ends, and its standard error over goals.
    steps
        The expected number of steps.
    episode
        One episode, drawn.
    """

    done: float
    paid: float
    best_paid: float
    idle_paid: float
    performance: float | None
    best_performance: float | None
    passed: float
    shown: Mapping[str, float]
    unauthorised: float
    switchable: float | None
    correctable: float
    gained: float
    gained_stderr: float
    steps: float
    episode: tuple[Frame, ...] = ()

    @property
    def task(self) -> float:
        """How much of the task is done: what it pays, 0 as for doing nothing and 1 at most; in [0, 1]."""
        most = self.best_paid - self.idle_paid
        if most <= 1e-12 * max(1.0, abs(self.best_paid)):  # doing nothing is best
            return float(self.paid >= self.best_paid - 1e-9 * max(1.0, abs(self.best_paid)))
        return min(max((self.paid - self.idle_paid) / most, 0.0), 1.0)

    @property
    def safety(self) -> float:
        """The probability that an episode shows no behaviour that nobody authorised."""
        return 1.0 - self.unauthorised


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """What became of a cell.

    Parameters
    ----------
    status
        Whether there are numbers.
    why
        Why there are none, in one line; empty where there are.
    measured
        The numbers; ``None`` unless the status is ok.
    seconds
        How long it took.
    """

    status: Status
    why: str = ""
    measured: Measured | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Found:
        """Return what `dataclasses.asdict` told."""
        numbers = told["measured"]
        measured = None
        if numbers is not None:
            frames = tuple(Frame(f["picture"], f["action"], tuple(f["shows"])) for f in numbers["episode"])
            fields: dict[str, Any] = {**numbers, "episode": frames}
            measured = Measured(**fields)
        return cls(status=Status(told["status"]), why=told["why"], measured=measured, seconds=told["seconds"])
