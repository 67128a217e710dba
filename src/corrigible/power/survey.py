"""Goals put to a question: rewards drawn chunk by chunk, until the answers' means are known well enough.

What is asked (`Question`) differs: POWER of states, a difference of POWER, which actions are optimal. How
goals are drawn, by which design, on how many workers, when enough is enough, and what error the means
have is the same for all of them, and stands here.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from concurrent.futures import Executor
from contextlib import closing
from functools import cached_property
from typing import Any, final

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import read_only
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import check_workers
from corrigible.power.designs import design_of
from corrigible.power.moments import Block, Moments, block
from corrigible.power.rewards.contract import RewardDistribution, RewardSamples, check_samples
from corrigible.power.sampling import in_order

SAMPLES = 1000
"""How many reward functions are drawn where nothing is said."""

MAX_SAMPLES = 1_000_000
"""Where adaptive sampling stops where nothing is said."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What one chunk of goals says.

    Parameters
    ----------
    values
        Whose means are wanted; shape (samples, columns). They are overwritten.
    worst
        Numbers of which the largest of all chunks is wanted: a residual, an error bound.
    """

    values: np.ndarray
    worst: tuple[float, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """What is asked of every goal; picklable, and called from several threads at once.

    One answer or more: one for each discount, say, each with its own worst numbers.

    Parameters
    ----------
    mdp
        The model whose states are rewarded.
    """

    mdp: MDP

    @property
    @abstractmethod
    def columns(self) -> tuple[int, ...]:
        """How many numbers each answer has."""

    @property
    def watched(self) -> tuple[int, ...]:
        """How many of them, from the first on, must meet a ``target_stderr``; all."""
        return self.columns

    @abstractmethod
    def prepare(self) -> None:
        """Say what is wrong with the question before the work begins."""

    @abstractmethod
    def __call__(self, rewards: np.ndarray) -> Iterable[Answer]:
        """Return what goals, shape (samples, states), answer; each answer is done with before the next."""

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what can be made again."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Mean:
    """The mean of one answer over all goals.

    Parameters
    ----------
    mean, stderr
        Read-only, shape (columns,); the error NaN where it cannot be known.
    worst
        The largest of each of the worst numbers.
    """

    mean: np.ndarray
    stderr: np.ndarray
    worst: tuple[float, ...]


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What a survey found.

    Parameters
    ----------
    means
        One for each answer.
    samples
        How many goals were drawn.
    units
        Of how many independent units they consist; the errors have ``units`` − 1 degrees of freedom.
    seed
        The seed; ``None`` where it does not matter.
    target_met
        Whether the standard error asked for was reached; ``None`` where none was asked for.
    """

    means: list[Mean]
    samples: int
    units: int
    seed: int | None
    target_met: bool | None


def survey(
    question: Question,
    rewards: RewardDistribution,
    samples: int | None = None,
    seed: int = 0,
    *,
    design: str = "independent",
    target_stderr: float | None = None,
    max_samples: int = MAX_SAMPLES,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
    task: str = "POWER",
) -> Found:
    """Draw goals and return the means of what they answer; the arguments are those of `estimate`.

    Parameters
    ----------
    task
        What the progress is called.

    Raises
    ------
    OptionError
        If an argument is out of range, or the design does not go with the rewards.
    DistributionError
        If the rewards do not fit the model.
    TooLargeError
        If this machine's memory is too small.
    """
    mdp, threads, chosen = question.mdp, check_workers(workers), design_of(design)
    designed = chosen.of(rewards)
    drawn = RewardSamples(designed, mdp, seed)
    unit = chosen.unit(drawn.rows)
    first, last = _check_plan(rewards, samples, target_stderr, max_samples, unit)
    # Rewards, values and two intermediates a thread, moments for the results under way.
    wide = 4 * mdp.n_states + max(0, max(question.columns) - mdp.n_states)
    needed = 8 * threads * (drawn.rows * wide + 4 * sum(question.columns))
    memory.require(needed, f"{task} of {mdp.n_states} states on {threads} threads", "give fewer workers")
    question.prepare()
    work = _Work(question=question, rewards=designed, seed=drawn.seed, unit=unit, last=last)
    tallies = [_Tally(columns) for columns in question.columns]
    done, goal, met = 0, first, None
    while True:
        chunks = range(done, -(-goal // drawn.rows))
        parts = in_order(work, chunks, threads, executor)
        _run(parts, tallies, unit, goal - tallies[0].moments.count * unit, progress, task)
        done, count = chunks.stop, tallies[0].moments.count * unit
        if target_stderr is None:
            break
        widest = max(
            float(np.max(tally.moments.stderr()[:columns], initial=0.0))
            for tally, columns in zip(tallies, question.watched, strict=True)
        )
        met = widest <= target_stderr
        if met or count >= last:
            break
        goal = _next_goal(count, widest, target_stderr, drawn.rows, last)
    return Found(
        means=[tally.mean(rewards.finite_variance) for tally in tallies],
        samples=count,
        units=tallies[0].moments.count,
        seed=drawn.seed if rewards.seeded else None,
        target_met=met,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Part:
    """What one chunk adds to one answer."""

    moments: Block
    worst: tuple[float, ...]


class _Tally:
    """What all chunks so far say of one answer."""

    def __init__(self, columns: int) -> None:
        self.moments = Moments(columns)
        self.worst: tuple[float, ...] = ()

    def add(self, part: _Part) -> None:
        self.moments.add(part.moments)
        self.worst = tuple(map(max, self.worst, part.worst)) if self.worst else part.worst

    def mean(self, finite_variance: bool) -> Mean:
        stderr = self.moments.stderr()
        if not finite_variance:
            stderr[:] = np.nan
        return Mean(mean=read_only(self.moments.mean), stderr=read_only(stderr), worst=self.worst)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Work:
    """What one chunk takes: its own number, and this, which goes to wherever it is worked on."""

    question: Question
    rewards: RewardDistribution
    seed: int
    unit: int
    last: int

    def __call__(self, number: int) -> list[_Part]:
        """Return what chunk ``number`` adds to each answer."""
        answers = self.question(self.drawn.chunk(number, self.last))
        return [_Part(moments=block(self.units(each.values)), worst=each.worst) for each in answers]

    def units(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of each unit; shape (units, columns)."""
        if self.unit == 1:
            return values
        return values.reshape(-1, self.unit, values.shape[1]).mean(axis=1)

    @cached_property
    def drawn(self) -> RewardSamples:
        return RewardSamples(self.rewards, self.question.mdp, self.seed)

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what can be made again."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def _run(
    parts: Generator[list[_Part], None, None],
    tallies: list[_Tally],
    unit: int,
    total: int,
    progress: Progress,
    task: str,
) -> None:
    """Add ``parts`` to the tallies, in order."""
    progress.start(task, total)
    try:
        with closing(parts):
            for part in parts:
                for tally, one in zip(tallies, part, strict=True):
                    tally.add(one)
                progress.advance(part[0].moments.count * unit)
    finally:
        progress.finish()


def _check_plan(
    distribution: RewardDistribution,
    samples: int | None,
    target: float | None,
    max_samples: int,
    unit: int,
) -> tuple[int, int]:
    """Return after how many samples to look first, and where to stop at the latest: whole units both."""
    size = distribution.size
    default = (SAMPLES if size is None else size) if target is None else min(SAMPLES, size or SAMPLES)
    first = check_samples(default if samples is None else samples, size)
    if target is None:
        return -(-first // unit) * unit, -(-first // unit) * unit
    if not target > 0:
        raise OptionError(f"the target standard error `{target}` is not above 0", "give for example 0.001")
    if not distribution.finite_variance:
        raise OptionError(
            f"the target standard error `{target}` cannot be reached",
            f"the rewards have no finite variance ({distribution.describe()})",
        )
    last = check_samples(max_samples, what="largest number of samples")
    last = last if size is None else min(last, size)
    if first > last:
        if samples is not None:
            raise OptionError(
                f"the number of samples `{samples}` exceeds the largest, {last}", "raise `max_samples`"
            )
        first = last
    first = -(-first // unit) * unit
    return first, max(first, last // unit * unit)


def _next_goal(count: int, stderr: float, target: float, rows: int, last: int) -> int:
    """Return when to look again: where the target should be met, at 1.25 to 4 times the samples."""
    ratio = (stderr / target) ** 2 * 1.05 if math.isfinite(stderr) else 4.0
    goal = math.ceil(count * min(max(ratio, 1.25), 4.0))
    return min(-(-goal // rows) * rows, last)
