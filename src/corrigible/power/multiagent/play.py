"""The agent's answer to the human's policy, and what both make of it, compiled.

A policy leaves the other side a process of its own: sparse rows, one for each of its actions. It is
solved by modified policy iteration. A step T V of value iteration finds a policy and bounds the error of
what it returns (MacQueen; see `corrigible.mdp.modified`); then the policy is evaluated: exactly, along
its paths and round its cycles, where each of its actions has one outcome, else by some sweeps in place.

*Source:* M. L. Puterman, Markov Decision Processes (1994), sections 6.4, 6.5 and 6.6.2; J. MacQueen (1966).
"""

from __future__ import annotations

import numpy as np
from numba import njit

SWEEPS = 20
"""Sweeps under one policy of uncertain outcomes before the next step looks for a better one."""

ROUNDING = 2.0**-50
"""Rounding of one step, as a share of the values: products of probabilities, sums of few terms."""


@njit(nogil=True, cache=True, error_model="numpy")
def play(
    human_offset: np.ndarray, agent_offset: np.ndarray, pair_offset: np.ndarray, row_offset: np.ndarray,
    successor: np.ndarray, probability: np.ndarray, to_human: np.ndarray, human_next: np.ndarray,
    human_chance: np.ndarray, ties: np.ndarray, human: np.ndarray, agent: np.ndarray,
    human_discount: float, agent_discount: float, precision: float, steps: int, out: np.ndarray,
    residual: np.ndarray,
) -> int:  # fmt: skip
    """Fill ``out`` 0 and 1 with V_H and V*_A from 2, V*_H, and their residuals; return how many failed."""
    n = len(human_offset) - 1
    single = np.arange(n + 1)
    human_policy = np.empty(human_offset[n])
    agent_policy = np.empty(agent_offset[n])
    failed = 0
    for k in range(len(human)):
        _prefer(human_offset, to_human, human_next, human_chance, out[2, k], ties[k], human_policy)
        to_agent, agent_next, agent_chance = left_over(
            agent_offset, human_offset, pair_offset, row_offset, successor, probability, human_policy,
            False, len(successor),
        )  # fmt: skip
        agent_ok = _solve(
            agent_offset, to_agent, agent_next, agent_chance, agent[k], agent_discount, precision, steps,
            out[1, k], residual[1, k : k + 1],
        )  # fmt: skip
        _prefer(
            agent_offset, to_agent, agent_next, agent_chance, out[1, k],
            2 * residual[1, k] / (1 - agent_discount), agent_policy,
        )  # fmt: skip
        # What is left to neither: one row a state.
        to_both, both_next, both_chance = left_over(
            single, agent_offset, agent_offset, to_agent, agent_next, agent_chance, agent_policy, True,
            len(agent_next),
        )  # fmt: skip
        human_ok = _solve(
            single, to_both, both_next, both_chance, human[k], human_discount, precision, steps,
            out[0, k], residual[0, k : k + 1],
        )  # fmt: skip
        failed += not (agent_ok and human_ok)
    return failed


@njit(nogil=True, cache=True, error_model="numpy")
def left_over(
    mine: np.ndarray, other: np.ndarray, pair_offset: np.ndarray, row_offset: np.ndarray,
    successor: np.ndarray, probability: np.ndarray, policy: np.ndarray, i_lead: bool, most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return the rows that the other side's ``policy`` leaves to mine, one for each of my actions.

    The pairs of a state run over the leading side's actions first; ``i_lead`` says whether that is mine.
    """
    n = len(mine) - 1
    offset = np.zeros(mine[n] + 1, dtype=np.int64)
    target = np.empty(most, dtype=np.int64)
    chance = np.empty(most)
    filled = 0
    for s in range(n):
        mine_here = mine[s + 1] - mine[s]
        others = other[s + 1] - other[s]
        for i in range(mine_here):
            for j in range(others):
                weight = policy[other[s] + j]
                if weight == 0:
                    continue
                pair = pair_offset[s] + (i * others + j if i_lead else j * mine_here + i)
                for entry in range(row_offset[pair], row_offset[pair + 1]):
                    target[filled] = successor[entry]
                    chance[filled] = weight * probability[entry]
                    filled += 1
            offset[mine[s] + i + 1] = filled
    return offset, target[:filled], chance[:filled]


@njit(nogil=True, cache=True, error_model="numpy")
def _solve(
    actions: np.ndarray, offset: np.ndarray, target: np.ndarray, chance: np.ndarray, reward: np.ndarray,
    discount: float, precision: float, steps: int, value: np.ndarray, residual: np.ndarray,
) -> bool:  # fmt: skip
    """Write V* and a bound on its Bellman residual; return whether it settled."""
    n = len(actions) - 1
    best_row = np.empty(n, dtype=np.int64)
    new = np.empty(n)
    far = discount / (1 - discount)
    span = reward.max() - reward.min()
    value[:] = reward + far * 0.5 * (reward.max() + reward.min())
    for _ in range(steps):
        low = np.inf
        high = -np.inf
        size = 0.0
        for s in range(n):
            best = -np.inf
            for row in range(actions[s], actions[s + 1]):
                ahead = _ahead(offset, target, chance, value, row)
                if ahead > best:
                    best = ahead
                    best_row[s] = row
            new[s] = reward[s] + discount * best
            low = min(low, new[s] - value[s])
            high = max(high, new[s] - value[s])
            size = max(size, abs(new[s]))
        shift = far * 0.5 * (low + high)
        bound = discount * 0.5 * (high - low)
        error = ROUNDING * (size + abs(shift))
        if bound <= max(precision * span, 4 * error):
            value[:] = new + shift
            residual[0] = bound + error
            return True
        value[:] = new
        if not _follow(offset, target, best_row, reward, discount, value):
            for _ in range(SWEEPS):
                for s in range(n):
                    value[s] = reward[s] + discount * _ahead(offset, target, chance, value, best_row[s])
    residual[0] = np.inf
    return False


@njit(nogil=True, cache=True, error_model="numpy")
def _follow(
    offset: np.ndarray, target: np.ndarray, rows: np.ndarray, reward: np.ndarray, discount: float,
    value: np.ndarray,
) -> bool:  # fmt: skip
    """Write the value of the policy ``rows`` where each has one outcome; else return False."""
    n = len(rows)
    for s in range(n):
        if offset[rows[s] + 1] - offset[rows[s]] != 1:
            return False
    seen = np.zeros(n, dtype=np.int64)  # 0: not yet; otherwise from which start, so that cycles show
    path = np.empty(n, dtype=np.int64)
    for start in range(n):
        length = 0
        s = start
        while seen[s] == 0:
            seen[s] = start + 1
            path[length] = s
            length += 1
            s = target[offset[rows[s]]]
        if length > 0 and seen[s] == start + 1:  # round the cycle once, from its entrance
            total = 0.0
            weight = 1.0
            at = s
            while True:
                total += weight * reward[at]
                weight *= discount
                at = target[offset[rows[at]]]
                if at == s:
                    break
            value[s] = total / (1 - weight)
        ahead = value[s]
        for i in range(length - 1, -1, -1):
            ahead = reward[path[i]] + discount * ahead
            value[path[i]] = ahead
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def _prefer(
    actions: np.ndarray, offset: np.ndarray, target: np.ndarray, chance: np.ndarray, value: np.ndarray,
    tie: float, policy: np.ndarray,
) -> None:  # fmt: skip
    """Write the policy that takes the best actions, those within ``tie`` of the best equally often."""
    for s in range(len(actions) - 1):
        best = -np.inf
        for row in range(actions[s], actions[s + 1]):
            policy[row] = _ahead(offset, target, chance, value, row)
            best = max(best, policy[row])
        count = 0
        for row in range(actions[s], actions[s + 1]):
            count += policy[row] >= best - tie
        for row in range(actions[s], actions[s + 1]):
            policy[row] = 1.0 / count if policy[row] >= best - tie else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _ahead(offset: np.ndarray, target: np.ndarray, chance: np.ndarray, value: np.ndarray, row: int) -> float:
    total = 0.0
    for entry in range(offset[row], offset[row + 1]):
        total += chance[entry] * value[target[entry]]
    return total
