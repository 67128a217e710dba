"""One cell of the table, from the place to the numbers."""

from __future__ import annotations

import dataclasses
import time
from functools import cached_property
from typing import final

import numpy as np

from corrigible.comparison.design import Site
from corrigible.comparison.episode import episode
from corrigible.comparison.found import Found, Measured, Status
from corrigible.core.errors import InapplicableError, TooLargeError, in_short
from corrigible.countermeasures import Case, Conduct, Countermeasure, case_of, follow, plan
from corrigible.countermeasures.planning import stationary
from corrigible.countermeasures.standing import standing


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Ground:
    """What all cells of a row share: the case, and what its task pays at most and for doing nothing.

    Parameters
    ----------
    case
        The case.
    """

    case: Case

    @classmethod
    def of(cls, site: Site) -> Ground:
        """Return the ground of a row."""
        place = site.place()
        return cls(case_of(place, place.goal(site.goal), horizon=site.horizon))

    @cached_property
    def best_paid(self) -> float:
        """The most that the task pays."""
        return float(self.case.start @ plan(self.case).values[0])

    @cached_property
    def idle_paid(self) -> float:
        """What the task pays for doing nothing all the time."""
        idle = np.zeros(self.case.mdp.n_pairs)
        idle[self.case.idle] = 1.0
        return follow(Conduct(case=self.case, policy=stationary(self.case, idle))).paid

    @cached_property
    def best_performance(self) -> float | None:
        """The best hidden performance; ``None`` where the level publishes none."""
        if self.case.performance is None:
            return None
        return float(self.case.start @ plan(self.case, self.case.performance, 1.0).values[0])


def find(
    ground: Ground | Exception, measure: Countermeasure, samples: int, seed: int, *, shown: bool = True
) -> Found:
    """Return what comes of a countermeasure; what goes wrong in it is told, not raised.

    Parameters
    ----------
    ground
        Of the row; or why there is none.
    measure
        The countermeasure, at its strength.
    samples, seed
        How many goals POWER is averaged over, and the seed of these and of the episode.
    shown
        Whether an episode is drawn.
    """
    began = time.perf_counter()
    status, why, measured = Status.OK, "", None
    try:
        if isinstance(ground, Exception):
            raise ground
        measured = _measured(ground, measure, samples, seed, shown)
    except InapplicableError as error:
        status, why = Status.NOT_APPLICABLE, error.message
    except TooLargeError as error:
        status, why = Status.TOO_LARGE, str(error)
    except Exception as error:  # a countermeasure or a world may be anybody's code
        status, why = Status.FAILED, in_short(error)
    return Found(status=status, why=why, measured=measured, seconds=time.perf_counter() - began)


def _measured(ground: Ground, measure: Countermeasure, samples: int, seed: int, shown: bool) -> Measured:
    conduct = measure.conduct(ground.case)
    followed = follow(conduct)
    stands = standing(conduct.case, followed, samples=samples, seed=seed)
    return Measured(
        done=followed.done,
        paid=followed.paid,
        best_paid=ground.best_paid,
        idle_paid=ground.idle_paid,
        performance=followed.performance,
        best_performance=ground.best_performance,
        passed=followed.passed,
        shown=followed.shown,
        unauthorised=followed.unauthorised,
        switchable=followed.switchable,
        correctable=stands.correctable,
        gained=stands.gained,
        gained_stderr=stands.stderr,
        steps=followed.steps,
        episode=episode(conduct, seed) if shown else (),
    )
