"""Where play can stay: strongly connected components, and maximal end components.

An *end component* is a set of states with some of their actions, such that no action leads out of the set
and every state can reach every other. Whatever the policy, play ends up in one, and it may stay in it for
ever; so what lasts is decided by the end components that can be reached. The largest ones are disjoint.
"""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np
from numba import njit

from corrigible.core.results import read_only
from corrigible.mdp.model import MDP


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class EndComponents:
    """The maximal end components of a model.

    Parameters
    ----------
    count
        How many there are; at least one.
    member
        Which of them each state lies in, −1 for none; integers of shape (states,).
    inside
        The pairs that stay in their state's component; boolean of shape (pairs,).
    """

    count: int
    member: np.ndarray
    inside: np.ndarray


def end_components(mdp: MDP) -> EndComponents:
    """Return the maximal end components.

    Notes
    -----
    Actions that may lead out of their state's strongly connected component are taken away, and the
    components found anew, until nothing changes.

    *Source:* L. de Alfaro, Formal Verification of Probabilistic Systems (1997), section 3.3.

    Examples
    --------
    >>> mdp = MDP.from_edges({"a": {"go": {"a": "1/2", "b": "1/2"}}, "b": ["b"]})
    >>> end_components(mdp).member
    array([-1,  0])
    """
    offset = mdp.row_offset[mdp.action_offset]
    owner, lengths = mdp.owner, np.diff(mdp.row_offset)
    origin = np.repeat(owner, lengths)
    inside = np.ones(mdp.n_pairs, dtype=np.bool_)
    while True:
        component = strong_components(offset, mdp.successor, np.repeat(inside, lengths))
        leaves = component[origin] != component[mdp.successor]
        staying = inside & ~np.logical_or.reduceat(leaves, mdp.row_offset[:-1])
        if np.array_equal(staying, inside):
            break
        inside = staying
    kept = np.logical_or.reduceat(inside, mdp.action_offset[:-1])
    numbers, member = np.unique(component[kept], return_inverse=True)
    members = np.full(mdp.n_states, -1)
    members[kept] = member
    return EndComponents(count=len(numbers), member=read_only(members), inside=read_only(inside))


@njit(nogil=True, cache=True)
def strong_components(offset: np.ndarray, target: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the strongly connected component of each node, numbered so that links lead to lower numbers.

    Parameters
    ----------
    offset
        Where each node's links start; integers of shape (nodes + 1,).
    target
        The node that each link leads to; integers of shape (links,).
    kept
        The links that count; boolean of shape (links,).

    Returns
    -------
    numpy.ndarray
        Shape (nodes,).

    Notes
    -----
    *Source:* R. Tarjan, Depth-first search and linear graph algorithms (1972), with the search's stack
    in an array.
    """
    n = len(offset) - 1
    component = np.full(n, -1)
    found = np.full(n, -1)
    lowest = np.empty(n, dtype=np.int64)
    next_link = offset[:-1].copy()
    path = np.empty(n, dtype=np.int64)
    open_nodes = np.empty(n, dtype=np.int64)
    depth = opened = clock = count = 0
    for root in range(n):
        if found[root] >= 0:
            continue
        path[0], depth = root, 1
        while depth > 0:
            node = path[depth - 1]
            if found[node] < 0:
                found[node] = lowest[node] = clock
                clock += 1
                open_nodes[opened] = node
                opened += 1
            descended = False
            while next_link[node] < offset[node + 1]:
                link = next_link[node]
                other = target[link]
                if kept[link] and found[other] < 0:
                    # The link is looked at again on the way back, for what was found beyond it.
                    path[depth] = other
                    depth += 1
                    descended = True
                    break
                if kept[link] and component[other] < 0:
                    lowest[node] = min(lowest[node], lowest[other])
                next_link[node] += 1
            if descended:
                continue
            depth -= 1
            if lowest[node] == found[node]:
                while True:
                    opened -= 1
                    component[open_nodes[opened]] = count
                    if open_nodes[opened] == node:
                        break
                count += 1
    return component
