"""Optimal values for many reward functions at once: the contract, and the choice of method.

With reward on states, collected at the state one is in, the optimal value is the fixed point of

    V(s) = (T V)(s) = R(s) + γ · max_a Σ_s' p(s'|s, a) V(s')

and it is wanted for thousands of rewards R on one model. A `Solver` is one model at one discount, made
ready once and then given rewards, any number, from any thread; `solver_for` chooses it by the
model; `optimal_values` runs it over all rewards on all processors.
"""

from __future__ import annotations

import dataclasses
import numbers
import os
from abc import ABC, abstractmethod
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import final

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import ConvergenceError, OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.mdp.model import MDP

LARGEST_REWARD = 1e200
"""Rewards beyond this would leave the range of floats on the way to their values."""

BATCH = 2**20
"""About how many rewards × states a thread solves in one go (tens of milliseconds, mostly)."""

SMALL = 2**14
"""Rewards × states that are solved before threads would have started."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Optimal:
    """Optimal values of many reward functions.

    Parameters
    ----------
    values
        V*; shape (samples, states).
    residual
        A bound on the Bellman residual max_s |V(s) − (T V)(s)| of each sample, with what rounding may
        hide in its computation; shape (samples,), in units of reward.
    discount
        γ.
    method
        The solver that was chosen.
    """

    values: np.ndarray
    residual: np.ndarray
    discount: float
    method: str

    @property
    def error_bound(self) -> float:
        """A certain bound on |V − V*| over all samples and states: residual / (1 − γ)."""
        return float(self.residual.max(initial=0.0)) / (1 - self.discount)


class Solver(ABC):
    """One model at one discount, ready for rewards. Immutable: threads may share it.

    What a reward's values come out as depends on that reward alone: not on how many others are
    solved with it, in which order, or on how many threads.
    """

    method: str
    """What it does, in a few words."""

    discount: float
    n_states: int

    @final
    def solve(self, rewards: np.ndarray, start: np.ndarray | None = None) -> Optimal:
        """Return the optimal values of ``rewards``, shape (samples, states), in the calling thread.

        ``start``, of the same shape, may guess the values, for example from those at another
        discount. Stochastic models then take fewer sweeps; the error bound certifies the result as ever.
        Deterministic ones make no use of it: from a guess they would have to evaluate a policy
        exactly, which costs as much as all of their sweeps.

        Raises
        ------
        OptionError
            For rewards of another shape, or not finite.
        ConvergenceError
            If the values could not be computed to the solver's tolerance.
        """
        rewards = check_rewards(rewards, self.n_states)
        if start is None:
            values = np.empty(rewards.shape)
        else:
            values = check_rewards(start, self.n_states).copy()
            if values.shape != rewards.shape:
                raise OptionError(
                    f"the values to start from have the shape `{values.shape}`",
                    f"it should be {rewards.shape}",
                )
        residual = np.empty(len(rewards))
        stop = np.zeros(1, dtype=np.bool_)
        for rows in self.batches(len(rewards)):
            self._run(rewards, values, residual, rows, stop, start is not None)
        return Optimal(values=values, residual=residual, discount=self.discount, method=self.method)

    @final
    def batches(self, samples: int) -> list[slice]:
        """Return how ``samples`` rewards are cut into pieces of work."""
        rows = max(16, BATCH // self.n_states // 16 * 16)
        return [slice(low, min(low + rows, samples)) for low in range(0, samples, rows)]

    @final
    def _run(
        self,
        rewards: np.ndarray,
        values: np.ndarray,
        residual: np.ndarray,
        rows: slice,
        stop: np.ndarray,
        warm: bool = False,
    ) -> int:
        block = np.ascontiguousarray(rewards[rows], dtype=np.float64)
        failed = self._solve(block, values[rows], residual[rows], stop, warm)
        if failed > 0:
            raise ConvergenceError(
                f"the values of `{failed}` rewards did not settle at the discount `{self.discount}`",
                "report this model; a smaller discount may do",
            )
        return len(block)

    @abstractmethod
    def _solve(
        self,
        rewards: np.ndarray,
        values: np.ndarray,
        residual: np.ndarray,
        stop: np.ndarray,
        warm: bool = False,
    ) -> int:
        """Solve rows of contiguous floats into ``values`` and ``residual``, without Python's lock.

        If ``warm``, ``values`` holds what to start from, and may be ignored.
        Returns how many did not converge. ``stop``, one boolean, may become true while it works; it
        then returns soon, with −1.
        """


def solver_for(mdp: MDP, discount: float, tolerance: float | None = None) -> Solver:
    """Return the solver that suits the model.

    Deterministic models get `howard.Howard`. Stochastic ones get `direct.Direct` where it is expected to
    cost less, being small, or thinly linked with γ near one; else `modified.Modified`.

    Parameters
    ----------
    mdp
        The model.
    discount
        γ, between 0 and 1.
    tolerance
        The error |V − V*| of any value that is good enough, in units of reward: what
        `Optimal.error_bound` will certify, or as near to it as rounding lets it. By default Bellman residuals
        fall below 1e-9 of each reward's range. Deterministic models are solved exactly all the same.

    Raises
    ------
    OptionError
        If the discount is no number between 0 and 1, or the tolerance none above 0.
    """
    check_discount(discount)
    check_tolerance(tolerance, discount)
    if mdp.deterministic:
        from corrigible.mdp.howard import Howard

        return Howard(mdp, discount)
    from corrigible.mdp.direct import Direct

    direct = Direct.where_cheaper(mdp, discount, tolerance)
    if direct is not None:
        return direct
    from corrigible.mdp.modified import Modified

    return Modified(mdp, discount, tolerance)


def optimal_values(
    mdp: MDP,
    rewards: np.ndarray,
    discount: float,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Optimal:
    """Return the optimal values V* of many reward functions.

    Parameters
    ----------
    mdp
        The model.
    rewards
        R, on states; shape (samples, states), or (states,) for one.
    discount
        γ, between 0 and 1.
    workers
        Threads; default one for each processor. The result is the same for any number.
    progress
        Told of every batch of rewards that is done.

    Raises
    ------
    OptionError
        For rewards of another shape, or not finite; a discount not in (0, 1); workers below 1.
    TooLargeError
        If the values would not fit in memory.
    ConvergenceError
        If the values could not be computed to the solver's tolerance.

    Notes
    -----
    *Source:* Puterman, Markov Decision Processes (1994), theorems 6.1.1 and 6.2.3.

    Examples
    --------
    >>> from corrigible.mdp import MDP
    >>> mdp = MDP.from_edges({"work": ["work", "rest"], "rest": ["rest"]})
    >>> optimal_values(mdp, np.array([[1.0, 0.0], [0.0, 1.0]]), 0.5).values
    array([[2., 0.],
           [1., 2.]])
    """
    solver = solver_for(mdp, discount)
    threads = check_workers(workers)
    rewards = check_rewards(rewards, mdp.n_states)
    memory.require(
        2 * 8 * rewards.size,
        f"the values of {len(rewards)} rewards on {mdp.n_states} states",
        "solve fewer rewards at a time, or use corrigible.power.estimate, which keeps none",
    )
    progress.start("optimal values", len(rewards))
    if rewards.size <= SMALL:
        optimal = solver.solve(rewards)
        progress.advance(len(rewards))
        progress.finish()
        return optimal
    values, residual = np.empty(rewards.shape), np.empty(len(rewards))
    stop = np.zeros(1, dtype=np.bool_)
    batches = solver.batches(len(rewards))
    # Even one worker is a thread, so that this one stays free to hear Ctrl-C.
    pool = ThreadPoolExecutor(max_workers=min(threads, max(1, len(batches))))
    try:
        pending: set[Future[int]] = {
            pool.submit(solver._run, rewards, values, residual, rows, stop)  # pyright: ignore[reportPrivateUsage]
            for rows in batches
        }
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                progress.advance(future.result())
    finally:
        stop[0] = True
        pool.shutdown(wait=True, cancel_futures=True)
        progress.finish()
    return Optimal(values=values, residual=residual, discount=solver.discount, method=solver.method)


def check_discount(discount: object) -> float:
    """Return ``discount`` as a float strictly between 0 and 1, or raise `OptionError`."""
    hint = "give a number strictly between 0 and 1, for example 0.99"
    if isinstance(discount, bool | np.bool_) or not isinstance(discount, numbers.Real):
        raise OptionError(f"the discount `{discount}` is not a number", hint)
    value = float(discount)
    if not 0 < value < 1:
        raise OptionError(f"the discount `{discount}` is not between 0 and 1", hint)
    return value


def check_tolerance(tolerance: object, discount: float) -> float:
    """Return the Bellman residual that certifies values to ``tolerance``; 0 where that is ``None``."""
    if tolerance is None:
        return 0.0
    hint = "give a number above 0, for example 1e-6"
    if isinstance(tolerance, bool | np.bool_) or not isinstance(tolerance, numbers.Real):
        raise OptionError(f"the tolerance `{tolerance}` is not a number", hint)
    value = float(tolerance)
    if not 0 < value < float("inf"):
        raise OptionError(f"the tolerance `{tolerance}` is not above 0", hint)
    return value * (1 - discount)


def check_workers(workers: object) -> int:
    """Return a number of threads, by default one for each processor, or raise `OptionError`."""
    if workers is None:
        if hasattr(os, "sched_getaffinity"):
            return max(1, len(os.sched_getaffinity(0)))
        return os.cpu_count() or 1
    if isinstance(workers, bool | np.bool_) or not isinstance(workers, int | np.integer):
        raise OptionError(f"the number of workers `{workers}` is not a whole number", "give 1 or more")
    if workers < 1:
        raise OptionError(f"the number of workers `{workers}` is below 1", "give 1 or more")
    return int(workers)


def check_rewards(rewards: object, n_states: int) -> np.ndarray:
    """Return rewards as an array of shape (samples, states), or raise `OptionError`."""
    try:
        array = np.asarray(rewards)
        if array.dtype != np.float64:
            array = array.astype(np.float64, casting="same_kind" if array.dtype.kind in "iufb" else "safe")
    except (TypeError, ValueError) as error:
        raise OptionError(f"the rewards are not numbers: `{error}`", "give an array of floats") from error
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2 or array.shape[1] != n_states:
        raise OptionError(
            f"the rewards have the shape `{np.shape(array)}`",
            f"it should be (samples, {n_states}), one number a state",
        )
    bad = ~(np.abs(array) <= LARGEST_REWARD)
    if np.any(bad):
        sample, state = np.argwhere(bad)[0]
        raise OptionError(
            f"the reward `{array[sample, state]}` of state number {state} in sample {sample} is out of range",
            f"rewards are finite, at most {LARGEST_REWARD:g} in size",
        )
    return array
