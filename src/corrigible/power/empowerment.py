"""Empowerment: how much an agent's next actions could tell about the state they lead to.

In n steps, taken without looking (open loop), from state s::

    E_n(s) = max_{p(a₁…a_n)} I(A₁…A_n ; S_n),     in bits,

the capacity of the channel whose inputs are action sequences and whose output is the state after them.
Where every action has one outcome that is log₂ of the number of states which can be reached in
*exactly* n steps; they are counted by stepping all starts at once, never sequence by sequence. Else
sequences with one distribution of outcomes are one input, merged after every step, and the capacity is
found with bounds on both sides (`corrigible.power.capacity`).

A sequence counts only if it can be carried out whatever happens: each action must exist in every state
in which one may be by then.

*Source:* A. S. Klyubin, D. Polani & C. L. Nehaniv, Empowerment: a universal agent-centric measure of
control (2005).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import OptionError, TooLargeError, unknown_name
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, provenance, read_only, to_json
from corrigible.mdp.model import MDP, Label
from corrigible.mdp.optimal import check_workers
from corrigible.power.capacity import capacity
from corrigible.power.result import import_pandas
from corrigible.power.rewards.contract import check_samples
from corrigible.power.sampling import in_order

if TYPE_CHECKING:
    import pandas

GAP = 1e-6
"""Bits between the bounds at which a capacity is done."""

INPUTS = 20_000
"""The most different inputs that a state's channel may have."""

STARTS = 256
"""Start states that are stepped at once."""

SAME = 12
"""Decimals in which two inputs agree to be one."""


class StateEmpowerment(NamedTuple):
    """Empowerment of one state: it lies between ``bits`` and ``bits + gap``."""

    state: Label
    bits: float
    gap: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class EmpowermentResult:
    """n-step empowerment of states.

    Parameters
    ----------
    bits
        What some distribution over action sequences attains; read-only, shape (states,).
    gap
        How much more the capacity may be at most, in bits; 0 where it is exact.
    inputs
        How many different distributions of outcomes the action sequences have.
    states
        The labels of the states.
    steps
        n.
    method
        How it was computed.
    provenance
        Version, fingerprint of the model, settings.
    """

    bits: np.ndarray
    gap: np.ndarray
    inputs: np.ndarray
    states: Sequence[Label]
    steps: int
    method: str
    provenance: Provenance

    def at(self, state: Label) -> StateEmpowerment:
        """Return the empowerment of the state labelled ``state``.

        Raises
        ------
        UnknownNameError
            If it is not among the states; the message suggests the nearest label.
        """
        if state not in self.states:
            known = [str(label) for label in self.states] if len(self.states) <= 10_000 else list[str]()
            unknown_name("state", state, known, f"the result has {len(self.states)} states")
        i = self.states.index(state)
        return StateEmpowerment(state, float(self.bits[i]), float(self.gap[i]))

    def to_json(self) -> str:
        """Return the result as JSON text.

        An object with the keys ``kind`` (``"empowerment"``), ``steps``, ``method``, ``provenance``, and the
        lists ``states``, ``bits``, ``gap``, ``inputs`` in the same order.
        """
        return to_json(
            {"kind": "empowerment"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with the columns state, bits, gap, inputs, steps.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        pd = import_pandas()
        columns = {"bits": self.bits, "gap": self.gap, "inputs": self.inputs, "steps": self.steps}
        return pd.DataFrame({"state": pd.Series(list(self.states), dtype=object)} | columns)

    def __repr__(self) -> str:
        return (
            f"<EmpowermentResult: {len(self.states)} states, {self.steps} steps, "
            f"{self.bits.min():.4g} to {self.bits.max():.4g} bits, gap up to {self.gap.max():.2g}>"
        )


def empowerment(
    mdp: MDP,
    steps: int = 1,
    *,
    states: Iterable[Label] | None = None,
    gap: float = GAP,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> EmpowermentResult:
    """Return the n-step empowerment of each state, in bits.

    Parameters
    ----------
    mdp
        The model.
    steps
        n, at least 1.
    states
        The labels of the states wanted; default all.
    gap
        Bits between the bounds of a capacity at which it is done; above 0. Of no effect where every
        action has one outcome. The result says what was reached.
    workers
        Threads; default one for each core.
    progress
        Told of every state.

    Raises
    ------
    OptionError
        If ``steps`` or ``gap`` is out of range.
    UnknownNameError
        If there is no such state.
    TooLargeError
        If a state's action sequences have more than 20,000 different distributions of outcomes.

    Notes
    -----
    *Source:* Klyubin, Polani & Nehaniv (2005); see the top of this file.

    Examples
    --------
    >>> mdp = MDP.from_edges({"a": ["a", "b"], "b": ["b", "c"], "c": ["c"]})
    >>> 2 ** empowerment(mdp, 2).bits
    array([3., 2., 1.])
    """
    n = check_samples(steps, what="number of steps")
    if not gap > 0:
        raise OptionError(f"the gap `{gap}` is not above 0", "give for example 1e-6")
    threads = check_workers(workers)
    labels = mdp.states if states is None else tuple(states)
    starts = (
        np.arange(mdp.n_states) if states is None else np.array([mdp.index(s) for s in labels], dtype=int)
    )
    if len(starts) == 0:
        raise OptionError("the list of states is empty: `()`", "name at least one")
    count = np.empty((3, len(starts)))
    size = STARTS if mdp.deterministic else 1
    channel = None if mdp.deterministic else _Sequences(mdp, n)
    reach = _successors(mdp) if mdp.deterministic else None

    def work(number: int) -> np.ndarray:
        part = starts[number * size : (number + 1) * size]
        if channel is None:
            reached = _reached(reach, part, n)
            return np.array([np.log2(reached), np.zeros(len(part)), reached])
        rows = channel.rows(int(part[0]))
        low, high = capacity(rows, float(gap))
        return np.array([[low], [max(high - low, 0.0)], [float(len(rows))]])

    progress.start("empowerment", len(starts))
    try:
        with closing(in_order(work, range(-(-len(starts) // size)), threads)) as parts:
            for number, part in enumerate(parts):
                count[:, number * size : number * size + part.shape[1]] = part
                progress.advance(part.shape[1])
    finally:
        progress.finish()
    return EmpowermentResult(
        bits=read_only(count[0].copy()),
        gap=read_only(count[1].copy()),
        inputs=read_only(count[2].astype(np.int64)),
        states=labels,
        steps=n,
        method="states reached in exactly n steps" if channel is None else "Blahut–Arimoto with bounds",
        provenance=provenance(None, mdp.fingerprint, steps=n, gap=float(gap)),
    )


def _successors(mdp: MDP) -> Any:
    from scipy.sparse import csr_array

    shape = (mdp.n_states, mdp.n_states)
    step = csr_array((np.ones(mdp.n_pairs, dtype=np.float32), (mdp.owner, mdp.successor)), shape=shape)
    step.sum_duplicates()
    step.data[:] = 1
    return step


def _reached(step: Any, starts: np.ndarray, steps: int) -> np.ndarray:
    """Return how many states each start may be in after exactly ``steps`` steps."""
    from scipy.sparse import csr_array

    ones = np.ones(len(starts), dtype=np.float32)
    reached = csr_array((ones, (np.arange(len(starts)), starts)), shape=(len(starts), step.shape[0]))
    for _ in range(steps):
        reached = reached @ step
        reached.data[:] = 1  # reached or not: numbers of ways would overflow
    return np.diff(reached.indptr).astype(np.float64)


class _Sequences:
    """What action sequences lead to, from any start: one row for each different distribution."""

    def __init__(self, mdp: MDP, steps: int) -> None:
        from scipy.sparse import csr_array

        self._mdp, self._steps = mdp, steps
        action = np.repeat(mdp.action_index, np.diff(mdp.row_offset))
        self._moves: list[tuple[Any, np.ndarray]] = []
        shape = (mdp.n_states, mdp.n_states)
        for name in range(len(mdp.action_names)):
            here = action == name
            if np.any(here):
                entries = (mdp.probability[here], (mdp.origin[here], mdp.successor[here]))
                lacking = np.ones(mdp.n_states)
                lacking[mdp.owner[mdp.action_index == name]] = 0
                self._moves.append((csr_array(entries, shape=shape), lacking))

    def rows(self, start: int) -> np.ndarray:
        """Return the distributions after the sequences from ``start``; shape (inputs, outcomes)."""
        rows = np.zeros((1, self._mdp.n_states))
        rows[0, start] = 1
        name = self._mdp.states[start]
        for step in range(1, self._steps + 1):
            able = [(rows @ lacking == 0, move) for move, lacking in self._moves]
            more = sum(int(fit.sum()) for fit, _ in able)
            memory.require(
                24 * more * rows.shape[1], f"the action sequences of state `{name}`", "give fewer steps"
            )
            if more == 0:
                raise OptionError(
                    f"from state `{name}` no sequence of `{step}` actions exists wherever one may be by then",
                    "give fewer steps, or every state the same actions",
                )
            rows = _different(np.concatenate([(move.T @ rows[fit].T).T for fit, move in able]))
            if len(rows) > INPUTS:
                raise TooLargeError(
                    f"`{len(rows)}` distributions of outcomes after {step} actions from state `{name}`",
                    f"at most {INPUTS:,} are worked with: give fewer steps",
                )
        return np.ascontiguousarray(rows[:, rows.any(axis=0)])


def _different(rows: np.ndarray) -> np.ndarray:
    """Return the rows that differ in the first `SAME` decimals."""
    kept = np.unique(np.round(rows[:, rows.any(axis=0)], SAME), axis=0, return_index=True)[1]
    return rows[np.sort(kept)]
