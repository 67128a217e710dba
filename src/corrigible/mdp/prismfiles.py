"""The three files of a PRISM explicit-state model, read line by line; see `corrigible.mdp.prism`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from corrigible.core import memory
from corrigible.mdp.files import broken, read_lines

ROUND_OFF = 1e-5
"""How far a row may sum from one; PRISM's own default (``-sumroundoff``)."""

BYTES_PER_BYTE = 20
"""How much memory a byte of a ``.tra`` file becomes at most; measured."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transitions:
    """The content of a ``.tra`` file, sorted by source, choice and target.

    Parameters
    ----------
    path
        The file.
    n
        Number of states.
    source, choice, target, probability
        The columns; arrays of shape (transitions,).
    action
        The number of the text at the end of each row in ``words``, of shape (transitions,).
    words
        The different texts at the ends of the rows; the empty one is the first.
    line
        Where each row stands in the file; shape (transitions,).
    first
        Where each choice begins in the columns; shape (choices,).
    """

    path: Path
    n: int
    source: np.ndarray
    choice: np.ndarray
    target: np.ndarray
    probability: np.ndarray
    action: np.ndarray
    words: list[str]
    line: np.ndarray
    first: np.ndarray

    def fail(self, at: int, message: str, hint: str = "") -> NoReturn:
        """Raise for row number ``at`` of the columns."""
        raise broken(self.path, int(self.line[at]), message, hint)

    def where(self, at: int) -> str:
        """Name the choice that row number ``at`` of the columns belongs to."""
        return f"choice {self.choice[at]} of state {self.source[at]}"


def read_transitions(path: Path) -> Transitions:
    """Read a ``.tra`` file of either form; raise `FileFormatError` unless every row is sound."""
    lines = _lines(path, BYTES_PER_BYTE)
    number, text = _first(path, lines)
    header = text.split()
    if len(header) not in (2, 3) or not all(map(_is_number, header)):
        raise broken(
            path, number, f"`{_short(text)}` is no header", "it should be `states choices transitions`"
        )
    chain, n = len(header) == 2, int(header[0])
    if n < 1:
        raise broken(path, number, f"there are `{n}` states", "a model has at least one")
    memory.require(n * 250, f"a model of {n} states, as `{path}:{number}` announces,")
    table = _columns(path, lines, n, chain)
    if len(table.source) != int(header[-1]):
        raise broken(
            path,
            number,
            f"the header announces `{header[-1]}` transitions, the file has {len(table.source)}",
        )
    if not chain and len(table.first) != int(header[1]):
        raise broken(
            path, number, f"the header announces `{header[1]}` choices, the file has {len(table.first)}"
        )
    _check(table)
    return table


def _columns(path: Path, lines: Iterator[tuple[int, str]], n: int, chain: bool) -> Transitions:
    least = 3 if chain else 4
    numbers: list[int] = []
    chances: list[float] = []
    at_line: list[int] = []
    codes: list[int] = []
    words = {"": 0}
    for at, text in lines:
        row = text.split(None, 4)
        if len(row) < least or (chain and len(row) > 3):
            form = "source target probability" if chain else "source choice target probability action"
            raise broken(path, at, f"`{_short(text)}` is no transition", f"write `{form}`")
        if chain:
            row.insert(1, "0")
        for word in row[:3]:
            if not _is_number(word):
                raise broken(path, at, f"`{word}` is no whole number", "states and choices count from 0")
            numbers.append(int(word))
        try:
            chances.append(float(row[3]))
        except ValueError:
            raise broken(path, at, f"the probability `{row[3]}` is no number") from None
        codes.append(words.setdefault(row[4].strip(), len(words)) if len(row) > 4 else 0)
        at_line.append(at)
    keys = np.array(numbers, dtype=np.int64).reshape(-1, 3)
    order = np.lexsort((keys[:, 2], keys[:, 1], keys[:, 0]))
    source, choice, target = keys[order].T
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (np.diff(source) != 0) | (np.diff(choice) != 0)
    return Transitions(
        path=path,
        n=n,
        source=source,
        choice=choice,
        target=target,
        probability=np.array(chances, dtype=np.float64)[order],
        action=np.array(codes, dtype=np.int64)[order],
        words=list(words),
        line=np.array(at_line, dtype=np.int64)[order],
        first=np.flatnonzero(begins),
    )


def _check(table: Transitions) -> None:
    """Raise unless states exist, rows sum to one and choices count from 0."""
    p, first = table.probability, table.first
    for column in (table.source, table.target):
        for at in np.flatnonzero(column >= table.n)[:1].tolist():
            hint = f"the header announces {table.n}, from 0"
            table.fail(at, f"there is no state `{column[at]}`", hint)
    for at in np.flatnonzero(~((p >= 0) & (p <= 1 + ROUND_OFF)))[:1].tolist():
        table.fail(at, f"the probability `{p[at]:g}` is out of range", "it lies between 0 and 1")
    if not len(first):
        return
    begins = np.zeros(len(p), dtype=bool)
    begins[first] = True
    for at in (1 + np.flatnonzero(~begins[1:] & (np.diff(table.target) == 0)))[:1].tolist():
        at = at if table.line[at] > table.line[at - 1] else at - 1
        table.fail(at, f"{table.where(at)} leads to `{table.target[at]}` twice")
    for at in (1 + np.flatnonzero(~begins[1:] & (np.diff(table.action) != 0)))[:1].tolist():
        one, two = (table.words[table.action[i]] for i in (at - 1, at))
        table.fail(at, f"{table.where(at)} is named `{one}` and `{two}`", "one choice has one action")
    sums = np.add.reduceat(p, first)
    for row in np.flatnonzero(np.abs(sums - 1) > ROUND_OFF)[:1].tolist():
        at = int(first[row])
        table.fail(
            at,
            f"{table.where(at)} sums to `{sums[row]:.9g}`, {sums[row] - 1:+.3g} from 1",
            "each row must sum to 1",
        )
    same = np.diff(table.source[first], prepend=-1) == 0
    expected = np.where(same, np.concatenate([[0], table.choice[first][:-1] + 1]), 0)
    for row in np.flatnonzero(table.choice[first] != expected)[:1].tolist():
        at = int(first[row])
        table.fail(
            at,
            f"state {table.source[at]} has choice `{table.choice[at]}` but not choice {expected[row]}",
            "the choices of a state are numbered from 0 without gaps",
        )


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 18


def _lines(path: Path, factor: int) -> Iterator[tuple[int, str]]:
    """Return the lines that are not blank, with their numbers."""
    return ((i, line) for i, line in enumerate(read_lines(path, factor), start=1) if line.strip())


def _first(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[int, str]:
    for number, text in lines:
        return number, text
    raise broken(path, 1, "the file is empty")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


_STATE = re.compile(r"\s*(\d{1,18})\s*:\s*\((.*)\)\s*", re.ASCII)


def read_states(path: Path, n: int) -> list[str]:
    """Return a label like ``x=1,y=2`` for each state."""
    lines = _lines(path, 20)
    number, text = _first(path, lines)
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


def read_labels(path: Path, n: int) -> dict[str, dict[int, int]]:
    """Return for each label the states that have it, with the line that says so."""
    lines = _lines(path, 16)
    number, text = _first(path, lines)
    if not re.fullmatch(r'\s*(\d{1,18}="[^"]*"\s*)+', text, re.ASCII):
        raise broken(path, number, f"`{_short(text)}` is no header", 'it should be `0="init" 1="deadlock"`')
    names = {int(k): name for k, name in re.findall(r'(\d+)="([^"]*)"', text)}
    marks: dict[str, dict[int, int]] = {name: {} for name in names.values()}
    for at, text in lines:
        if not re.fullmatch(r"\s*\d{1,18}\s*:(\s*\d{1,18}\b)*\s*", text, re.ASCII):
            raise broken(path, at, f"`{_short(text)}` is no row of labels", "write `state: label label`")
        state, _, given = text.partition(":")
        if int(state) >= n:
            raise broken(path, at, f"there is no state `{int(state)}`", f"the model has {n}, from 0")
        for label in map(int, given.split()):
            if label not in names:
                raise broken(path, at, f"there is no label `{label}`", "the first line names the labels")
            marks[names[label]].setdefault(int(state), at)
    return marks
