"""Parts of a model: what can be reached, a model without some actions, or with states that end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from corrigible.core.errors import ModelError
from corrigible.mdp.model import MDP, TERMINAL_ACTION


def reachable(mdp: MDP, start: Iterable[int] | None = None) -> np.ndarray:
    """Return the mask of states reachable from ``start`` (default: the initial distribution).

    Parameters
    ----------
    mdp
        The model.
    start
        Numbers of states, or a mask of shape (states,).

    Returns
    -------
    numpy.ndarray
        Boolean of shape (states,); the starting states are among them.

    Raises
    ------
    ModelError
        If a start does not exist, or none is given and the model has no initial distribution.
    """
    n = mdp.n_states
    if start is None:
        if mdp.initial is None:
            raise ModelError("the model has no starting distribution", "say where to start from")
        start = mdp.initial > 0
    given = np.asarray(start if isinstance(start, np.ndarray) else list(start))
    if given.dtype == np.bool_:
        given = np.flatnonzero(_mask(given, n, "states"))
    seeds = given.astype(np.int64)
    if len(seeds) and (seeds.min() < 0 or seeds.max() >= n):
        wrong = int(seeds[(seeds < 0) | (seeds >= n)][0])
        raise ModelError(f"there is no state number `{wrong}`", f"there are {n}, numbered from 0")
    return closure(n, mdp.origin, mdp.successor, seeds)


def closure(n: int, source: np.ndarray, target: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the mask of shape (n,) of what can be reached from ``start`` over links.

    Parameters
    ----------
    n
        Number of nodes.
    source, target
        The ends of each link; integers of shape (links,).
    start
        Numbers of the nodes to start from.
    """
    from scipy import sparse  # pyright: ignore[reportMissingTypeStubs]

    # One extra node leads to every start, so that a single search suffices.
    tails = np.concatenate([source, np.full(len(start), n)])
    heads = np.concatenate([target, start])
    library: Any = sparse
    graph = library.csr_array((np.ones(len(heads), dtype=np.int8), (tails, heads)), shape=(n + 1, n + 1))
    order = library.csgraph.breadth_first_order(graph, n, directed=True, return_predecessors=False)
    mask = np.zeros(n + 1, dtype=bool)
    mask[order] = True
    return mask[:n]


def without(mdp: MDP, pairs: np.ndarray) -> MDP:
    """Return the model with the pairs in the boolean mask of shape (pairs,) taken away.

    Raises
    ------
    ModelError
        If the mask has another shape, or a state would be left with no action.
    """
    keep = ~_mask(pairs, mdp.n_pairs, "pairs")
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
    """Return the model with the states in the boolean mask of shape (states,) made terminal.

    Each gets the one action `TERMINAL_ACTION`, which leads back; what it could do before is gone.
    """
    end = _mask(states, mdp.n_states, "states")
    if not np.any(end & ~mdp.terminal):
        return mdp
    counts = np.diff(mdp.action_offset)
    lengths = np.diff(mdp.row_offset)
    first_pair = np.zeros(mdp.n_pairs, dtype=bool)
    first_pair[mdp.action_offset[:-1]] = True
    ending = np.repeat(end, counts)
    keep = ~ending | first_pair
    origin, entries = mdp.origin, kept(mdp, end)
    names = mdp.action_names
    if TERMINAL_ACTION not in names:
        names = (*names, TERMINAL_ACTION)
    stop = names.index(TERMINAL_ACTION)
    return MDP(
        action_offset=np.concatenate([[0], np.cumsum(np.where(end, 1, counts))]),
        row_offset=np.concatenate([[0], np.cumsum(np.where(ending, 1, lengths)[keep])]),
        successor=np.where(end[origin], origin, mdp.successor)[entries],
        probability=np.where(end[origin], 1.0, mdp.probability)[entries],
        states=mdp.states,
        action_names=names,
        action_index=np.where(ending, stop, mdp.action_index)[keep],
        terminal=mdp.terminal | end,
        initial=mdp.initial,
    )


def kept(mdp: MDP, end: np.ndarray) -> np.ndarray:
    """Return which transitions `absorbing` keeps: those of other states, and one for each that ends.

    Of a state that ends the first transition becomes its loop; the rest goes. The mask has the shape
    (transitions,), and what lies beside the transitions can be cut with it.
    """
    first = np.zeros(mdp.n_transitions, dtype=bool)
    first[mdp.row_offset[mdp.action_offset[:-1]]] = True
    return ~end[mdp.origin] | first


def _mask(given: np.ndarray, count: int, what: str) -> np.ndarray:
    mask = np.asarray(given)
    if mask.dtype != np.bool_ or mask.shape != (count,):
        raise ModelError(
            f"the mask of {what} is `{mask.dtype}` of shape `{mask.shape}`",
            f"it should be boolean of shape ({count},)",
        )
    return mask
