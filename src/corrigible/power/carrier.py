"""`Carrier`: what goals are about when two models share them.

A goal rewards states of one model. For two models the rewards are drawn once, on a third one, the carrier,
whose states are what the two have between them; each model's state looks its reward up there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.results import digest
from corrigible.mdp.model import MDP, Label


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Carrier:
    """Where the rewards of two models are drawn.

    Parameters
    ----------
    mdp
        The model whose states are rewarded.
    columns
        For each state of the first model, and of the second, the number of the carrier's state; ``None``
        where they are the carrier's states in their order.
    """

    mdp: MDP
    columns: tuple[np.ndarray | None, np.ndarray | None]

    def first(self, rewards: np.ndarray) -> np.ndarray:
        """Return the rewards of the first model's states, from those of the carrier's."""
        return self._of(0, rewards)

    def second(self, rewards: np.ndarray) -> np.ndarray:
        """Return the rewards of the second model's states."""
        return self._of(1, rewards)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of which states share a reward."""
        return digest(self.mdp.fingerprint, *(b"" if each is None else each for each in self.columns))

    @property
    def same(self) -> bool:
        """Whether states of equal numbers have equal rewards."""
        one, two = self.columns
        return one is two or (one is not None and two is not None and np.array_equal(one, two))

    def _of(self, side: int, rewards: np.ndarray) -> np.ndarray:
        columns = self.columns[side]
        return rewards if columns is None else np.take(rewards, columns, axis=1)


def by_label(a: MDP, b: MDP) -> Carrier:
    """Return the carrier of two models whose states are the same where their labels are.

    Its states are those of ``a``, with their actions, and those that only ``b`` has, with theirs.

    Raises
    ------
    OptionError
        If no label is in both.
    """
    if a is b:
        return Carrier(mdp=a, columns=(None, None))
    number = {label: k for k, label in enumerate(a.states)}
    columns = np.array([number.setdefault(label, len(number)) for label in b.states])
    new = np.flatnonzero(columns >= a.n_states)
    if len(new) == b.n_states:
        raise OptionError(
            "the two models have no state label in common, so that no goal is the same in both",
            "give them the same labels where they mean the same, or `outcomes`",
        )
    if np.array_equal(columns, np.arange(a.n_states)):
        return Carrier(mdp=a, columns=(None, None))
    if not len(new):
        return Carrier(mdp=a, columns=(None, columns))
    pairs = _ranges(b.action_offset, new)
    entries = _ranges(b.row_offset, pairs)
    union = MDP(
        action_offset=_joined(a.action_offset, np.diff(b.action_offset)[new]),
        row_offset=_joined(a.row_offset, np.diff(b.row_offset)[pairs]),
        successor=np.concatenate([a.successor, columns[b.successor[entries]]]),
        probability=np.concatenate([a.probability, b.probability[entries]]),
        states=list(number),
    )
    return Carrier(mdp=union, columns=(np.arange(a.n_states), columns))


def by_outcome(a: MDP, b: MDP, of_a: Sequence[Label], of_b: Sequence[Label]) -> Carrier:
    """Return the carrier of two models whose states are rewarded by their outcomes.

    Its states are the distinct outcomes, each of them leading to itself alone.

    Raises
    ------
    OptionError
        If there is not one outcome a state, or no outcome is in both.
    """
    for mdp, outcomes, name in ((a, of_a, "a"), (b, of_b, "b")):
        if len(outcomes) != mdp.n_states:
            raise OptionError(
                f"there are `{len(outcomes)}` outcomes for the states of `{name}`",
                f"give one a state: {mdp.n_states}",
            )
    number: dict[Label, int] = {}
    columns = tuple(np.array([number.setdefault(x, len(number)) for x in each]) for each in (of_a, of_b))
    if not np.isin(columns[1], columns[0]).any():
        raise OptionError(
            "the two models have no outcome in common, so that no goal is the same in both",
            "give equal outcomes to states that mean the same",
        )
    outcomes = MDP.from_successors(np.arange(len(number))[:, None], states=list(number))
    return Carrier(mdp=outcomes, columns=(columns[0], columns[1]))


def _ranges(offset: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the entries of some rows, one row after the other."""
    lengths = np.diff(offset)[rows]
    before = np.cumsum(lengths) - lengths
    return np.repeat(offset[rows] - before, lengths) + np.arange(int(lengths.sum()))


def _joined(offset: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the offsets with rows of these lengths added."""
    return np.concatenate([offset, offset[-1] + np.cumsum(lengths)])
