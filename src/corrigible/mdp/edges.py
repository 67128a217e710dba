"""Models from mappings, as one writes them by hand, in Python or in a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np

from corrigible.core.errors import ModelError, UnknownNameError
from corrigible.mdp import validate
from corrigible.mdp.build import from_transitions
from corrigible.mdp.files import broken, read_lines
from corrigible.mdp.model import MDP, Label


def from_edges(
    edges: Mapping[Label, Mapping[Label, Any]] | Mapping[Label, Iterable[Label]],
    *,
    terminal: Iterable[Label] = (),
    start: Label | None = None,
) -> MDP:
    """Build a model from a mapping, as one writes it by hand.

    Parameters
    ----------
    edges
        For each state, by label, either a mapping from its actions to their outcomes or a list of
        successors (each successor's label is then the action's). An outcome is the label of a
        state, a mapping from labels to probabilities, or a *list* of (probability, label) pairs.
        Probabilities are numbers, fractions, or text such as ``"1/3"``. A tuple is a label.
    terminal
        Labels of terminal states; they need not be keys of ``edges``.
    start
        The state to start in, if any; every state must then be reachable from it.

    Raises
    ------
    ModelError
        For successors that are no states, states that cannot be reached, and rows that are no
        distribution.
    UnknownNameError
        If there is no state ``start``.

    Examples
    --------
    >>> from corrigible import MDP
    >>> lamp = MDP.from_edges({"off": {"press": {"on": "2/3", "off": "1/3"}, "wait": "off"}, "on": ["off"]})
    >>> lamp.actions("off")
    ['press', 'wait']
    """
    ends = [terminal] if isinstance(terminal, str) else list(terminal)
    states = list(dict.fromkeys([*edges, *ends]))
    number = {label: i for i, label in enumerate(states)}
    action_number: dict[Label, int] = {}
    rows: list[tuple[int, int, int, float]] = []
    missing: dict[Label, Label] = {}
    for state, choices in edges.items():
        for action, outcome in _choices(state, choices):
            a = action_number.setdefault(action, len(action_number))
            for probability, successor in _outcomes(state, action, outcome):
                if successor not in number:
                    missing.setdefault(successor, state)
                rows.append((number[state], a, number.get(successor, -1), probability))
    if missing:
        shown = ", ".join(f"`{s}` (from `{t}`)" for s, t in list(missing.items())[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise ModelError(
            f"these successors are no states: {shown}{more}",
            "give each its actions, or name it in `terminal`",
        )
    source, action, target, probability = zip(*rows, strict=True) if rows else ((), (), (), ())
    mdp = from_transitions(
        np.array(source, dtype=np.int64),
        np.array(action, dtype=np.int64),
        np.array(target, dtype=np.int64),
        np.array(probability, dtype=np.float64),
        len(states),
        len(action_number),
        states=states,
        actions=tuple(action_number),
        terminal=ends,
        initial=None if start is None else {start: 1.0},
    )
    if start is not None:
        validate.reachable(mdp)
    return mdp


KEYS = {"edges", "start", "terminal"}
"""What a file of edges may say."""


def read_edges(path: Path | str) -> MDP:
    """Read a model from a TOML file with a table ``edges`` and, if wanted, ``start`` and ``terminal``.

    They are those of `from_edges`::

        start = "off"
        [edges]
        on = ["off"]
        off.wait = "off"
        off.press = { on = "2/3", off = "1/3" }

    Raises
    ------
    FileFormatError
        If it cannot be read, is no TOML, says something else, or is no model; the message names file
        and line, where the line is known.
    """
    lines = read_lines(path, factor=40)
    try:
        told = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise broken(path, int(place[1]) if place else len(lines), f"no TOML: {what}") from error
    edges: Any = told.get("edges")
    if not isinstance(edges, dict) or not edges:
        raise broken(path, 1, "there is no table `edges`", 'write for example `edges.on = ["on", "off"]`')
    for key in told:
        if key not in KEYS:
            raise broken(path, 1, f"`{key}` means nothing here", f"there are {', '.join(sorted(KEYS))}")
    start, terminal = told.get("start"), told.get("terminal", [])
    if start is not None and not isinstance(start, str):
        raise broken(path, 1, f"start is `{start}`", "give the name of a state")
    if not isinstance(terminal, list) or not all(isinstance(x, str) for x in cast("list[Any]", terminal)):
        raise broken(path, 1, f"terminal is `{terminal}`", "give a list of names of states")
    try:
        return from_edges(cast("dict[Label, Any]", edges), start=start, terminal=cast("list[str]", terminal))
    except (ModelError, UnknownNameError) as error:
        raise broken(path, 1, error.message, error.hint or "") from error


def _choices(state: Label, given: Any) -> list[tuple[Label, Any]]:
    """Return (action, outcome) of one state."""
    if isinstance(given, Mapping):
        return list(cast("Mapping[Label, Any]", given).items())
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ModelError(
            f"state `{state}` is given `{given}`", "give it a list of successors or a mapping of actions"
        )
    successors = list(cast("Iterable[Label]", given))
    if isinstance(given, set | frozenset):  # whose order is not the same in every run
        successors.sort(key=repr)
    try:
        validate.distinct(f"successor of `{state}`", successors)
    except ModelError as error:
        raise ModelError(error.message, "name the actions: write a mapping instead of a list") from error
    return [(s, s) for s in successors]


def _outcomes(state: Label, action: Label, given: Any) -> list[tuple[float, Label]]:
    """Return (probability, successor) of one action."""
    where = f"action `{action}` of state `{state}`"
    if isinstance(given, Mapping):
        pairs = [(p, s) for s, p in cast("Mapping[Label, Any]", given).items()]
    elif isinstance(given, list):
        pairs: list[tuple[Any, Label]] = []
        for item in cast("list[Any]", given):
            pair = cast("Sequence[Any]", item)
            if not isinstance(item, tuple | list) or len(pair) != 2:
                raise ModelError(f"{where} has the outcome `{item}`", "write (probability, successor)")
            pairs.append((pair[0], pair[1]))
    else:
        pairs = [(1, given)]
    out: list[tuple[float, Label]] = []
    for probability, successor in pairs:
        try:
            value = float(Fraction(probability)) if isinstance(probability, str) else float(probability)
            hash(successor)
        except (ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
            raise ModelError(
                f"{where} has the outcome `{successor}` with probability `{probability}`",
                "give a label, and a number or a fraction such as `1/3`",
            ) from error
        out.append((value, successor))
    if not out:
        raise ModelError(f"{where} leads nowhere", "give it an outcome")
    return out
