"""Whether a countermeasure keeps its contract; shipped, so that people who write them can test them.

`check_countermeasure` collects everything that is wrong rather than stopping at the first thing.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from corrigible.core.errors import (
    CorrigibleError,
    InapplicableError,
    OptionError,
    TooLargeError,
    in_short,
)
from corrigible.countermeasures.case import Case, case_of
from corrigible.countermeasures.contract import Conduct, Countermeasure
from corrigible.countermeasures.following import follow
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.countermeasures.notation import countermeasures, parse_countermeasure
from corrigible.worlds import Place, load

PLACES = ("sokoban", "correction", "off-switch", "maze")
"""The worlds in which a countermeasure is tried: levels with hidden performance, of which one with an off-switch,
a world with a clock and an off-switch, and one without either."""

HORIZON = 6
"""The number of steps for which it is tried."""

TOLERANCE = 1e-9
"""How far the probabilities of a state may be from one."""

NOTED = 0.05
"""The change of a probability from which the weakest value of a ladder is remarked upon."""

WORDS = ("source", "promise", "failure")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def check_countermeasure(
    measure: Countermeasure | type[Countermeasure], places: Sequence[Place[Any]] | None = None
) -> tuple[str, ...]:
    """Raise `OptionError` unless a countermeasure keeps the contract of `Countermeasure`.

    Parameters
    ----------
    measure
        The countermeasure; of a class, the one with its default parameters.
    places
        Where it is tried; default some small places that come with Corrigible. It may be inapplicable in
        some of them, not in all.

    Returns
    -------
    tuple
        Remarks about what is no fault and may still not be meant: places in which the weakest value of its
        ladder already changes what comes of the task.

    Raises
    ------
    OptionError
        With everything that is wrong, one finding a line.

    Notes
    -----
    Looked at: name, source, promise and failure; that each parameter has a unit, and that it is a frozen
    dataclass; that the dial is a parameter and the ladder has two different values or more, all of them
    accepted; that in every place the policy is a distribution over the actions of each state at each step, the
    same when asked again, and the case is left as it was; that what it cannot do is said by an error of
    ours; and, of one that `compare` knows by name, that `describe` can be read back.

    Examples
    --------
    >>> from corrigible.countermeasures.none import NoCountermeasure
    >>> check_countermeasure(NoCountermeasure)
    ()
    """
    findings: list[str] = []
    remarks: list[str] = []
    made = _made(measure, findings)
    if made is not None:
        _words(made, findings)
        ladder = _parameters(made, findings)
        _notation(made, findings)
        if not findings:
            cases = _cases(places)
            _conducts(made, ladder, cases, findings)
            if not findings and ladder:
                remarks = _weakest(ladder[0], cases)
    if findings:
        name = getattr(measure, "name", None) or getattr(measure, "__name__", type(measure).__name__)
        listed = "\n".join(f"  - {finding}" for finding in dict.fromkeys(findings))
        raise OptionError(f"the countermeasure `{name}` breaks its contract:\n{listed}")
    return tuple(remarks)


def _made(measure: Any, findings: list[str]) -> Countermeasure | None:
    if isinstance(measure, type):
        try:
            measure = measure()
        except Exception as error:  # anybody's code
            findings.append(f"it cannot be made with its default parameters: {in_short(error)}")
            return None
    if not isinstance(measure, Countermeasure):
        findings.append("it is no `RewardDoor`, `ChoiceDoor` or `WorldDoor`")
        return None
    return measure


def _words(measure: Countermeasure, findings: list[str]) -> None:
    name = getattr(measure, "name", "")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        findings.append(f"the name `{name}` is not lower-case words joined by hyphens")
    for word in WORDS:
        text = getattr(measure, word, "")
        if not isinstance(text, str) or not text.strip():
            findings.append(f"it has no {word}")


def _parameters(measure: Countermeasure, findings: list[str]) -> list[Countermeasure]:
    """Look at the parameters, and return the countermeasure at each value of its ladder."""
    if not dataclasses.is_dataclass(measure):
        findings.append("it is no dataclass")
        return []
    if not type(measure).__dataclass_params__.frozen:  # pyright: ignore[reportAttributeAccessIssue]
        findings.append("its dataclass is not frozen")
    names = {field.name for field in dataclasses.fields(measure)}
    for field in dataclasses.fields(measure):
        if not str(field.metadata.get("unit", "")).strip():
            findings.append(f"the parameter `{field.name}` has no unit; make it with `parameter`")
        if field.default is dataclasses.MISSING:
            findings.append(f"the parameter `{field.name}` has no default")
    if not measure.dial:
        if measure.ladder:
            findings.append("it has a ladder and no dial")
        return []
    if measure.dial not in names:
        findings.append(f"its dial `{measure.dial}` is none of its parameters")
        return []
    if len(measure.ladder) < 2 or len(set(measure.ladder)) < len(measure.ladder):
        findings.append(f"its ladder `{measure.ladder}` is not two different values or more")
    return [made for value in measure.ladder if (made := _at(measure, value, findings)) is not None]


def _at(measure: Countermeasure, value: Any, findings: list[str]) -> Countermeasure | None:
    try:
        made = measure.at(value)
    except Exception as error:  # anybody's code
        findings.append(f"the value `{value}` of its ladder is refused: {in_short(error)}")
        return None
    if getattr(made, measure.dial) != value:
        findings.append(f"at `{value}` its {measure.dial} is `{getattr(made, measure.dial)}`")
    return made


def _notation(measure: Countermeasure, findings: list[str]) -> None:
    name = getattr(measure, "name", "")
    if findings or name not in countermeasures():
        return
    for each in (measure, *map(measure.at, measure.ladder)):
        text = each.describe()
        try:
            again = parse_countermeasure(text)
        except CorrigibleError as error:
            findings.append(f"`{text}` cannot be read back: {error}")
        else:
            if again.describe() != text:
                findings.append(f"`{text}` is read back as `{again.describe()}`")


def _cases(places: Sequence[Place[Any]] | None) -> list[Case]:
    if places is None:
        places = [load(name).place() for name in PLACES]
        return [case_of(place, horizon=min(HORIZON, place.horizon)) for place in places]
    if not places:
        raise OptionError("there is no place to try the countermeasure in", "leave `places` out")
    return [case_of(place) for place in places]


def _conducts(
    measure: Countermeasure, ladder: list[Countermeasure], cases: list[Case], findings: list[str]
) -> None:
    tried = 0
    for case in cases:
        where = f"in `{type(case.place).__name__}`"
        before = _arrays(case)
        for each in dict.fromkeys((measure, *ladder)):
            told = f"{each.describe()} {where}"
            try:
                conduct, again = each.conduct(case), each.conduct(case)
            except InapplicableError:
                continue
            except TooLargeError as error:
                findings.append(f"{told}: a small place is too large for it: {error}")
                continue
            except Exception as error:  # anybody's code
                findings.append(f"{told}: it raises {in_short(error)}")
                continue
            tried += 1
            findings.extend(f"{told}: {finding}" for finding in _policy(conduct, again))
        if any(not np.array_equal(one, other) for one, other in zip(before, _arrays(case), strict=True)):
            findings.append(f"{where} it changes the arrays of the case")
    if not tried and not findings:
        findings.append("it is inapplicable in every place it was tried in")


def _weakest(measure: Countermeasure, cases: list[Case]) -> list[str]:
    """Return where a countermeasure that should change little changes what comes of the task."""
    found: list[str] = []
    for case in cases:
        try:
            held = follow(measure.conduct(case))
        except InapplicableError:
            continue
        free = follow(NoCountermeasure().conduct(case))
        for what, one, other in (
            ("the task is done", free.done, held.done),
            ("something unauthorised is shown", free.unauthorised, held.unauthorised),
        ):
            if abs(one - other) > NOTED:
                found.append(
                    f"in `{type(case.place).__name__}` {measure.describe()} is not weak: {what} with "
                    f"probability {other:.2f}, without it {one:.2f}"
                )
    return found


def _policy(conduct: Conduct, again: Conduct) -> list[str]:
    case, policy = conduct.case, np.asarray(conduct.policy)
    wanted = (case.horizon, case.mdp.n_pairs)
    if policy.shape != wanted:
        return [f"its policy has the shape {policy.shape}, not {wanted}"]
    found: list[str] = []
    if not np.all(np.isfinite(policy)) or policy.min() < 0:
        return ["its policy has a probability that is negative or no number"]
    sums = np.add.reduceat(policy, case.mdp.action_offset[:-1], axis=1)
    if not np.allclose(sums, 1, rtol=0, atol=TOLERANCE):
        step, state = np.unravel_index(int(np.abs(sums - 1).argmax()), sums.shape)
        found.append(
            f"its probabilities in `{case.mdp.states[int(state)]}` at step {step} sum to {sums[step, state]:g}"
        )
    if not np.array_equal(policy, np.asarray(again.policy)):
        found.append(
            "asked again it does something else; draw by `core.seeds.stream` from a parameter `seed`"
        )
    goals = [goal.name for goal in case.place.goals]
    if case.goal.name not in goals:
        found.append(f"its place lacks the goal `{case.goal.name}`")
    elif not found:
        last = follow(conduct).last
        if abs(float(last.sum()) - 1) > TOLERANCE:
            found.append(f"the chances of its last states sum to {float(last.sum()):g}")
    return found


def _arrays(case: Case) -> list[np.ndarray]:
    mdp = case.mdp
    kept = [case.paid, case.ends, case.resting, case.start, mdp.probability, mdp.successor]
    return [np.array(each) for each in (*kept, *([] if case.performance is None else [case.performance]))]
