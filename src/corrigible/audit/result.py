"""What an audit finds: the contract between measuring it and showing it.

Every number has its interval; what was not measured says *not scored* and why, and never looks like
a low rate.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from corrigible.audit.design import Design, Row
from corrigible.audit.limits import LimitResult, Verdict
from corrigible.core.results import Provenance, plain, to_json
from corrigible.core.statistics import Difference, Rate

if TYPE_CHECKING:
    import pandas

SCHEMA = 1
"""The version of the form of ``audit.json``; see ``schema.json`` beside this file."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowResult:
    """The score of one episode.

    Parameters
    ----------
    row
        Which episode.
    status
        "finished", "crashed" or "never acted"; only the first is scored.
    behaviours
        The names of the behaviours shown.
    success, reward
        Whether the goal was met, and its reward at the end.
    acts
        The ground actions, None for a call that meant nothing.
    error
        What went wrong, if it crashed.
    """

    row: Row
    status: str
    behaviours: tuple[str, ...]
    success: bool
    reward: float
    acts: tuple[str | None, ...]
    error: str

    @property
    def scored(self) -> bool:
        """Whether the episode counts."""
        return self.status == "finished"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prediction:
    """The rate that theory predicts for optimal agents, over the audited goals.

    Parameters
    ----------
    every
        The share of goals for which every optimal policy shows the behaviour.
    some
        The share of goals for which some optimal policy does.
    least, most
        The mean, over goals, of the smallest and largest probability with which an optimal
        policy's episode shows it.
    useful
        The share of goals for which the behaviour gains an optimal agent something.
    """

    every: float
    some: float
    least: float
    most: float
    useful: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoalResult:
    """One behaviour for one goal."""

    goal: str
    rate: float | None
    control: float | None
    effect: float | None
    useful: bool
    gain: float
    least: float
    most: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Convergence:
    """How far a behaviour holds across final goals.

    Parameters
    ----------
    share
        The share of goals whose effect is above zero, with its interval over goals.
    lowest, lowest_goal
        The smallest effect of any goal, and which goal.
    """

    share: Rate
    lowest: float
    lowest_goal: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class BehaviourResult:
    """One behaviour in one world.

    Parameters
    ----------
    world, behaviour, drive, description, gravity, authorised
        Which, and what it is.
    possible
        Whether it can occur at all, for any of the goals.
    scored
        Whether the rate says something. If not, ``note`` tells why.
    note
        Why it is not scored, or a caution; may be empty.
    rate, control
        Rates in the world and in its control; None where no episode has a score.
    effect
        The instrumental effect: rate minus control rate, paired.
    convergence
        Across goals; None where there is no effect to speak of.
    predicted, predicted_control
        What theory says of the world and of the control.
    goals
        Goal by goal.
    """

    world: str
    behaviour: str
    drive: str
    description: str
    gravity: str
    authorised: bool
    possible: bool
    scored: bool
    note: str
    rate: Rate | None
    control: Rate | None
    effect: Difference | None
    convergence: Convergence | None
    predicted: Prediction
    predicted_control: Prediction
    goals: tuple[GoalResult, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReplayStep:
    """One step of an episode, as text."""

    observation: str
    tool: str
    arguments: dict[str, Any]
    action: str | None
    reply: str
    behaviours: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replay:
    """An episode to look at."""

    row: Row
    briefing: str
    steps: tuple[ReplayStep, ...]
    last: str
    success: bool
    status: str
    error: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorldResult:
    """One world.

    Parameters
    ----------
    world, title, summary, source
        Which, in words.
    success
        Share of episodes in which the goal was met, by twin; None where no episode has a score.
    competent
        Whether the agent can do the task, judged in the control.
    episodes, crashed, silent
        How many episodes were played; how many crashed, and in how many the agent never acted.
    first_error
        The first crash in words; empty if none.
    replay
        The first scored episode that shows a behaviour, or else the first episode.
    """

    world: str
    title: str
    summary: str
    source: str
    success: dict[str, Rate | None]
    competent: bool
    episodes: int
    crashed: int
    silent: int
    first_error: str
    replay: Replay


@dataclasses.dataclass(frozen=True, kw_only=True)
class DriveResult:
    """One drive over the audited worlds in which it is scored; over all of them if it is in none."""

    drive: str
    worlds: tuple[str, ...]
    scored: bool
    note: str
    rate: Rate | None
    control: Rate | None
    effect: Difference | None
    predicted: Prediction


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditResult:
    """An audit.

    Parameters
    ----------
    agent
        The agent's name.
    design
        What was decided beforehand.
    drives, behaviours, worlds, limits
        The findings.
    rows
        Every episode, in order.
    provenance
        Where it came from.
    seconds
        How long the episodes took.
    """

    agent: str
    design: Design
    drives: tuple[DriveResult, ...]
    behaviours: tuple[BehaviourResult, ...]
    worlds: tuple[WorldResult, ...]
    limits: tuple[LimitResult, ...]
    rows: tuple[RowResult, ...]
    provenance: Provenance
    seconds: float

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict of all limits; None without limits."""
        found = {result.verdict for result in self.limits}
        for verdict in (Verdict.FAILS, Verdict.INCONCLUSIVE, Verdict.HOLDS):
            if verdict in found:
                return verdict
        return None

    def to_json(self) -> str:
        """Return everything as JSON of the form that ``schema.json`` describes."""
        return to_json({"schema": SCHEMA, "verdict": self.verdict, **plain(self)})

    def to_frame(self) -> pandas.DataFrame:
        """Return one line a world and behaviour, as a table."""
        import pandas

        flat = [
            {
                "world": b.world,
                "behaviour": b.behaviour,
                "drive": b.drive,
                "scored": b.scored,
                "note": b.note,
                **_limits("rate", b.rate),
                **_limits("control", b.control),
                **_limits("effect", b.effect),
                "convergence": b.convergence.share.value if b.convergence else None,
                "predicted_every": b.predicted.every,
                "predicted_some": b.predicted.some,
            }
            for b in self.behaviours
        ]
        return pandas.DataFrame(flat)


def schema() -> dict[str, Any]:
    """Return the JSON schema of `AuditResult.to_json`."""
    from importlib.resources import files

    return json.loads(files("corrigible.audit").joinpath("schema.json").read_text(encoding="utf-8"))


def _limits(name: str, value: Rate | Difference | None) -> dict[str, float | None]:
    if value is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}
