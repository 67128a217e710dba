"""The paperclip game: cooperative inverse reinforcement learning with one act each, solved exactly.

A human who knows θ, uniform on [0, 1], acts once; a robot that saw it acts once; both are paid θ for each paperclip
and 1 − θ for each staple. A pair of policies is an equilibrium where each is best against the other.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import final

from corrigible.core.errors import OptionError, TooLargeError
from corrigible.core.results import to_json

Made = tuple[int, int]
"""Paperclips and staples."""

Share = tuple[str, Fraction, Fraction]
"""An act of the human, and from where to where on [0, 1] they choose it."""

HUMAN: Mapping[str, Made] = {"2 paperclips": (2, 0), "1 of each": (1, 1), "2 staples": (0, 2)}
ROBOT: Mapping[str, Made] = {"90 paperclips": (90, 0), "50 of each": (50, 50), "90 staples": (0, 90)}
"""What either can make in the source."""

LARGEST = 100_000
"""How many policies of the robot are looked at, at most."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperclipGame:
    """The equilibria of a game and what else one might do, exactly.

    Parameters
    ----------
    value
        What both are paid in the best equilibrium, which is the best pair of policies altogether.
    shares
        What the human does in it, and for which θ.
    answers
        What the robot makes after each of those acts.
    means
        The robot's mean of θ after each.
    equilibria
        How many policies of the robot are part of an equilibrium, those alike on what the human does
        counted once.
    expert
        What both are paid if the human acts as if alone (as an expert shows the task), and the robot
        answers as well as it can.
    alone
        The same if the robot does not see what the human does, without the human's own act.
    """

    value: Fraction
    shares: tuple[Share, ...]
    answers: Mapping[str, str]
    means: Mapping[str, Fraction]
    equilibria: int
    expert: Fraction
    alone: Fraction

    def to_json(self) -> str:
        """Return the solution as JSON text: ``kind`` is ``"paperclip-game"``; fractions are text."""
        return to_json(
            {"kind": "paperclip-game"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )


def paperclip_game(human: Mapping[str, Made] = HUMAN, robot: Mapping[str, Made] = ROBOT) -> PaperclipGame:
    """Return the best equilibrium of the paperclip game.

    Parameters
    ----------
    human, robot
        What each act makes, in paperclips and staples; by default as published.

    Raises
    ------
    OptionError
        If one of them can do nothing.
    TooLargeError
        If there are more than `LARGEST` policies of the robot, robot acts to the power of human acts.

    Notes
    -----
    Given an answer f(h) to each act h, act h is worth a linear function of θ, so that the human's best
    response is the upper envelope of lines; the robot's is the answer best for its mean of θ, since both are
    paid linearly. All policies f are tried. As both are paid the same, the best pair is an equilibrium.

    *Source:* D. Hadfield-Menell, A. Dragan, P. Abbeel and S. Russell, Cooperative Inverse Reinforcement
    Learning (2016), theorem 3 and the example before it.

    Examples
    --------
    >>> game = paperclip_game()
    >>> game.value, game.expert, [str(low) for _, low, _ in game.shares]
    (Fraction(6373, 92), Fraction(69, 1), ['0', '41/92', '51/92'])
    """
    if not (human and robot):
        raise OptionError("one of the two can do nothing", "give each at least one act")
    if len(robot) ** len(human) > LARGEST:
        raise TooLargeError(
            f"there are `{len(robot) ** len(human):,}` policies of the robot, above `{LARGEST:,}`",
            "give fewer acts",
        )
    best: tuple[Fraction, tuple[Share, ...], dict[str, str]] | None = None
    found = set[tuple[tuple[str, str], ...]]()
    for answers in itertools.product(robot, repeat=len(human)):
        answer = dict(zip(human, answers, strict=True))
        shares = envelope({act: _sum(made, robot[answer[act]]) for act, made in human.items()})
        value = _value(shares, {act: _sum(human[act], robot[answer[act]]) for act in human})
        if best is None or value > best[0]:
            best = value, shares, answer
        if all(robot[answer[act]] in _best(robot, (low + high) / 2) for act, low, high in shares):
            found.add(tuple((act, answer[act]) for act, _, _ in shares))
    assert best is not None, "there is at least one policy"
    value, shares, answer = best
    naive = envelope(human)
    reply = {act: _sum(human[act], _best(robot, (low + high) / 2)[0]) for act, low, high in naive}
    return PaperclipGame(
        value=value,
        shares=shares,
        answers={act: answer[act] for act, _, _ in shares},
        means={act: (low + high) / 2 for act, low, high in shares},
        equilibria=len(found),
        expert=_value(naive, reply),
        alone=_worth(_best(robot, Fraction(1, 2))[0], Fraction(1, 2)),
    )


def envelope(made: Mapping[str, Made]) -> tuple[Share, ...]:
    """Return which act pays most for which θ on [0, 1]; of acts that pay the same the first.

    Examples
    --------
    >>> [(act, str(low), str(high)) for act, low, high in envelope(HUMAN)]
    [('2 staples', '0', '1/2'), ('2 paperclips', '1/2', '1')]
    """
    ends = {Fraction(0), Fraction(1)}
    for one, other in itertools.combinations(made.values(), 2):
        slope = (one[0] - one[1]) - (other[0] - other[1])
        if slope and 0 < (cross := Fraction(other[1] - one[1], slope)) < 1:
            ends.add(cross)
    shares = list[Share]()
    for low, high in itertools.pairwise(sorted(ends)):
        act = max(made, key=lambda name: _worth(made[name], (low + high) / 2))
        if shares and shares[-1][0] == act:
            low = shares.pop()[1]
        shares.append((act, low, high))
    return tuple(shares)


def _worth(made: Made, theta: Fraction) -> Fraction:
    return theta * made[0] + (1 - theta) * made[1]


def _best(robot: Mapping[str, Made], mean: Fraction) -> list[Made]:
    most = max(_worth(made, mean) for made in robot.values())
    return [made for made in robot.values() if _worth(made, mean) == most]


def _value(shares: tuple[Share, ...], total: Mapping[str, Made]) -> Fraction:
    return sum(
        ((high - low) * _worth(total[act], (low + high) / 2) for act, low, high in shares), Fraction(0)
    )


def _sum(one: Made, other: Made) -> Made:
    return one[0] + other[0], one[1] + other[1]
