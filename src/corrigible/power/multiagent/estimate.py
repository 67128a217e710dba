"""Multi-agent POWER of every joint state by sampling: draw pairs of goals, let both act, average."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np

from corrigible.core import memory
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import digest, provenance, read_only
from corrigible.core.seeds import check_seed, stream
from corrigible.mdp.optimal import check_discount, check_workers
from corrigible.power.estimate import SAMPLES
from corrigible.power.moments import Block, Moments, block
from corrigible.power.multiagent.goals import Correlated, JointRewards
from corrigible.power.multiagent.joint import JointMDP
from corrigible.power.multiagent.response import Played, Response
from corrigible.power.multiagent.result import MultiagentPower, aligned
from corrigible.power.rewards.contract import check_samples, chunk_rows
from corrigible.power.sampling import in_order

GROUP = 8
"""Samples whose mean is kept for the jackknife of the alignment."""


def estimate(
    joint: JointMDP,
    rewards: JointRewards | float | None = None,
    discount: float = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    agent_discount: float | None = None,
    nature: Mapping[Any, Mapping[Any, float]] | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> MultiagentPower:
    """Estimate what a human and an agent could each still attain from every joint state.

    The human acts optimally as if the agent did not care; the agent, who learns far faster, acts
    optimally against the human's policy. With π_H(R_H) and π_A(R_A, π_H) these policies::

        POWER_H(s) = (1 − γ)/γ · E[ V_H(s; π_H, π_A) − R_H(s) ]
        POWER_A(s) = (1 − γ)/γ · E[ V_A(s; π_H, π_A) − R_A(s) ],     (R_H, R_A) ~ D

    Parameters
    ----------
    joint
        The world; `JointMDP.of` makes one of two agents moving on one map.
    rewards
        D: `JointRewards`, a number (that correlation, rewards uniform on [0, 1]), or ``None`` for
        independent ones.
    discount
        The human's γ in (0, 1).
    samples
        How many pairs of goals to draw; default 1,000, or all of `Pairs`.
    seed
        0 or a positive integer. The same seed gives the same result on any number of workers; the human's
        goals under it are the same whatever the correlation.
    agent_discount
        The agent's γ; default the human's.
    nature
        How the human takes the agent to act: the agent's probabilities by joint state and action; in
        states left out, all actions equally likely.
    workers
        Threads; default one for each core.
    progress
        Told of every chunk.

    Raises
    ------
    OptionError
        If a discount, the number of samples or the seed is out of range.
    DistributionError
        If the rewards cannot be drawn, or do not fit the model.
    UnknownNameError, ModelError
        If ``nature`` names what there is not, or is no probability.
    TooLargeError
        If the samples' means would not fit in memory.

    Notes
    -----
    On 81 joint states of certain outcomes a pair of goals takes about 0.1 ms of one core, at any discount.

    Actions equally good for their owner are equally likely. The error bound holds for the policies found:
    two actions may be nearly equally good for the agent and not at all so for the human.

    *Source:* E. Harris & S. Suo (Gladstone AI), Misalignment-by-default in multi-agent systems (2022),
    section 2 and appendix A.

    Examples
    --------
    >>> from corrigible import MDP
    >>> room = MDP.from_edges({"left": ["left", "right"], "right": ["right", "left"]})
    >>> result = estimate(JointMDP.of(room), 1.0, samples=64)
    >>> float(abs(result.human - result.agent).max()) < 1e-9
    True
    """
    gamma = check_discount(discount)
    other_gamma = gamma if agent_discount is None else check_discount(agent_discount)
    goals = rewards if isinstance(rewards, JointRewards) else Correlated(0.0 if rewards is None else rewards)
    count = check_samples((goals.size or SAMPLES) if samples is None else samples, goals.size)
    seed, threads = check_seed(seed), check_workers(workers)
    prior = joint.agent_policy(nature)
    mdp, n = joint.mdp, joint.mdp.n_states
    draw, rows = goals.bind(mdp), chunk_rows(n)
    groups = -(-count // GROUP)
    # The groups' means, and three times over while the jackknife leaves each of them out.
    memory.require(
        8 * n * (6 * groups + 10 * rows * threads), f"{count} samples of {n} joint states", "give fewer"
    )
    response = Response(joint, gamma, other_gamma, prior)

    def work(number: int) -> tuple[Played, int]:
        first = number * rows
        human, agent = draw(stream(seed, "rewards", number), first, rows)
        keep = min(rows, count - first)
        return response(human[:keep], agent[:keep]), keep

    moments = Moments(3 * n)
    means = np.empty((2, groups, n))
    residual = bound = 0.0
    progress.start("multi-agent POWER", count)
    try:
        with closing(in_order(work, range(-(-count // rows)), threads)) as parts:
            for number, (played, size) in enumerate(parts):
                at = number * rows // GROUP
                for side, attained in enumerate((played.human, played.agent)):
                    starts = np.arange(0, size, GROUP)
                    sums = np.add.reduceat(attained, starts, axis=0)
                    means[side, at : at + len(starts)] = sums / _sizes(size)[:, None]
                moments.add(_block(played))
                residual = max(residual, float(played.residual.max()))
                bound = max(bound, played.error_bound)
                progress.advance(size)
    finally:
        progress.finish()
    mean = [read_only(part) for part in moments.mean.reshape(3, n)]
    stderr = moments.stderr()
    if not goals.finite_variance:
        stderr[:] = np.nan
    error = [read_only(part) for part in stderr.reshape(3, n)]
    return MultiagentPower(
        human=mean[0],
        human_stderr=error[0],
        agent=mean[1],
        agent_stderr=error[1],
        alone=mean[2],
        alone_stderr=error[2],
        alignment=aligned(means[0], means[1], _sizes(count)),
        states=mdp.states,
        discount=gamma,
        agent_discount=other_gamma,
        samples=count,
        residual=residual,
        error_bound=bound,
        method=response.method,
        provenance=provenance(
            seed if goals.seeded else None,
            mdp.fingerprint,
            rewards=goals.describe(),
            discount=gamma,
            agent_discount=other_gamma,
            samples=count,
            nature="uniform" if nature is None else digest(prior),
        ),
    )


def _block(played: Played) -> Block:
    return block(np.concatenate([played.human, played.agent, played.alone], axis=1))


def _sizes(samples: int) -> np.ndarray:
    """Return how many samples each group of them has: `GROUP`, the last perhaps fewer."""
    return np.diff(np.append(np.arange(0, samples, GROUP), samples)).astype(np.float64)
