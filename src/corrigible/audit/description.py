"""Everything there is to tell of a world, as plain data: what its page and its ``--json`` are made from."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from corrigible.audit.power_gained import SAMPLES, PowerGained, power_gained
from corrigible.audit.result import Prediction
from corrigible.worlds.contract import Place, World
from corrigible.worlds.process import process
from corrigible.worlds.theory import Prediction as GoalPrediction
from corrigible.worlds.theory import predictions
from corrigible.worlds.variant import Variant

SAME_WORDS = "The briefing is the same, word for word; what differs is what happens."
"""What is said of a twin that no sentence of the briefing tells apart."""


def describe(
    world: World, edition: int = 0, *, samples: int | None = SAMPLES, seed: int = 0
) -> dict[str, Any]:
    """Return everything there is to tell of an edition of a world, as plain data.

    Parameters
    ----------
    world
        The world.
    edition
        Which edition of it.
    samples, seed
        For POWER before and after each behaviour; see `power_gained`. ``None``: without POWER, whose
        entries are then ``None``.

    Raises
    ------
    OptionError
        If the edition, the samples or the seed are out of range.
    """
    here = Variant(edition=edition)
    place, control = world.place(here), world.place(here.replace(useful=False))
    face, twin = process(place), process(control)
    training = world.place(here.replace(phase="training")) if world.shifted else None
    closed = world.place(here.replace(path="closed")) if world.closable else None
    said, said_control = _predictions(place), _predictions(control)
    power = None if samples is None else power_gained(place, samples, seed)
    power_control = None if samples is None else power_gained(control, samples, seed)
    return {
        "world": world.name,
        "title": world.title,
        "summary": world.summary,
        "edition": edition,
        "story": place.story,
        "fact": place.fact,
        "control_fact": control.fact,
        "training": None if training is None else _told_else(place, training),
        "closed": None if closed is None else _told_else(place, closed),
        "behaviours": [
            {
                "name": b.name,
                "drive": str(b.drive),
                "gravity": b.gravity.name.lower(),
                "description": b.description,
            }
            for b in place.behaviours
        ],
        "goals": [
            {
                "name": goal.name,
                "instruction": goal.instruction,
                "success": goal.success,
                "theory": [
                    {
                        "behaviour": p.behaviour,
                        "gain": p.gain,
                        "useful": p.useful,
                        "least": p.least,
                        "most": p.most,
                    }
                    for p in theory
                ],
            }
            for goal, theory in zip(place.goals, said, strict=True)
        ],
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
                "rule": tool.rule,
            }
            for tool in place.tools
        ],
        "questions": [
            {
                "text": asked.text,
                "options": list(asked.options),
                "answer": asked.answer,
                "control_answer": there.answer,
            }
            for asked, there in zip(place.questions, control.questions, strict=True)
        ],
        "theory": [
            {
                "behaviour": b.name,
                "goals": len(place.goals),
                "optimal": dataclasses.asdict(Prediction.over_goals([of_goal[number] for of_goal in said])),
                "optimal_control": dataclasses.asdict(
                    Prediction.over_goals([of_goal[number] for of_goal in said_control])
                ),
                "power": _power(power, b.name),
                "power_control": _power(power_control, b.name),
            }
            for number, b in enumerate(place.behaviours)
        ],
        "power": None if power is None or power_control is None else _how(power, power_control, seed),
        "actions": sorted(face.by_name),
        "size": {
            "states": face.mdp.n_states,
            "pairs": face.mdp.n_pairs,
            "transitions": face.mdp.n_transitions,
            "outcomes": len(face.outcomes),
            "horizon": place.horizon,
            "control_states": twin.mdp.n_states,
        },
        "source": world.source,
    }


def _told_else(place: Place[Any], other: Place[Any]) -> str:
    """Return the sentences of another twin's story and fact that are not in this one's."""
    mine = _sentences(place)
    return " ".join(sentence for sentence in _sentences(other) if sentence not in mine)


def _sentences(place: Place[Any]) -> list[str]:
    return re.split(r"(?<=[.!?]) ", f"{place.story} {place.fact}")


def _predictions(place: Place[Any]) -> list[tuple[GoalPrediction, ...]]:
    return [predictions(place, goal) for goal in place.goals]


def _power(power: PowerGained | None, behaviour: str) -> dict[str, Any] | None:
    """Return POWER around a behaviour; ``None`` where it cannot occur, or nothing was computed."""
    found = [] if power is None else [one for one in power.behaviours if one.behaviour == behaviour]
    return dataclasses.asdict(found[0]) if found else None


def _how(power: PowerGained, control: PowerGained, seed: int) -> dict[str, Any]:
    return {
        "discount": power.discount,
        "samples": power.samples,
        "seed": seed,
        "residual": max(power.residual, control.residual),
        "error_bound": max(power.error_bound, control.error_bound),
    }


# --- numbers as words: the same on the terminal and on the pages -------------------------------


def rate_words(least: float, most: float) -> str:
    """Return the rate of optimal agents, ``least`` to ``most`` where they may differ."""
    return f"{least:.0%}" if abs(most - least) < 0.005 else f"{least:.0%} to {most:.0%}"


def gain_words(prediction: dict[str, Any]) -> str:
    """Return a goal's gain by a behaviour; 0 where it is of no use."""
    return f"{prediction['gain']:+.3f}" if prediction["useful"] else "0"


def power_rows(theory: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return POWER around a behaviour, a row for each distribution of goals.

    Each is: the goals; POWER at the choice, after doing nothing, after the behaviour; gained with its
    standard error; the same gained in the control. "–" where the behaviour cannot occur.
    """
    here, there = theory["power"], theory["power_control"]
    rows: list[tuple[str, ...]] = []
    for key, goals, digits in (("outcomes", "random", 4), ("named", "its own", 3)):
        mine = None if here is None else here[key]
        levels = ["–"] * 3 if mine is None else [f"{mine[x]:.{digits}f}" for x in ("at", "noop", "after")]
        control = None if there is None else there[key]
        rows.append((goals, *levels, _gained(mine, digits), _gained(control, digits)))
    return rows


def power_note(about: dict[str, Any]) -> str:
    """Return how to read POWER before and after a behaviour."""
    how = about["power"]
    return (
        "POWER: the share of the best imaginable that an agent can still attain, on average over goals. At the "
        "choice: where the behaviour is first possible. After nothing and after it: one step later, having done "
        f"nothing or the behaviour. Random goals: {how['samples']:,} of them, a reward for each of "
        f"{about['size']['outcomes']:,} outcomes, independent and uniform on [0, 1], with the standard error of the "
        f"difference. Its own goals: those above. Discount {how['discount']:g}, seed {how['seed']}."
    )


def _gained(around: dict[str, Any] | None, digits: int) -> str:
    if around is None:
        return "–"
    error = around["stderr"]
    text = _signed(around["gained"], digits)
    return text if error is None else f"{text} ± {error:.{digits}f}"


def _signed(value: float, digits: int) -> str:
    shown = f"{value:+.{digits}f}"
    return shown[1:] if float(shown) == 0 else shown.replace("-", "−")
