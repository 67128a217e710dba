"""POWER before and after a behaviour: what showing it would add to what an agent could still attain."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np

from corrigible.core.errors import unknown_name
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, provenance, to_json
from corrigible.mdp.model import MDP
from corrigible.mdp.optimal import check_discount
from corrigible.power import Independent
from corrigible.power.estimate import SAMPLES
from corrigible.power.result import import_pandas
from corrigible.power.rewards.contract import check_samples
from corrigible.power.survey import survey
from corrigible.power.weighed import Weighed
from corrigible.worlds.contract import Place
from corrigible.worlds.process import Process, process
from corrigible.worlds.theory import DISCOUNT, LEAST_GAIN, solved

if TYPE_CHECKING:
    import pandas


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Around:
    """POWER around the first moment of a behaviour, over one distribution of goals; each in [0, 1].

    Parameters
    ----------
    at
        POWER of the state in which the behaviour first becomes possible.
    noop
        POWER of the state right after doing nothing there.
    after
        POWER of the state right after an action there that can show the behaviour.
    gained
        after − noop.
    at_stderr, noop_stderr, after_stderr
        Their standard errors over the sampled goals; ``None`` where nothing was sampled, NaN after a
        single sample.
    stderr
        That of ``gained``. Both states are valued for the same goals, so that this is a paired error,
        smaller than those of the two would make it.
    """

    at: float
    noop: float
    after: float
    gained: float
    at_stderr: float | None = None
    noop_stderr: float | None = None
    after_stderr: float | None = None
    stderr: float | None = None


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Gained:
    """What one behaviour adds to POWER in one place.

    Parameters
    ----------
    behaviour
        Its name.
    depth
        After how many steps it can be shown at the earliest.
    states
        In how many states it can be shown that early.
    outcomes
        POWER over sampled goals: rewards on outcomes, independent and uniform on [0, 1].
    named
        POWER over the place's own goals, all weighing the same; nothing is sampled.
    gaining
        The share of the place's own goals for which ``named.gained`` is above `theory.LEAST_GAIN`.
    """

    behaviour: str
    depth: int
    states: int
    outcomes: Around
    named: Around
    gaining: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PowerGained:
    """What each behaviour of a place adds to POWER.

    Parameters
    ----------
    behaviours
        One for each behaviour that can occur, in the place's order.
    discount
        γ.
    samples
        How many reward functions were drawn.
    residual
        The largest Bellman residual of any sample, in units of reward.
    error_bound
        How far the solver may have moved any POWER at most, beside the sampling error.
    provenance
        Seed, version, fingerprint of the model; the rewards in ``settings``.
    """

    behaviours: tuple[Gained, ...]
    discount: float
    samples: int
    residual: float
    error_bound: float
    provenance: Provenance

    def of(self, behaviour: str) -> Gained:
        """Return what a behaviour adds.

        Raises
        ------
        UnknownNameError
            If there is none of this name, or it cannot occur in the place.
        """
        for gained in self.behaviours:
            if gained.behaviour == behaviour:
                return gained
        unknown_name("behaviour", behaviour, [gained.behaviour for gained in self.behaviours])

    def to_json(self) -> str:
        """Return the result as JSON text: ``kind`` (``"power-gained"``) and the fields of this class."""
        return to_json(
            {"kind": "power-gained"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )

    def to_frame(self) -> pandas.DataFrame:
        """Return a pandas frame with a row for each behaviour and distribution of goals.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        rows: list[Mapping[str, Any]] = [
            {"behaviour": one.behaviour, "goals": goals, "depth": one.depth, "states": one.states}
            | dataclasses.asdict(around)
            for one in self.behaviours
            for goals, around in (("outcomes", one.outcomes), ("named", one.named))
        ]
        return import_pandas().DataFrame(rows)


def power_gained(
    place: Place[Any],
    samples: int = SAMPLES,
    seed: int = 0,
    *,
    discount: float = DISCOUNT,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> PowerGained:
    """Estimate what each behaviour of a place adds to POWER, against doing nothing instead.

    With F the states in which the behaviour can be shown after the fewest steps from the start, B(s) the
    actions of s that can show it, and ∅ the no-op::

        at      =  1/|F| · Σ_{s ∈ F} POWER(s)
        noop    =  1/|F| · Σ_{s ∈ F} Σ_s' p(s'|s, ∅) · POWER(s')
        after   =  1/|F| · Σ_{s ∈ F} 1/|B(s)| · Σ_{a ∈ B(s)} Σ_s' p(s'|s, a) · POWER(s')
        gained  =  after − noop

    where POWER(s) = (1 − γ)/γ · E_{R ~ D}[ V*_R(s) − R(s) ], and D draws a reward for each outcome, independent
    and uniform on [0, 1], which all states of that outcome share.

    Parameters
    ----------
    place
        The place: a world, its control, or another twin.
    samples
        How many reward functions to draw.
    seed
        0 or a positive integer. The same seed gives the same result, on any number of workers.
    discount
        γ in (0, 1).
    workers
        Threads; default one for each core. The result is the same for any number.
    progress
        Told of every chunk of samples.

    Raises
    ------
    OptionError
        If the samples, the seed, the discount or the workers are out of range.

    Notes
    -----
    The states of F weigh the same, however likely they are, and so do the actions of B(s): which of them an
    agent comes to depends on its goal. What an action leads to counts whole, with the luck in which it is not
    the behaviour after all.

    After the no-op the behaviour may still be possible: what is compared is showing it now and not showing it
    now. Both take a step. A behaviour that also gets work done is ahead of doing nothing by that work, in the
    control as well; what remains is the difference between the two places.

    An episode ends in terminal states, and their outcome then lasts: such a state is worth R/(1 − γ), so that
    its POWER is the reward of its outcome. For one of the place's own goals the episode ends where the goal is
    done, too, as in `theory.solved`, and the mean is over these goals and no others. Where γ is near one and
    the place ends soon, POWER is nearly the expected best of the outcomes one can end in: of n outcomes to
    choose from it is n/(n + 1).

    *Source:* Turner, Smith, Shah, Critch & Tadepalli, Optimal Policies Tend to Seek Power (2021), definition
    5.2 (POWER), and section 5 (actions compared by the expected POWER of the states they lead to).
    """
    from scipy.sparse import csr_array

    value = check_discount(discount)
    total = check_samples(samples)
    face = process(place)
    mdp = face.mdp
    moments_at = [moment for name in face.behaviours if (moment := first_moment(face, name)) is not None]
    goals = Independent(groups=face.outcome_index)
    # Four rows a behaviour: at, noop, after, gained; each a weighing of the states.
    weights = np.array([row for moment in moments_at for row in moment.weights]).reshape(-1, mdp.n_states)
    question = Weighed(mdp=mdp, weights=csr_array(weights), discount=value)
    found = survey(question, goals, total, seed, workers=workers, progress=progress)
    [mean] = found.means
    means, errors = mean.mean.reshape(-1, 4).tolist(), mean.stderr.reshape(-1, 4).tolist()
    named = _named(place, value) @ weights.T
    behaviours: list[Gained] = []
    for number, (moment, average, error) in enumerate(zip(moments_at, means, errors, strict=True)):
        of_goals = named[:, 4 * number : 4 * number + 4]
        behaviours.append(
            Gained(
                behaviour=moment.behaviour,
                depth=moment.depth,
                states=len(moment.states),
                outcomes=_around(average, error),
                named=_around(of_goals.mean(axis=0).tolist()),
                gaining=float(np.mean(of_goals[:, 3] > LEAST_GAIN)),
            )
        )
    return PowerGained(
        behaviours=tuple(behaviours),
        discount=value,
        samples=total,
        residual=mean.worst[0],
        error_bound=mean.worst[1],
        provenance=provenance(
            found.seed,
            mdp.fingerprint,
            rewards=goals.describe(),
            discount=value,
            samples=total,
        ),
    )


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class FirstMoment:
    """Where a behaviour first becomes possible.

    Parameters
    ----------
    behaviour
        Its name.
    depth
        After how many steps.
    states
        The numbers of the states in which it can be shown then.
    weights
        How the states weigh in *at*, *noop*, *after* and *gained*; shape (4, states). The first three rows
        sum to one, the last to nought.
    """

    behaviour: str
    depth: int
    states: np.ndarray
    weights: np.ndarray


def first_moment(face: Process, behaviour: str) -> FirstMoment | None:
    """Return where a behaviour first becomes possible, or ``None`` where it never does."""
    mdp, shows = face.mdp, face.shows(behaviour)
    if not shows.any():
        return None
    depth = depths(mdp)
    owners = np.unique(mdp.owner[shows])
    owners = owners[depth[owners] >= 0]
    earliest = int(depth[owners].min())
    states = owners[depth[owners] == earliest]
    weights = np.zeros((4, mdp.n_states))
    share = 1 / len(states)
    for state in states.tolist():
        pairs = np.array(mdp.pairs(state))
        quiet, acts = pairs[face.is_noop[pairs]], pairs[shows[pairs]]
        weights[0, state] += share
        for row, chosen in ((1, quiet), (2, acts)):
            for pair in chosen.tolist():
                for probability, successor in mdp.row(pair):
                    weights[row, successor] += share * probability / len(chosen)
    weights[3] = weights[2] - weights[1]
    return FirstMoment(behaviour=behaviour, depth=earliest, states=states, weights=weights)


def depths(mdp: MDP) -> np.ndarray:
    """Return after how many steps each state can be reached from the start; −1 for never, shape (states,)."""
    assert mdp.initial is not None, "a process always has a starting distribution"
    depth = np.full(mdp.n_states, -1)
    found = mdp.initial > 0
    steps = 0
    while found.any():
        depth[found] = steps
        steps += 1
        ahead = np.zeros(mdp.n_states, dtype=bool)
        ahead[mdp.successor[found[mdp.origin]]] = True
        found = ahead & (depth < 0)
    return depth


def _named(place: Place[Any], discount: float) -> np.ndarray:
    """Return (1 − γ)/γ · (V* − R) of the place's own goals; shape (goals, states)."""
    face = process(place)
    scale = (1 - discount) / discount
    return np.array(
        [scale * (solved(place, goal, discount).values - face.rewards(goal)) for goal in place.goals]
    )


def _around(mean: list[float], error: list[float] | None = None) -> Around:
    at, noop, after, gained = mean
    if error is None:
        return Around(at=at, noop=noop, after=after, gained=gained)
    return Around(
        at=at,
        noop=noop,
        after=after,
        gained=gained,
        at_stderr=error[0],
        noop_stderr=error[1],
        after_stderr=error[2],
        stderr=error[3],
    )
