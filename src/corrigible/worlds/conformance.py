"""Whether a world keeps its contract; shipped, so that people who write worlds can test them.

`check_world` collects everything that is wrong rather than stopping at the first thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from corrigible.core.errors import CorrigibleError, WorldError
from corrigible.worlds.contract import Behaviour, World
from corrigible.worlds.process import Process, enumerate_place, process
from corrigible.worlds.theory import DISCOUNT, honest_success, predictions
from corrigible.worlds.tools import Call
from corrigible.worlds.variant import LEVELS, TEXT_FACTORS, Variant

MOST_STATES_READ = 400
"""How many states have their texts, calls and replies looked at; spread evenly over all."""

EDITIONS = (0, 1, 2)
"""The editions that are looked at: the published one, and two that are drawn."""


def check_world(world: World, discount: float = DISCOUNT, editions: Sequence[int] = EDITIONS) -> None:
    """Raise `WorldError` unless ``world`` keeps the contract of `World` and `Place`.

    Parameters
    ----------
    world
        The world.
    discount
        γ at which usefulness is computed.
    editions
        Which editions are looked at; see `Variant.edition`.

    Raises
    ------
    WorldError
        With everything that is wrong, one finding a line.

    Notes
    -----
    Looked at: names and words; probabilities and reachability; the no-op; goals (number, range,
    names) and that each can be met without any behaviour; behaviours (possible, never shown by the
    no-op, useful for some goals and useless for at least two); the control (same start, same
    actions, same story, another fact, other answers to the questions, no use for any behaviour); text
    factors (same dynamics and arrays, another briefing); the training twin; the twin with the honest path
    closed (same goals, another briefing, and a goal that can be met with a behaviour and not without);
    evidence against a wrong assumption (not there at the start, and before an act that shows the
    behaviour); that editions differ; and for states spread over the whole place that every action can
    be called, every call is answered, and observations keep their shape, the same in all twins.
    """
    findings: list[str] = []
    _words(world, findings)
    for edition in editions:
        _edition(world, edition, discount, findings)
    if not findings and len(editions) > 1:
        _editions(world, editions, findings)
    if findings:
        listed = "\n".join(f"  - {finding}" for finding in findings)
        raise WorldError(f"the world `{world.name}` breaks its contract:\n{listed}")


def _edition(world: World, edition: int, discount: float, findings: list[str]) -> None:
    faces: dict[Variant, Process] = {}
    before = len(findings)
    for variant in world.variants(edition):
        try:
            faces[variant] = process(world.place(variant))
        except CorrigibleError as error:
            findings.append(f"{_tell(variant)}: {error}")
    if len(findings) > before:
        return
    for variant, face in faces.items():
        _goals(variant, face, findings)
        _texts(variant, face, findings)
    base = Variant(edition=edition)
    if len({_shape(face) for face in faces.values()}) > 1:
        findings.append(f"{_of(base)}the twins have observations of different shapes")
    try:
        _behaviours(base, faces, findings)
        _closed(base, faces, findings)
        _questions(base, faces, findings)
        _twins(world, base, faces, findings)
        _factors(world, base, faces, findings)
        _usefulness(world, base, discount, findings)
    except CorrigibleError as error:  # what is wrong so far can leave the rest without an answer
        findings.append(str(error))


def _editions(world: World, editions: Sequence[int], findings: list[str]) -> None:
    faces = [process(world.place(Variant(edition=edition))) for edition in editions]
    if all(face.mdp == faces[0].mdp for face in faces[1:]):
        findings.append(
            f"the editions {list(editions)} have the same dynamics; `Variant.number` draws others"
        )
    if len({_shape(face) for face in faces}) > 1:
        findings.append(f"the editions {list(editions)} have observations of different shapes")
    for attribute in ("goals", "behaviours"):
        if len({tuple(thing.name for thing in getattr(face.place, attribute)) for face in faces}) > 1:
            findings.append(f"the editions {list(editions)} have other {attribute}")


def _words(world: World, findings: list[str]) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", world.name):
        findings.append(f"the name `{world.name}` should be lower-case words joined by hyphens")
    for attribute in ("title", "summary", "source"):
        if not getattr(world, attribute, "").strip():
            findings.append(f"`{attribute}` is empty")


def _goals(variant: Variant, face: Process, findings: list[str]) -> None:
    place, where = face.place, _tell(variant)
    names = [goal.name for goal in place.goals]
    if len(names) < 8:
        findings.append(f"{where}: there are {len(names)} goals, at least 8 are wanted")
    if len(set(names)) != len(names):
        findings.append(f"{where}: two goals share a name")
    for goal in place.goals:
        rewards = face.rewards(goal)
        if not np.all((rewards >= -1e-12) & (rewards <= 1 + 1e-12)):
            findings.append(f"{where}: rewards of goal `{goal.name}` leave [0, 1]")
        if goal.instruction.strip() not in place.briefing(goal):
            findings.append(f"{where}: the briefing of goal `{goal.name}` lacks its instruction")
        met = honest_success(place, goal) if variant.path == "open" else 1.0
        if met < 1 - 1e-9:
            findings.append(
                f"{where}: goal `{goal.name}` is met with probability {met:.3g} at best without any behaviour"
            )


def _texts(variant: Variant, face: Process, findings: list[str]) -> None:
    place, where = face.place, _tell(variant)
    for attribute in ("story", "fact"):
        if not getattr(place, attribute).strip():
            findings.append(f"{where}: `{attribute}` is empty")
    tools = {tool.name: tool for tool in place.tools}
    complaints: dict[str, str] = {}
    for tool in place.tools:
        if not (tool.description.strip() and tool.rule.strip()):
            findings.append(f"{where}: tool `{tool.name}` lacks its description or its rule")
    shapes = set[tuple[int, ...]]()
    texts_missing = no_noop = False
    for at in _spread(face):
        state: Any = face.mdp.states[at]
        seen = place.observe(state)
        shapes.add(seen.array.shape)
        texts_missing |= not seen.text.strip() or not np.all(np.isfinite(seen.array))
        if place.terminal(state):
            continue
        actions = place.actions(state)
        no_noop |= place.noop not in actions
        for action in actions:
            if action.tool not in tools:
                findings.append(f"{where}: action `{action.name}` has no tool `{action.tool}`")
                return
            if action.name not in complaints:
                complaints[action.name] = tools[action.tool].complaint(action.call.arguments)
            problem = complaints[action.name]
            if problem or place.ground(state, action.call) != action:
                findings.append(
                    f"{where}: action `{action.name}` cannot be called in `{state}`{problem and ': ' + problem}"
                )
                return
            for _, after in place.step(state, action):
                if not place.reply(state, action.call, action, after).strip():
                    findings.append(f"{where}: action `{action.name}` is not answered in `{state}`")
                    return
        for tool in place.tools:
            nonsense = Call(tool=tool.name, arguments={"nonsense": "\u2603"})
            meant = place.ground(state, nonsense)
            if meant is None and not place.reply(state, nonsense, None, state).strip():
                findings.append(f"{where}: a call of `{tool.name}` that means nothing is not answered")
                return
    if len(shapes) > 1:
        findings.append(f"{where}: observations have the shapes {sorted(shapes)}, one is wanted")
    if texts_missing:
        findings.append(f"{where}: an observation is empty or not finite")
    if no_noop:
        findings.append(f"{where}: the no-op `{place.noop.name}` is missing in some state")


def _behaviours(base: Variant, faces: dict[Variant, Process], findings: list[str]) -> None:
    first = faces[base]
    if not first.place.behaviours:
        findings.append("there is no behaviour")
    for behaviour in first.place.behaviours:
        for useful in (True, False):
            face = faces[base.replace(useful=useful)]
            if not face.behaviours[behaviour.name].any():
                findings.append(f"{_tell(face.place.variant)}: `{behaviour.name}` cannot occur")
        for variant, face in faces.items():
            if np.any(face.shows(behaviour.name) & face.is_noop):
                findings.append(f"{_tell(variant)}: the no-op shows `{behaviour.name}`")
        if behaviour.evident is not None:
            _evidence(first, behaviour, findings)


def _evidence(face: Process, behaviour: Behaviour, findings: list[str]) -> None:
    assert behaviour.evident is not None, "only behaviours with evidence are looked at"
    evident, where = behaviour.evident, _tell(face.place.variant)
    if any(evident(state) for _, state in face.place.start()):
        findings.append(f"{where}: the evidence against `{behaviour.name}` is there from the start")
    seen = np.array([bool(evident(state)) for state in face.mdp.states])
    if not np.any(seen[face.mdp.owner] & face.shows(behaviour.name)):
        findings.append(f"{where}: `{behaviour.name}` cannot occur once the evidence against it is seen")


def _closed(base: Variant, faces: dict[Variant, Process], findings: list[str]) -> None:
    variant = base.replace(path="closed")
    if variant not in faces:
        return
    place, open_place, where = faces[variant].place, faces[base].place, _tell(variant)
    names = [goal.name for goal in place.goals]
    if names != [goal.name for goal in open_place.goals]:
        findings.append(f"{where}: its goals are not those of the open twin")
    elif place.briefing(place.goals[0]) == open_place.briefing(open_place.goals[0]):
        findings.append(f"{where}: the briefing does not say that the path is closed")
    shut = [goal for goal in place.goals if honest_success(place, goal) < 1e-9]
    if not shut:
        findings.append(f"{where}: every goal can still be met without any behaviour")
    elif not any(np.any(faces[variant].succeeded(goal)) for goal in shut):
        findings.append(f"{where}: what cannot be met without a behaviour cannot be met with one either")


def _questions(base: Variant, faces: dict[Variant, Process], findings: list[str]) -> None:
    here, there = faces[base].place, faces[base.replace(useful=False)].place
    before = len(findings)
    for place in (face.place for face in faces.values()):
        where = _tell(place.variant)
        if not getattr(place, "questions", ()):
            findings.append(f"{where}: there is no question about what the behaviour does")
        for question in getattr(place, "questions", ()):
            if question.answer not in question.options or len(set(question.options)) < 2:
                findings.append(f"{where}: the answer to `{question.text}` is not one of two options or more")
    if len(findings) > before:
        return
    if [(q.text, q.options) for q in here.questions] != [(q.text, q.options) for q in there.questions]:
        findings.append(f"{_tell(base)}: the control asks other questions")
    for one, other in zip(here.questions, there.questions, strict=False):
        if one.answer == other.answer:
            findings.append(f"{_tell(base)}: the control has the same answer to `{one.text}`")


def _usefulness(world: World, base: Variant, discount: float, findings: list[str]) -> None:
    place, control = world.place(base), world.place(base.replace(useful=False))
    where = "control" if base.edition == 0 else _tell(control.variant)
    used: dict[str, int] = {behaviour.name: 0 for behaviour in place.behaviours}
    unused = 0
    for goal in place.goals:
        found = predictions(place, goal, discount)
        for prediction in found:
            used[prediction.behaviour] += prediction.useful
        unused += not any(prediction.useful or prediction.least > 0 for prediction in found)
        for prediction in predictions(control, control.goal(goal.name), discount):
            if prediction.useful or prediction.least > 0:
                findings.append(
                    f"{where}: `{prediction.behaviour}` is of use for goal `{goal.name}` "
                    f"(gain {prediction.gain:.3g}, least rate {prediction.least:.3g})"
                )
    for name, count in used.items():
        if count == 0:
            findings.append(f"{_of(base)}`{name}` is of use for no goal")
    if unused < 2:
        findings.append(f"{_of(base)}{unused} goals have no use for any behaviour, at least 2 are wanted")


def _twins(world: World, base: Variant, faces: dict[Variant, Process], findings: list[str]) -> None:
    for variant in faces:
        if not variant.useful or variant.path == "closed":
            continue
        useful, control = faces[variant], faces[variant.replace(useful=False)]
        if useful.place.start() != control.place.start():
            findings.append(f"{_tell(variant)}: the control starts elsewhere")
        for face, other in ((useful, control), (control, useful)):
            for state, end in zip(face.mdp.states, face.mdp.terminal, strict=True):
                if not end and not other.place.terminal(state):
                    mine = {a.name for a in face.place.actions(state)}
                    theirs = {a.name for a in other.place.actions(state)}
                    if mine != theirs:
                        findings.append(
                            f"{_tell(variant)}: the control has other actions in `{state}`: {sorted(mine ^ theirs)}"
                        )
                        break
        for goal in useful.place.goals:
            if goal.name not in {g.name for g in control.place.goals}:
                findings.append(f"{_tell(variant)}: the control lacks goal `{goal.name}`")
        if useful.place.story != control.place.story:
            findings.append(f"{_tell(variant)}: the control tells another story; only the fact may differ")
        if useful.place.fact == control.place.fact:
            findings.append(f"{_tell(variant)}: the control's fact is the same")
        # In training the fact may speak of what does not happen there: one training for both twins.
        if useful.mdp == control.mdp and variant.phase == "deployment":
            findings.append(f"{_tell(variant)}: the control has the same dynamics")
        for face in (useful, control):
            goal = face.place.goals[0]
            if face.place.fact not in face.place.briefing(goal):
                findings.append(f"{_tell(face.place.variant)}: the briefing lacks the fact")
    if world.shifted:
        deployment, training = world.place(base), faces[base.replace(phase="training")]
        same_text = deployment.briefing(deployment.goals[0]) == training.place.briefing(
            training.place.goals[0]
        )
        if training.mdp == faces[base].mdp and same_text:
            findings.append("the training twin is the same as deployment")


def _factors(world: World, published: Variant, faces: dict[Variant, Process], findings: list[str]) -> None:
    base = faces[published]
    goal = base.place.goals[0]
    alone = [published.replace(seed=1), published.replace(seed=2)]
    for factor in TEXT_FACTORS:
        for level in LEVELS[factor][1:]:
            variant = published.replace(**{factor: level})
            alone.append(variant)
            place = world.place(variant)
            if place.briefing(place.goal(goal.name)) == base.place.briefing(goal):
                findings.append(
                    f"{_of(published)}the factor `{factor}` at `{level}` does not change the briefing"
                )
            for behaviour in place.behaviours:
                if behaviour.authorised != (variant.permission == "allowed"):
                    findings.append(f"`{behaviour.name}` is authorised wrongly at {factor} = {level}")
    # Every level, in two variants: to enumerate a place takes long. Only what differs is taken apart.
    together = [
        published.replace(seed=seed, **{factor: LEVELS[factor][at] for factor in TEXT_FACTORS})
        for seed, at in ((1, 1), (2, -1))
    ]
    told = [finding for variant in together for finding in _text_changes(world, variant, base)]
    if told:
        findings += [finding for variant in alone for finding in _text_changes(world, variant, base)] or told


def _text_changes(world: World, variant: Variant, base: Process) -> list[str]:
    # From scratch: what is kept is kept by the very dynamics that are in question here.
    place, found = world.place(variant), list[str]()
    if enumerate_place(place).mdp != base.mdp:
        found.append(f"{_tell(variant)}: a factor of the text changes the dynamics")
    states: list[Any] = [base.mdp.states[at] for at in _spread(base)]
    if any(not np.array_equal(place.observe(s).array, base.place.observe(s).array) for s in states):
        found.append(f"{_tell(variant)}: a factor of the text changes the array of an observation")
    return found


def _shape(face: Process) -> tuple[int, ...]:
    start: Any = face.mdp.states[0]
    return face.place.observe(start).array.shape


def _spread(face: Process) -> list[int]:
    return np.unique(np.linspace(0, face.mdp.n_states - 1, MOST_STATES_READ).astype(int)).tolist()


def _of(base: Variant) -> str:
    return "" if base.edition == 0 else f"edition {base.edition}: "


def _tell(variant: Variant) -> str:
    twin = "world" if variant.useful else "control"
    changed = [
        f"{name} = {getattr(variant, name)}"
        for name in ("path", *TEXT_FACTORS, "edition", "seed")
        if getattr(variant, name) != getattr(Variant(), name)
    ]
    phase = "" if variant.phase == "deployment" else f" in {variant.phase}"
    return f"{twin}{phase}" + (f" ({', '.join(changed)})" if changed else "")
