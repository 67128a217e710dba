"""Whether arrays form a decision process; each error names the state, the action and the amount."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from corrigible.core.errors import ModelError

if TYPE_CHECKING:
    from corrigible.mdp.model import MDP, Label


def labels(states: Sequence[Label] | None, n: int) -> None:
    """Raise unless there are ``n`` different state labels (or none given)."""
    if states is None or isinstance(states, range):
        count = n if states is None else len(states)
        unique = count
    else:
        count, unique = len(states), len(set(states))
    if count != n:
        raise ModelError(f"there are `{count}` state labels for {n} states")
    if unique != n and states is not None:
        seen: set[Label] = set()
        repeated = next(s for s in states if s in seen or seen.add(s))
        raise ModelError(f"the state label `{repeated}` occurs twice", "labels must differ")
    if n == 0:
        raise ModelError("the model has no states")


def rows(mdp: MDP, successor: np.ndarray, probability: np.ndarray) -> None:
    """Raise unless every state has an action and every row is a probability distribution."""
    from corrigible.mdp.model import TOLERANCE

    counts = np.diff(mdp.action_offset)
    if np.any(counts < 1):
        state = mdp.states[int(np.argmin(counts))]
        raise ModelError(f"state `{state}` has no action", "give it one, or make it terminal")
    if successor.shape != probability.shape or len(successor) != mdp.row_offset[-1]:
        raise ModelError(
            f"there are `{len(successor)}` successors and `{len(probability)}` probabilities",
            f"the rows ask for {mdp.row_offset[-1]} of each",
        )
    if len(mdp.action_index) != mdp.n_pairs or mdp.action_offset[-1] != mdp.n_pairs:
        raise ModelError(f"there are `{len(mdp.action_index)}` actions for {mdp.n_pairs} rows")
    bad = ~(probability >= 0) | ~np.isfinite(probability)
    if np.any(bad):
        at = int(np.argmax(bad))
        raise ModelError(
            f"{_where(mdp, at, entry=True)} has the probability `{probability[at]:g}`",
            "probabilities lie between 0 and 1",
        )
    if len(successor) and (successor.min() < 0 or successor.max() >= mdp.n_states):
        at = int(np.argmax((successor < 0) | (successor >= mdp.n_states)))
        raise ModelError(
            f"{_where(mdp, at, entry=True)} leads to state `{successor[at]}`",
            f"there are {mdp.n_states} states, numbered from 0",
        )
    empty = np.diff(mdp.row_offset) < 1
    if np.any(empty):
        raise ModelError(f"{_where(mdp, int(np.argmax(empty)))} leads nowhere", "its row is empty")
    sums = np.add.reduceat(probability, mdp.row_offset[:-1])
    off = np.abs(sums - 1)
    if np.any(off > TOLERANCE):
        worst = int(np.argmax(off))
        many = int(np.sum(off > TOLERANCE))
        others = f" ({many - 1} other rows are off too)" if many > 1 else ""
        raise ModelError(
            f"the probabilities of {_where(mdp, worst)} sum to `{sums[worst]:.9g}`, "
            f"{sums[worst] - 1:+.3g} from 1{others}"
        )


def rescaled(row_offset: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Return the probabilities with every row summing to one as nearly as floats can."""
    sums = np.add.reduceat(probability, row_offset[:-1])
    return probability / np.repeat(sums, np.diff(row_offset))


def terminal(mdp: MDP) -> None:
    """Raise unless every terminal state leads only to itself."""
    for state in np.flatnonzero(mdp.terminal):
        pairs = mdp.pairs(int(state))
        low, high = mdp.row_offset[pairs.start], mdp.row_offset[pairs.stop]
        if np.any(mdp.successor[low:high] != state):
            raise ModelError(
                f"the terminal state `{mdp.states[state]}` leads elsewhere",
                "a terminal state is absorbing: leave out its actions",
            )


def reachable(mdp: MDP) -> None:
    """Raise unless every state can be reached from the starting distribution."""
    missed = np.flatnonzero(~mdp.reachable())
    if len(missed):
        names = ", ".join(f"`{mdp.states[s]}`" for s in missed[:5])
        more = f" and {len(missed) - 5} more" if len(missed) > 5 else ""
        raise ModelError(
            f"{len(missed)} of {mdp.n_states} states cannot be reached from the start: {names}{more}",
            "leave them out, or give no start",
        )


def _where(mdp: MDP, number: int, *, entry: bool = False) -> str:
    """Name a pair (or, with ``entry``, the pair that owns transition ``number``)."""
    pair = int(np.searchsorted(mdp.row_offset, number, side="right")) - 1 if entry else number
    state = int(np.searchsorted(mdp.action_offset, pair, side="right")) - 1
    index = int(mdp.action_index[pair])
    name = mdp.action_names[index] if index < len(mdp.action_names) else index
    return f"action `{name}` of state `{mdp.states[state]}`"
