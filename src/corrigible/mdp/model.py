"""`MDP`: a finite Markov decision process as immutable arrays, in state–action-pair form.

Each state has its own list of actions. The pairs of a state lie side by side, and each pair has a
sparse row of successors::

    state s   owns the pairs        action_offset[s] … action_offset[s+1] − 1
    pair  k   owns the transitions  row_offset[k]    … row_offset[k+1] − 1
    entry j   leads to successor[j] with probability[j]

There are no rewards in it: the same process serves very many reward functions (see `optimal`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

import numpy as np

from corrigible.core.results import digest, read_only

if TYPE_CHECKING:
    import networkx

Label = Hashable
TERMINAL_ACTION = "stop"
"""The label of the one action, leading back, that a terminal state has."""

TOLERANCE = 1e-9
"""How far the probabilities of a row may sum from one; rows this close are rescaled exactly."""


@final
class MDP:
    """A finite Markov decision process without rewards.

    Most people build one with `from_tensor`, `from_successors`, `from_edges`, `from_gymnasium` or
    `from_prism`.

    Parameters
    ----------
    action_offset
        Where each state's pairs start; integers of shape (states + 1,).
    row_offset
        Where each pair's transitions start; integers of shape (pairs + 1,).
    successor
        The state each transition leads to; integers of shape (transitions,).
    probability
        Its probability; floats of shape (transitions,). Transitions of probability zero are
        dropped, repeated ones added up, and each row is kept in the order of its successors.
    states
        Labels of the states; default the numbers from 0.
    action_names
        The distinct action labels.
    action_index
        Which of them each pair carries; integers of shape (pairs,). By default the position of
        the action in its state's list.
    terminal
        Terminal states: a mask of shape (states,) or labels. They must be absorbing.
    initial
        The starting distribution; floats of shape (states,), or a mapping from labels.
        ``None`` where the model has none.

    Raises
    ------
    ModelError
        For rows that do not sum to one, negative or NaN probabilities, successors that do not
        exist, action-less states, repeated labels. The message names the state and action.

    Notes
    -----
    *Source:* M. L. Puterman, Markov Decision Processes (1994), section 2.1: finite states, a
    finite set of actions A_s in each state, transition probabilities p(·|s, a).
    """

    __slots__ = (
        "__dict__",
        "action_index",
        "action_names",
        "action_offset",
        "initial",
        "probability",
        "row_offset",
        "states",
        "successor",
        "terminal",
    )

    action_offset: np.ndarray
    row_offset: np.ndarray
    successor: np.ndarray
    probability: np.ndarray
    states: Sequence[Label]
    action_names: tuple[Label, ...]
    action_index: np.ndarray
    terminal: np.ndarray
    initial: np.ndarray | None

    def __init__(
        self,
        *,
        action_offset: np.ndarray,
        row_offset: np.ndarray,
        successor: np.ndarray,
        probability: np.ndarray,
        states: Sequence[Label] | None = None,
        action_names: Sequence[Label] | None = None,
        action_index: np.ndarray | None = None,
        terminal: np.ndarray | Iterable[Label] = (),
        initial: np.ndarray | Mapping[Any, float] | None = None,
    ) -> None:
        from corrigible.mdp import validate

        n = len(action_offset) - 1
        validate.labels(states, n)
        set_ = object.__setattr__
        set_(self, "action_offset", read_only(np.array(action_offset, dtype=np.int64)))
        set_(self, "row_offset", np.array(row_offset, dtype=np.int64))
        set_(self, "states", range(n) if states is None else _frozen(states))
        if action_index is None:
            counts = np.diff(self.action_offset)
            starts = np.repeat(self.action_offset[:-1], np.maximum(counts, 0))
            action_index = np.arange(len(starts)) - starts
            if action_names is None:
                action_names = range(int(counts.max(initial=0)))
        set_(self, "action_names", () if action_names is None else tuple(action_names))
        set_(self, "action_index", read_only(np.array(action_index, dtype=np.int32)))
        successor = np.asarray(successor)
        probability = np.asarray(probability, dtype=np.float64)
        validate.rows(self, successor, probability)
        offset, successor, probability = validate.canonical(self.row_offset, successor, probability)
        set_(self, "row_offset", read_only(offset))
        set_(self, "successor", read_only(np.array(successor, dtype=np.int32)))
        set_(self, "probability", read_only(validate.rescaled(offset, probability)))
        set_(self, "terminal", read_only(validate.mask(terminal, n, self.index)))
        validate.terminal(self)
        if initial is not None:
            initial = read_only(validate.distribution(initial, self.states, self.index))
        set_(self, "initial", initial)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"an MDP is immutable; cannot set {name!r}")

    # --- sizes and labels ---------------------------------------------------------------------

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.action_offset) - 1

    @property
    def n_pairs(self) -> int:
        """Number of state–action pairs."""
        return len(self.row_offset) - 1

    @property
    def n_transitions(self) -> int:
        """Number of transitions of positive probability."""
        return len(self.successor)

    @cached_property
    def _find(self) -> Callable[[Label], int]:
        from corrigible.mdp.validate import finder

        return finder(self.states)

    def index(self, state: Label) -> int:
        """Return the number of the state labelled ``state``.

        Raises
        ------
        UnknownNameError
            If there is none; the message suggests the nearest label.
        """
        return self._find(state)

    def pairs(self, state: int) -> range:
        """Return the numbers of the pairs of state number ``state``."""
        return range(int(self.action_offset[state]), int(self.action_offset[state + 1]))

    def action(self, pair: int) -> Label:
        """Return the label of the action of pair number ``pair``."""
        return self.action_names[self.action_index[pair]]

    @property
    def owner(self) -> np.ndarray:
        """The number of the state that each pair belongs to; shape (pairs,)."""
        return np.repeat(np.arange(self.n_states), np.diff(self.action_offset))

    @property
    def origin(self) -> np.ndarray:
        """The number of the state that each transition leaves; shape (transitions,)."""
        return np.repeat(np.arange(self.n_states), np.diff(self.row_offset[self.action_offset]))

    def actions(self, state: Label) -> list[Label]:
        """Return the labels of the actions of the state labelled ``state``."""
        return [self.action(pair) for pair in self.pairs(self.index(state))]

    def row(self, pair: int) -> list[tuple[float, int]]:
        """Return the outcomes of pair number ``pair`` as (probability, state number)."""
        low, high = self.row_offset[pair], self.row_offset[pair + 1]
        return list(zip(self.probability[low:high].tolist(), self.successor[low:high].tolist(), strict=True))

    @cached_property
    def deterministic(self) -> bool:
        """Whether every action has exactly one outcome."""
        return self.n_transitions == self.n_pairs

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all arrays and labels; equal models have equal fingerprints."""
        labels = repr([self.states, self.action_names]).encode()
        arrays = (self.action_offset, self.row_offset, self.successor, self.probability)
        initial = np.zeros(0) if self.initial is None else self.initial
        return digest(labels, *arrays, self.action_index, self.terminal, initial)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MDP) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, ({name: getattr(self, name) for name in self.__slots__ if name != "__dict__"},)

    def __repr__(self) -> str:
        kind = "deterministic" if self.deterministic else "stochastic"
        return (
            f"<MDP: {self.n_states} states, {self.n_pairs} actions, {self.n_transitions} transitions, {kind}>"
        )

    # --- builders: one line each, the work is in the files beside this one ---------------------

    @classmethod
    def from_tensor(
        cls,
        transitions: np.ndarray | Sequence[Any],
        *,
        states: Sequence[Label] | None = None,
        actions: Sequence[Label] | None = None,
        terminal: np.ndarray | Iterable[Label] = (),
        initial: np.ndarray | Mapping[Any, float] | None = None,
    ) -> MDP:
        """Build from a dense tensor; see `corrigible.mdp.build.from_tensor`."""
        from corrigible.mdp.build import from_tensor

        return from_tensor(transitions, states=states, actions=actions, terminal=terminal, initial=initial)

    @classmethod
    def from_successors(
        cls,
        successors: np.ndarray,
        *,
        states: Sequence[Label] | None = None,
        actions: Sequence[Label] | None = None,
        terminal: np.ndarray | Iterable[Label] = (),
        initial: np.ndarray | Mapping[Any, float] | None = None,
    ) -> MDP:
        """Build a deterministic one; see `corrigible.mdp.build.from_successors`."""
        from corrigible.mdp.build import from_successors

        return from_successors(successors, states=states, actions=actions, terminal=terminal, initial=initial)

    @classmethod
    def from_edges(
        cls,
        edges: Mapping[Label, Mapping[Label, Any]] | Mapping[Label, Iterable[Label]],
        *,
        terminal: Iterable[Label] = (),
        start: Label | None = None,
    ) -> MDP:
        """Build from a mapping of states; see `corrigible.mdp.edges.from_edges`."""
        from corrigible.mdp.edges import from_edges

        return from_edges(edges, terminal=terminal, start=start)

    @classmethod
    def from_gymnasium(cls, environment: Any) -> MDP:
        """Build from a Gymnasium environment or its id; see `corrigible.mdp.gymnasium`."""
        from corrigible.mdp.gymnasium import from_gymnasium

        return from_gymnasium(environment)

    @classmethod
    def from_prism(cls, path: Any, *, states: Any = None, labels: Any = None) -> MDP:
        """Read a PRISM explicit-state model; see `corrigible.mdp.prism.from_prism`."""
        from corrigible.mdp.prism import from_prism

        return from_prism(path, states=states, labels=labels)

    def to_prism(self, path: Any) -> None:
        """Write a PRISM explicit-state model; see `corrigible.mdp.prism.to_prism`."""
        from corrigible.mdp.prism import to_prism

        to_prism(self, path)

    def to_networkx(self) -> networkx.MultiDiGraph[Any]:
        """Return the transitions as a graph; see `corrigible.mdp.graph.to_networkx`."""
        from corrigible.mdp.graph import to_networkx

        return to_networkx(self)

    # --- parts --------------------------------------------------------------------------------

    def reachable(self, start: Iterable[int] | None = None) -> np.ndarray:
        """Return the mask of states that can be reached, boolean of shape (states,).

        Parameters
        ----------
        start
            Numbers of the states to start from; default those of positive initial probability.
        """
        from corrigible.mdp.restrict import reachable

        return reachable(self, start)

    def without(self, pairs: np.ndarray) -> MDP:
        """Return the model with the actions in the mask ``pairs`` taken away.

        Raises
        ------
        ModelError
            If a state would be left with no action.
        """
        from corrigible.mdp.restrict import without

        return without(self, pairs)

    def absorbing(self, states: np.ndarray) -> MDP:
        """Return the model with the states in the mask made terminal."""
        from corrigible.mdp.restrict import absorbing

        return absorbing(self, states)


def _frozen(labels: Sequence[Label]) -> Sequence[Label]:
    return labels if isinstance(labels, range | tuple) else tuple(labels)


def _rebuild(fields: dict[str, Any]) -> MDP:
    mdp = object.__new__(MDP)
    for name, value in fields.items():
        if hasattr(value, "flags"):
            read_only(value)
        object.__setattr__(mdp, name, value)
    return mdp
