"""Deference: a robot that doubts its task and may ask a human before it acts; the off-switch game at each step."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_number, inapplicable, parameter
from corrigible.countermeasures.corrigibility.wanted import wanted
from corrigible.countermeasures.planning import TIES


@final
@dataclasses.dataclass(frozen=True)
class Deference(ChoiceDoor):
    """The robot doubts that its pay is what people want, and asks before an act where asking is worth it.

    It believes with probability 1 − d that people want what it is paid for, and with probability d what they
    really want (`wanted`: the hidden performance). A human who knows lets an act pass with probability
    π(u) = 1/(1 + e^(−u/β)), where u is how much more they get from it than from doing nothing; otherwise
    the robot does nothing in this step. With A_i(a) what an act is worth if people want i::

        acting   Σ_i b_i A_i(a)
        asking   Σ_i b_i [π(u_i) A_i(a) + (1 − π(u_i)) A_i(noop)],    u_i = A_i(a) − A_i(noop)

    The robot does, or asks about, what is worth most; it asks only where that is worth more than to act and more
    than to do nothing (Δ > 0).

    Parameters
    ----------
    doubt
        d, in [0, 1]; without doubt the robot asks about nothing that it is sure is good.
    noise
        β > 0, how far from rational the human is, in units of the task's reward.

    Raises
    ------
    OptionError
        If one of them is out of its range.

    Notes
    -----
    Exact, by backward induction over what the robot will itself do later; the belief stays as it is: the
    robot takes nothing from the answers, which is less than a Bayesian would. Discounted as the task is.

    *Source:* D. Hadfield-Menell, A. Dragan, P. Abbeel and S. Russell, The Off-Switch Game (2017); R. Carey,
    Incorrigibility in the CIRL Framework (2018), for its failures.

    Examples
    --------
    >>> from corrigible.countermeasures import case_of, follow
    >>> from corrigible.worlds import load
    >>> case = case_of(load("off-switch").place())
    >>> [round(follow(Deference(doubt=d).conduct(case)).unauthorised, 6) for d in (0.0, 0.5)]
    [1.0, 0.0]
    """

    doubt: float = parameter(0.5, "probability")
    noise: float = parameter(0.1, "units of the task's reward")

    name = "deference"
    source = "Hadfield-Menell, Dragan, Abbeel & Russell, The Off-Switch Game (2017)"
    promise = "An agent that is unsure of its task leaves to people what they would rather it did not do."
    failure = "Sure of a wrong task it asks nothing; and asked too noisy a human, it knows better, and acts unasked."
    dial = "doubt"
    ladder = (0.0, 0.01, 0.1, 0.25, 0.5, 0.75)

    def __post_init__(self) -> None:
        check_number("doubt", self.doubt, 0.0, 1.0)
        check_number("noise", self.noise, 0.0, above=True, below=True)

    def policy(self, case: Case) -> np.ndarray:
        from scipy.special import expit

        mdp, gamma = case.mdp, case.discount
        truth = wanted(case)
        if np.array_equal(truth, case.paid):
            raise inapplicable(self, "what the agent is paid for here is what people want")
        rewards = case.of_pairs(np.stack([case.paid, truth]))
        belief = np.array([1 - self.doubt, self.doubt])
        quiet = case.idle[mdp.owner]
        worth = np.zeros((2, mdp.n_states))
        policy = np.zeros((case.horizon, mdp.n_pairs))
        for t in reversed(range(case.horizon)):
            acting = rewards + gamma * (case.chances @ worth.T).T
            nothing = acting[:, quiet]
            passed = expit((acting - nothing) / self.noise)
            asking = nothing + passed * (acting - nothing)
            unasked, asked = belief @ acting, belief @ asking
            tie = TIES * max(1.0, float(np.abs(unasked).max()))
            asks = asked > np.maximum(unasked, belief @ nothing) + tie
            score = np.where(asks, asked, unasked)
            best = score >= np.maximum.reduceat(score, mdp.action_offset[:-1])[mdp.owner] - tie
            chosen = best / np.add.reduceat(best.astype(float), mdp.action_offset[:-1])[mdp.owner]
            # What is done, if the human judges by what people want: what passes, or nothing.
            refused = np.where(asks, chosen * (1 - passed[1]), 0.0)
            policy[t] = chosen - refused
            policy[t, case.idle] += np.add.reduceat(refused, mdp.action_offset[:-1])
            then = np.add.reduceat(chosen * np.where(asks, asking, acting), mdp.action_offset[:-1], axis=1)
            worth = np.where(case.ends, case.rested(case.horizon - t), then)
        return policy
