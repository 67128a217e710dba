"""POWER of every state by sampling: draw goals, solve each of them, average."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, final, overload

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import provenance
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.optimal import Solver, solver_for
from corrigible.power.attainable import Attainable, Attained, at_each, attainable, check_limit
from corrigible.power.designs import DesignName
from corrigible.power.result import PowerResult
from corrigible.power.rewards.contract import RewardDistribution
from corrigible.power.rewards.notation import Rewards, as_distribution
from corrigible.power.survey import MAX_SAMPLES, Answer, Found, Mean, Question, survey
from corrigible.power.survey import SAMPLES as SAMPLES

if TYPE_CHECKING:
    from corrigible.power.bounded import Agent


@overload
def estimate(
    mdp: MDP,
    rewards: Rewards = None,
    discount: float = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    target_stderr: float | None = None,
    max_samples: int = MAX_SAMPLES,
    agent: Agent | None = None,
    design: DesignName = "independent",
    states: Sequence[Label] | None = None,
    solver: Callable[[MDP, float], Solver] = solver_for,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> PowerResult: ...


@overload
def estimate(
    mdp: MDP,
    rewards: Rewards = None,
    *,
    discount: Sequence[float] | np.ndarray,
    samples: int | None = None,
    seed: int = 0,
    target_stderr: float | None = None,
    max_samples: int = MAX_SAMPLES,
    agent: Agent | None = None,
    design: DesignName = "independent",
    states: Sequence[Label] | None = None,
    solver: Callable[[MDP, float], Solver] = solver_for,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> tuple[PowerResult, ...]: ...


def estimate(
    mdp: MDP,
    rewards: Rewards = None,
    discount: float | Sequence[float] | np.ndarray = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    target_stderr: float | None = None,
    max_samples: int = MAX_SAMPLES,
    agent: Agent | None = None,
    design: DesignName = "independent",
    states: Sequence[Label] | None = None,
    solver: Callable[[MDP, float], Solver] = solver_for,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> PowerResult | tuple[PowerResult, ...]:
    """Estimate how much an agent could still attain from each state, over many goals.

    With reward on states, collected at the state one is in::

        POWER_D(s, γ) = (1 − γ)/γ · E_{R ~ D}[ V*_R(s, γ) − R(s) ]

    and with the value of another policy in place of V* for an ``agent`` that is not optimal.

    Parameters
    ----------
    mdp
        The model.
    rewards
        D: a `RewardDistribution`, an array of samples of shape (samples, states), text such as
        ``"beta(2, 5)"``, a frozen SciPy distribution; ``None`` for independent and uniform on
        [0, 1].
    discount
        γ from 0 to 1, or a sequence of different ones, which then share the samples. 0 and 1 mean the
        limits: the reward of the next step, and the greatest average reward.
    samples
        How many reward functions to draw; by default 1,000, or all rows of an array. With
        ``target_stderr``, the fewest.
    seed
        0 or a positive integer. The same seed gives the same result to the last bit, on any number
        of workers; more samples under the same seed begin with the same ones.
    target_stderr
        Draw until no state's standard error (at any of the discounts) exceeds this.
    max_samples
        Where to give up on ``target_stderr``; the result's ``target_met`` says whether it was met.
    agent
        How the agent acts, of `corrigible.power.bounded`; ``None``: optimally.
    design
        How samples are drawn together, so that few of them say much: ``"independent"`` (not at all),
        ``"antithetic"``, ``"sobol"`` or ``"stratified"``; see `corrigible.power.designs`.
    states
        The labels of the states wanted, where all of them are too many to keep; default all.
    solver
        What finds optimal values: from a model and a discount to a `corrigible.mdp.optimal.Solver`. Default
        the one that suits the model; `corrigible.mdp.jax.Jax` works on an accelerator.
    workers
        Threads; default one for each core. The result is the same for any number.
    executor
        Where the chunks are worked on in place of threads of this process: any
        `concurrent.futures.Executor`, such as one of processes, or that of `corrigible.power.cluster`.
        The result is the same to the last bit.
    progress
        Told of every chunk.

    Returns
    -------
    PowerResult or tuple of PowerResult
        One for one discount; one for each of a sequence.

    Raises
    ------
    OptionError
        If the discount, the number of samples, the seed or the target is out of range, or the design
        does not go with the rewards.
    UnknownNameError
        If there is no such design, or no such state.
    DistributionError
        If the rewards cannot be drawn, or do not fit the model.

    Notes
    -----
    Sampling error falls with the square root of the number of samples; the solver's error is apart,
    in ``error_bound``. Looking at the standard error to decide when to stop makes intervals
    slightly too narrow; it is looked at a few times only, and after ``samples`` at the earliest.

    A design other than ``"independent"`` draws samples in units (pairs, or 32 or 64 together). The number of
    samples is rounded up to whole units, and standard errors come from the units' means.

    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021),
    definition 5.2.

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> result = estimate(mdp, samples=40_000)
    >>> round(result.at("on").power, 2), round(result.at("off").power, 2)
    (0.67, 0.5)
    """
    many = not isinstance(discount, str) and np.ndim(discount) > 0  # pyright: ignore[reportArgumentType]
    discounts = check_discounts(discount if many else [discount])  # pyright: ignore[reportArgumentType]
    distribution = as_distribution(rewards)
    chosen = None if states is None else numbers_of(states, mdp)
    question = PowerOfStates(mdp=mdp, discounts=tuple(discounts), agent=agent, chosen=chosen, solver=solver)
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
    methods = [solved.method for solved in question.solved]
    results = question.results(found, found.means, methods, distribution, design, target_stderr)
    return results if many else results[0]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class PowerOfStates(Question):
    """What does each goal attain from each state (or from the ``chosen`` ones), at each discount?"""

    discounts: tuple[float, ...]
    agent: Agent | None = None
    chosen: tuple[int, ...] | None = None
    solver: Callable[[MDP, float], Solver] = solver_for

    @property
    def columns(self) -> tuple[int, ...]:
        """One a state, for each discount."""
        return (self.mdp.n_states if self.chosen is None else len(self.chosen),) * len(self.discounts)

    def prepare(self) -> None:
        """Make the solvers."""
        _ = self.solved

    def __call__(self, rewards: np.ndarray) -> Iterator[Answer]:
        """See `Question`; the worst numbers are the residual and the error bound."""
        return (self.answer(found) for found in at_each(self.solved, rewards))

    def answer(self, found: Attained) -> Answer:
        """Return the answer at one discount where it is known what the goals attain."""
        values = found.attained if self.chosen is None else np.take(found.attained, self.chosen, axis=1)
        return Answer(values=values, worst=(float(found.residual.max(initial=0.0)), found.error_bound))

    @cached_property
    def solved(self) -> list[Attainable]:
        """What is attained at each discount."""
        return [solved_by(self.agent, self.mdp, discount, self.solver) for discount in self.discounts]

    def results(
        self,
        found: Found,
        means: Sequence[Mean],
        methods: Sequence[str],
        rewards: RewardDistribution,
        design: DesignName,
        target_stderr: float | None,
    ) -> tuple[PowerResult, ...]:
        """Return what a survey found, as people want it: one result a discount."""
        mdp, agent, chosen = self.mdp, self.agent, self.chosen
        return tuple(
            PowerResult(
                power=mean.mean,
                stderr=mean.stderr,
                states=mdp.states if chosen is None else tuple(mdp.states[number] for number in chosen),
                discount=discount,
                samples=found.samples,
                units=found.units,
                design=design,
                residual=mean.worst[0],
                error_bound=mean.worst[1],
                method=method,
                target_met=found.target_met,
                provenance=provenance(
                    found.seed,
                    mdp.fingerprint,
                    rewards=rewards.describe(),
                    **({} if agent is None else {"agent": agent.describe()}),
                    discount=discount,
                    samples=found.samples,
                    design=design,
                    target_stderr=target_stderr,
                ),
            )
            for mean, discount, method in zip(means, self.discounts, methods, strict=True)
        )


def solved_by(
    agent: Agent | None, mdp: MDP, discount: float, solver: Callable[[MDP, float], Solver] = solver_for
) -> Attainable:
    """Return what ``agent`` attains (``None``: an optimal one, found by ``solver``)."""
    return attainable(mdp, discount, solver) if agent is None else agent.attainable(mdp, discount)


def numbers_of(states: Sequence[Label], mdp: MDP) -> tuple[int, ...]:
    """Return the numbers of the labels ``states``, or raise `OptionError` or `UnknownNameError`."""
    if isinstance(states, str):
        raise OptionError(f"the states `{states}` are text, not a list of labels", f'give `["{states}"]`')
    numbers = tuple(mdp.index(state) for state in states)
    if not numbers:
        raise OptionError("there is no state", "give one label or more, or leave `states` out for all")
    if len(set(numbers)) < len(numbers):
        twice = next(state for k, state in enumerate(states) if numbers[k] in numbers[:k])
        raise OptionError(f"the state `{twice}` is given twice", "give each of them once")
    return numbers


def check_discounts(discounts: Sequence[float]) -> list[float]:
    """Return different numbers from 0 to 1, one or more, or raise `OptionError`."""
    values = [check_limit(value) for value in discounts]
    if not values:
        raise OptionError("there is no discount", "give one from 0 to 1")
    for k, value in enumerate(values):
        if value in values[:k]:
            raise OptionError(f"the discount `{value:g}` is given twice", "give each of them once")
    return values
