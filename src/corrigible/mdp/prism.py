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
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from corrigible.core.errors import ModelError
from corrigible.core.results import write_whole
from corrigible.mdp import validate
from corrigible.mdp.files import broken, read_lines
from corrigible.mdp.model import MDP, TERMINAL_ACTION, Label

ROUND_OFF = 1e-5
"""How far a row may sum from one; PRISM's own default (``-sumroundoff``)."""

BYTES_PER_BYTE = 40
"""How much memory a byte of a ``.tra`` file becomes at most; measured."""


def from_prism(path: Path | str, states: Path | str | None = None, labels: Path | str | None = None) -> MDP:
    """Read a model exported by PRISM (or Storm) with explicit states.

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
    table = _Transitions(tra)
    names = _read_states(sta, table.n) if states is not None or sta.is_file() else None
    has_labels = labels is not None or lab.is_file()
    marks = _read_labels(lab, table.n) if has_labels else {"init": {0: 1}}
    dead = marks.get("deadlock")
    table.check(dead, lab)
    end = np.zeros(table.n, dtype=bool)
    end[[s for s in range(table.n) if s not in table.first] + list(dead or ())] = True
    initial = None
    if marks.get("init"):
        initial = np.zeros(table.n)
        initial[list(marks["init"])] = 1 / len(marks["init"])
    return table.model(end, names, initial)


class _Transitions:
    """The content of a ``.tra`` file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[tuple[int, int], dict[int, float]] = {}
        self.actions: dict[tuple[int, int], str] = {}
        self.line: dict[tuple[int, int], int] = {}
        self.first: dict[int, int] = {}
        lines = _lines(path, BYTES_PER_BYTE)
        number, text = next(lines, (1, ""))
        header = text.split()
        if len(header) not in (2, 3) or not all(w.isascii() and w.isdigit() for w in header):
            raise broken(
                path, number, f"`{_short(text)}` is no header", "it should be `states choices transitions`"
            )
        self.chain = len(header) == 2
        self.n = int(header[0])
        if self.n < 1:
            raise broken(path, number, f"there are `{self.n}` states", "a model has at least one")
        count = 0
        for at, row in lines:
            self._add(at, row)
            count += 1
        if count != int(header[-1]):
            raise broken(
                path, number, f"the header announces `{header[-1]}` transitions, the file has {count}"
            )
        if not self.chain and len(self.rows) != int(header[1]):
            raise broken(
                path, number, f"the header announces `{header[1]}` choices, the file has {len(self.rows)}"
            )

    def _add(self, at: int, text: str) -> None:
        words = text.split(None, 2 if self.chain else 4)
        form = "source target probability" if self.chain else "source choice target probability action"
        if len(words) < (3 if self.chain else 4) or (self.chain and len(words[2].split()) > 1):
            raise broken(self.path, at, f"`{_short(text)}` is no transition", f"write `{form}`")
        if self.chain:
            words.insert(1, "0")
        source, choice, target = (self._number(at, w) for w in words[:3])
        for state in (source, target):
            if state >= self.n:
                raise broken(
                    self.path, at, f"there is no state `{state}`", f"the header announces {self.n}, from 0"
                )
        try:
            probability = float(words[3])
        except ValueError:
            raise broken(self.path, at, f"the probability `{words[3]}` is no number") from None
        if not 0 <= probability <= 1 + ROUND_OFF:
            raise broken(
                self.path, at, f"the probability `{words[3]}` is out of range", "it lies between 0 and 1"
            )
        key = (source, choice)
        row = self.rows.setdefault(key, {})
        if target in row:
            raise broken(self.path, at, f"choice {choice} of state {source} leads to `{target}` twice")
        row[target] = probability
        action = words[4].strip() if len(words) > 4 else ""
        if self.actions.setdefault(key, action) != action:
            raise broken(
                self.path, at, f"choice {choice} of state {source} is `{action}` and `{self.actions[key]}`"
            )
        self.line.setdefault(key, at)
        self.first.setdefault(source, at)

    def _number(self, at: int, word: str) -> int:
        if not (word.isascii() and word.isdigit()):
            raise broken(self.path, at, f"`{word}` is no whole number", "states and choices count from 0")
        return int(word)

    def check(self, dead: dict[int, int] | None, labels: Path) -> None:
        """Raise unless rows sum to one, choices count from 0 and deadlocks lead nowhere."""
        expected = (-1, -1)
        for key in sorted(self.rows):
            source, choice = key
            expected = (source, expected[1] + 1 if expected[0] == source else 0)
            row, at = self.rows[key], self.line[key]
            if key != expected:
                raise broken(
                    self.path,
                    at,
                    f"state {source} has the choice `{choice}` but not choice {expected[1]}",
                    "the choices of a state are numbered from 0 without gaps",
                )
            total = sum(row.values())
            if abs(total - 1) > ROUND_OFF:
                raise broken(
                    self.path,
                    at,
                    f"choice {choice} of state {source} sums to `{total:.9g}`, {total - 1:+.3g} from 1",
                    "each row must sum to 1",
                )
            if dead is not None and source in dead and set(row) != {source}:
                to = next(s for s in row if s != source)
                raise broken(
                    self.path,
                    at,
                    f"state {source} leads to `{to}`, but {labels.name}:{dead[source]} labels it a deadlock",
                )
        for state in range(self.n):
            if state not in self.first and dead is not None and state not in dead:
                raise broken(
                    self.path, 1, f"state `{state}` has no choice", f"label it a deadlock in {labels.name}"
                )

    def model(self, end: np.ndarray, states: Sequence[Label] | None, initial: np.ndarray | None) -> MDP:
        """Return the model; ``end`` is the mask of its terminal states."""
        for state in np.flatnonzero(end).tolist():
            if state not in self.first:
                self.rows[state, 0] = {state: 1.0}
            if not self.actions.get((state, 0)) and (state, 1) not in self.rows:
                self.actions[state, 0] = TERMINAL_ACTION
        keys = sorted(self.rows)
        taken: set[tuple[int, str]] = set()
        numbers: dict[str, int] = {}
        index: list[int] = []
        for state, choice in keys:
            name = self.actions.get((state, choice)) or str(choice)
            while (state, name) in taken:
                name = f"{name}#{choice}"
            taken.add((state, name))
            index.append(numbers.setdefault(name, len(numbers)))
        counts = np.bincount([state for state, _ in keys], minlength=self.n)
        row_offset = np.cumsum([0] + [len(self.rows[key]) for key in keys])
        probability = np.array([p for key in keys for p in self.rows[key].values()])
        return MDP(
            action_offset=np.concatenate([[0], np.cumsum(counts)]),
            row_offset=row_offset,
            successor=np.array([s for key in keys for s in self.rows[key]]),
            probability=validate.rescaled(row_offset, probability, 2 * ROUND_OFF),
            states=states,
            action_names=tuple(numbers),
            action_index=np.array(index),
            terminal=end,
            initial=initial,
        )


def _lines(path: Path, factor: int) -> Iterator[tuple[int, str]]:
    """Return the lines that are not blank, with their numbers."""
    return ((i, line) for i, line in enumerate(read_lines(path, factor), start=1) if line.strip())


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


_STATE = re.compile(r"\s*(\d+)\s*:\s*\((.*)\)\s*", re.ASCII)


def _read_states(path: Path, n: int) -> list[str]:
    """Return a label like ``x=1,y=2`` for each state."""
    lines = _lines(path, 8)
    number, text = next(lines, (1, ""))
    if not re.fullmatch(r"\s*\(.*\)\s*", text):
        raise broken(path, number, f"`{_short(text)}` is no header", "it should name the variables: `(x,y)`")
    variables = [name.strip() for name in text.strip()[1:-1].split(",")]
    names: dict[int, str] = {}
    line: dict[str, int] = {}
    for at, text in lines:
        match = _STATE.fullmatch(text)
        if match is None:
            raise broken(path, at, f"`{_short(text)}` is no state", "write `number:(value,value)`")
        state, values = int(match[1]), [value.strip() for value in match[2].split(",")]
        if state >= n or state in names:
            what = "occurs twice" if state in names else f"is not among the {n} of the model"
            raise broken(path, at, f"state `{state}` {what}")
        if len(values) != len(variables):
            raise broken(path, at, f"state {state} has `{len(values)}` values for {len(variables)} variables")
        names[state] = ",".join(f"{k}={v}" for k, v in zip(variables, values, strict=True))
        if line.setdefault(names[state], at) != at:
            raise broken(path, at, f"`{names[state]}` is the state of line {line[names[state]]} already")
    missing = next((state for state in range(n) if state not in names), None)
    if missing is not None:
        raise broken(path, number, f"state `{missing}` is missing", f"the model has {n} states")
    return [names[state] for state in range(n)]


def _read_labels(path: Path, n: int) -> dict[str, dict[int, int]]:
    """Return for each label the states that have it, with the line that says so."""
    lines = _lines(path, 16)
    number, text = next(lines, (1, ""))
    if not re.fullmatch(r'\s*(\d+="[^"]*"\s*)+', text, re.ASCII):
        raise broken(path, number, f"`{_short(text)}` is no header", 'it should be `0="init" 1="deadlock"`')
    names = {int(k): name for k, name in re.findall(r'(\d+)="([^"]*)"', text)}
    marks: dict[str, dict[int, int]] = {name: {} for name in names.values()}
    for at, text in lines:
        if not re.fullmatch(r"\s*\d+\s*:[\s\d]*", text, re.ASCII):
            raise broken(path, at, f"`{_short(text)}` is no row of labels", "write `state: label label`")
        state, _, given = text.partition(":")
        if int(state) >= n:
            raise broken(path, at, f"there is no state `{int(state)}`", f"the model has {n}, from 0")
        for label in map(int, given.split()):
            if label not in names:
                raise broken(path, at, f"there is no label `{label}`", "the first line names the labels")
            marks[names[label]].setdefault(int(state), at)
    return marks


# --- writing -----------------------------------------------------------------------------------


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
    OutputError
        If a file cannot be written.
    """
    tra = Path(path)
    if tra.suffix in (".sta", ".lab"):
        raise ModelError(f"`{tra}` is the name of another file of the model", "end it in `.tra`")
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
            name = names[mdp.action_index[pair]] if names else ""
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
        names = [str(mdp.action_names[mdp.action_index[pair]]) for pair in mdp.pairs(state)]
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
    kept = all(
        ",".join(f"{k}={v}" for k, v in values) == str(state) and [k for k, _ in values] == variables
        for state, values in zip(states, split, strict=True)
    )
    if not kept:
        return ["(s)", *(f"{i}:({i})" for i in range(len(states)))]
    rows = (f"{i}:({','.join(v for _, v in values)})" for i, values in enumerate(split))
    return [f"({','.join(variables)})", *rows]
