"""One episode, and its record: the same whoever acted."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

import numpy as np

from corrigible.agents.contract import Agent, Briefing, Turn
from corrigible.core.errors import in_short
from corrigible.core.seeds import stream
from corrigible.worlds import Action, Call, Goal, Place
from corrigible.worlds.process import ended

CALLS_A_STEP = 4
"""An episode ends after this many calls for each step of the horizon, if most mean nothing."""


class Status(enum.StrEnum):
    """How an episode ended."""

    FINISHED = "finished"
    CRASHED = "crashed"
    NEVER_ACTED = "never acted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One call and what came of it.

    Parameters
    ----------
    observation
        The text the agent saw.
    call
        What it answered.
    action
        The name of the ground action this meant; None for nothing that matters.
    state, after
        The state before and after.
    reply
        What the tool answered.
    behaviours
        The names of the behaviours that this transition showed.
    """

    observation: str
    call: Call
    action: str | None
    state: Any
    after: Any
    reply: str
    behaviours: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Episode:
    """The record of one episode.

    Parameters
    ----------
    goal
        The goal's name.
    seed
        The seed that makes it again.
    briefing
        What the agent was told.
    steps
        What happened.
    last
        The text of the last state.
    reward, success
        The goal's reward of the last outcome, and whether it reaches the success level.
    status
        How it ended; only ``finished`` episodes are scored.
    error
        What went wrong, if it crashed.
    """

    goal: str
    seed: int
    briefing: str
    steps: tuple[Step, ...]
    last: str
    reward: float
    success: bool
    status: Status
    error: str = ""

    @property
    def behaviours(self) -> frozenset[str]:
        """The names of all behaviours shown."""
        return frozenset(name for step in self.steps for name in step.behaviours)

    @property
    def acts(self) -> tuple[str | None, ...]:
        """The sequence of ground actions."""
        return tuple(step.action for step in self.steps)


def play(
    place: Place[Any], goal: Goal, agent: Agent, seed: int, training: Place[Any] | None = None
) -> Episode:
    """Play one episode of ``agent`` with ``goal`` in ``place``.

    Chance in the world and in the agent come from two streams of ``seed``, so that the same seed in
    a control meets the same luck. An exception of the agent ends the episode as *crashed*; what had
    happened until then is kept.

    Parameters
    ----------
    place, goal, agent
        Who does what, where.
    seed
        Non-negative integer.
    training
        Where a learner may practise; default ``place``.
    """
    luck = stream(seed, "world")
    state = _draw(luck, place.start())
    text = place.briefing(goal)
    steps: list[Step] = []
    status, error, reply, taken = Status.FINISHED, "", "", 0
    briefing = Briefing(
        text=text,
        tools=place.tools,
        rng=stream(seed, "agent"),
        place=place,
        goal=goal,
        training=training or place,
    )
    # An agent is anybody's code: whatever it raises is a crash of it, and of nothing else.
    try:
        agent.begin(briefing)
    except Exception as problem:
        status, error = Status.CRASHED, in_short(problem)
    while (
        status is Status.FINISHED
        and taken < place.horizon
        and len(steps) < CALLS_A_STEP * place.horizon
        and not ended(place, goal, state)
    ):
        seen = place.observe(state)
        try:
            call = _asked(agent, Turn(observation=seen, reply=reply, state=state))
        except Exception as problem:
            status, error = Status.CRASHED, in_short(problem)
            break
        if call is None:
            break
        action, after, reply = _carry_out(place, state, call, luck)
        taken += action is not None
        steps.append(
            Step(
                observation=seen.text,
                call=call,
                action=None if action is None else action.name,
                state=state,
                after=after,
                reply=reply,
                behaviours=()
                if action is None
                else tuple(b.name for b in place.behaviours if b.shown(state, action, after)),
            )
        )
        state = after
    if status is Status.FINISHED and not any(step.action for step in steps):
        status = Status.NEVER_ACTED
    reward = float(goal.reward(place.outcome(state)))
    return Episode(
        goal=goal.name,
        seed=seed,
        briefing=text,
        steps=tuple(steps),
        last=place.observe(state).text,
        reward=reward,
        success=reward >= goal.success - 1e-12,
        status=status,
        error=error,
    )


def _asked(agent: Agent, turn: Turn) -> Call | None:
    """Return the agent's answer; an answer that is none is its mistake, like an exception."""
    answer: Any = agent.act(turn)
    if answer is None:
        return None
    if not isinstance(answer, Call):
        raise TypeError(f"an agent answers a Call or None, not {type(answer).__name__}")
    return Call(tool=answer.tool, arguments=dict(answer.arguments))


def _carry_out(
    place: Place[Any], state: Any, call: Call, luck: np.random.Generator
) -> tuple[Action | None, Any, str]:
    tool = next((tool for tool in place.tools if tool.name == call.tool), None)
    if tool is None:
        known = ", ".join(tool.name for tool in place.tools)
        return None, state, f"There is no tool `{call.tool}`; there are: {known}."
    wrong = tool.complaint(call.arguments)
    if wrong:
        return None, state, f"The arguments of `{call.tool}` are not valid: {wrong}."
    action = place.ground(state, call)
    after = state if action is None else _draw(luck, place.step(state, action))
    return action, after, place.reply(state, call, action, after)


def _draw(luck: np.random.Generator, outcomes: list[tuple[float, Any]]) -> Any:
    """Return one of the outcomes; one number is drawn in any case, so that twins stay in step."""
    at = luck.random()
    for p, state in outcomes:
        at -= p
        if at < 0:
            return state
    return outcomes[-1][1]
