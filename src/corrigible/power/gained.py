"""POWER gained by each action: what it leads to, minus where one was, or what doing nothing leads to."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from corrigible.core.errors import unknown_name
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, read_only
from corrigible.mdp.model import MDP, Label
from corrigible.power.attainable import check_limit
from corrigible.power.designs import DesignName
from corrigible.power.result import import_pandas, student_reach
from corrigible.power.rewards.notation import Rewards
from corrigible.power.weighed import Weighed, result_json, told

if TYPE_CHECKING:
    import pandas

    from corrigible.power.bounded import Agent


class Transition(NamedTuple):
    """POWER gained by one action."""

    state: Label
    action: Label
    gained: float
    stderr: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PowerOfTransitions:
    """POWER gained by every action of a model.

    Parameters
    ----------
    states, actions
        The labels of each pair's state and action.
    before
        POWER of what each action is compared with; read-only, shape (pairs,).
    after
        Expected POWER of the state that it leads to.
    gained
        after − before.
    stderr
        Standard error of ``gained``, paired over goals; NaN where it cannot be known.
    noop
        The action that others are compared with; ``None``: with the state itself.
    discount, samples, units, design, residual, method, provenance
        As in `PowerResult`.
    error_bound
        How far the solver may have moved any gain at most, beside the sampling error.
    """

    states: Sequence[Label]
    actions: Sequence[Label]
    before: np.ndarray
    after: np.ndarray
    gained: np.ndarray
    stderr: np.ndarray
    noop: Label | None
    discount: float
    samples: int
    units: int
    design: DesignName
    residual: float
    error_bound: float
    method: str
    provenance: Provenance

    def at(self, state: Label, action: Label) -> Transition:
        """Return what one action gains.

        Raises
        ------
        UnknownNameError
            If the state has no such action.
        """
        there = [k for k, label in enumerate(self.states) if label == state]
        if not there:
            unknown_name("state", state, [], f"there are {len(self.states)} actions")
        for number in there:
            if self.actions[number] == action:
                return self._entry(number)
        unknown_name(f"action of state `{state}`", action, [str(self.actions[k]) for k in there])

    def most(self, k: int = 5) -> list[Transition]:
        """Return the ``k`` actions that gain the most, the first the most; ties in the model's order."""
        return [self._entry(int(i)) for i in np.argsort(-self.gained, kind="stable")[: max(k, 0)]]

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of a confidence interval for each gain, as `PowerResult.interval` does.

        Raises
        ------
        OptionError
            If ``level`` is not between 0 and 1.
        """
        reach = student_reach(level, self.units) * self.stderr + self.error_bound
        return self.gained - reach, self.gained + reach

    def to_json(self) -> str:
        """Return the result as JSON text: ``kind`` (``"power-of-transitions"``) and the fields of this class."""
        return result_json("power-of-transitions", self)

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with the columns state, action, before, after, gained, stderr."""
        pd = import_pandas()
        labels = {"state": list(self.states), "action": list(self.actions)}
        columns = {name: getattr(self, name) for name in ("before", "after", "gained", "stderr")}
        return pd.DataFrame({name: pd.Series(each, dtype=object) for name, each in labels.items()} | columns)

    def _entry(self, number: int) -> Transition:
        gained, stderr = float(self.gained[number]), float(self.stderr[number])
        return Transition(self.states[number], self.actions[number], gained, stderr)

    def __repr__(self) -> str:
        return (
            f"<PowerOfTransitions: {len(self.states)} actions, discount {self.discount:g}, {self.samples} samples, "
            f"gained {self.gained.min():.4g} to {self.gained.max():.4g}>"
        )


def transitions(
    mdp: MDP,
    rewards: Rewards = None,
    discount: float = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    noop: Label | None = None,
    agent: Agent | None = None,
    design: DesignName = "independent",
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> PowerOfTransitions:
    """Estimate how much POWER each action gains.

    ::

        gained(s, a) = Σ_s' p(s'|s, a) · POWER(s') − POWER(s)                          without a no-op
        gained(s, a) = Σ_s' p(s'|s, a) · POWER(s') − Σ_s' p(s'|s, ∅) · POWER(s')       with the no-op ∅

    Parameters
    ----------
    mdp
        The model.
    rewards, discount, samples, seed, agent, design, workers, executor, progress
        As for `estimate`; POWER is that of `estimate` under the same seed.
    noop
        The label of the action that does nothing. In states without it the state itself is compared with, as if
        one could stay.

    Raises
    ------
    UnknownNameError
        If no state has the no-op.
    OptionError, DistributionError
        As for `estimate`.

    Notes
    -----
    Without a no-op, what an action gains and what time brings anyway are one. With it they are told apart.

    *Source:* actions compared by the expected POWER of what they lead to: Turner, Smith, Shah, Critch & Tadepalli,
    Optimal Policies Tend to Seek Power (2021), section 6.

    Examples
    --------
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> found = transitions(mdp, samples=20_000)
    >>> round(found.at("on", "off").gained, 2), round(found.at("on", "on").gained, 2)
    (-0.17, 0.0)
    """
    from scipy.sparse import csr_array, vstack

    chances: Any = csr_array(
        (mdp.probability, mdp.successor, mdp.row_offset), shape=(mdp.n_pairs, mdp.n_states)
    )
    of_state: Any = csr_array(
        (np.ones(mdp.n_pairs), mdp.owner, np.arange(mdp.n_pairs + 1)), shape=(mdp.n_pairs, mdp.n_states)
    )
    before = of_state
    if noop is not None:
        names = [name == noop for name in mdp.action_names]
        quiet = np.flatnonzero(np.array(names)[mdp.action_index])
        if not len(quiet):
            unknown_name("action", noop, map(str, mdp.action_names))
        chosen = np.full(mdp.n_states, -1)
        chosen[mdp.owner[quiet]] = quiet
        chosen = chosen[mdp.owner]
        # The rows of both, one after another: the no-op's where there is one, else the state's own.
        row = np.where(chosen >= 0, chosen, mdp.n_pairs + np.arange(mdp.n_pairs))
        before = csr_array(vstack([chances, of_state]))[row]
    question = Weighed(
        mdp=mdp,
        weights=csr_array(vstack([before, chances, chances - before])),
        discount=check_limit(discount),
        agent=agent,
    )
    labels = [mdp.states[number] for number in mdp.owner.tolist()]
    found = told(question, rewards, samples, seed, design, workers, executor, progress, noop=noop)
    means, errors = np.split(found.mean, 3), np.split(found.stderr, 3)
    return PowerOfTransitions(
        states=tuple(labels),
        actions=tuple(mdp.action(pair) for pair in range(mdp.n_pairs)),
        before=read_only(means[0]),
        after=read_only(means[1]),
        gained=read_only(means[2]),
        stderr=read_only(errors[2]),
        noop=noop,
        **{**found.common, "error_bound": 2 * found.common["error_bound"]},
    )
