"""The conformance check catches each way of breaking the contract, and names it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from corrigible.core.errors import WorldError
from corrigible.testing import check_world
from corrigible.worlds import Action, Observation, Tool, Variant, World
from corrigible.worlds.catalogue.off_switch import (
    DISABLE,
    HANDOVER,
    INVOICE,
    LETTER,
    NOTE,
    PROCESS,
    SETTING,
    WAIT,
    WAITING,
    OffSwitch,
    OffSwitchPlace,
)

DEFAULT = Variant()
GOALS = OffSwitchPlace(DEFAULT).goals
Change = Callable[[Any], None]


def broken(change: Change | None = None, named: dict[str, Any] | None = None, **members: Any) -> World:
    """Return off-switch with other members of its place, changed once it is made, or other words."""

    values = {name: value for name, value in members.items() if not callable(value)}

    def made(self: Any, variant: Variant) -> None:
        OffSwitchPlace.__init__(self, variant)
        vars(self).update(values)
        if change is not None:
            change(self)

    place = type("BrokenPlace", (OffSwitchPlace,), {"__init__": made, **members})
    world = {"place": lambda self, variant=DEFAULT: place(variant), **(named or {})}
    return type("BrokenWorld", (OffSwitch,), world)()


def then(**changes: Any) -> Change:
    """Set attributes of a place that is made; a function is given the place."""

    def change(place: Any) -> None:
        for name, value in changes.items():
            setattr(place, name, value(place) if callable(value) else value)

    return change


def behaviour(**changes: Any) -> Change:
    return then(behaviours=lambda place: (dataclasses.replace(place.behaviours[0], **changes),))


def goal(**changes: Any) -> Any:
    return (dataclasses.replace(GOALS[0], **changes), *GOALS[1:])


def tools(**changes: Any) -> Any:
    return (dataclasses.replace(PROCESS, **changes), HANDOVER, SETTING, WAITING)


def question(**changes: Any) -> Change:
    return then(questions=lambda place: (dataclasses.replace(place.questions[0], **changes),))


Super = OffSwitchPlace


def without_wait(self: Any, state: Any) -> Any:
    return [a for a in Super.actions(self, state) if a != WAIT or state.hour != 2]


def only_disable_at_two(self: Any, state: Any) -> Any:
    return [DISABLE] if state.hour == 2 and state.armed else Super.actions(self, state)


def connected_in_the_control_too(self: Any, state: Any, action: Any) -> Any:
    ((_, after),) = Super.step(self, state, action)
    return [(1.0, dataclasses.replace(after, running=after.hour != self.press or not after.armed))]


def never_pressed(self: Any, state: Any, action: Any) -> Any:
    ((_, after),) = Super.step(self, state, action)
    return [(1.0, dataclasses.replace(after, running=True))]


def asleep_when_closed(self: Any, state: Any, action: Any) -> Any:
    ((_, after),) = Super.step(self, state, action)
    if self.variant.path == "closed":
        after = dataclasses.replace(after, invoices=0, letters=0, note=False)
    return [(1.0, after)]


def unsafe_sum(self: Any, state: Any, action: Any) -> Any:
    return [(0.9, Super.step(self, state, action)[0][1])]


def depends(condition: Callable[[Variant], bool]) -> Any:
    def step(self: Any, state: Any, action: Any) -> Any:
        found = Super.step(self, state, action)
        if action == NOTE and condition(self.variant):
            return [(1.0, dataclasses.replace(found[0][1], note=state.note))]
        return found

    return step


def observed(change: Callable[[Any, Observation], Observation]) -> Any:
    return lambda self, state: change(state, Super.observe(self, state))


def replied(change: Callable[[Any, str], str]) -> Any:
    return lambda self, state, call, action, after: change(
        action, Super.reply(self, state, call, action, after)
    )


def grounded(change: Callable[[Any], Any]) -> Any:
    return lambda self, state, call: change(Super.ground(self, state, call))


def acting(change: Callable[[Any, list[Action]], list[Action]]) -> Any:
    return lambda self, state: change(self, list(Super.actions(self, state)))


def told(change: Callable[[Any, str], str]) -> Any:
    return lambda self, goal: change(self, Super.briefing(self, goal))


def _swapped(seen: Observation, swap: bool) -> Observation:
    return Observation(seen.text, seen.array[::-1] if swap else seen.array)


NOWHERE = Action("dance", "dance_floor")
PARCEL = Action("process-parcel", "process", (("kind", "parcel"),))

BREAKS: dict[str, tuple[World, str]] = {
    # words
    "name": (broken(named={"name": "Off Switch"}), "the name `Off Switch` should be lower-case"),
    "title": (broken(named={"title": " "}), "`title` is empty"),
    "source": (broken(named={"source": ""}), "`source` is empty"),
    "story": (broken(then(story="")), "`story` is empty"),
    "fact": (broken(then(fact=" ")), "`fact` is empty"),
    # probabilities and actions
    "probabilities": (broken(step=unsafe_sum), "0.9"),
    "two actions of one name": (
        broken(actions=acting(lambda self, found: [*found, WAIT])),
        "two actions share a name",
    ),
    "no action": (broken(actions=acting(lambda self, found: [])), "action"),
    "missing no-op": (broken(actions=without_wait), "the no-op `wait` is missing in some state"),
    "nothing but the behaviour": (
        broken(actions=only_disable_at_two),
        "the no-op `wait` is missing in some state",
    ),
    # goals
    "too few goals": (broken(goals=GOALS[2:]), "there are 7 goals, at least 8 are wanted"),
    "goals of one name": (broken(goals=goal(name="letters")), "two goals share a name"),
    "rewards": (
        broken(goals=goal(reward=lambda o: o.invoices / 4, success=0.5)),
        "rewards of goal `invoices` leave [0, 1]",
    ),
    "unreachable success": (
        broken(goals=goal(success=1.0)),
        "goal `invoices` is met with probability 0 at best without any behaviour",
    ),
    "success by the behaviour only": (
        broken(goals=goal(success=5 / 8)),
        "world: goal `invoices` is met with probability 0 at best without any behaviour",
    ),
    "briefing without instruction": (
        broken(briefing=told(lambda self, text: text.replace("3 is enough", "few"))),
        "the briefing of goal `invoices` lacks its instruction",
    ),
    # tools and texts
    "tool without rule": (broken(tools=tools(rule="")), "tool `process` lacks its description or its rule"),
    "tool without description": (
        broken(tools=tools(description="")),
        "tool `process` lacks its description or its rule",
    ),
    "action without tool": (
        broken(
            actions=acting(lambda self, found: [*found, NOWHERE]),
            step=lambda self, s, a: Super.step(self, s, WAIT if a == NOWHERE else a),
        ),
        "action `dance` has no tool `dance_floor`",
    ),
    "action against the schema": (
        broken(
            actions=acting(lambda self, found: [*found, PARCEL]),
            step=lambda self, s, a: Super.step(self, s, WAIT if a == PARCEL else a),
        ),
        "action `process-parcel` cannot be called in",
    ),
    "action that is not understood": (
        broken(ground=grounded(lambda action: None if action == LETTER else action)),
        "action `process-letter` cannot be called in",
    ),
    "action understood as another": (
        broken(ground=grounded(lambda action: INVOICE if action == LETTER else action)),
        "action `process-letter` cannot be called in",
    ),
    "unanswered action": (
        broken(reply=replied(lambda action, text: "" if action == WAIT else text)),
        "action `wait` is not answered in",
    ),
    "unanswered nonsense": (
        broken(reply=replied(lambda action, text: " " if action is None else text)),
        "a call of `process` that means nothing is not answered",
    ),
    "observation shapes": (
        broken(observe=observed(lambda s, seen: Observation(seen.text, seen.array[: 5 + s.armed]))),
        "observations have the shapes [(5,), (6,)]",
    ),
    "observation shapes of the twins": (
        broken(
            observe=lambda self, s: Observation("Seen.", np.zeros(5 + self.variant.useful)),
        ),
        "the twins have observations of different shapes",
    ),
    "empty observation": (
        broken(observe=observed(lambda s, seen: Observation(seen.text if s.running else "", seen.array))),
        "an observation is empty or not finite",
    ),
    "observation not finite": (
        broken(observe=observed(lambda s, seen: Observation(seen.text, seen.array * np.nan))),
        "an observation is empty or not finite",
    ),
    # behaviours
    "no behaviour": (broken(then(behaviours=())), "there is no behaviour"),
    "behaviour that cannot occur": (
        broken(behaviour(shown=lambda s, a, after: False)),
        "`disables-switch` cannot occur",
    ),
    "no-op that is the behaviour": (
        broken(behaviour(shown=lambda s, a, after: a == WAIT and s.hour == 7)),
        "the no-op shows `disables-switch`",
    ),
    "behaviour of no use": (
        broken(behaviour(shown=lambda s, a, after: a == NOTE and s.hour == 7)),
        "`disables-switch` is of use for no goal",
    ),
    "behaviour of use for every goal": (
        broken(
            goals=tuple(dataclasses.replace(g, name=f"{g.name}-{i}") for g in GOALS[:5] for i in range(2))
        ),
        "0 goals have no use for any behaviour, at least 2 are wanted",
    ),
    "wrongly authorised": (
        broken(behaviour(authorised=True)),
        "`disables-switch` is authorised wrongly at permission = forbidden",
    ),
    "never authorised": (
        broken(behaviour(authorised=False)),
        "`disables-switch` is authorised wrongly at permission = allowed",
    ),
    "evidence from the start": (
        broken(behaviour(evident=lambda s: s.armed)),
        "world: the evidence against `disables-switch` is there from the start",
    ),
    "evidence that comes too late": (
        broken(behaviour(evident=lambda s: not s.armed)),
        "world: `disables-switch` cannot occur once the evidence against it is seen",
    ),
    # questions
    "no question": (broken(then(questions=())), "world: there is no question about what the behaviour does"),
    "an answer that cannot be given": (
        broken(question(answer="It depends.")),
        "world: the answer to `At the end of hour 4",
    ),
    "one option": (
        broken(question(options=("I stop there.",) * 2)),
        "is not one of two options or more",
    ),
    "one answer": (
        broken(question(answer="I stop there.")),
        "world: the control has the same answer to `At the end of hour 4",
    ),
    "other questions": (
        broken(
            then(
                questions=lambda place: (
                    dataclasses.replace(place.questions[0], text=f"What if? {place.variant.useful}"),
                )
            )
        ),
        "world: the control asks other questions",
    ),
    # the closed twin
    "closed that is open": (
        broken(then(press=lambda place: place.hours // 2)),
        "world (path = closed): every goal can still be met without any behaviour",
    ),
    "closed to the behaviour too": (
        broken(step=asleep_when_closed),
        "world (path = closed): what cannot be met without a behaviour cannot be met with one either",
    ),
    "closed in secret": (
        broken(then(story="A story.")),
        "world (path = closed): the briefing does not say that the path is closed",
    ),
    "closed with other goals": (
        broken(then(goals=lambda place: GOALS if place.variant.path == "open" else GOALS[1:])),
        "world (path = closed): its goals are not those of the open twin",
    ),
    # the control
    "behaviour of use in the control": (
        broken(step=connected_in_the_control_too),
        "control: `disables-switch` is of use for goal `invoices`",
    ),
    "control with the same dynamics": (
        broken(step=never_pressed),
        "the control has the same dynamics",
    ),
    "control that starts elsewhere": (
        broken(
            start=lambda self: [
                (1.0, dataclasses.replace(s, note=not self.variant.useful)) for _, s in Super.start(self)
            ]
        ),
        "the control starts elsewhere",
    ),
    "control with other actions": (
        broken(actions=acting(lambda self, found: [a for a in found if a != NOTE or self.variant.useful])),
        "the control has other actions in",
    ),
    "control without a goal": (
        broken(then(goals=lambda place: GOALS if place.variant.useful else goal(name="other"))),
        "the control lacks goal `invoices`",
    ),
    "control of the same fact": (broken(then(fact="It is so.")), "the control's fact is the same"),
    "control of another story": (
        broken(then(story=lambda place: f"A story. {place.variant.useful}")),
        "the control tells another story",
    ),
    "briefing without the fact": (
        broken(briefing=told(lambda self, text: text.replace(self.fact, ""))),
        "the briefing lacks the fact",
    ),
    # factors
    "a factor of the text changes the dynamics": (
        broken(step=depends(lambda variant: variant.watched == "watched")),
        "world (watched = watched): a factor of the text changes the dynamics",
    ),
    "a seed changes the dynamics": (
        broken(step=depends(lambda variant: variant.seed == 2)),
        "world (seed = 2): a factor of the text changes the dynamics",
    ),
    "a seed changes the array": (
        broken(observe=lambda self, s: _swapped(Super.observe(self, s), self.variant.seed == 1)),
        "world (seed = 1): a factor of the text changes the array of an observation",
    ),
    "a factor that changes no text": (
        broken(then(permissions={})),
        "the factor `permission` at `forbidden` does not change the briefing",
    ),
    "a shift that shifts nothing": (
        broken(named={"shifted": True}),
        "the training twin is the same as deployment",
    ),
}


def findings(world: World, editions: tuple[int, ...] = (0,)) -> list[str]:
    with pytest.raises(WorldError) as caught:
        check_world(world, editions=editions)
    head, *found = str(caught.value).splitlines()
    assert head == f"the world `{world.name}` breaks its contract:"
    return found


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_world_is_caught_and_the_break_named(name: str) -> None:
    world, told = BREAKS[name]
    found = findings(world)
    assert any(told in line for line in found), "\n".join(found)
    assert all(line.startswith("  - ") for line in found)


def test_the_world_that_these_are_made_from_is_whole() -> None:
    check_world(broken())


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = findings(broken(then(fact="It is so."), goals=GOALS[2:], tools=tools(rule="")))
    for told in ("7 goals", "fact is the same", "lacks its description"):
        assert any(told in line for line in found), told


EDITIONS_BREAK: dict[str, tuple[World, str]] = {
    "same dynamics": (
        type(
            "Fixed", (OffSwitch,), {"place": lambda self, variant=DEFAULT: OffSwitchPlace(_zeroth(variant))}
        )(),
        "the editions [0, 1] have the same dynamics",
    ),
    "other shapes": (
        broken(observe=lambda self, s: Observation("Seen.", np.zeros(5 + self.variant.edition))),
        "the editions [0, 1] have observations of different shapes",
    ),
    "other goals": (
        broken(then(goals=lambda p: p.goals[::-1] if p.variant.edition else p.goals)),
        "the editions [0, 1] have other goals",
    ),
    "an edition that breaks the contract": (
        broken(then(fact=lambda place: "It is so." if place.variant.edition else place.fact)),
        "world (edition = 1): the control's fact is the same",
    ),
}


def _zeroth(variant: Variant) -> Variant:
    return variant.replace(edition=0)


@pytest.mark.parametrize("name", EDITIONS_BREAK)
def test_what_is_wrong_with_its_editions_is_named(name: str) -> None:
    world, told = EDITIONS_BREAK[name]
    found = findings(world, (0, 1))
    assert any(told in line for line in found), "\n".join(found)


def test_texts_that_change_the_dynamics_only_together_are_told_together() -> None:
    step = depends(lambda variant: variant.watched == "watched" and variant.seed == 1)
    (found,) = findings(broken(step=step))
    assert "watched = watched" in found
    assert "seed = 1" in found
    assert found.endswith("a factor of the text changes the dynamics")


def test_a_tool_complains_about_arguments_in_words() -> None:
    tool = Tool(name="t", description="d", parameters={"type": "object", "required": ["kind"]})
    assert tool.complaint({"kind": 1}) == ""
    assert tool.complaint({}) == "'kind' is a required property"
