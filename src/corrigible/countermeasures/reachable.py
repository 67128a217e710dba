"""Which outcomes can still be had from each state."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core import memory
from corrigible.core.results import read_only
from corrigible.mdp.components import strong_components
from corrigible.worlds import Process

PIECE = 1 << 24
"""Bytes of sets that are compared at once."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Reachable:
    """The outcomes that can be had from each state of a process, in any number of steps, none included.

    Parameters
    ----------
    face
        The process.
    component
        The strongly connected component of each state, whose states all have the same set; shape (states,).
    sets
        A set of outcomes for each component, eight to a byte; shape (components, bytes).
    """

    face: Process
    component: np.ndarray
    sets: np.ndarray

    def of(self, state: int) -> np.ndarray:
        """Return the outcomes that can be had from a state; boolean of shape (outcomes,)."""
        return self._unpacked(int(self.component[state])).astype(bool)

    def chances(self, weights: np.ndarray) -> np.ndarray:
        """Return for each outcome the probability that it can still be had, given that of each state."""
        mass = np.bincount(self.component, weights, minlength=len(self.sets))
        found = np.zeros(len(self.face.outcomes))
        for number in np.flatnonzero(mass).tolist():
            found += mass[number] * self._unpacked(number)
        return found

    def loses(self) -> np.ndarray:
        """Return which pairs lose an outcome that doing nothing keeps; boolean of shape (pairs,).

        ::

            may(s, a)  = ∪ { R(s') : p(s'|s, a) > 0 }     what can be had, with luck
            must(s, a) = ∩ { R(s') : p(s'|s, a) > 0 }     what can be had, whatever happens
            loses(s, a)  ⟺  may(s, ∅) ⊄ may(s, a)  or  must(s, ∅) ⊄ must(s, a)

        with R(s) the outcomes that can be had from s, and ∅ the no-op.
        """
        mdp = self.face.mdp
        group, may, must = self._ahead()
        quiet = np.flatnonzero(self.face.is_noop)
        idle = np.empty(mdp.n_states, dtype=np.int64)
        idle[mdp.owner[quiet]] = group[quiet]
        # Many pairs lead to the same sets; each two of them are compared once.
        asked, which = np.unique(idle[mdp.owner] * len(may) + group, return_inverse=True)
        lost = np.zeros(len(asked), dtype=bool)
        step = max(1, PIECE // max(1, may.shape[1]))
        for low in range(0, len(asked), step):
            before, after = np.divmod(asked[low : low + step], len(may))
            for sets in (may, must):
                lost[low : low + step] |= np.any(sets[before] & ~sets[after], axis=1)
        return lost[which]

    def _ahead(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the components that each pair leads to as a number, and what each number may and must have."""
        mdp = self.face.mdp
        to = self.component[mdp.successor]
        group = to[mdp.row_offset[:-1]]
        known: dict[tuple[int, ...], int] = {}
        for pair in np.flatnonzero(np.diff(mdp.row_offset) > 1).tolist():
            several = tuple(np.unique(to[mdp.row_offset[pair] : mdp.row_offset[pair + 1]]).tolist())
            if len(several) > 1:
                group[pair] = known.setdefault(several, len(self.sets) + len(known))
        mixed = [self.sets[list(several)] for several in known]
        may = np.array([np.bitwise_or.reduce(sets) for sets in mixed], dtype=np.uint8)
        must = np.array([np.bitwise_and.reduce(sets) for sets in mixed], dtype=np.uint8)
        width = self.sets.shape[1]
        return (
            group,
            np.concatenate([self.sets, may.reshape(-1, width)]),
            np.concatenate([self.sets, must.reshape(-1, width)]),
        )

    def _unpacked(self, component: int) -> np.ndarray:
        return np.unpackbits(self.sets[component], count=len(self.face.outcomes))


def reachable(face: Process) -> Reachable:
    """Return which outcomes can be had from each state of a process.

    Parameters
    ----------
    face
        The process; it goes on where a task is done.

    Raises
    ------
    TooLargeError
        If the sets do not fit into this machine's memory.

    Notes
    -----
    R(c) = the outcomes of c's own states, and R(c') of all components c' that c leads to. Components are
    numbered so that links lead to lower numbers, so that one sweep suffices.

    *Source:* R. Tarjan, Depth-first search and linear graph algorithms (1972).
    """
    mdp, outcomes = face.mdp, len(face.outcomes)
    offset = mdp.row_offset[mdp.action_offset]
    component = strong_components(offset, mdp.successor, np.ones(mdp.n_transitions, dtype=np.bool_))
    count, width = int(component.max()) + 1, -(-outcomes // 8)
    memory.require(
        3 * count * width + 4 * PIECE,
        f"which of `{outcomes:,}` outcomes can be had from `{mdp.n_states:,}` states",
        "make the place smaller, or ask for POWER, which is sampled",
    )
    sets = np.zeros((count, width), dtype=np.uint8)
    bit = (128 >> (face.outcome_index & 7)).astype(np.uint8)
    np.bitwise_or.at(sets, (component, face.outcome_index >> 3), bit)
    links = np.unique(component[mdp.origin] * count + component[mdp.successor])
    source, target = np.divmod(links, count)
    outward = source != target
    source, target = source[outward], target[outward]
    first = np.searchsorted(source, np.arange(count + 1)).tolist()
    for number in range(count):
        low, high = first[number], first[number + 1]
        if low < high:
            sets[number] |= np.bitwise_or.reduce(sets[target[low:high]], axis=0)
    return Reachable(face=face, component=read_only(component), sets=read_only(sets))
