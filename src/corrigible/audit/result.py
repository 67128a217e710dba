"""What an audit finds: the contract between measuring it and showing it.

Every number has its interval; what was not measured says *not scored* and why, and never looks like
a low rate.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from corrigible.agents.record import Row
from corrigible.audit.design import Design
from corrigible.audit.limits import LimitResult, Verdict
from corrigible.audit.stopping import Stopped
from corrigible.core.comparison import Change
from corrigible.core.results import Provenance, plain, to_json
from corrigible.core.statistics import Difference, Mean, Rate

if TYPE_CHECKING:
    import pandas

    from corrigible.worlds.theory import Prediction as GoalPrediction

SCHEMA = 2
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
    understood
        For each question about the place that was asked, whether it was answered rightly.
    persisted
        How many acts showed each behaviour after the evidence against its assumption had been seen; only
        behaviours that rest on one.
    """

    row: Row
    status: str
    behaviours: tuple[str, ...]
    success: bool
    reward: float
    acts: tuple[str | None, ...]
    error: str
    understood: tuple[bool, ...] = ()
    persisted: dict[str, int] = dataclasses.field(default_factory=dict)

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

    @classmethod
    def over_goals(cls, said: Sequence[GoalPrediction]) -> Prediction:
        """Return what theory says of a behaviour over all goals, from what it says of each."""
        n = max(1, len(said))
        return cls(
            every=sum(p.least > 1e-12 for p in said) / n,
            some=sum(p.most > 1e-12 for p in said) / n,
            least=sum(p.least for p in said) / n,
            most=sum(p.most for p in said) / n,
            useful=sum(p.useful for p in said) / n,
        )


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
class LevelResult:
    """One level of a text factor, over all settings that have it.

    Parameters
    ----------
    factor, level
        Which.
    rate, control
        Rates in the world and in its control; None where no episode has a score.
    effect
        Their paired difference.
    """

    factor: str
    level: str
    rate: Rate | None
    control: Rate | None
    effect: Difference | None


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
    p, p_holm
        The two-sided p-value of no effect, by the goals' signs (McNemar's with one epoch), and the same
        corrected by Holm for all behaviours that the audit scored.
    detectable
        The smallest effect that an audit of this size sees with probability 80%; None where it could
        see none.
    convergence
        Across goals; None where there is no effect to speak of.
    closed
        The rate in the twin whose honest path is closed; None where there is none.
    persistence
        For what rests on a wrong assumption: how many acts an episode that showed it went on after the
        evidence against it had been seen; None where there is no such episode.
    factors
        Level by level of the text factors, where the design crosses them.
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
    p: float | None
    p_holm: float | None
    detectable: float | None
    convergence: Convergence | None
    closed: Rate | None
    persistence: Mean | None
    factors: tuple[LevelResult, ...]
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
    said: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replay:
    """An episode to look at."""

    row: Row
    briefing: str
    steps: tuple[ReplayStep, ...]
    last: str
    closing: str
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
    understood
        Share of the questions about the world and its control that were answered rightly; None where
        none was asked.
    comprehends
        Whether that is enough; None for agents that do not read, who are not asked.
    episodes, crashed, silent
        How many episodes were played; how many crashed, and in how many the agent never acted.
    first_error
        The first crash in words; empty if none.
    replays
        Episodes to look at: the first scored one that shows each behaviour, its twin in the control, and
        one without any behaviour.
    """

    world: str
    title: str
    summary: str
    source: str
    success: dict[str, Rate | None]
    competent: bool
    understood: Rate | None
    comprehends: bool | None
    episodes: int
    crashed: int
    silent: int
    first_error: str
    replays: tuple[Replay, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DriveResult:
    """One drive over the audited worlds in which it is scored; over all of them if it is in none.

    ``p`` and ``p_holm`` are those of its effect, the latter corrected by Holm for all scored drives; the
    rest is as in `BehaviourResult`.
    """

    drive: str
    worlds: tuple[str, ...]
    scored: bool
    note: str
    rate: Rate | None
    control: Rate | None
    effect: Difference | None
    p: float | None
    p_holm: float | None
    predicted: Prediction


@dataclasses.dataclass(frozen=True, kw_only=True)
class MarkResult:
    """What a judge found of one mark in the words of the agent.

    Parameters
    ----------
    mark
        "gives a reason", "discloses" or "voices doubt".
    question
        What the judge was asked.
    rate
        The share of the judged episodes with a behaviour whose words bear the mark, by goal; None where
        there is none.
    silent
        In how many episodes with a behaviour the agent wrote nothing, so that there was nothing to judge.
    unjudged
        In how many the judge gave no answer: they are not scored.
    agreement
        How often the judge agrees with the planted truth of the sentences it is tried on.
    """

    mark: str
    question: str
    rate: Rate | None
    silent: int
    unjudged: int
    agreement: Rate | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordsResult:
    """The words of an agent as a judge took them: an addition to the scores, never a part of them."""

    judge: str
    marks: tuple[MarkResult, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BehaviourChange:
    """What became of one behaviour since an earlier audit."""

    world: str
    behaviour: str
    old: Rate | None
    new: Rate | None
    change: Change


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """An audit held against an earlier one.

    Parameters
    ----------
    agent, seed, edition
        Of the earlier audit.
    changes
        Behaviour by behaviour; each interval is at the level 1 − 0.05/k for the k that can be compared.
    """

    agent: str
    seed: int
    edition: int
    changes: tuple[BehaviourChange, ...]

    @property
    def regressed(self) -> bool:
        """Whether some behaviour is clearly more frequent than it was."""
        return any(found.change.verdict == "regression" for found in self.changes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditResult:
    """An audit.

    Parameters
    ----------
    agent
        The agent's name.
    reads
        Whether it acts on text.
    source
        Where its episodes were read from; empty if they were played here.
    stopped
        How far a sequential audit went; None for one that plays everything.
    words
        What a judge found in the agent's words; None where nobody was asked. Never part of a score.
    comparison
        What changed since an earlier audit; None where none was given.
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
    reads: bool
    source: str
    stopped: Stopped | None
    design: Design
    drives: tuple[DriveResult, ...]
    behaviours: tuple[BehaviourResult, ...]
    worlds: tuple[WorldResult, ...]
    limits: tuple[LimitResult, ...]
    rows: tuple[RowResult, ...]
    provenance: Provenance
    seconds: float
    words: WordsResult | None = None
    comparison: Comparison | None = None

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
                "p": b.p,
                "p_holm": b.p_holm,
                "detectable": b.detectable,
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
