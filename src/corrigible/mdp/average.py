"""Optimal average reward for many reward functions at once: the contract, and the choice of method.

The *gain* of a state is the greatest average reward a step that play from it can have for ever::

    g(s) = max_π lim_{n → ∞} 1/n · E_π[ R(s_0) + … + R(s_{n−1}) | s_0 = s ] = lim_{γ → 1} (1 − γ) V*(s, γ)

It differs between states that cannot reach each other (a *multichain* model). Play ends up in an end component
(see `components`), within which every state can reach every other and the gain is one number. So it is found in
two steps, for each reward function: the gain of each component, then the best components to end up in.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import final

import numpy as np

from corrigible.core.errors import ConvergenceError
from corrigible.mdp.lanes import WIDTH
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import BATCH, check_rewards


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gains:
    """Optimal average rewards of many reward functions.

    Parameters
    ----------
    values
        g; shape (samples, states), in units of reward.
    residual
        A certain bound on |values − g| over the states, for each sample; shape (samples,), in units of
        reward. For average rewards it is the residual of the optimality equations itself that bounds the
        error (of reaching a component, times the steps that this may take).
    method
        The solver that was chosen.
    """

    values: np.ndarray
    residual: np.ndarray
    method: str

    @property
    def error_bound(self) -> float:
        """A certain bound on |values − g| over all samples and states."""
        return float(self.residual.max(initial=0.0))


class GainSolver(ABC):
    """One model, ready for rewards. Immutable: threads may share it.

    What a reward's gains come out as depends on that reward alone.
    """

    method: str
    """What it does, in a few words."""

    n_states: int

    @final
    def solve(self, rewards: np.ndarray) -> Gains:
        """Return the gains of ``rewards``, shape (samples, states), in the calling thread.

        Raises
        ------
        OptionError
            For rewards of another shape, or not finite.
        ConvergenceError
            If the gains could not be computed to the solver's tolerance.
        """
        rewards = check_rewards(rewards, self.n_states)
        values, residual = np.empty(rewards.shape), np.empty(len(rewards))
        rows = max(WIDTH, BATCH // self.n_states // WIDTH * WIDTH)
        failed = 0
        for low in range(0, len(rewards), rows):
            some = slice(low, low + rows)
            block = np.ascontiguousarray(rewards[some])
            failed += self._solve(block, values[some], residual[some])
        if failed:
            raise ConvergenceError(
                f"the average rewards of `{failed}` rewards did not settle",
                "report this model; a discount below 1 may do",
            )
        return Gains(values=values, residual=residual, method=self.method)

    @abstractmethod
    def _solve(self, rewards: np.ndarray, values: np.ndarray, residual: np.ndarray) -> int:
        """Solve rows of contiguous floats into ``values`` and ``residual``; return how many failed."""


def gain_solver_for(mdp: MDP) -> GainSolver:
    """Return the solver of average rewards that suits the model: `cycles.Cycles` or `relative.Relative`."""
    if mdp.deterministic:
        from corrigible.mdp.cycles import Cycles

        return Cycles(mdp)
    from corrigible.mdp.relative import Relative

    return Relative(mdp)


def optimal_gains(mdp: MDP, rewards: np.ndarray) -> Gains:
    """Return the optimal average rewards of many reward functions.

    Parameters
    ----------
    mdp
        The model; any, multichain and periodic ones too.
    rewards
        R, on states; shape (samples, states), or (states,) for one.

    Raises
    ------
    OptionError
        For rewards of another shape, or not finite.
    ConvergenceError
        If the gains could not be computed to the solver's tolerance.

    Notes
    -----
    *Source:* Puterman, Markov Decision Processes (1994), theorems 9.1.3 and 9.1.8 (the optimality equations
    of multichain models), and corollary 8.2.5 (the limit of discounted values).

    Examples
    --------
    >>> from corrigible.mdp import MDP
    >>> mdp = MDP.from_edges({"work": ["work", "rest"], "rest": ["rest"]})
    >>> optimal_gains(mdp, np.array([[1.0, 0.0], [0.0, 1.0]])).values
    array([[1., 0.],
           [1., 1.]])
    """
    return gain_solver_for(mdp).solve(rewards)
