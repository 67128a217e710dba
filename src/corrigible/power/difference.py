"""Differences of POWER, from the same goals on both sides, so that they are known far better than either.

Two models (a wall removed, a permission added), two discounts, two agents, two states: each goal is put to
both sides, and what is averaged is the difference of what it attains.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import provenance, read_only
from corrigible.mdp.model import MDP, Label
from corrigible.power.attainable import Attainable, check_limit
from corrigible.power.carrier import Carrier, by_label, by_outcome
from corrigible.power.compared import PowerDifference
from corrigible.power.designs import DesignName
from corrigible.power.estimate import solved_by
from corrigible.power.rewards.notation import Rewards, as_distribution
from corrigible.power.survey import MAX_SAMPLES, Answer, Question, survey

if TYPE_CHECKING:
    from corrigible.power.bounded import Agent

    Agents: TypeAlias = Agent | tuple[Agent | None, Agent | None] | None


def difference(
    a: MDP,
    b: MDP | None = None,
    rewards: Rewards = None,
    discount: float | tuple[float, float] = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    states: Sequence[tuple[Label, Label]] | None = None,
    outcomes: tuple[Sequence[Label], Sequence[Label]] | None = None,
    agent: Agents = None,
    target_stderr: float | None = None,
    max_samples: int = MAX_SAMPLES,
    design: DesignName = "independent",
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> PowerDifference:
    """Estimate how much more an agent could attain on one side than on the other, goal by goal.

    ::

        Δ(s, t) = E_{R ~ D}[ A_R(s; a, γ_a) − A_R(t; b, γ_b) ] = POWER_D(s; a, γ_a) − POWER_D(t; b, γ_b)

    with A_R what the goal R attains (`corrigible.power.attainable`). Both sides get the same goals, so that
    the standard error is that of the differences: goals that attain much on one side mostly do on the other.

    Parameters
    ----------
    a, b
        The models; ``b`` is ``a`` where it is left out.
    rewards
        D, as for `estimate`. States of equal labels have the same reward. A distribution that depends on the
        states (a table, groups, features, exceptions) is given for the states of ``a`` in their order,
        followed by those that only ``b`` has.
    discount
        γ, or a pair (γ_a, γ_b).
    samples, seed, target_stderr, max_samples, design, workers, executor, progress
        As for `estimate`; the target is for the differences.
    states
        Pairs (state of ``a``, state of ``b``), by their labels; default every label that both have, with
        itself.
    outcomes
        What rewards are on, for each state of ``a`` and each of ``b``: states of equal outcomes have the same
        reward, in either model. ``rewards`` is then a distribution over the distinct outcomes, those of ``a``
        first, in the order of their first appearance. Default the labels.
    agent
        How the agent acts, or a pair; ``None``: optimally.

    Returns
    -------
    PowerDifference

    Raises
    ------
    OptionError
        If the models have no label (or no outcome) in common, so that no goal is the same in both; if an
        argument is out of range.
    UnknownNameError
        If a state named in ``states`` does not exist.
    DistributionError
        If the rewards do not fit.

    Notes
    -----
    Where all states of ``b`` are states of ``a``, POWER of ``a`` is that of `estimate` under the same seed.

    *Source:* common random numbers: P. Glasserman & D. D. Yao, Some guidelines and guarantees for common
    random numbers (1992).

    Examples
    --------
    >>> from corrigible import MDP
    >>> free = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> bound = MDP.from_edges({"on": ["off"], "off": ["off"]})
    >>> found = difference(free, bound, samples=10_000)
    >>> [round(float(x), 2) for x in found.difference]
    [0.17, 0.0]
    """
    other = a if b is None else b
    carrier = by_label(a, other) if outcomes is None else by_outcome(a, other, *outcomes)
    discounts = discount if isinstance(discount, tuple) else (discount, discount)
    agents = agent if isinstance(agent, tuple) else (agent, agent)
    for name, pair in (("discounts", discounts), ("agents", agents)):
        if len(pair) != 2:
            raise OptionError(f"there are `{len(pair)}` {name}", "give one, or a pair")
    pairs = _pairs(a, other, states)
    question = _Difference(
        mdp=carrier.mdp,
        carrier=carrier,
        models=(a, other),
        discounts=(check_limit(discounts[0]), check_limit(discounts[1])),
        agents=agents,
        chosen=pairs,
    )
    distribution = as_distribution(rewards)
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
        task="differences of POWER",
    )
    means = [read_only(part) for part in np.split(found.means[0].mean, 3)]
    errors = [read_only(part) for part in np.split(found.means[0].stderr, 3)]
    named = tuple(each.describe() if each is not None else None for each in agents)
    residual, bound = found.means[0].worst
    return PowerDifference(
        difference=means[0],
        stderr=errors[0],
        first=means[1],
        first_stderr=errors[1],
        second=means[2],
        second_stderr=errors[2],
        states=tuple(a.states[number] for number in pairs[0].tolist()),
        versus=tuple(other.states[number] for number in pairs[1].tolist()),
        discounts=question.discounts,
        samples=found.samples,
        units=found.units,
        design=design,
        residual=residual,
        error_bound=bound,
        methods=(question.solved[0].method, question.solved[1].method),
        target_met=found.target_met,
        provenance=provenance(
            found.seed,
            a.fingerprint,
            versus=other.fingerprint,
            rewards=distribution.describe(),
            **({"outcomes": carrier.fingerprint} if outcomes is not None else {}),
            **({"agents": named} if any(named) else {}),
            discounts=question.discounts,
            samples=found.samples,
            design=design,
            target_stderr=target_stderr,
        ),
    )


def _pairs(a: MDP, b: MDP, states: Sequence[tuple[Label, Label]] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the states to compare, those of ``a`` and those of ``b``."""
    if states is None:
        if a is b:
            return np.arange(a.n_states), np.arange(a.n_states)
        of_b = {label: number for number, label in enumerate(b.states)}
        both = [(k, of_b[label]) for k, label in enumerate(a.states) if label in of_b]
        if not both:
            raise OptionError(
                "the two models have no state label in common", "give `states`: pairs of labels to compare"
            )
    else:
        for pair in states:
            if not isinstance(pair, tuple) or len(pair) != 2:  # pyright: ignore[reportUnnecessaryIsInstance]
                raise OptionError(f"`{pair}` is not a pair of states", "give (state of a, state of b)")
        both = [(a.index(one), b.index(two)) for one, two in states]
        if not both:
            raise OptionError("there is no pair of states", "give one or more, or leave `states` out")
    return np.array([one for one, _ in both]), np.array([two for _, two in both])


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Difference(Question):
    """How much more does each goal attain from the first state of each pair than from the second?"""

    carrier: Carrier
    models: tuple[MDP, MDP]
    discounts: tuple[float, float]
    agents: tuple[Agent | None, Agent | None]
    chosen: tuple[np.ndarray, np.ndarray]

    @property
    def columns(self) -> tuple[int, ...]:
        """Differences, POWER of the first, POWER of the second."""
        return (3 * len(self.chosen[0]),)

    @property
    def watched(self) -> tuple[int, ...]:
        """The differences alone."""
        return (len(self.chosen[0]),)

    def prepare(self) -> None:
        """Make the solvers."""
        _ = self.solved

    def __call__(self, rewards: np.ndarray) -> list[Answer]:
        """See `Question`; the worst numbers are the residual and the sum of both error bounds."""
        found = self.solved[0](self.carrier.first(rewards))
        # Where both sides are the same model, discount and agent, only states differ.
        again = found if self.alike else self.solved[1](self.carrier.second(rewards))
        one = np.take(found.attained, self.chosen[0], axis=1)
        two = np.take(again.attained, self.chosen[1], axis=1)
        residual = max(float(each.residual.max(initial=0.0)) for each in (found, again))
        return [
            Answer(
                values=np.hstack([one - two, one, two]),
                worst=(residual, found.error_bound + again.error_bound),
            )
        ]

    @property
    def alike(self) -> bool:
        """Whether what is attained is the same on both sides."""
        return self.solved[0] is self.solved[1]

    @cached_property
    def solved(self) -> tuple[Attainable, Attainable]:
        """What is attained on either side."""
        first = solved_by(self.agents[0], self.models[0], self.discounts[0])
        if (
            self.models[0] is self.models[1]
            and self.discounts[0] == self.discounts[1]
            and self.agents[0] is self.agents[1]
            and self.carrier.same
        ):
            return first, first
        return first, solved_by(self.agents[1], self.models[1], self.discounts[1])
