"""Parts of a model: what can be reached, a model without some actions, or with states that end."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from corrigible.core.errors import ModelError
from corrigible.mdp.model import MDP, TERMINAL_ACTION


def reachable(mdp: MDP, start: Iterable[int] | None = None) -> np.ndarray:
    """Return the mask of states reachable from ``start`` (default: the initial distribution).

    Raises
    ------
    ModelError
        If no start is given and the model has no initial distribution.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    if start is None:
        if mdp.initial is None:
            raise ModelError("the model has no starting distribution", "say where to start from")
        start = np.flatnonzero(mdp.initial)
    seeds = np.fromiter((int(s) for s in start), dtype=np.int64)
    # One extra node leads to every start, so that a single search suffices.
    n = mdp.n_states
    links = np.append(mdp.row_offset[mdp.action_offset], mdp.n_transitions + len(seeds))
    heads = np.concatenate([mdp.successor.astype(np.int64), seeds])
    graph = csr_array((np.ones(len(heads), dtype=np.int8), heads, links), shape=(n + 1, n + 1))
    order = breadth_first_order(graph, n, directed=True, return_predecessors=False)
    mask = np.zeros(n + 1, dtype=bool)
    mask[order] = True
    return mask[:n]


def without(mdp: MDP, pairs: np.ndarray) -> MDP:
    """Return the model with the pairs in the boolean mask of shape (pairs,) taken away."""
    keep = ~np.asarray(pairs, dtype=bool)
    lengths = np.diff(mdp.row_offset)
    entries = np.repeat(keep, lengths)
    counts = np.add.reduceat(keep.astype(np.int64), mdp.action_offset[:-1])
    if np.any(counts == 0):
        state = mdp.states[int(np.argmin(counts))]
        raise ModelError(f"state `{state}` would be left with no action", "keep at least one")
    return MDP(
        action_offset=np.concatenate([[0], np.cumsum(counts)]),
        row_offset=np.concatenate([[0], np.cumsum(lengths[keep])]),
        successor=mdp.successor[entries],
        probability=mdp.probability[entries],
        states=mdp.states,
        action_names=mdp.action_names,
        action_index=mdp.action_index[keep],
        terminal=mdp.terminal,
        initial=mdp.initial,
    )


def absorbing(mdp: MDP, states: np.ndarray) -> MDP:
    """Return the model with the states in the boolean mask of shape (states,) made terminal."""
    end = np.asarray(states, dtype=bool)
    if not np.any(end & ~mdp.terminal):
        return mdp
    counts = np.diff(mdp.action_offset)
    first = np.zeros(mdp.n_pairs, dtype=bool)
    first[mdp.action_offset[:-1]] = True
    of_end = np.repeat(end, counts)
    keep = ~of_end | first
    lengths = np.where(of_end, 1, np.diff(mdp.row_offset))[keep]
    owner = np.repeat(np.arange(mdp.n_states), counts)
    # The first transition of an ending state's first pair becomes its loop; the rest goes.
    entry_end = np.repeat(of_end, np.diff(mdp.row_offset))
    entry_first = np.zeros(mdp.n_transitions, dtype=bool)
    entry_first[mdp.row_offset[mdp.action_offset[:-1]]] = True
    entries = ~entry_end | entry_first
    entry_owner = np.repeat(owner, np.diff(mdp.row_offset))
    names = mdp.action_names
    if TERMINAL_ACTION not in names:
        names = (*names, TERMINAL_ACTION)
    index = np.where(of_end, names.index(TERMINAL_ACTION), mdp.action_index)[keep]
    return MDP(
        action_offset=np.concatenate([[0], np.cumsum(np.where(end, 1, counts))]),
        row_offset=np.concatenate([[0], np.cumsum(lengths)]),
        successor=np.where(entry_end, entry_owner, mdp.successor)[entries],
        probability=np.where(entry_end, 1.0, mdp.probability)[entries],
        states=mdp.states,
        action_names=names,
        action_index=index,
        terminal=mdp.terminal | end,
        initial=mdp.initial,
    )
