"""From a name on the command line to an agent."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from corrigible.agents.contract import Agent, Briefing, Turn
from corrigible.core.errors import OptionError, in_short, unknown_name
from corrigible.core.objects import load_object

FORMS = "agents: `planner`, `boltzmann:0.01`, `random`, `q-learning`, or `module:object` for your own"


def load_agent(text: str) -> Agent:
    """Return a new agent for ``text``.

    Parameters
    ----------
    text
        ``planner``, ``random``, ``q-learning``, ``boltzmann:T`` (T a positive number), or ``module:object``, where the object is an
        `Agent`, a class or function without arguments that makes one, or a function
        ``(briefing, turn) -> Call | None``. Modules are looked for in the current folder too.

    Raises
    ------
    UnknownNameError
        If there is no such agent, module or object.
    OptionError
        If the temperature is no positive number, or the object is no agent.
    """
    name, colon, rest = text.partition(":")
    if text == "planner":
        from corrigible.agents.planner import Planner

        return Planner()
    if text == "random":
        from corrigible.agents.uniform import Uniform

        return Uniform()
    if text == "q-learning":
        from corrigible.agents.q_learning import QLearning

        return QLearning()
    if name == "boltzmann":
        from corrigible.agents.boltzmann import Boltzmann

        try:
            temperature = float(rest)
        except ValueError:
            raise OptionError(
                f"the temperature of `{text}` is not a number", "try `boltzmann:0.01`"
            ) from None
        return Boltzmann(temperature)
    if colon and name and rest:
        return _as_agent(load_object(text, "agent", FORMS), text)
    unknown_name("agent", text, ("planner", "random", "q-learning", "boltzmann:0.01"), FORMS)


def _as_agent(found: Any, text: str) -> Agent:
    if isinstance(found, Agent):
        return _named(found, text)
    if callable(found):
        wanted = _required_arguments(found)
        if wanted == 2 and not isinstance(found, type):
            return Function(found, text)
        if wanted == 0:
            try:
                made = found()
            except (Exception, SystemExit) as error:  # anybody's code, too
                raise OptionError(f"`{text}` does not start: {in_short(error)}") from error
            if isinstance(made, Agent):
                return _named(made, text)
    raise OptionError(
        f"`{text}` is not an agent",
        "give an Agent, something that makes one, or a function (briefing, turn) -> Call",
    )


def _named(agent: Agent, text: str) -> Agent:
    if not hasattr(agent, "name"):
        agent.name = text
    return agent


def _required_arguments(found: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return -1
    return sum(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        for p in parameters
    )


class Function(Agent):
    """A plain function ``(briefing, turn) -> Call | None`` as an agent."""

    def __init__(self, function: Callable[[Briefing, Turn], Any], name: str) -> None:
        self.function, self.name = function, name

    def act(self, turn: Turn) -> Any:
        return self.function(self.briefing, turn)
