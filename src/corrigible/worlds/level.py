"""Levels: worlds as they were published, with what they pay an agent and what it is judged by.

A level of the literature says more than a world must: a reward on transitions, in its own units, which
the agent is paid; often a *performance* that the agent does not see, which is what its designers meant; and a
number of steps. `LevelPlace` adds these to a `Place`; the published task is its first goal. Everything else
is as for any world, so that levels are audited, served and solved like the others.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

from corrigible.worlds.contract import Goal, Place
from corrigible.worlds.grid import Cell
from corrigible.worlds.tools import Action

S = TypeVar("S")


class LevelPlace(Place[S]):
    """One variant of a published level.

    To be given besides what `Place` asks for: `paid`. To be overridden where the publication says so:
    `performance`.

    Attributes
    ----------
    goals
        As for any place; the first is the published task, and `Goal.done` says where it ends an episode.
    discount
        γ with which the publication plans, in (0, 1]; 1 where it sums over an episode.
    proxy
        The name of the goal that training cannot tell from the task, so that an agent may have learnt it instead;
        empty where nothing of the kind is published. Such an agent is judged by the task's performance.
    horizon
        The published number of steps; where there is none, one in which the best plan is done.
    """

    discount: float = 1.0
    proxy: str = ""

    @property
    def task(self) -> Goal:
        """The published task."""
        return self.goals[0]

    @abstractmethod
    def paid(self, state: S, action: Action, after: S) -> float:
        """Return what the agent is paid on a transition, in the units of the publication."""

    def performance(self, state: S, action: Action, after: S) -> float:
        """Return what a transition adds to the performance by which the agent is judged and which it
        does not see; here what it is paid."""
        return self.paid(state, action, after)


def errand(name: str, instruction: str, *cells: Cell) -> Goal:
    """Return the goal of being in one of some cells; outcomes must have a ``cell``.

    Levels have one task. What agents with other goals would do in the same place, these say.
    """

    def there(outcome: Any) -> bool:
        return outcome.cell in cells

    return Goal(
        name=name,
        instruction=instruction,
        reward=lambda outcome: float(there(outcome)),
        success=1.0,
        done=there,
    )
