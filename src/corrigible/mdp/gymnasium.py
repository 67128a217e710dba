"""Models from Gymnasium environments that expose their transition table.

The toy-text environments carry ``P[state][action] = [(probability, next state, reward, terminated),
…]``. Rewards are left out, as an `MDP` has none. What becomes of ``terminated``:

- The states in which someone may *act* are those the episode can start in and all that can be
  reached from them by transitions that do not terminate.
- A state that transitions terminate in and in which nobody acts becomes terminal: what the table
  says to do there never happens (CliffWalking's goal, FrozenLake's holes, Taxi's four arrivals).
- Where the same state is both, the episode's end is a state of its own: an absorbing twin labelled
  ``(state, "end")`` is added behind the others, and terminating transitions lead there.

Every state of the table stays, under its own number, so that observations are labels; states that
no episode visits (96 of Taxi's 500, CliffWalking's cliff) stay too, and where such a state leads
into one that is terminal by the rule above, it ends there. An environment that names no starting
distribution is taken to start anywhere that no transition terminates in.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from corrigible.core.errors import ModelError, UnknownNameError, unknown_name
from corrigible.mdp.build import from_transitions
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.restrict import closure

ACTIONS = {
    "FrozenLakeEnv": ("left", "down", "right", "up"),
    "CliffWalkingEnv": ("up", "right", "down", "left"),
    "TaxiEnv": ("south", "north", "east", "west", "pickup", "dropoff"),
}
"""Names of the actions, by class, from the documentation of each environment."""


def from_gymnasium(environment: Any) -> MDP:
    """Build a model from an environment's transition table.

    Parameters
    ----------
    environment
        A Gymnasium environment, or the id of one; an environment made here is closed again.

    Returns
    -------
    MDP
        States are labelled with their numbers; actions with their names where we know them.

    Raises
    ------
    UnknownNameError
        If there is no such id; the message suggests the nearest.
    ModelError
        If the environment cannot be made, has no transition table, or a broken one.
    """
    if not isinstance(environment, str):
        return _read(environment, type(getattr(environment, "unwrapped", environment)).__name__)
    made = _make(environment)
    try:
        return _read(made, environment)
    finally:
        made.close()


def _make(name: str) -> Any:
    import gymnasium

    errors = gymnasium.error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return gymnasium.make(name)
        except Exception as error:  # also whatever the environment's own code raises
            unregistered = isinstance(error, errors.UnregisteredEnv) or type(error) is errors.Error
            if not (unregistered or (isinstance(error, ModuleNotFoundError) and ":" in name)):
                raise _cannot_make(name, error) from error
            known = [str(key) for key in gymnasium.registry]
            try:
                unknown_name("Gymnasium environment", name, known)
            except UnknownNameError as unknown:
                raise unknown from error


def _cannot_make(name: str, error: Exception) -> ModelError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ModelError(f"the environment `{name}` cannot be made: {lines[0].rstrip('.')}")


class _Table(NamedTuple):
    source: np.ndarray
    action: np.ndarray
    target: np.ndarray
    probability: np.ndarray
    ends: np.ndarray


def _read(environment: Any, name: str) -> MDP:
    inner = getattr(environment, "unwrapped", environment)
    raw = getattr(inner, "P", None)
    if not isinstance(raw, Mapping | Sequence) or not raw:
        raise ModelError(
            f"the environment `{name}` has no transition table",
            "it needs an attribute `P` with `P[state][action] = [(probability, next, reward, ended), …]`",
        )
    n = len(cast("Sequence[Any]", raw))
    table = _flat(raw, n, name)
    start = _start(inner, n, name)
    acting = _acting(table, n, start)
    split = np.flatnonzero(acting & _marked(n, table.target[table.ends]))
    end = _marked(n, table.target[table.ends]) & ~acting
    twin = np.full(n, -1)
    twin[split] = n + np.arange(len(split))
    to_twin = table.ends & (twin[table.target] >= 0)
    # What the table says to do in a terminal state never happens.
    keep = ~end[table.source]
    n_actions = max(int(table.action.max()) + 1, _action_count(inner))
    states: list[Label] = [*range(n), *((int(s), "end") for s in split)]
    known = ACTIONS.get(type(inner).__name__, ())
    return from_transitions(
        table.source[keep],
        table.action[keep],
        np.where(to_twin, twin[table.target], table.target)[keep],
        table.probability[keep],
        len(states),
        n_actions,
        states=range(n) if not len(split) else states,
        actions=known if len(known) == n_actions else None,
        terminal=np.concatenate([end, np.ones(len(split), dtype=bool)]),
        initial=None if start is None else np.concatenate([start, np.zeros(len(split))]),
    )


def _flat(raw: Any, n: int, name: str) -> _Table:
    """Return the table as arrays, without its rewards and its transitions of probability zero."""
    rows: list[tuple[int, int, int, float, bool]] = []
    for state in range(n):
        try:
            for action, outcomes in _numbered(raw[state]):
                for probability, target, _, ended in outcomes:
                    if probability != 0:
                        rows.append((state, int(action), int(target), float(probability), bool(ended)))
        except (KeyError, IndexError) as error:
            raise ModelError(
                f"the table of `{name}` has no entry for state `{state}`",
                f"it has {n} states, which should be numbered from 0",
            ) from error
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"the table of `{name}` cannot be read at state `{state}`: {error}",
                "each outcome should be (probability, next, reward, ended)",
            ) from error
    if not rows:
        raise ModelError(f"the table of `{name}` has no transitions in its `{n}` states")
    columns = zip(*rows, strict=True)
    source, action, target, probability, ends = (np.array(column) for column in columns)
    if target.min() < 0 or target.max() >= n:
        at = int(np.argmax((target < 0) | (target >= n)))
        raise ModelError(
            f"the table of `{name}` leads from state `{source[at]}` to state `{target[at]}`",
            f"there are {n} states, numbered from 0",
        )
    return _Table(source, action, target, probability, ends)


def _numbered(choices: Any) -> Iterable[tuple[Any, Any]]:
    return choices.items() if hasattr(choices, "items") else cast("Iterable[Any]", enumerate(choices))


def _start(inner: Any, n: int, name: str) -> np.ndarray | None:
    given = getattr(inner, "initial_state_distrib", None)
    if given is None:
        return None
    start = np.array(given, dtype=np.float64)
    if start.shape != (n,):
        raise ModelError(
            f"the starting distribution of `{name}` has shape `{start.shape}`", f"it should be ({n},)"
        )
    return start


def _acting(table: _Table, n: int, start: np.ndarray | None) -> np.ndarray:
    """Return the mask of the states in which someone may act."""
    begin = ~_marked(n, table.target[table.ends]) if start is None else start > 0
    going = ~table.ends
    return closure(n, table.source[going], table.target[going], np.flatnonzero(begin))


def _marked(n: int, numbers: np.ndarray) -> np.ndarray:
    mask = np.zeros(n, dtype=bool)
    mask[numbers] = True
    return mask


def _action_count(inner: Any) -> int:
    return int(getattr(getattr(inner, "action_space", None), "n", 0))
