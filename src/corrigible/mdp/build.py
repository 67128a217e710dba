"""Models from arrays.

All builders share three rules:

- An action that a state lacks is not an action: it is left out of the state's list, not turned
  into one that changes nothing.
- A terminal state has one action, `TERMINAL_ACTION`, that leads back to itself. What was given
  for it must say the same (an absorbing row) or nothing at all.
- A state with no action that is not declared terminal is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import ModelError
from corrigible.mdp import validate
from corrigible.mdp.model import MDP, TERMINAL_ACTION, TOLERANCE, Label


def from_tensor(
    transitions: np.ndarray | Sequence[Any],
    *,
    states: Sequence[Label] | None = None,
    actions: Sequence[Label] | None = None,
    terminal: np.ndarray | Iterable[Label] = (),
    initial: np.ndarray | Mapping[Any, float] | None = None,
) -> MDP:
    """Build a model from transition probabilities p(s'|s, a).

    Parameters
    ----------
    transitions
        T[s, a, s'], floats of shape (states, actions, states); or a sequence with one SciPy sparse
        matrix of shape (states, states) an action. A row that is zero throughout means that the
        state lacks this action; any other row must sum to one. NaN is an error, also in whole rows
        (it is what counts divided by zero visits leave behind).
    states, actions
        Labels; default the numbers from 0.
    terminal
        Terminal states: a mask of shape (states,) or labels. Their rows must be zero or absorbing.
    initial
        The starting distribution; floats of shape (states,), or a mapping from labels.

    Raises
    ------
    ModelError
        If the shape is wrong or a row is no distribution; the message names state and action.
    UnknownNameError
        If ``terminal`` or ``initial`` names a state that there is not.
    TooLargeError
        If the model would not fit in memory.

    Notes
    -----
    Rows of lower precision than 64 bits may be off one by 8 ε of their type, and are rescaled.
    """
    entries = _from_matrices(transitions) if _sparse(transitions) else _from_dense(transitions)
    return from_transitions(*entries, states=states, actions=actions, terminal=terminal, initial=initial)


class _Entries(NamedTuple):
    source: np.ndarray
    action: np.ndarray
    target: np.ndarray
    probability: np.ndarray
    n_states: int
    n_actions: int


def _sparse(transitions: Any) -> bool:
    return not isinstance(transitions, np.ndarray) and any(hasattr(m, "tocoo") for m in transitions)


def _from_dense(transitions: Any) -> _Entries:
    try:
        tensor = np.asarray(transitions)
    except ValueError as error:
        raise ModelError(f"the transitions are no array: `{error}`") from error
    if tensor.ndim != 3 or tensor.shape[0] != tensor.shape[2] or 0 in tensor.shape:
        raise ModelError(
            f"the transition tensor has shape `{tensor.shape}`",
            "it should be (states, actions, states)",
        )
    if tensor.dtype.kind not in "biuf":
        raise ModelError(f"the transition tensor holds `{tensor.dtype}`", "it should hold numbers")
    n, n_actions, _ = tensor.shape
    memory.require(100 * int(np.count_nonzero(tensor)), f"a model of {n} states", "make it smaller")
    pair, target = np.nonzero(tensor.reshape(n * n_actions, n))
    probability = tensor.reshape(n * n_actions, n)[pair, target]
    return _Entries(pair // n_actions, pair % n_actions, target, probability, n, n_actions)


def _from_matrices(matrices: Any) -> _Entries:
    shapes = {tuple(m.shape) for m in matrices}
    n = int(matrices[0].shape[0])
    if shapes != {(n, n)}:
        raise ModelError(f"the matrices have the shapes `{sorted(shapes)}`", "all should be (states, states)")
    parts = [m.tocoo() for m in matrices]
    return _Entries(
        np.concatenate([p.row for p in parts]),
        np.repeat(np.arange(len(parts)), [len(p.data) for p in parts]),
        np.concatenate([p.col for p in parts]),
        np.concatenate([p.data for p in parts]),
        n,
        len(parts),
    )


def from_transitions(
    source: np.ndarray,
    action: np.ndarray,
    target: np.ndarray,
    probability: np.ndarray,
    n_states: int,
    n_actions: int,
    *,
    states: Sequence[Label] | None = None,
    actions: Sequence[Label] | None = None,
    terminal: np.ndarray | Iterable[Label] = (),
    initial: np.ndarray | Mapping[Any, float] | None = None,
    tolerance: float | None = None,
) -> MDP:
    """Build a model from a list of transitions, in any order.

    Parameters
    ----------
    source, action, target
        Number of the state, of the action and of the next state; integers of shape (transitions,).
    probability
        Floats of shape (transitions,). Repeated transitions add up; zeros are dropped.
    n_states, n_actions
        How many there are.
    tolerance
        How far a row may sum from one and be rescaled; default 1e-9, or 8 ε of the type of
        ``probability`` where that is more.

    The other arguments, and the errors, are those of `from_tensor`.
    """
    names = range(n_actions) if actions is None else tuple(actions)
    _check_actions(names, n_actions)
    validate.labels(states, n_states)
    labels = range(n_states) if states is None else states
    entries = _Entries(source, action, target, np.asarray(probability), n_states, n_actions)
    _check_entries(entries, labels, names)
    if tolerance is None:
        tolerance = TOLERANCE
        if entries.probability.dtype.kind == "f":
            tolerance = max(tolerance, 8 * float(np.finfo(entries.probability.dtype).eps))
    end = validate.mask(terminal, n_states, validate.finder(labels))
    some = entries.probability != 0
    leaving = some & end[source] & (target != source)
    if np.any(leaving):
        at = int(np.argmax(leaving))
        _not_absorbing(labels[int(source[at])], names[int(action[at])], labels[int(target[at])])
    keep = np.flatnonzero(some & ~end[source])
    ends = np.flatnonzero(end)
    names, stop = _with_stop(names, bool(len(ends)))
    source = np.concatenate([source[keep], ends]).astype(np.int64)
    action = np.concatenate([action[keep], np.full(len(ends), stop)])
    target = np.concatenate([target[keep], ends])
    weight = np.concatenate([entries.probability[keep].astype(np.float64), np.ones(len(ends))])
    pair = source * (len(names) or 1) + action
    if not np.all((pair[1:] > pair[:-1]) | ((pair[1:] == pair[:-1]) & (target[1:] > target[:-1]))):
        order = np.lexsort((target, pair))
        pair, target, weight = pair[order], target[order], weight[order]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    row_offset = np.append(first, len(pair))
    counts = np.bincount(pair[first] // (len(names) or 1), minlength=n_states)
    return MDP(
        action_offset=np.concatenate([[0], np.cumsum(counts)]),
        row_offset=row_offset,
        successor=target,
        probability=validate.rescaled(row_offset, weight, tolerance) if len(weight) else weight,
        states=states,
        action_names=names,
        action_index=pair[first] % (len(names) or 1),
        terminal=end,
        initial=initial,
    )


def _check_actions(names: Sequence[Label], n_actions: int) -> None:
    if len(names) != n_actions:
        raise ModelError(f"there are `{len(names)}` action labels for {n_actions} actions")
    validate.distinct("action", names)


def _check_entries(entries: _Entries, states: Sequence[Label], actions: Sequence[Label]) -> None:
    """Raise for numbers out of range and bad probabilities, before repeated transitions are added up."""
    p = entries.probability
    for kind, given, known in (
        ("state", entries.source, states),
        ("action", entries.action, actions),
        ("state", entries.target, states),
    ):
        out = (given < 0) | (given >= len(known))
        if np.any(out):
            raise ModelError(
                f"a transition names {kind} `{given[int(np.argmax(out))]}`",
                f"there are {len(known)}, numbered from 0",
            )
    bad = ~(p >= 0) | ~np.isfinite(p)
    if np.any(bad):
        at = int(np.argmax(bad))
        raise ModelError(
            f"action `{actions[entries.action[at]]}` of state `{states[entries.source[at]]}` has the "
            f"probability `{float(p[at]):g}` of leading to `{states[entries.target[at]]}`",
            "probabilities lie between 0 and 1",
        )


def _with_stop(names: Sequence[Label], wanted: bool) -> tuple[tuple[Label, ...], int]:
    """Return the action names, with `TERMINAL_ACTION` among them where wanted, and its number."""
    names = tuple(names)
    if wanted and TERMINAL_ACTION not in names:
        names = (*names, TERMINAL_ACTION)
    return names, names.index(TERMINAL_ACTION) if wanted else -1


def _not_absorbing(state: Label, action: Label, successor: Label) -> None:
    raise ModelError(
        f"action `{action}` of the terminal state `{state}` leads to `{successor}`",
        "a terminal state is absorbing: leave out its actions",
    )


def from_successors(
    successors: np.ndarray,
    *,
    states: Sequence[Label] | None = None,
    actions: Sequence[Label] | None = None,
    terminal: np.ndarray | Iterable[Label] = (),
    initial: np.ndarray | Mapping[Any, float] | None = None,
) -> MDP:
    """Build a deterministic model from the state that each action leads to.

    Parameters
    ----------
    successors
        Integers of shape (states, actions); −1 where the state lacks the action. Two actions of a
        state may lead to the same state; both are kept.
    states, actions, terminal, initial
        As in `from_tensor`.

    Raises
    ------
    ModelError
        If the shape is wrong, a successor does not exist or a state has no action.
    TooLargeError
        If the model would not fit in memory; found before anything is allocated.
    """
    table = np.asarray(successors)
    if table.ndim != 2 or 0 in table.shape:
        raise ModelError(f"the successors have shape `{table.shape}`", "it should be (states, actions)")
    if table.dtype.kind not in "iu":
        raise ModelError(f"the successors are `{table.dtype}`", "they should be whole numbers")
    n, n_actions = table.shape
    # The peak while building was measured at 415 bytes a state of five actions, labels aside.
    memory.require(table.size * 70 + n * 100, f"a model of {n} states and {n_actions} actions")
    names = range(n_actions) if actions is None else tuple(actions)
    _check_actions(names, n_actions)
    validate.labels(states, n)
    labels = range(n) if states is None else states
    keep = table != -1
    end = validate.mask(terminal, n, validate.finder(labels))
    ends = np.flatnonzero(end)
    leaving = keep[ends] & (table[ends] != ends[:, None])
    if np.any(leaving):
        row, column = (int(i) for i in np.argwhere(leaving)[0])
        state, to = int(ends[row]), int(table[ends[row], column])
        _not_absorbing(labels[state], names[column], labels[to] if 0 <= to < n else to)
    names, stop = _with_stop(names, bool(len(ends)))
    keep[ends] = False
    keep[ends, 0] = True
    counts = keep.sum(axis=1)
    action_offset = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(counts, out=action_offset[1:])
    successor = table[keep]
    index = np.broadcast_to(np.arange(n_actions, dtype=np.int32), table.shape)[keep]
    successor[action_offset[ends]] = ends
    index[action_offset[ends]] = stop
    return MDP(
        action_offset=action_offset,
        row_offset=np.arange(len(successor) + 1),
        successor=successor,
        probability=np.ones(len(successor)),
        states=states,
        action_names=names,
        action_index=index,
        terminal=end,
        initial=initial,
    )
