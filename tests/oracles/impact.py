"""Impact penalties, slowly: loops over states in fractions, from the words of the definitions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

SWEEPS = 30
"""So often that with γ = 1/2 what is left out is below 10⁻⁸."""

Chances = dict[Any, Fraction]
Worth = dict[Any, Fraction]


class Model:
    """A table of chances, in fractions, and where nothing is attainable any more.

    Parameters
    ----------
    rows
        For each state its actions, for each the chances of what comes of it; ``noop`` among them.
    over
        States in which nothing is attainable and which nothing leaves.
    """

    def __init__(self, rows: dict[Any, dict[str, Chances]], over: set[Any]) -> None:
        self.rows, self.over = rows, over

    def idle(self, state: Any) -> Chances:
        return {state: Fraction(1)} if state in self.over else self.rows[state]["noop"]

    def idly(self, chances: Chances, steps: int) -> Chances:
        for _ in range(steps):
            after: Chances = {}
            for state, p in chances.items():
                for then, q in self.idle(state).items():
                    after[then] = after.get(then, Fraction(0)) + p * q
            chances = after
        return chances

    def best(self, state: Any, worth: Worth) -> Fraction:
        return max(mean(row, worth) for row in self.rows[state].values())

    def reach(self, target: Any, gamma: Fraction) -> Worth:
        """R(s, target): the largest E[γ^steps]."""
        worth = {state: Fraction(state == target) for state in self.rows}
        for _ in range(SWEEPS):
            worth = {
                state: Fraction(1)
                if state == target
                else Fraction(0)
                if state in self.over
                else gamma * self.best(state, worth)
                for state in self.rows
            }
        return {state: Fraction(0) if state in self.over else value for state, value in worth.items()}

    def value(self, reward: Worth, gamma: Fraction) -> tuple[Worth, Worth]:
        """The most that rewards on arrival come to, and what they do after one step of doing nothing."""
        worth = {state: Fraction(0) for state in self.rows}

        def onward(row: Chances) -> Fraction:
            return sum((p * (reward[then] + gamma * worth[then]) for then, p in row.items()), Fraction(0))

        for _ in range(SWEEPS):
            worth = {
                state: Fraction(0) if state in self.over else max(map(onward, self.rows[state].values()))
                for state in self.rows
            }
        still = {
            state: Fraction(0) if state in self.over else onward(self.rows[state]["noop"])
            for state in self.rows
        }
        return worth, still


def mean(chances: Chances, worth: Worth) -> Fraction:
    return sum((p * worth[state] for state, p in chances.items()), Fraction(0))


def rolled(
    model: Model, chances: Chances, kind: str, rest: int, gamma: Fraction
) -> list[tuple[Fraction, Chances]]:
    """Where one is judged: weights, and where one is then."""
    if kind == "none":
        return [(Fraction(1), chances)]
    if kind == "plan":
        return [(Fraction(1), model.idly(chances, rest))]
    found: list[tuple[Fraction, Chances]] = []
    for k in range(SWEEPS):
        found.append(((1 - gamma) * gamma**k, chances))
        chances = model.idly(chances, 1)
    return found


def distance(
    model: Model,
    start: Any,
    horizon: int,
    step: int,
    state: Any,
    action: str,
    *,
    baseline: str,
    rollouts: str,
    gamma: Fraction,
    pairwise: Callable[[Any, Any], Fraction] | None = None,
    worths: list[tuple[Worth, Worth]] | None = None,
    gap: Callable[[Fraction, Fraction], Fraction] | None = None,
) -> Fraction:
    """The deviation of an action, with ``step`` steps gone: of pairs of states, or the mean gap of worths."""
    rest = horizon - step - 1
    led = rolled(model, model.rows[state][action], rollouts, rest, gamma)
    if baseline == "start":
        other = [(weight, {start: Fraction(1)}) for weight, _ in led]
    elif baseline == "inaction":
        other = rolled(model, model.idly({start: Fraction(1)}, step + 1), rollouts, rest, gamma)
    else:
        other = rolled(model, model.idle(state), rollouts, rest, gamma)
    if pairwise is not None:
        total = Fraction(0)
        for (weight, here), (_, there) in zip(led, other, strict=True):
            for s, p in here.items():
                for b, q in there.items():
                    total += weight * p * q * pairwise(s, b)
        return total
    assert worths is not None, "worths are given where pairs are not"
    assert gap is not None, "and so is the gap"
    gaps = []
    for best, left in worths:
        of_baseline = left if baseline == "stepwise" else best
        if baseline == "start":  # never rolled out
            compared = best[start]
        else:
            compared = sum((w * mean(c, of_baseline) for w, c in other), Fraction(0))
        gaps.append(gap(compared, sum((w * mean(c, best) for w, c in led), Fraction(0))))
    return sum(gaps, Fraction(0)) / len(gaps)
