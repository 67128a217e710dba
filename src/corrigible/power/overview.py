"""POWER of all states and preferred actions at one, of the same goals, each solved once for both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import cached_property
from itertools import chain
from typing import NamedTuple, final

import numpy as np

from corrigible.core.progress import SILENT, Progress
from corrigible.mdp.model import MDP, Label
from corrigible.power.attainable import Optimal, at_each, attainable
from corrigible.power.designs import DesignName
from corrigible.power.estimate import PowerOfStates, check_discounts, numbers_of
from corrigible.power.optimality import OptimalityResult, Preferences, Ties, check_ties
from corrigible.power.result import PowerResult
from corrigible.power.rewards.notation import Rewards, as_distribution
from corrigible.power.survey import MAX_SAMPLES, Answer, Question, survey


class Overview(NamedTuple):
    """POWER, and which actions most goals prefer: one of each a discount."""

    power: tuple[PowerResult, ...]
    preferred: tuple[OptimalityResult, ...]


def overview(
    mdp: MDP,
    state: Label,
    rewards: Rewards = None,
    discount: Sequence[float] = (0.9,),
    samples: int | None = None,
    seed: int = 0,
    *,
    target_stderr: float | None = None,
    max_samples: int = MAX_SAMPLES,
    ties: Ties = "split",
    design: DesignName = "independent",
    states: Sequence[Label] | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Overview:
    """Return what `estimate` and `optimality_probability` would, at half the cost.

    Parameters
    ----------
    mdp, rewards, samples, seed, target_stderr, max_samples, design, states, workers, executor, progress
        As for `estimate`. The target is for POWER.
    state, ties
        As for `optimality_probability`.
    discount
        A sequence of different ones from 0 to 1.

    Returns
    -------
    Overview

    Raises
    ------
    OptionError, UnknownNameError, DistributionError
        Where one of the two does.

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> found = overview(mdp, "on", samples=10_000)
    >>> round(found.power[0].at("on").power, 1), [round(float(p), 1) for p in found.preferred[0].probability]
    (0.7, [0.5, 0.5])
    """
    discounts = tuple(check_discounts(discount))
    distribution = as_distribution(rewards)
    chosen = None if states is None else numbers_of(states, mdp)
    number, ties = mdp.index(state), check_ties(ties)
    question = _Both(
        mdp=mdp,
        power=PowerOfStates(mdp=mdp, discounts=discounts, chosen=chosen),
        preferences=tuple(
            Preferences(mdp=mdp, state=number, discount=value, ties=ties) for value in discounts
        ),
    )
    found = survey(
        question,
        distribution,
        samples,
        seed,
        design=design,
        target_stderr=target_stderr,
        max_samples=max_samples,
        workers=workers,
        executor=executor,
        progress=progress,
    )
    methods = [optimal.method for optimal in question.solved]
    return Overview(
        power=question.power.results(found, found.means[::2], methods, distribution, design, target_stderr),
        preferred=tuple(
            each.result(found, mean, method, distribution, design)
            for each, mean, method in zip(question.preferences, found.means[1::2], methods, strict=True)
        ),
    )


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Both(Question):
    """Both questions: POWER, then preferences, at one discount after the other."""

    power: PowerOfStates
    preferences: tuple[Preferences, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        preferred = (each.columns[0] for each in self.preferences)
        return tuple(chain.from_iterable(zip(self.power.columns, preferred, strict=True)))

    @property
    def watched(self) -> tuple[int, ...]:
        return tuple(chain.from_iterable((columns, 0) for columns in self.power.columns))

    def prepare(self) -> None:
        _ = self.solved

    def __call__(self, rewards: np.ndarray) -> Iterator[Answer]:
        found_at = at_each(self.solved, rewards)
        for found, optimal, preferences in zip(found_at, self.solved, self.preferences, strict=True):
            preferred = preferences.answer(rewards, found, optimal)
            yield self.power.answer(found)
            yield preferred

    @cached_property
    def solved(self) -> list[Optimal]:
        return [attainable(self.mdp, discount) for discount in self.power.discounts]
