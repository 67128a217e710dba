"""Bottlenecks: states through which much of the others' POWER passes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from corrigible.core.errors import OptionError, unknown_name
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, read_only
from corrigible.mdp.model import MDP, Label
from corrigible.power.attainable import Attainable, check_limit
from corrigible.power.designs import DesignName
from corrigible.power.estimate import numbers_of, solved_by
from corrigible.power.result import import_pandas, student_reach
from corrigible.power.rewards.notation import Rewards
from corrigible.power.survey import Answer
from corrigible.power.weighed import Single, result_json, told

if TYPE_CHECKING:
    import pandas

    from corrigible.power.bounded import Agent


class Bottleneck(NamedTuple):
    """What the other states' POWER loses where one state is a dead end."""

    state: Label
    loss: float
    stderr: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Bottlenecks:
    """How much of the others' POWER passes through each state.

    Parameters
    ----------
    states
        The labels of the states.
    loss
        Mean POWER of the other states, minus the same where this one cannot be left; read-only, shape (states,).
    stderr
        Its standard error, paired over goals; NaN where it cannot be known.
    discount, samples, units, design, residual, method, provenance
        As in `PowerResult`.
    error_bound
        How far the solver may have moved any loss at most, beside the sampling error.
    """

    states: Sequence[Label]
    loss: np.ndarray
    stderr: np.ndarray
    discount: float
    samples: int
    units: int
    design: DesignName
    residual: float
    error_bound: float
    method: str
    provenance: Provenance

    def at(self, state: Label) -> Bottleneck:
        """Return the loss for one state.

        Raises
        ------
        UnknownNameError
            If it is not among those asked for.
        """
        for number, label in enumerate(self.states):
            if label == state:
                return self._entry(number)
        unknown_name("state", state, [], f"there are {len(self.states)}")

    def most(self, k: int = 5) -> list[Bottleneck]:
        """Return the ``k`` narrowest bottlenecks, the first of the largest loss; ties in the order of ``states``."""
        return [self._entry(int(i)) for i in np.argsort(-self.loss, kind="stable")[: max(k, 0)]]

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of a confidence interval for each loss, as `PowerResult.interval` does.

        Raises
        ------
        OptionError
            If ``level`` is not between 0 and 1.
        """
        reach = student_reach(level, self.units) * self.stderr + self.error_bound
        return self.loss - reach, self.loss + reach

    def to_json(self) -> str:
        """Return the result as JSON text: ``kind`` (``"bottlenecks"``) and the fields of this class."""
        return result_json("bottlenecks", self)

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with the columns state, loss, stderr."""
        pd = import_pandas()
        states = pd.Series(list(self.states), dtype=object)
        return pd.DataFrame({"state": states, "loss": self.loss, "stderr": self.stderr})

    def _entry(self, number: int) -> Bottleneck:
        return Bottleneck(self.states[number], float(self.loss[number]), float(self.stderr[number]))

    def __repr__(self) -> str:
        state, loss, stderr = self.most(1)[0]
        return f"<Bottlenecks: {len(self.states)} states, first {state} with a loss of {loss:.4g} ± {stderr:.2g}>"


def bottlenecks(
    mdp: MDP,
    rewards: Rewards = None,
    discount: float = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    states: Sequence[Label] | None = None,
    agent: Agent | None = None,
    design: DesignName = "independent",
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Bottlenecks:
    """Estimate for each state how much POWER the others lose where it is a dead end.

    ::

        loss(b) = 1/(n − 1) · Σ_{s ≠ b} [ POWER(s) − POWER(s; whoever enters b stays in b) ]

    Parameters
    ----------
    mdp
        The model; two states or more.
    rewards, discount, samples, seed, agent, design, workers, executor, progress
        As for `estimate`; the same goals for all models.
    states
        The labels of the states to try; default all. Each costs as much as one more estimate, and its model is
        kept in memory meanwhile.

    Raises
    ------
    OptionError
        If the model has one state only; else as for `estimate`.
    UnknownNameError
        If there is no such state.

    Notes
    -----
    Resting in b still counts, and its own POWER does not: what is lost is what lies beyond it. A state from which
    nothing else can be reached loses nothing. Where one can stay in b anyway the loss is never negative, goal by
    goal, for an optimal agent; elsewhere the dead end adds something, staying, that b did not offer.

    *Source:* the vitality of a node, the loss of a whole where it is taken away: D. Koschützki et al., Centrality
    indices (2005), section 3.6; bottlenecks as states that many best ways pass: Ö. Şimşek & A. Barto, Skill
    characterization based on betweenness (2008).

    Examples
    --------
    >>> mdp = MDP.from_edges({"a": ["a", "door"], "door": ["a", "door", "b"], "b": ["b", "door"]})
    >>> bottlenecks(mdp).most(1)[0].state
    'door'
    """
    if mdp.n_states < 2:
        raise OptionError("the model has `1` state", "a bottleneck lies between others")
    chosen = tuple(range(mdp.n_states)) if states is None else numbers_of(states, mdp)
    question = _Lost(mdp=mdp, discount=check_limit(discount), agent=agent, chosen=chosen)
    mean, stderr, common = told(
        question, rewards, samples, seed, design, workers, executor, progress, task="bottlenecks"
    )
    return Bottlenecks(
        states=tuple(mdp.states[number] for number in chosen),
        loss=read_only(mean),
        stderr=read_only(stderr),
        **common,
    )


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Lost(Single):
    """How much do the others attain less of each goal where a state is a dead end, for each of the ``chosen``?"""

    chosen: tuple[int, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """One a state."""
        return (len(self.chosen),)

    def prepare(self) -> None:
        """Make the solvers."""
        _ = self.solved

    def __call__(self, rewards: np.ndarray) -> list[Answer]:
        """See `Question`; the worst numbers are the residual and the sum of both error bounds."""
        whole = self.solved[0](rewards)
        values = np.empty((len(rewards), len(self.chosen)))
        residual, bound = float(whole.residual.max(initial=0.0)), 0.0
        for column, (state, solved) in enumerate(zip(self.chosen, self.solved[1:], strict=True)):
            found = solved(rewards)
            lost = whole.attained - found.attained
            lost[:, state] = 0.0
            values[:, column] = lost.sum(axis=1) / (self.mdp.n_states - 1)
            residual = max(residual, float(found.residual.max(initial=0.0)))
            bound = max(bound, found.error_bound)
        return [Answer(values=values, worst=(residual, whole.error_bound + bound))]

    @property
    def method(self) -> str:
        return self.solved[0].method

    @cached_property
    def solved(self) -> list[Attainable]:
        """What is attained in the whole model, and with each state as a dead end."""
        numbers = np.arange(self.mdp.n_states)
        models = [self.mdp, *(self.mdp.absorbing(numbers == state) for state in self.chosen)]
        return [solved_by(self.agent, model, self.discount) for model in models]
