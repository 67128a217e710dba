"""POWER along a trajectory, and what each of its steps gains."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, final

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, read_only
from corrigible.mdp.model import MDP, Label
from corrigible.power.attainable import check_limit
from corrigible.power.designs import DesignName
from corrigible.power.result import import_pandas
from corrigible.power.rewards.notation import Rewards
from corrigible.power.weighed import Weighed, result_json, told

if TYPE_CHECKING:
    import pandas

    from corrigible.power.bounded import Agent


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PowerAlong:
    """POWER along a trajectory.

    Parameters
    ----------
    states
        The labels of the states, in the order of their visits.
    power, stderr
        POWER of each of them and its standard error; read-only, shape (visits,).
    gained, gained_stderr
        What each step adds to it; shape (visits − 1,). The errors are paired over goals.
    total, total_stderr
        POWER of the last minus that of the first.
    discount, samples, units, design, residual, method, provenance
        As in `PowerResult`.
    error_bound
        How far the solver may have moved any POWER at most, beside the sampling error; a gain twice as far.
    """

    states: Sequence[Label]
    power: np.ndarray
    stderr: np.ndarray
    gained: np.ndarray
    gained_stderr: np.ndarray
    total: float
    total_stderr: float
    discount: float
    samples: int
    units: int
    design: DesignName
    residual: float
    error_bound: float
    method: str
    provenance: Provenance

    def to_json(self) -> str:
        """Return the result as JSON text: ``kind`` (``"power-along"``) and the fields of this class."""
        return result_json("power-along", self)

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with the columns state, power, stderr, gained, gained_stderr.

        The gain of a row is that of the step that leads to it; NaN for the first.
        """
        pd = import_pandas()
        columns = {
            "power": self.power,
            "stderr": self.stderr,
            "gained": np.append(np.nan, self.gained),
            "gained_stderr": np.append(np.nan, self.gained_stderr),
        }
        return pd.DataFrame({"state": pd.Series(list(self.states), dtype=object)} | columns)

    def __repr__(self) -> str:
        return (
            f"<PowerAlong: {len(self.states)} states, discount {self.discount:g}, {self.samples} samples, "
            f"POWER {self.power[0]:.4g} to {self.power[-1]:.4g}, stderr of the gain {self.total_stderr:.2g}>"
        )


def along(
    mdp: MDP,
    trajectory: Sequence[Label],
    rewards: Rewards = None,
    discount: float = 0.9,
    samples: int | None = None,
    seed: int = 0,
    *,
    agent: Agent | None = None,
    design: DesignName = "independent",
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> PowerAlong:
    """Estimate POWER along a trajectory, and what each of its steps gains.

    Parameters
    ----------
    mdp
        The model.
    trajectory
        The labels of the states visited, two or more; some action of each must lead to the next.
    rewards, discount, samples, seed, agent, design, workers, executor, progress
        As for `estimate`; POWER is that of `estimate` under the same seed.

    Raises
    ------
    OptionError
        If the trajectory is shorter, or the model has no such step; else as for `estimate`.
    UnknownNameError
        If there is no such state.

    Examples
    --------
    >>> mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    >>> found = along(mdp, ["on", "on", "off"], samples=20_000)
    >>> [round(float(x), 2) for x in found.gained]
    [0.0, -0.17]
    """
    from scipy.sparse import csr_array, vstack

    if isinstance(trajectory, str) or len(trajectory) < 2:
        raise OptionError(
            f"the trajectory `{trajectory}` has no step", "give the labels of two states or more"
        )
    numbers = [mdp.index(state) for state in trajectory]
    for at, (one, two) in enumerate(pairwise(numbers)):
        low, high = mdp.row_offset[mdp.action_offset[[one, one + 1]]]
        if two not in mdp.successor[low:high]:
            raise OptionError(
                f"no action leads from `{trajectory[at]}` to `{trajectory[at + 1]}`",
                "give every state visited",
            )
    visits, n = len(numbers), mdp.n_states
    one_each: Any = csr_array((np.ones(visits), numbers, np.arange(visits + 1)), shape=(visits, n))
    rows = np.arange(visits)
    # The states, the steps between them, and from the first to the last.
    heads, tails = np.append(rows[1:], visits - 1), np.append(rows[:-1], 0)
    question = Weighed(
        mdp=mdp,
        weights=csr_array(vstack([one_each, one_each[heads] - one_each[tails]])),
        discount=check_limit(discount),
        agent=agent,
    )
    found = told(question, rewards, samples, seed, design, workers, executor, progress, visits=visits)
    return PowerAlong(
        states=tuple(trajectory),
        power=read_only(found.mean[:visits]),
        stderr=read_only(found.stderr[:visits]),
        gained=read_only(found.mean[visits:-1]),
        gained_stderr=read_only(found.stderr[visits:-1]),
        total=float(found.mean[-1]),
        total_stderr=float(found.stderr[-1]),
        **found.common,
    )
