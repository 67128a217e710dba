"""POWER of every state by sampling: draw goals, solve each of them, average."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import overload

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import provenance, read_only
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import Optimal, check_discount, check_workers, solver_for
from corrigible.power.moments import Block, Moments, block
from corrigible.power.notation import Rewards, as_distribution
from corrigible.power.result import PowerResult
from corrigible.power.rewards import RewardDistribution, RewardSamples, check_samples
from corrigible.power.sampling import in_order

SAMPLES = 1000
"""How many reward functions are drawn where nothing is said."""

MAX_SAMPLES = 1_000_000
"""Where adaptive sampling stops where nothing is said."""


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
    workers: int | None = None,
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
    workers: int | None = None,
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
    workers: int | None = None,
    progress: Progress = SILENT,
) -> PowerResult | tuple[PowerResult, ...]:
    """Estimate how much an agent could still attain from each state, over many goals.

    With reward on states, collected at the state one is in::

        POWER_D(s, γ) = (1 − γ)/γ · E_{R ~ D}[ V*_R(s, γ) − R(s) ]

    Parameters
    ----------
    mdp
        The model.
    rewards
        D: a `RewardDistribution`, an array of samples of shape (samples, states), text such as
        ``"beta(2, 5)"``, a frozen SciPy distribution; ``None`` for independent and uniform on
        [0, 1].
    discount
        γ in (0, 1), or a sequence of different ones, which then share the samples.
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
    workers
        Threads; default one for each core.
    progress
        Told of every chunk.

    Returns
    -------
    PowerResult or tuple of PowerResult
        One for one discount; one for each of a sequence.

    Raises
    ------
    OptionError
        If the discount, the number of samples, the seed or the target is out of range.
    DistributionError
        If the rewards cannot be drawn, or do not fit the model.

    Notes
    -----
    Sampling error falls with the square root of the number of samples; the solver's error is apart,
    in ``error_bound``. Looking at the standard error to decide when to stop makes intervals
    slightly too narrow; it is looked at a few times only, and after ``samples`` at the earliest.

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
    discounts = _check_discounts(discount if many else [discount])  # pyright: ignore[reportArgumentType]
    distribution = as_distribution(rewards)
    threads = check_workers(workers)
    drawn = RewardSamples(distribution, mdp, seed)
    first, last = _check_plan(distribution, samples, target_stderr, max_samples)
    # Rewards, values and two intermediates a thread, moments for the results under way.
    needed = 8 * mdp.n_states * threads * (4 * drawn.rows + 4 * len(discounts))
    memory.require(needed, f"POWER of {mdp.n_states} states on {threads} threads", "give fewer workers")
    solvers = [solver_for(mdp, value) for value in discounts]

    def work(number: int) -> list[_Part]:
        chunk = drawn.chunk(number, last)
        return [_part(solver.solve(chunk), chunk) for solver in solvers]

    tallies = [_Tally(mdp.n_states) for _ in discounts]
    done, goal, met = 0, first, None
    while True:
        count = _run(work, range(done, -(-goal // drawn.rows)), tallies, goal, threads, progress)
        done = -(-goal // drawn.rows)
        if target_stderr is None:
            break
        widest = max(float(np.max(tally.moments.stderr())) for tally in tallies)
        met = widest <= target_stderr
        if met or count >= last:
            break
        goal = _next_goal(count, widest, target_stderr, drawn.rows, last)

    results: list[PowerResult] = []
    for tally, solver in zip(tallies, solvers, strict=True):
        moments = tally.moments
        stderr = moments.stderr()
        if not distribution.finite_variance:
            stderr[:] = np.nan
        results.append(
            PowerResult(
                power=read_only(moments.mean),
                stderr=read_only(stderr),
                states=mdp.states,
                discount=solver.discount,
                samples=moments.count,
                residual=tally.residual,
                error_bound=tally.bound,
                method=solver.method,
                target_met=met,
                provenance=provenance(
                    drawn.seed if distribution.seeded else None,
                    mdp.fingerprint,
                    rewards=distribution.describe(),
                    discount=solver.discount,
                    samples=moments.count,
                    target_stderr=target_stderr,
                ),
            )
        )
    return tuple(results) if many else results[0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Part:
    """What one chunk adds at one discount."""

    moments: Block
    residual: float
    bound: float


class _Tally:
    """What all chunks so far say at one discount."""

    def __init__(self, states: int) -> None:
        self.moments = Moments(states)
        self.residual = self.bound = 0.0

    def add(self, part: _Part) -> None:
        self.moments.add(part.moments)
        self.residual = max(self.residual, part.residual)
        self.bound = max(self.bound, part.bound)


def _part(optimal: Optimal, rewards: np.ndarray) -> _Part:
    scale = (1 - optimal.discount) / optimal.discount
    power = optimal.values - rewards
    power *= scale
    return _Part(
        moments=block(power),
        residual=float(optimal.residual.max(initial=0.0)),
        bound=optimal.error_bound * scale,
    )


def _run(
    work: Callable[[int], list[_Part]],
    chunks: range,
    tallies: list[_Tally],
    goal: int,
    threads: int,
    progress: Progress,
) -> int:
    """Add ``chunks`` to the tallies, in order; return how many samples they hold now."""
    progress.start("POWER", goal - tallies[0].moments.count)
    try:
        with closing(in_order(work, chunks, threads)) as parts:
            for part in parts:
                for tally, one in zip(tallies, part, strict=True):
                    tally.add(one)
                progress.advance(part[0].moments.count)
    finally:
        progress.finish()
    return tallies[0].moments.count


def _check_discounts(discounts: Sequence[float]) -> list[float]:
    values = [check_discount(value) for value in discounts]
    if not values:
        raise OptionError("there is no discount", "give one between 0 and 1")
    for k, value in enumerate(values):
        if value in values[:k]:
            raise OptionError(f"the discount `{value:g}` is given twice", "give each of them once")
    return values


def _check_plan(
    distribution: RewardDistribution, samples: int | None, target: float | None, max_samples: int
) -> tuple[int, int]:
    """Return after how many samples to look first, and where to stop at the latest."""
    size = distribution.size
    default = (SAMPLES if size is None else size) if target is None else min(SAMPLES, size or SAMPLES)
    first = check_samples(default if samples is None else samples, size)
    if target is None:
        return first, first
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
    return first, last


def _next_goal(count: int, stderr: float, target: float, rows: int, last: int) -> int:
    """Return when to look again: where the target should be met, at 1.25 to 4 times the samples."""
    ratio = (stderr / target) ** 2 * 1.05 if math.isfinite(stderr) else 4.0
    goal = math.ceil(count * min(max(ratio, 1.25), 4.0))
    return min(-(-goal // rows) * rows, last)
