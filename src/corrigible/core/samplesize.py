"""How many goals and epochs an audit needs, and what one of a given size can see at all."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.results import to_json
from corrigible.core.statistics import LEVEL, clustered_rate, wilson

if TYPE_CHECKING:
    import pandas

POWER = 0.8
"""The chance with which an effect is to be seen."""

CORRELATION = 0.5
"""How much the episodes of one goal resemble each other, where nothing is known: the mean of the prior
with which `corrigible.core.statistics.clustered_rate` starts."""

EPOCHS = (1, 2, 5, 10, 20)
"""The epochs that a plan looks at."""

MOST_GOALS = 10_000
"""More goals than this no plan asks for."""


def effective(goals: int, epochs: int, correlation: float) -> float:
    """Return how many independent episodes ``goals`` × ``epochs`` are worth.

        n_eff = G·m / (1 + (m − 1)·ρ)

    It never exceeds G/ρ, however many epochs there are.

    Parameters
    ----------
    goals, epochs
        G and m.
    correlation
        ρ, the intra-class correlation, in [0, 1].

    Notes
    -----
    *Source:* L. Kish 1965, Survey Sampling, section 5.4.

    Examples
    --------
    >>> effective(9, 5, 0.5)
    15.0
    """
    _whole("goals", goals)
    _whole("epochs", epochs)
    _share("correlation", correlation)
    return goals * epochs / (1 + (epochs - 1) * correlation)


def chance_to_see(
    effect: float,
    *,
    rate_control: float,
    pairs: float,
    control: float | None = None,
    level: float = LEVEL,
) -> float:
    """Return the probability that an audit sees an effect: that its interval lies above zero.

    The audit's rule is that of `corrigible.core.statistics.paired_difference`: with Wilson's limits on
    the effective sizes, p₁ − p₂ > √((p₁ − l₁)² + (u₂ − p₂)²). Its probability is summed up over all
    events in the world, Bin(n₁, p₀ + effect), and in the control, Bin(n₂, p₀).

    Parameters
    ----------
    effect
        Rate in the world minus rate in the control.
    rate_control
        p₀.
    pairs
        n₁, the effective number of episodes in the world, rounded down.
    control
        n₂, that of the control; default ``pairs``.
    level
        The confidence level of the interval.

    Notes
    -----
    Within pairs no correlation is assumed (φ = 0). Pairs that share their luck or their goal correlate
    positively, which makes the audit's interval narrower: it sees somewhat more than this says.

    *Source:* the exact form of R. J. Connor 1987 (Biometrics 43, 207–211), for the rule of R. G. Newcombe
    1998 (Statistics in Medicine 17, 2635–2650, method 10) instead of McNemar's.
    """
    _check_probability("level", level)
    _check_effect(effect, rate_control)
    n1 = _floor("pairs", pairs)
    n2 = n1 if control is None else _floor("control", control)
    return _power(effect, rate_control, n1, n2, level)


def smallest_effect(
    rate_control: float,
    pairs: float,
    *,
    control: float | None = None,
    level: float = LEVEL,
    power: float = POWER,
) -> float | None:
    """Return the smallest effect that an audit of this size sees with probability ``power``.

    The effect solves `chance_to_see` = ``power``, to three digits, rounded up.

    Parameters
    ----------
    rate_control, pairs, control, level
        As in `chance_to_see`. After a run, give the control's rate and the ``effective`` sizes of both.
    power
        With which probability it is to be seen.

    Returns
    -------
    float or None
        None where even the largest possible effect, 1 − ``rate_control``, would be seen less often.

    Examples
    --------
    Nine goals of five epochs that are worth fifteen independent episodes:

    >>> smallest_effect(0.0, 15)
    0.338
    >>> smallest_effect(0.0, 1) is None
    True
    """
    _check_probability("power", power)
    _check_probability("level", level)
    _check_rate_control(rate_control)
    n1 = _floor("pairs", pairs)
    n2 = n1 if control is None else _floor("control", control)
    # In thousandths: the largest that fails, and the smallest that is known to do.
    fails, does = 0, math.floor(1000 * (1 - rate_control) + 1e-9)
    if does == 0 or _power(does / 1000, rate_control, n1, n2, level) < power:
        return None
    while does - fails > 1:
        middle = (fails + does) // 2
        if _power(middle / 1000, rate_control, n1, n2, level) >= power:
            does = middle
        else:
            fails = middle
    return does / 1000


def smallest_bound(sizes: Sequence[int], *, level: float = LEVEL) -> float:
    """Return the smallest limit that an audit without a single event shows to hold.

    It is the upper limit of `corrigible.core.statistics.clustered_rate` for no events, z²/(n_eff + z²).
    Since no events say next to nothing about ρ, that function takes it as about one half, and n_eff is
    at most about twice the number of goals: more epochs than a few do not lower this bound.

    Parameters
    ----------
    sizes
        The episodes of each goal in the world.
    level
        The confidence level.

    Examples
    --------
    >>> round(smallest_bound([5] * 9), 3), round(smallest_bound([500] * 9), 3)
    (0.21, 0.178)
    >>> round(smallest_bound([5] * 46), 3)
    0.05
    """
    _check_probability("level", level)
    if sum(sizes) < 1:
        raise OptionError(f"a bound cannot be shown with `{sum(sizes)}` episodes", "give 1 or more")
    return clustered_rate([0] * len(sizes), sizes, level).high


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanRow:
    """What is needed at a given number of epochs.

    Parameters
    ----------
    epochs
        Episodes of each goal in each twin.
    goals
        Goals (in worlds) that are needed for both purposes: the larger of the next two.
    goals_effect
        Those needed to see the effect.
    goals_limit
        Those needed for a limit of the effect's size to be shown where there are no events.
    worlds
        Worlds that have so many goals.
    episodes
        Episodes in all, with those of the controls.
    effective
        How many independent episodes those in the world are worth, at the plan's correlation.
    bound
        The smallest limit that is shown with so many goals where there are no events.
    """

    epochs: int
    goals: int
    goals_effect: int
    goals_limit: int
    worlds: int
    episodes: int
    effective: float
    bound: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """How large an audit has to be.

    Parameters
    ----------
    effect, rate_control, correlation, level, power, goals_per_world
        What was asked.
    rows
        What is needed, by epochs.
    """

    effect: float
    rate_control: float
    correlation: float
    level: float
    power: float
    goals_per_world: int
    rows: tuple[PlanRow, ...]

    @property
    def cheapest(self) -> PlanRow:
        """The row with the fewest episodes; of several, that with the fewest goals."""
        return min(self.rows, key=lambda row: (row.episodes, row.goals))

    @property
    def enough_epochs(self) -> int:
        """The first epochs of the plan after which the next more save less than a tenth of the goals."""
        for row, following in pairwise(self.rows):
            if following.goals > 0.9 * row.goals:
                return row.epochs
        return self.rows[-1].epochs

    @property
    def advice(self) -> str:
        """Where more epochs do not help, in one sentence."""
        most = self.rows[-1].epochs
        if self.enough_epochs == most:
            return f"epochs help up to the {most} that were looked at"
        return (
            f"more than {self.enough_epochs} epoch{'' if self.enough_epochs == 1 else 's'} a goal hardly help: "
            "episodes of one goal resemble each other, so that only more goals do"
        )

    def to_json(self) -> str:
        """Return everything as JSON."""
        return to_json(self)

    def to_frame(self) -> pandas.DataFrame:
        """Return one line for each number of epochs."""
        import pandas

        return pandas.DataFrame([dataclasses.asdict(row) for row in self.rows])


def plan(
    effect: float,
    *,
    rate_control: float = 0.0,
    correlation: float = CORRELATION,
    power: float = POWER,
    level: float = LEVEL,
    goals_per_world: int = 9,
    epochs: Sequence[int] = EPOCHS,
) -> Plan:
    """Return how many goals are needed to see ``effect``, and to show a limit of the same size.

    To *see* it: `chance_to_see` with `effective` episodes is at least ``power``, and stays so for the
    next few goals more. To *show a limit* of its size: `smallest_bound` is at most ``effect``, that is,
    the audit's own interval would end at or below it if no episode at all showed the behaviour.

    Parameters
    ----------
    effect
        The smallest difference between world and control that matters, in (0, 1 − ``rate_control``].
    rate_control
        The rate expected in the control.
    correlation
        ρ, how much the episodes of one goal resemble each other, in [0, 1]. Where the control shows no
        event, the audit will take it as about one half there, whatever it is, and so does the plan.
    power, level
        The chance to see the effect, and the confidence level.
    goals_per_world
        How many goals a world has.
    epochs
        The numbers of epochs to look at.

    Raises
    ------
    OptionError
        If a value is out of its range, or if more than 10 000 goals would be needed.

    Notes
    -----
    The sizes are those that the audit itself will find in typical events: from few goals it cannot tell
    that episodes are independent, and counts them for less than Kish's formula. Simulated audits of just
    the planned size (effects of 10, 20 and 40%, control rates of 0 and 10%, ρ from 0 to 0.9, 1 to 20
    epochs, the goals' rates beta-distributed, twins independent), judged by `clustered_rate` and
    `paired_difference` themselves, saw the effect in 76 to 96% of the cases where 80% was planned; the
    high figures belong to 20 epochs and ρ near 0.

    Examples
    --------
    >>> found = plan(0.2)
    >>> [(row.epochs, row.goals, row.episodes) for row in found.rows]
    [(1, 33, 66), (2, 25, 100), (5, 20, 200), (10, 19, 380), (20, 18, 720)]
    >>> found.enough_epochs
    5
    """
    _check_effect(effect, rate_control)
    _share("correlation", correlation)
    _check_probability("power", power)
    _check_probability("level", level)
    _whole("goals_per_world", goals_per_world)
    if not epochs:
        raise OptionError("there are no epochs to plan for", "give one number of epochs or more")
    for m in epochs:
        _whole("epochs", m)

    def row(m: int) -> PlanRow:
        def sees(goals: int) -> bool:
            here, there = (
                _typical(goals, m, rate, correlation) for rate in (rate_control + effect, rate_control)
            )
            silent = clustered_rate([0] * goals, [m] * goals, level).effective
            return _power(effect, rate_control, here, there, level, silent) >= power

        def shows(goals: int) -> bool:
            return smallest_bound([m] * goals, level=level) <= effect

        for_effect, for_limit = _fewest(sees, effect), _fewest(shows, effect)
        goals = max(for_effect, for_limit)
        return PlanRow(
            epochs=m,
            goals=goals,
            goals_effect=for_effect,
            goals_limit=for_limit,
            worlds=math.ceil(goals / goals_per_world),
            episodes=2 * goals * m,
            effective=effective(goals, m, correlation),
            bound=smallest_bound([m] * goals, level=level),
        )

    return Plan(
        effect=effect,
        rate_control=rate_control,
        correlation=correlation,
        level=level,
        power=power,
        goals_per_world=goals_per_world,
        rows=tuple(row(m) for m in sorted(set(epochs))),
    )


def _typical(goals: int, epochs: int, rate: float, correlation: float) -> int:
    """The effective size that the audit will find in typical events, rounded down; never above Kish's.

    Typical events are the quantiles (g − ½)/G of the beta-binomial distribution of a goal's events. From
    few goals the audit cannot tell that episodes are independent, and counts them for less.
    """
    from scipy.stats import betabinom, binom

    most = effective(goals, epochs, correlation)
    if epochs > 1 and 0 < rate < 1 and correlation < 1:
        counts = np.arange(epochs + 1)
        if correlation == 0:
            below = binom.cdf(counts, epochs, rate)
        else:
            strength = 1 / correlation - 1
            below = betabinom.cdf(counts, epochs, rate * strength, (1 - rate) * strength)
        events = np.searchsorted(below[:-1], (np.arange(goals) + 0.5) / goals)
        if 0 < events.sum() < goals * epochs:
            most = min(most, clustered_rate(events.tolist(), [epochs] * goals).effective)
    return math.floor(most + 1e-9)


def _power(effect: float, rate: float, n1: int, n2: int, level: float, silent: float | None = None) -> float:
    """`chance_to_see`; ``silent`` is the effective size of a control without events, if not ``n2``."""
    from scipy.stats import binom

    def counts(n: int, p: float) -> np.ndarray[Any, Any]:
        # All but 1e-10 of the probability: whatever n is, a few times its square root.
        first, last = binom.ppf([5e-11, 1 - 5e-11], n, p)
        return np.arange(max(first, 0), last + 1)

    p1 = min(1.0, rate + effect)
    events1, events2 = counts(n1, p1), counts(n2, rate)
    share1, share2 = events1 / n1, events2 / n2
    down = share1 - wilson(share1, n1, level)[0]
    up = wilson(share2, n2, level)[1] - share2
    if silent is not None:
        up = np.where(events2 == 0, wilson(0.0, silent, level)[1], up)
    d = share1[:, None] - share2
    sees = (d > 0) & (d**2 > down[:, None] ** 2 + up**2)
    return float(binom.pmf(events1, n1, p1) @ sees @ binom.pmf(events2, n2, rate))


def _fewest(enough: Callable[[int], bool], effect: float) -> int:
    """The fewest goals with which, and with a few more too, there are enough."""
    high = 1
    while not enough(high):
        if high >= MOST_GOALS:
            raise OptionError(
                f"the effect `{effect}` needs more than {MOST_GOALS} goals", "give a larger one"
            )
        high = min(2 * high, MOST_GOALS)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    # Counts are whole, so that the chance may drop by a little where one more episode comes in.
    while drops := [g for g in range(high + 1, high + 4) if not enough(g)]:
        high = drops[-1] + 1
    return high


def _floor(name: str, size: float) -> int:
    if not (math.isfinite(size) and size >= 1):
        raise OptionError(f"the effective size `{size}` of {name} is less than one episode", "give 1 or more")
    return math.floor(size + 1e-9)


def _whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise OptionError(
            f"`{value}` {name.replace('_', ' ')} are not a positive whole number", "give 1 or more"
        )


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise OptionError(f"the {name} `{value}` is out of its range", "give 0 to 1")


def _check_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise OptionError(f"the {name} `{value}` is out of its range", "give a number between 0 and 1")


def _check_rate_control(rate: float) -> None:
    if not 0 <= rate < 1:
        raise OptionError(
            f"the control's rate `{rate}` leaves no room for an effect", "give 0 to less than 1"
        )


def _check_effect(effect: float, rate: float) -> None:
    _check_rate_control(rate)
    if not 0 < effect <= 1 - rate + 1e-12:
        raise OptionError(
            f"the effect `{effect}` is not possible over a control's rate of `{rate}`",
            f"give more than 0 and at most {1 - rate:g}",
        )
