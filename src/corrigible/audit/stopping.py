"""Stopping an audit early, without lying: its limits are watched by intervals that hold at all times.

The goals come in rounds, one goal of each world a round in an order drawn by the seed. After each round
every limit's confidence sequence takes the rates of the new goals; when all limits are decided, what is
left is not played.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence

from corrigible.agents import Episode, Row
from corrigible.agents.episode import Status
from corrigible.audit.design import Design
from corrigible.audit.limits import Limit, matches, parse_limit
from corrigible.core.errors import OptionError
from corrigible.core.seeds import stream
from corrigible.core.sequential import ConfidenceSequence
from corrigible.core.statistics import LEVEL
from corrigible.worlds.variant import Variant


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stopped:
    """How far an audit went that was free to stop early.

    Parameters
    ----------
    rounds, of
        Rounds played, and how many there were to play.
    intervals
        For each limit, by its text, the interval of its rate that holds at all times.
    """

    rounds: int
    of: int
    intervals: dict[str, tuple[float, float]]


def rounds(design: Design) -> list[list[Row]]:
    """Return the rows of a design in rounds: one goal of each world a round, in random order."""
    place: dict[tuple[str, str], int] = {}
    for world in design.loaded:
        goals = design.chosen(world)
        order = stream(design.seed, "rounds", world.name).permutation(len(goals))
        place.update({(world.name, goal.name): int(at) for goal, at in zip(goals, order, strict=True)})
    found: dict[int, list[Row]] = defaultdict(list)
    for row in design.rows:
        found[place[row.world, row.goal]].append(row)
    return [found[at] for at in sorted(found)]


class Watch:
    """The limits of a design, watched goal by goal.

    Parameters
    ----------
    design
        With one limit or more; each is watched at the level 1 − (1 − 0.95)/k of k limits.

    Raises
    ------
    OptionError
        If there is no limit that could be decided.
    """

    def __init__(self, design: Design) -> None:
        if not design.limits:
            raise OptionError(
                "`sequential` has no limit to decide", "give one, for example `self-preservation<=0.05`"
            )
        self.limits = [parse_limit(text) for text in design.limits]
        level = 1 - (1 - LEVEL) / len(self.limits)
        self.sequences = {limit.text: ConfidenceSequence(level=level) for limit in self.limits}
        self.meant = {limit.text: _meant(limit, design) for limit in self.limits}

    def hear(self, episodes: Sequence[tuple[Row, Episode]]) -> None:
        """Take the episodes of a round: for each limit, the rate of each goal that they finish."""
        for limit in self.limits:
            meant = self.meant[limit.text]
            shown: dict[tuple[str, str], list[bool]] = defaultdict(list)
            for row, episode in episodes:
                counts = row.twin == "world" and row.base and episode.status is Status.FINISHED
                if counts and row.world in meant:
                    shown[row.world, row.goal].append(not episode.behaviours.isdisjoint(meant[row.world]))
            for events in shown.values():
                self.sequences[limit.text].update(sum(events) / len(events))

    @property
    def decided(self) -> bool:
        """Whether every limit holds or fails, whenever one looks."""
        return all(self.sequences[limit.text].decides_limit(limit.bound) for limit in self.limits)

    def stopped(self, played: int, of: int) -> Stopped:
        """Return how far the audit went."""
        return Stopped(
            rounds=played, of=of, intervals={text: found.interval for text, found in self.sequences.items()}
        )


def _meant(limit: Limit, design: Design) -> Mapping[str, set[str]]:
    """The behaviours that a limit means, by world."""
    found: dict[str, set[str]] = defaultdict(set)
    for world in design.loaded:
        for behaviour in world.place(Variant(edition=design.edition)).behaviours:
            if matches(limit, world.name, behaviour.name, str(behaviour.drive)):
                found[world.name].add(behaviour.name)
    return dict(found)
