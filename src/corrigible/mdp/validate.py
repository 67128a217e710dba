"""Whether arrays form a decision process; each error names the state, the action and the amount."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from corrigible.core.errors import ModelError, unknown_name

if TYPE_CHECKING:
    from corrigible.mdp.model import MDP, Label

EPSILON = float(np.finfo(np.float64).eps)


# --- labels and what is given by label ---------------------------------------------------------


def labels(states: Sequence[Label] | None, n: int) -> None:
    """Raise unless there are ``n`` different state labels (or none given)."""
    if n < 1:
        raise ModelError("the model has no states", "give it at least one")
    if states is not None and len(states) != n:
        raise ModelError(f"there are `{len(states)}` state labels for {n} states")
    if states is not None:
        distinct("state", states)


def distinct(kind: str, names: Sequence[Label]) -> None:
    """Raise unless the labels in ``names`` can be looked up and differ."""
    if isinstance(names, range):
        return
    try:
        if len(set(names)) == len(names):
            return
    except TypeError as error:
        raise ModelError(
            f"the {kind} labels are not hashable: `{error}`", "give text, numbers or tuples of them"
        ) from error
    seen: set[Label] = set()
    repeated = next(s for s in names if s in seen or seen.add(s))
    raise ModelError(f"the {kind} label `{repeated}` occurs twice", "labels must differ")


def finder(states: Sequence[Label]) -> Callable[[Label], int]:
    """Return the function from a label to the number of its state; it raises `UnknownNameError`."""
    table: Mapping[Label, int] | None = None  # a range needs none: it knows where its numbers are
    if not isinstance(states, range):
        table = {label: i for i, label in enumerate(states)}

    def find(label: Label) -> int:
        try:
            return states.index(operator.index(cast("int", label))) if table is None else table[label]
        except (KeyError, TypeError, ValueError):
            pass
        if len(states) <= 10_000:
            unknown_name("state", label, map(str, states))
        unknown_name("state", label, [], f"the model has {len(states)} states")

    return find


def mask(given: np.ndarray | Iterable[Label], n: int, index: Callable[[Label], int]) -> np.ndarray:
    """Return the mask of shape (states,) of the states ``given`` as a mask or by their labels."""
    if isinstance(given, np.ndarray):
        array = cast("np.ndarray", given)
        if array.dtype == np.bool_:
            if array.shape != (n,):
                raise ModelError(f"the terminal mask has shape `{array.shape}`", f"it should be ({n},)")
            return array.copy()
        given = array.tolist()
    out = np.zeros(n, dtype=bool)
    for label in (given,) if isinstance(given, str) else given:
        out[index(label)] = True
    return out


def distribution(
    given: np.ndarray | Mapping[Any, float], states: Sequence[Label], index: Callable[[Label], int]
) -> np.ndarray:
    """Return the starting distribution, shape (states,), ``given`` as an array or by label."""
    n = len(states)
    if isinstance(given, Mapping):
        array = np.zeros(n)
        for label, probability in given.items():
            array[index(label)] += float(probability)
    else:
        array = np.array(given, dtype=np.float64)
    if array.shape != (n,):
        raise ModelError(f"the starting distribution has shape `{array.shape}`", f"it should be ({n},)")
    bad = ~(array >= 0) | ~np.isfinite(array)
    if np.any(bad):
        at = int(np.argmax(bad))
        raise ModelError(
            f"state `{states[at]}` has the starting probability `{array[at]:g}`",
            "probabilities lie between 0 and 1",
        )
    total = float(array.sum())
    if abs(total - 1) > _tolerance():
        raise ModelError(
            f"the starting distribution sums to `{total:.9g}`, {total - 1:+.3g} from 1",
            "it should sum to 1",
        )
    return array / total if abs(total - 1) > (n + 2) * EPSILON else array


# --- rows --------------------------------------------------------------------------------------


def rows(mdp: MDP, successor: np.ndarray, probability: np.ndarray) -> None:
    """Raise unless every state has an action and every row is a probability distribution."""
    counts = np.diff(mdp.action_offset)
    if np.any(counts < 1):
        state = mdp.states[int(np.argmin(counts))]
        many = int(np.sum(counts < 1))
        others = f" (nor have {many - 1} other states)" if many > 1 else ""
        raise ModelError(f"state `{state}` has no action{others}", "give it one, or make it terminal")
    if mdp.n_pairs < 0 or mdp.action_offset[0] != 0 or mdp.row_offset[0] != 0:
        raise ModelError("the offsets do not begin at `0`")
    _actions(mdp)
    if successor.shape != probability.shape or successor.shape != (mdp.row_offset[-1],):
        raise ModelError(
            f"there are `{successor.shape}` successors and `{probability.shape}` probabilities",
            f"the rows ask for {mdp.row_offset[-1]} of each",
        )
    if len(successor) and successor.dtype.kind not in "iu":
        raise ModelError(f"the successors are `{successor.dtype}`", "they should be whole numbers")
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
    if np.any(off > _tolerance()):
        worst = int(np.argmax(off))
        many = int(np.sum(off > _tolerance()))
        others = f" ({many - 1} other rows are off too)" if many > 1 else ""
        raise ModelError(
            f"the probabilities of {_where(mdp, worst)} sum to `{sums[worst]:.9g}`, "
            f"{sums[worst] - 1:+.3g} from 1{others}",
            "each row must sum to 1",
        )


def _actions(mdp: MDP) -> None:
    if len(mdp.action_index) != mdp.n_pairs or mdp.action_offset[-1] != mdp.n_pairs:
        raise ModelError(
            f"there are `{len(mdp.action_index)}` actions for {mdp.n_pairs} rows",
            "each state–action pair has one row",
        )
    distinct("action", mdp.action_names)
    known = len(mdp.action_names)
    if mdp.action_index.min() < 0 or mdp.action_index.max() >= known:
        at = int(np.argmax((mdp.action_index < 0) | (mdp.action_index >= known)))
        raise ModelError(f"{_where(mdp, at)} is not among the {known} action names", "name every action")


def canonical(
    row_offset: np.ndarray, successor: np.ndarray, probability: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows without zeros, each successor once, in the order of the successors."""
    n_rows = len(row_offset) - 1
    if len(successor) == n_rows:  # one outcome each, since no row is empty
        return row_offset, successor, probability
    row = np.repeat(np.arange(n_rows), np.diff(row_offset))
    ascending = (row[1:] != row[:-1]) | (successor[1:] > successor[:-1])
    if np.all(ascending) and np.all(probability > 0):
        return row_offset, successor, probability
    keep = np.flatnonzero(probability > 0)
    order = keep[np.lexsort((successor[keep], row[keep]))]
    row, successor, probability = row[order], successor[order], probability[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (successor[1:] != successor[:-1])
    begin = np.flatnonzero(first)
    lengths = np.bincount(row[begin], minlength=n_rows)
    offset = np.concatenate([[0], np.cumsum(lengths)])
    return offset, successor[begin], np.add.reduceat(probability, begin)


def rescaled(row_offset: np.ndarray, probability: np.ndarray, tolerance: float | None = None) -> np.ndarray:
    """Return the probabilities with every row summing to one as nearly as floats can.

    Rows that already do are left alone to the last bit, so that doing it twice changes nothing;
    rows further off than ``tolerance`` are left for `rows` to complain about.
    """
    lengths = np.diff(row_offset)
    sums = np.add.reduceat(probability, row_offset[:-1])
    off = np.abs(sums - 1)
    fix = (off > (lengths + 2) * EPSILON) & (off <= (_tolerance() if tolerance is None else tolerance))
    if not np.any(fix):
        return np.array(probability, dtype=np.float64)
    return probability / np.repeat(np.where(fix, sums, 1.0), lengths)


# --- whole models ------------------------------------------------------------------------------


def terminal(mdp: MDP) -> None:
    """Raise unless every terminal state leads only to itself."""
    if not np.any(mdp.terminal):
        return
    origin = mdp.origin
    bad = mdp.terminal[origin] & (mdp.successor != origin)
    if np.any(bad):
        at = int(np.argmax(bad))
        state, successor = mdp.states[origin[at]], mdp.states[mdp.successor[at]]
        raise ModelError(
            f"the terminal state `{state}` leads to `{successor}`",
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


def _tolerance() -> float:
    from corrigible.mdp.model import TOLERANCE

    return TOLERANCE


def _where(mdp: MDP, number: int, *, entry: bool = False) -> str:
    """Name a pair (or, with ``entry``, the pair that owns transition ``number``)."""
    pair = int(np.searchsorted(mdp.row_offset, number, side="right")) - 1 if entry else number
    state = int(np.searchsorted(mdp.action_offset, pair, side="right")) - 1
    index = int(mdp.action_index[pair])
    name = mdp.action_names[index] if 0 <= index < len(mdp.action_names) else index
    return f"action `{name}` of state `{mdp.states[state]}`"
