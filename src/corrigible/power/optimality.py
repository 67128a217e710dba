"""Which actions most goals prefer: the probability, over goals, that an action is optimal."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Literal, final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, provenance, read_only, to_json
from corrigible.core.statistics import wilson
from corrigible.mdp.greedy import tie_tolerance
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.optimal import Optimal, check_discount, check_workers, solver_for
from corrigible.power.estimate import SAMPLES
from corrigible.power.moments import Block, Moments, block
from corrigible.power.notation import Rewards, as_distribution
from corrigible.power.result import check_level, import_pandas
from corrigible.power.rewards import RewardSamples, check_samples
from corrigible.power.sampling import in_order

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
    residual: float
    tolerance: float
    method: str
    provenance: Provenance

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper ends of Wilson's interval for each action.

        For split ties this is on the safe side, since a share varies less than a yes or no.

        *Source:* see `corrigible.core.statistics.wilson`.
        """
        check_level(level)
        low, high = wilson(self.probability, self.samples, level)
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
    workers: int | None = None,
    progress: Progress = SILENT,
) -> OptimalityResult:
    """Estimate for each action of ``state`` the probability, over goals, that it is optimal.

    ::

        P_D(s, a, γ) = P_{R ~ D}( Σ_s' p(s'|s, a) V*_R(s', γ) = max_b Σ_s' p(s'|s, b) V*_R(s', γ) )

    Parameters
    ----------
    mdp
        The model.
    state
        The state, by its label.
    rewards
        D; as for `estimate`.
    discount
        γ in (0, 1).
    samples
        How many reward functions to draw; by default 1,000, or all rows of an array.
    seed
        0 or a positive integer. The same rewards as those of `estimate` under the same seed.
    ties
        Where several actions are optimal for a goal: ``"split"`` (the default) gives each an equal
        share, so that probabilities sum to one; ``"each"`` counts the goal for each of them in
        full, which is the literature's definition, so that they may sum to more.
    workers
        Threads; default one for each core.
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
    number = mdp.index(state)
    value = check_discount(discount)
    if ties not in ("split", "each"):
        raise OptionError(f"ties can not be `{ties}`", "give `split` or `each`")
    distribution = as_distribution(rewards)
    threads = check_workers(workers)
    drawn = RewardSamples(distribution, mdp, seed)
    size = distribution.size
    total = check_samples((size or SAMPLES) if samples is None else samples, size)
    solver = solver_for(mdp, value)
    actions = mdp.actions(state)

    def work(chunk: int) -> tuple[Block, int, float, float]:
        optimal = solver.solve(drawn.chunk(chunk, total))
        best, tolerance = _best(mdp, number, optimal)
        count = best.sum(axis=1, keepdims=True)
        shares = best / count if ties == "split" else best.astype(np.float64)
        tied = int(np.sum(count > 1))
        worst = float(optimal.residual.max(initial=0.0))
        return block(shares), tied, worst, tolerance

    moments, tied, residual, tolerance = Moments(len(actions)), 0, 0.0, 0.0
    progress.start("optimal actions", total)
    try:
        with closing(in_order(work, range(-(-total // drawn.rows)), threads)) as parts:
            for part, ties_here, worst, widest in parts:
                moments.add(part)
                tied += ties_here
                residual, tolerance = max(residual, worst), max(tolerance, widest)
                progress.advance(part.count)
    finally:
        progress.finish()
    return OptimalityResult(
        state=state,
        actions=tuple(actions),
        probability=read_only(np.clip(moments.mean, 0, 1)),
        stderr=read_only(moments.stderr()),
        tied=tied / total,
        ties=ties,
        discount=value,
        samples=total,
        residual=residual,
        tolerance=tolerance,
        method=solver.method,
        provenance=provenance(
            drawn.seed if distribution.seeded else None,
            mdp.fingerprint,
            rewards=distribution.describe(),
            state=state,
            discount=value,
            samples=total,
            ties=ties,
        ),
    )


def _best(mdp: MDP, state: int, optimal: Optimal) -> tuple[np.ndarray, float]:
    """Return which actions of ``state`` are optimal, shape (samples, actions), and the tolerance."""
    pairs = mdp.pairs(state)
    values = np.empty((len(optimal.values), len(pairs)))
    for k, pair in enumerate(pairs):
        entries = slice(mdp.row_offset[pair], mdp.row_offset[pair + 1])
        values[:, k] = optimal.values[:, mdp.successor[entries]] @ mdp.probability[entries]
    tolerance = tie_tolerance(optimal.values, optimal.residual, optimal.discount)
    best = values >= (values.max(axis=1) - tolerance)[:, None]
    return best, float(tolerance.max())
