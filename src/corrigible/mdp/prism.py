"""Models in the explicit-state format of the PRISM model checker.

A model is up to three text files: ``.tra`` with the transitions, ``.sta`` with the values of the
variables in each state, ``.lab`` with labels such as the initial state.

========  =======================================  ==========================================
file      first line                               further lines
========  =======================================  ==========================================
``.tra``  ``states choices transitions`` (MDP)     ``source choice target probability action``
``.tra``  ``states transitions`` (Markov chain)    ``source target probability``
``.sta``  ``(x,y)``                                ``0:(1,true)``
``.lab``  ``0="init" 1="deadlock"``                ``0: 0 1``
========  =======================================  ==========================================

The action at the end of a row may be missing.

*Source:* M. Kwiatkowska, G. Norman, D. Parker, PRISM 4.0 (2011), and the PRISM manual, appendix
"Explicit Model Files".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corrigible.core.errors import ModelError, OptionError
from corrigible.core.files import write_whole
from corrigible.mdp import validate
from corrigible.mdp.files import broken
from corrigible.mdp.model import MDP, TERMINAL_ACTION, Label
from corrigible.mdp.prismfiles import ROUND_OFF, Transitions, read_labels, read_states, read_transitions


def from_prism(path: Path | str, states: Path | str | None = None, labels: Path | str | None = None) -> MDP:
    """Read a model exported by PRISM with explicit states.

    Parameters
    ----------
    path
        The ``.tra`` file, in the form of an MDP or of a Markov chain.
    states, labels
        The ``.sta`` and ``.lab`` files; by default those beside ``path`` with the same stem,
        where they exist.

    Returns
    -------
    MDP
        States are labelled like ``x=1,y=2`` where there is a ``.sta`` file, otherwise with their
        numbers. Actions carry their names; a choice without one is named by its number, and one
        whose name another choice of the state has already gets its number added, as ``go#1``.
        The starting distribution is uniform over the states labelled ``init``; without a ``.lab``
        file the model starts in state 0, as in PRISM.

    Raises
    ------
    FileFormatError
        The message names file and line.

    Notes
    -----
    States labelled ``deadlock`` are terminal: PRISM gives them a loop when it exports. A state
    without any choice is one too, unless the ``.lab`` file has the label and leaves it out.
    Rows may be off one by 1e-5, as PRISM allows, and are rescaled.
    """
    tra = Path(path)
    sta = tra.with_suffix(".sta") if states is None else Path(states)
    lab = tra.with_suffix(".lab") if labels is None else Path(labels)
    table = read_transitions(tra)
    names = read_states(sta, table.n) if states is not None or sta.is_file() else None
    has_labels = labels is not None or lab.is_file()
    marks = read_labels(lab, table.n) if has_labels else {"init": {0: 1}}
    end = _ends(table, marks.get("deadlock"), lab)
    initial = None
    if marks.get("init"):
        initial = np.zeros(table.n)
        initial[list(marks["init"])] = 1 / len(marks["init"])
    return _model(table, end, names, initial)


def _ends(table: Transitions, dead: dict[int, int] | None, labels: Path) -> np.ndarray:
    """Return the mask of the terminal states: ``dead`` maps those labelled so to their lines."""
    silent = np.ones(table.n, dtype=bool)
    silent[table.source] = False
    if dead is None:
        return silent
    labelled = np.zeros(table.n, dtype=bool)
    labelled[list(dead)] = True
    for at in np.flatnonzero(labelled[table.source] & (table.target != table.source))[:1].tolist():
        state = int(table.source[at])
        where = f"{labels.name}:{dead[state]}"
        table.fail(at, f"state {state} leads to `{table.target[at]}`, but {where} labels it a deadlock")
    for state in np.flatnonzero(silent & ~labelled)[:1].tolist():
        raise broken(table.path, 1, f"state `{state}` has no choice", f"label it a deadlock in {labels.name}")
    return labelled


def _model(
    table: Transitions, end: np.ndarray, states: Sequence[Label] | None, initial: np.ndarray | None
) -> MDP:
    owner, choice = table.source[table.first], table.choice[table.first]
    codes: list[int] = table.action[table.first].tolist()
    # Terminal states that the file says nothing about come in between, each with its loop.
    added = np.setdiff1d(np.flatnonzero(end), owner)
    order = np.argsort(np.concatenate([owner, added]), kind="stable")
    alone = np.bincount(owner, minlength=table.n) < 2
    words = [
        table.words[code] or (TERMINAL_ACTION if end[s] and alone[s] else str(c))
        for s, c, code in zip(owner.tolist(), choice.tolist(), codes, strict=True)
    ]
    words = [*_different(owner, choice, words), *[TERMINAL_ACTION] * len(added)]
    numbers = {word: i for i, word in enumerate(dict.fromkeys(words[i] for i in order.tolist()))}
    source = np.concatenate([table.source, added])
    by_source = np.argsort(source, kind="stable")
    lengths = np.concatenate([np.diff(table.first, append=len(table.source)), np.ones(len(added))])
    row_offset = np.concatenate([[0], np.cumsum(lengths[order])]).astype(np.int64)
    counts = np.bincount(np.concatenate([owner, added]).astype(np.int64), minlength=table.n)
    probability = np.concatenate([table.probability, np.ones(len(added))])[by_source]
    return MDP(
        action_offset=np.concatenate([[0], np.cumsum(counts)]),
        row_offset=row_offset,
        successor=np.concatenate([table.target, added])[by_source].astype(np.int64),
        probability=validate.rescaled(row_offset, probability, 2 * ROUND_OFF),
        states=states,
        action_names=tuple(numbers),
        action_index=np.array([numbers[words[i]] for i in order.tolist()]),
        terminal=end,
        initial=initial,
    )


def _different(owner: np.ndarray, choice: np.ndarray, words: list[str]) -> list[str]:
    """Return the words, made different within each state by adding the number of the choice."""
    out: list[str] = []
    taken: set[str] = set()
    last = -1
    for state, number, word in zip(owner.tolist(), choice.tolist(), words, strict=True):
        if state != last:
            taken.clear()
            last = state
        while word in taken:
            word = f"{word}#{number}"
        taken.add(word)
        out.append(word)
    return out


def to_prism(mdp: MDP, path: Path | str) -> None:
    """Write a model as ``.tra``, and ``.sta`` and ``.lab`` beside it.

    What `from_prism` reads back is the same model up to the text of the labels: PRISM's names are
    words, so other characters become ``_``; where every action is called by its number, none is
    written. States labelled like ``x=1,y=2`` keep their variables, others become ``s=number``.
    Terminal states are labelled ``deadlock``.

    Parameters
    ----------
    mdp
        The model. Its starting distribution, if any, must be uniform over some states, since PRISM
        knows initial states only.
    path
        Where the ``.tra`` file goes.

    Raises
    ------
    ModelError
        If the starting distribution is not uniform over some states.
    OptionError
        If ``path`` ends in ``.sta`` or ``.lab``.
    OutputError
        If a file cannot be written.
    """
    tra = Path(path)
    if tra.suffix in (".sta", ".lab"):
        raise OptionError(f"`{tra}` is the name of another file of the model", "end it in `.tra`")
    start = np.zeros(0) if mdp.initial is None else mdp.initial[mdp.initial > 0]
    if len(start) and np.ptp(start) > 1e-9:
        raise ModelError(
            f"the starting distribution is not uniform: from `{start.min():g}` to `{start.max():g}`",
            "PRISM knows initial states only; add a first state that leads to these",
        )
    names = _action_words(mdp)
    rows = [f"{mdp.n_states} {mdp.n_pairs} {mdp.n_transitions}"]
    for state in range(mdp.n_states):
        for choice, pair in enumerate(mdp.pairs(state)):
            name = names[int(mdp.action_index[pair])] if names else ""
            rows += [f"{state} {choice} {to} {p!r} {name}".rstrip() for p, to in mdp.row(pair)]
    labels = ['0="init" 1="deadlock"']
    for state in range(mdp.n_states):
        first = mdp.initial is not None and mdp.initial[state] > 0
        marks = " 0" * bool(first) + " 1" * bool(mdp.terminal[state])
        labels += [f"{state}:{marks}"] if marks else []
    write_whole(tra.with_suffix(".lab"), "\n".join(labels) + "\n")
    write_whole(tra.with_suffix(".sta"), "\n".join(_state_rows(mdp.states)) + "\n")
    write_whole(tra, "\n".join(rows) + "\n")


def _action_words(mdp: MDP) -> list[str]:
    """Return a different word for each action; nothing if all are called by their numbers."""
    plain = True
    for state in range(mdp.n_states):
        names = [str(mdp.action(pair)) for pair in mdp.pairs(state)]
        expected = [TERMINAL_ACTION] if mdp.terminal[state] and len(names) == 1 else None
        plain = plain and names == (expected or [str(i) for i in range(len(names))])
    if plain:
        return []
    words: list[str] = []
    for name in mdp.action_names:
        word = re.sub(r"\W", "_", str(name), flags=re.ASCII)
        word = word if re.match(r"[A-Za-z_]", word) else f"a{word}"
        while word in words:
            word += "_"
        words.append(word)
    return words


def _state_rows(states: Sequence[Label]) -> list[str]:
    split = [re.findall(r"(?:^|,)([A-Za-z_]\w*)=([-+.\w]+)", str(s), re.ASCII) for s in states]
    variables = [name for name, _ in split[0]]
    kept = bool(variables) and all(
        ",".join(f"{k}={v}" for k, v in values) == str(state) and [k for k, _ in values] == variables
        for state, values in zip(states, split, strict=True)
    )
    if not kept:
        return ["(s)", *(f"{i}:({i})" for i in range(len(states)))]
    rows = (f"{i}:({','.join(v for _, v in values)})" for i, values in enumerate(split))
    return [f"({','.join(variables)})", *rows]
