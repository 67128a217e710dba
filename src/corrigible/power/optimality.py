"""Which actions most goals prefer: the probability, over goals, that an action is optimal."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, Literal, final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, provenance, read_only, to_json
from corrigible.core.statistics import wilson
from corrigible.mdp.model import MDP, Label
from corrigible.power.attainable import Attained, Optimal, attainable, check_limit
from corrigible.power.designs import DesignName
from corrigible.power.result import check_level, import_pandas
from corrigible.power.rewards.contract import RewardDistribution
from corrigible.power.rewards.notation import Rewards, as_distribution
from corrigible.power.survey import Answer, Found, Mean, Question, survey

if TYPE_CHECKING:
    import pandas

Ties = Literal["split", "each"]


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class OptimalityResult:
    """For each action of one state, the probability over goals that it is optimal.

    Parameters
    ----------
    state
        The state's label.
    actions
        The labels of its actions, in the model's order.
    probability
        P_{R~D}(action is optimal at the state, γ); read-only, shape (actions,).
    stderr
        Its standard error; shape (actions,); NaN after a single sample.
    tied
        The share of goals for which more than one action was optimal.
    ties
        ``"split"`` or ``"each"``.
    discount
        γ.
    samples
        How many reward functions were drawn.
    units
        Of how many independent units of equal size they consist; ``samples`` for independent draws.
    design
        How they were drawn; see `corrigible.power.designs`.
    residual
        The largest Bellman residual of any sample, in units of value.
    tolerance
        The largest difference of action values, in any sample, that still counted as a tie.
    method
        The solver.
    provenance
        Seed, version, fingerprint of the model; the rewards in ``settings``.
    """

    state: Label
    actions: Sequence[Label]
    probability: np.ndarray
    stderr: np.ndarray
    tied: float
    ties: Ties
    discount: float
    samples: int
    units: int
    design: DesignName
    residual: float
    tolerance: float
    method: str
    provenance: Provenance

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper ends of Wilson's interval for each action.

        For split ties this is on the safe side, since a share varies less than a yes or no. So it is for
        a design that does better than independent draws; where it does worse, the samples count for
        as many fewer as the standard error says.

        *Source:* see `corrigible.core.statistics.wilson`.
        """
        check_level(level)
        worth = np.full(len(self.probability), float(self.samples))
        if self.units > 1 and self.units < self.samples:
            spread = self.probability * (1 - self.probability)
            known = self.stderr > 0
            worth[known] = np.minimum(worth[known], spread[known] / self.stderr[known] ** 2)
        low, high = wilson(self.probability, worth, level)
        return np.clip(low, 0, 1), np.clip(high, 0, 1)

    def to_json(self) -> str:
        """Return the result as JSON text.

        An object with the key ``kind`` (``"optimality"``) and one for each field of this class;
        ``actions``, ``probability`` and ``stderr`` are lists in the same order.
        """
        return to_json(
            {"kind": "optimality"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with the columns action, probability, stderr, low, high (at 95%)."""
        pd = import_pandas()
        low, high = self.interval()
        return pd.DataFrame(
            {
                "action": pd.Series(list(self.actions), dtype=object),
                "probability": self.probability,
                "stderr": self.stderr,
                "low": low,
                "high": high,
            }
        )

    def __repr__(self) -> str:
        shares = ", ".join(f"{a}: {p:.3g}" for a, p in zip(self.actions, self.probability, strict=True))
        return f"<OptimalityResult at {self.state}, discount {self.discount:g}: {shares}>"


def optimality_probability(
    mdp: MDP,
    state: Label,
    rewards: Rewards = None,
    discount: float = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    ties: Ties = "split",
    design: DesignName = "independent",
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> OptimalityResult:
    """Estimate for each action of ``state`` the probability, over goals, that it is optimal.

    ::

        P_D(s, a, γ) = P_{R ~ D}( Σ_s' p(s'|s, a) V*_R(s', γ) = max_b Σ_s' p(s'|s, b) V*_R(s', γ) )

    In the limit γ → 0 the next state's reward stands in place of its value, and at γ = 1 the greatest
    average reward attainable from it, for which many actions are often tied.

    Parameters
    ----------
    mdp
        The model.
    state
        The state, by its label.
    rewards
        D; as for `estimate`.
    discount
        γ from 0 to 1; the ends mean the limits.
    samples
        How many reward functions to draw; by default 1,000, or all rows of an array.
    seed
        0 or a positive integer. The same rewards as those of `estimate` under the same seed.
    ties
        Where several actions are optimal for a goal: ``"split"`` (the default) gives each an equal
        share, so that probabilities sum to one; ``"each"`` counts the goal for each of them in
        full, which is the literature's definition, so that they may sum to more.
    design
        How samples are drawn together; as for `estimate`.
    workers
        Threads; default one for each core.
    executor
        Where the chunks are worked on in place of threads; as for `estimate`.
    progress
        Told of every chunk.

    Returns
    -------
    OptimalityResult

    Raises
    ------
    UnknownNameError
        If the model has no such state.
    OptionError
        If the discount, the number of samples, the seed or ``ties`` is out of range.
    DistributionError
        If the rewards cannot be drawn, or do not fit the model.

    Notes
    -----
    Two actions are tied where their values differ by no more than the solver can tell apart, as
    `corrigible.mdp.greedy.tie_tolerance` says. The result's ``tolerance`` says how much that was at most;
    very near γ = 1 it may hide a slight preference.

    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021),
    section 4 (optimality probability).

    Examples
    --------
    >>> from corrigible import MDP
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> result = optimality_probability(mdp, "on", samples=10_000)
    >>> [round(float(p), 1) for p in result.probability]
    [0.5, 0.5]
    """
    value = check_limit(discount)
    distribution = as_distribution(rewards)
    question = Preferences(mdp=mdp, state=mdp.index(state), discount=value, ties=check_ties(ties))
    found = survey(
        question,
        distribution,
        samples,
        seed,
        design=design,
        workers=workers,
        executor=executor,
        progress=progress,
        task="optimal actions",
    )
    return question.result(found, found.means[0], question.optimal.method, distribution, design)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Preferences(Question):
    """Which actions of state number ``state`` are optimal for each goal, and is more than one?"""

    state: int
    discount: float
    ties: Ties

    @property
    def columns(self) -> tuple[int, ...]:
        """One an action, and whether there is a tie."""
        return (len(self.mdp.pairs(self.state)) + 1,)

    def prepare(self) -> None:
        """Make the solver."""
        _ = self.optimal

    def __call__(self, rewards: np.ndarray) -> list[Answer]:
        """See `Question`; the worst numbers are the residual and the tolerance."""
        return [self.answer(rewards, self.optimal(rewards), self.optimal)]

    def answer(self, rewards: np.ndarray, found: Attained, optimal: Optimal) -> Answer:
        """Return the answer where it is known what the rewards attain."""
        worth, tolerance = optimal.worth(rewards, found)
        pairs = self.mdp.pairs(self.state)
        values = np.empty((len(rewards), len(pairs)))
        for k, pair in enumerate(pairs):
            entries = slice(self.mdp.row_offset[pair], self.mdp.row_offset[pair + 1])
            values[:, k] = worth[:, self.mdp.successor[entries]] @ self.mdp.probability[entries]
        best = values >= (values.max(axis=1) - tolerance)[:, None]
        count = best.sum(axis=1, keepdims=True)
        shares = best / count if self.ties == "split" else best
        return Answer(
            values=np.hstack([shares, count > 1], dtype=np.float64),
            worst=(float(found.residual.max(initial=0.0)), float(tolerance.max(initial=0.0))),
        )

    @cached_property
    def optimal(self) -> Optimal:
        """What optimal policies attain."""
        return attainable(self.mdp, self.discount)

    def result(
        self, found: Found, mean: Mean, method: str, rewards: RewardDistribution, design: DesignName
    ) -> OptimalityResult:
        """Return what a survey found, as people want it."""
        state = self.mdp.states[self.state]
        return OptimalityResult(
            state=state,
            actions=tuple(self.mdp.actions(state)),
            probability=read_only(np.clip(mean.mean[:-1], 0, 1)),
            stderr=read_only(mean.stderr[:-1]),
            tied=round(float(mean.mean[-1]) * found.samples) / found.samples,
            ties=self.ties,
            discount=self.discount,
            samples=found.samples,
            units=found.units,
            design=design,
            residual=mean.worst[0],
            tolerance=mean.worst[1],
            method=method,
            provenance=provenance(
                found.seed,
                self.mdp.fingerprint,
                rewards=rewards.describe(),
                state=state,
                discount=self.discount,
                samples=found.samples,
                design=design,
                ties=self.ties,
            ),
        )


def check_ties(ties: str) -> Ties:
    """Return ``ties``, or raise `OptionError`."""
    if ties not in ("split", "each"):
        raise OptionError(f"ties can not be `{ties}`", "give `split` or `each`")
    return ties
