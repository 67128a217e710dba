"""What a human and an agent attain when the agent answers the human's policy, goal by goal.

For each pair of goals (R_H, R_A):

1. the human believes that the agent acts by *nature* ν, whatever it wants, and acts optimally;
2. the agent sees the human's policy π_H and acts optimally in the process that is left to it;
3. both policies meet, and the human gets what they make of R_H.

::

    π_H  is optimal for  R_H  in  Σ_b ν(b|s) p(s'|s, a, b)           alone   = V*_H
    π_A  is optimal for  R_A  in  Σ_a π_H(a|s) p(s'|s, a, b)         agent   = V*_A
    human = the value of R_H in   Σ_ab π_H(a|s) π_A(b|s) p(s'|s, a, b)

Actions that are equally good are equally likely. The first process is the same for all goals, and
`solver_for` solves it; the others differ from sample to sample, and `corrigible.power.multiagent.play`
writes them out and solves them where they lie.

*Source:* E. Harris & S. Suo (Gladstone AI), Misalignment-by-default in multi-agent systems (2022),
section 2 and appendix A.
"""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core.errors import ConvergenceError
from corrigible.mdp.greedy import tie_tolerance
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import check_discount, check_rewards, solver_for
from corrigible.power.multiagent.joint import JointMDP
from corrigible.power.multiagent.play import left_over, play

PRECISION = 1e-11
"""Bellman residual, as a share of the range of a reward, at which its values are done."""

STEPS = 100_000
"""Steps after which a reward is given up."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Played:
    """What both sides attain under some pairs of goals, (1 − γ)/γ · (V − R), each with its own γ.

    Parameters
    ----------
    human, agent
        Where both act; shape (samples, states).
    alone
        The human's, if the agent did act by nature.
    residual
        The largest Bellman residual of the three, in units of reward; shape (samples,).
    error_bound
        A certain bound on the error of every entry under the policies that were found.
    """

    human: np.ndarray
    agent: np.ndarray
    alone: np.ndarray
    residual: np.ndarray
    error_bound: float


@final
class Response:
    """One joint model, both discounts and one nature, ready for goals; immutable.

    Parameters
    ----------
    joint
        The model.
    human_discount, agent_discount
        γ of each, between 0 and 1.
    nature
        How the human takes the agent to act, from `JointMDP.agent_policy`.
    """

    def __init__(
        self, joint: JointMDP, human_discount: float, agent_discount: float, nature: np.ndarray
    ) -> None:
        self.n_states = joint.mdp.n_states
        self.human_discount = check_discount(human_discount)
        self.agent_discount = check_discount(agent_discount)
        mdp = joint.mdp
        lengths = np.diff(mdp.row_offset)[joint.order]
        # The transitions in the order of `joint.order`, so that the kernels need not look it up.
        offset = np.cumsum(np.append(0, lengths))
        entries = np.arange(offset[-1]) + np.repeat(mdp.row_offset[joint.order] - offset[:-1], lengths)
        self._joint = (
            joint.human_offset, joint.agent_offset, mdp.action_offset, offset,
            mdp.successor[entries].astype(np.int64), mdp.probability[entries],
        )  # fmt: skip
        offset, target, chance = left_over(
            joint.human_offset, joint.agent_offset, *self._joint[2:], nature, True, len(entries)
        )
        believed = MDP(
            action_offset=joint.human_offset, row_offset=offset, successor=target, probability=chance
        )
        self._human = (believed.row_offset, believed.successor.astype(np.int64), believed.probability)
        self._solver = solver_for(believed, self.human_discount)
        self.method = f"{self._solver.method}; best responses by modified policy iteration"

    def __call__(self, human: np.ndarray, agent: np.ndarray) -> Played:
        """Return what the goals ``human`` and ``agent``, shape (samples, states), attain.

        Raises
        ------
        OptionError
            For rewards of another shape, or not finite.
        ConvergenceError
            If values did not settle.
        """
        human = np.ascontiguousarray(check_rewards(human, self.n_states))
        agent = np.ascontiguousarray(check_rewards(agent, self.n_states))
        alone = self._solver.solve(human)
        ties = tie_tolerance(alone.values, alone.residual, self.human_discount)
        out = np.empty((3, *human.shape))
        residual = np.empty((3, len(human)))
        out[2], residual[2] = alone.values, alone.residual
        failed = play(
            *self._joint, *self._human, ties, human, agent, self.human_discount, self.agent_discount,
            PRECISION, STEPS, out, residual,
        )  # fmt: skip
        if failed:
            raise ConvergenceError(
                f"the values of `{failed}` pairs of goals did not settle at the discounts "
                f"`{self.human_discount:g}` and `{self.agent_discount:g}`",
                "report this model; a smaller discount may do",
            )
        bounds: list[float] = []
        for k, (rewards, discount) in enumerate(
            ((human, self.human_discount), (agent, self.agent_discount), (human, self.human_discount))
        ):
            out[k] -= rewards
            out[k] *= (1 - discount) / discount
            bounds.append(float(residual[k].max(initial=0.0)) / discount)
        return Played(
            human=out[0],
            agent=out[1],
            alone=out[2],
            residual=residual.max(axis=0),
            error_bound=max(bounds),
        )
