"""POWER weighed over states: after a chance outcome, of one state minus another, and so on.

All weighed means come from the same goals, so that the standard error of a difference is that of the differences.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from corrigible.core.progress import Progress
from corrigible.core.results import provenance, to_json
from corrigible.power.attainable import Attainable
from corrigible.power.designs import DesignName
from corrigible.power.estimate import solved_by
from corrigible.power.rewards.notation import Rewards, as_distribution
from corrigible.power.survey import Answer, Question, survey

if TYPE_CHECKING:
    from corrigible.power.bounded import Agent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Single(Question):
    """A question at one discount, of one way to act, with one answer.

    Parameters
    ----------
    discount
        γ, from 0 to 1; the ends mean the limits.
    agent
        How the agent acts; ``None``: optimally.
    """

    discount: float
    agent: Agent | None = None

    @property
    @abstractmethod
    def method(self) -> str:
        """The solver."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Weighed(Single):
    """What does each goal attain from mixtures of states?

    Parameters
    ----------
    weights
        A sparse matrix of shape (mixtures, states): how much each state counts. Rows that sum to one are POWER
        after a chance outcome, rows that sum to nought are gains.
    """

    weights: Any

    @property
    def columns(self) -> tuple[int, ...]:
        """One a mixture."""
        return (self.weights.shape[0],)

    def prepare(self) -> None:
        """Make the solver."""
        _ = self.solved

    def __call__(self, rewards: np.ndarray) -> list[Answer]:
        """See `Question`; the worst numbers are the residual and the error bound of a POWER."""
        found = self.solved(rewards)
        values = np.ascontiguousarray((self.weights @ found.attained.T).T)
        return [Answer(values=values, worst=(float(found.residual.max(initial=0.0)), found.error_bound))]

    @property
    def method(self) -> str:
        return self.solved.method

    @cached_property
    def solved(self) -> Attainable:
        """What is attained."""
        return solved_by(self.agent, self.mdp, self.discount)


@final
class Told(NamedTuple):
    """What a survey found: means, errors, and the fields that results have in common."""

    mean: np.ndarray
    stderr: np.ndarray
    common: dict[str, Any]


def told(
    question: Single,
    rewards: Rewards,
    samples: int | None,
    seed: int,
    design: DesignName,
    workers: int | None,
    executor: Executor | None,
    progress: Progress,
    task: str = "POWER",
    **settings: Any,
) -> Told:
    """Put a question to goals; the arguments are those of `estimate`, ``settings`` goes to the provenance."""
    distribution, agent = as_distribution(rewards), question.agent
    found = survey(
        question,
        distribution,
        samples,
        seed,
        design=design,
        workers=workers,
        executor=executor,
        progress=progress,
        task=task,
    )
    [mean] = found.means
    common: dict[str, Any] = {
        "discount": question.discount,
        "samples": found.samples,
        "units": found.units,
        "design": design,
        "residual": mean.worst[0],
        "error_bound": mean.worst[1],
        "method": question.method,
        "provenance": provenance(
            found.seed,
            question.mdp.fingerprint,
            rewards=distribution.describe(),
            **({} if agent is None else {"agent": agent.describe()}),
            discount=question.discount,
            samples=found.samples,
            design=design,
            **settings,
        ),
    }
    return Told(mean.mean, mean.stderr, common)


def result_json(kind: str, result: Any) -> str:
    """Return a result as JSON text: ``kind``, and its fields."""
    return to_json({"kind": kind} | {f.name: getattr(result, f.name) for f in dataclasses.fields(result)})
