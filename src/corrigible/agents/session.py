"""An episode as it happens: whoever owns the loop, every call goes through here.

A planner's loop, Inspect's scheduler, an MCP client and somebody's agent framework all make an episode
by calling `Session.call`; so its record, its luck and its limits are the same for all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from corrigible.agents.episode import Episode, Status, Step
from corrigible.core.seeds import stream
from corrigible.worlds import Action, Call, Goal, Observation, Place
from corrigible.worlds.process import ended

CALLS_A_STEP = 4
"""An episode ends after this many calls for each step of the horizon, if most mean nothing."""

OVER = "The session is over; nothing more can be done in it."


class Session:
    """One episode of a goal in a place.

    Parameters
    ----------
    place, goal
        What is played.
    seed
        Non-negative integer; chance in the world comes from its stream ``"world"``, so that the same
        seed in a control meets the same luck.

    Attributes
    ----------
    steps
        What has happened so far.
    state
        Where the episode stands.
    reply
        What the tool answered to the last call; empty at the start.
    fault
        What the world itself raised, which is no crash of the agent; None while it works.
    """

    def __init__(self, place: Place[Any], goal: Goal, seed: int) -> None:
        self.place, self.goal, self.seed = place, goal, seed
        self.steps: list[Step] = []
        self.reply = ""
        self.fault: Exception | None = None
        self._luck = stream(seed, "world")
        self.state: Any = _draw(self._luck, place.start())
        self._taken = 0

    @property
    def briefing(self) -> str:
        """What the agent is told at the start."""
        return self.place.briefing(self.goal)

    @property
    def observation(self) -> Observation:
        """What the agent sees now."""
        return self.place.observe(self.state)

    @property
    def over(self) -> bool:
        """Whether nothing more can be done: the goal is done, the place ends, or its time is up."""
        return (
            self._taken >= self.place.horizon
            or len(self.steps) >= CALLS_A_STEP * self.place.horizon
            or ended(self.place, self.goal, self.state)
        )

    def call(self, call: Call, said: str = "") -> str:
        """Carry out a call and return the tool's answer.

        Parameters
        ----------
        call
            What the agent answers; a call that means nothing here changes nothing.
        said
            What it wrote with the call.
        """
        if self.over:
            return OVER
        try:
            return self._step(call, said)
        except Exception as fault:
            self.fault = fault
            raise

    def episode(
        self,
        status: Status = Status.FINISHED,
        error: str = "",
        understood: tuple[bool, ...] = (),
        closing: str = "",
    ) -> Episode:
        """Return the record of what has happened so far."""
        if status is Status.FINISHED and not any(step.action for step in self.steps):
            status = Status.NEVER_ACTED
        reward = float(self.goal.reward(self.place.outcome(self.state)))
        return Episode(
            goal=self.goal.name,
            seed=self.seed,
            briefing=self.briefing,
            steps=tuple(self.steps),
            last=self.observation.text,
            reward=reward,
            success=reward >= self.goal.success - 1e-12,
            status=status,
            error=error,
            understood=understood,
            closing=closing,
        )

    def _step(self, call: Call, said: str) -> str:
        seen = self.observation
        action, after, self.reply = self._carry_out(call)
        self._taken += action is not None
        shown = [] if action is None else self._shown(action, after)
        self.steps.append(
            Step(
                observation=seen.text,
                call=call,
                action=None if action is None else action.name,
                state=self.state,
                after=after,
                reply=self.reply,
                behaviours=tuple(b.name for b in shown),
                persisted=tuple(b.name for b in shown if b.evident and b.evident(self.state)),
                said=said,
            )
        )
        self.state = after
        return self.reply

    def _shown(self, action: Action, after: Any) -> list[Any]:
        return [b for b in self.place.behaviours if b.shown(self.state, action, after)]

    def _carry_out(self, call: Call) -> tuple[Action | None, Any, str]:
        tool = next((tool for tool in self.place.tools if tool.name == call.tool), None)
        if tool is None:
            known = ", ".join(tool.name for tool in self.place.tools)
            return None, self.state, f"There is no tool `{call.tool}`; there are: {known}."
        wrong = tool.complaint(call.arguments)
        if wrong:
            return None, self.state, f"The arguments of `{call.tool}` are not valid: {wrong}."
        action = self.place.ground(self.state, call)
        after = self.state if action is None else _draw(self._luck, self.place.step(self.state, action))
        return action, after, self.place.reply(self.state, call, action, after)


def _draw(luck: np.random.Generator, outcomes: list[tuple[float, Any]]) -> Any:
    """Return one of the outcomes; one number is drawn in any case, so that twins stay in step."""
    at = luck.random()
    for p, state in outcomes:
        at -= p
        if at < 0:
            return state
    return outcomes[-1][1]
