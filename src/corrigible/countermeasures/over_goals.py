"""What each of many drawn goals attains from every state of a place; drawn once, and weighed by whoever asks."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any, final

import numpy as np

from corrigible.core import memory
from corrigible.core.results import Provenance, provenance, read_only
from corrigible.power import Independent, RewardSamples
from corrigible.power.attainable import attainable
from corrigible.power.rewards.contract import check_samples
from corrigible.worlds import Place, process
from corrigible.worlds.process import Dynamics
from corrigible.worlds.theory import DISCOUNT

SAMPLES = 200
"""How many goals are drawn where nothing is said."""

PIECE = 1 << 22
"""Numbers that are weighed at once."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class OverGoals:
    """What drawn goals attain in a place, (1 − γ)/γ · (V*_R(s) − R(s)); its mean is POWER.

    Parameters
    ----------
    attained
        Read-only, shape (states, samples).
    discount
        γ.
    residual
        The largest Bellman residual of any sample, in units of reward.
    error_bound
        How far the solver may have moved any entry at most.
    provenance
        Seed, version, fingerprint of the model; the rewards in ``settings``.
    """

    attained: np.ndarray
    discount: float
    residual: float
    error_bound: float
    provenance: Provenance

    @property
    def samples(self) -> int:
        """How many goals were drawn."""
        return self.attained.shape[1]

    @property
    def power(self) -> np.ndarray:
        """POWER of each state; shape (states,)."""
        return self.attained.mean(axis=1)

    def weighed(self, weights: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the means of weighed sums of states and their standard errors, paired over the goals.

        Parameters
        ----------
        weights
            A SciPy sparse array of shape (sums, states). Rows that sum to one are POWER after a chance
            outcome, rows that sum to nought are gains.

        Returns
        -------
        tuple
            Two arrays of shape (sums,); the errors are NaN after a single sample.
        """
        count = weights.shape[0]
        mean, error = np.empty(count), np.full(count, np.nan)
        step = max(1, PIECE // self.samples)
        for low in range(0, count, step):
            values = weights[low : low + step] @ self.attained
            mean[low : low + step] = values.mean(axis=1)
            if self.samples > 1:
                error[low : low + step] = values.std(axis=1, ddof=1) / np.sqrt(self.samples)
        return mean, error


def over_goals(place: Place[Any], samples: int = SAMPLES, seed: int = 0) -> OverGoals:
    """Return what drawn goals attain in a place; kept, so that asking again costs nothing.

    Parameters
    ----------
    place
        The place. Its model goes on where a task is done.
    samples
        How many goals: rewards on outcomes, independent and uniform on [0, 1].
    seed
        0 or a positive integer; the goals are those of `corrigible.audit.power_gained.power_gained`.

    Raises
    ------
    OptionError
        If the samples or the seed are out of range.
    TooLargeError
        If they do not fit into this machine's memory.

    Notes
    -----
    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021), definition 5.2.
    """
    return _drawn(Dynamics(place), check_samples(samples), seed)


@lru_cache(maxsize=2)
def _drawn(dynamics: Dynamics, samples: int, seed: int) -> OverGoals:
    face = process(dynamics.place)
    mdp = face.mdp
    memory.require(
        4 * 8 * samples * mdp.n_states,
        f"what `{samples}` goals attain from `{mdp.n_states:,}` states",
        "give fewer samples",
    )
    goals = Independent(groups=face.outcome_index)
    drawn = RewardSamples(goals, mdp, seed)
    solve = attainable(mdp, DISCOUNT)
    parts = [solve(drawn.chunk(number, samples)) for number in range(-(-samples // drawn.rows))]
    return OverGoals(
        attained=read_only(np.ascontiguousarray(np.concatenate([part.attained for part in parts]).T)),
        discount=DISCOUNT,
        residual=max(float(part.residual.max()) for part in parts),
        error_bound=max(part.error_bound for part in parts),
        provenance=provenance(
            drawn.seed, mdp.fingerprint, rewards=goals.describe(), discount=DISCOUNT, samples=samples
        ),
    )
