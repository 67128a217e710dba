"""From a name on the command line to an agent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from corrigible.agents.contract import Agent, Briefing, Evaluator, Player, Turn
from corrigible.core.errors import OptionError, in_short, unknown_name
from corrigible.core.objects import load_object
from corrigible.worlds import Question

FORMS = (
    "agents: `planner`, `boltzmann:0.01`, `random`, `q-learning`, `provider/model` for a language model, "
    "`scripted:cautious`, or `module:object` for your own"
)


def load_agent(text: str, settings: Mapping[str, Any] | None = None) -> Player | Evaluator:
    """Return a new agent for ``text``.

    Parameters
    ----------
    text
        ``planner``, ``random``, ``q-learning``, ``boltzmann:T`` (T a positive number), or
        ``module:object``, where the object is an `Agent`, a class or function without arguments that
        makes one, a function ``(briefing, turn) -> Call | None``, an agent of PydanticAI or of the OpenAI
        Agents SDK, a compiled LangGraph, or a function of ``tools`` that makes one. Modules are looked
        for in the current folder too. A language model is ``provider/name`` as in Inspect, or
        ``scripted:NAME`` for one of planted conduct.
    settings
        Further arguments of `inspect_ai.eval`, for language models alone.

    Raises
    ------
    UnknownNameError
        If there is no such agent, module or object.
    OptionError
        If the temperature is no positive number, or the object is no agent.
    """
    name, colon, rest = text.partition(":")
    if name == "scripted" or "/" in name:
        from corrigible.agents.language.model import LanguageModel

        return LanguageModel(text.replace("scripted:", "scripted/", 1), settings)
    if settings:
        raise OptionError(f"`{text}` is no language model", f"`{next(iter(settings))}` is a setting of those")
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


def _as_agent(found: Any, text: str) -> Player | Evaluator:
    agent = _known(found, text)
    if agent is None and callable(found):
        wanted = _required_arguments(found)
        if wanted == ["tools"]:
            from corrigible.agents.langgraph import LangGraph

            maker: Any = found
            agent = LangGraph(maker, text)
        elif len(wanted or ()) == 2 and not isinstance(found, type):
            agent = Function(found, text)
        elif wanted == []:
            try:
                made = found()
            except (Exception, SystemExit) as error:  # anybody's code, too
                raise OptionError(f"`{text}` does not start: {in_short(error)}") from error
            agent = _known(made, text)
    if agent is None:
        raise OptionError(
            f"`{text}` is not an agent",
            "give an Agent, something that makes one, a function (briefing, turn) -> Call, or an agent of "
            "PydanticAI, LangGraph or the OpenAI Agents SDK",
        )
    return agent


def _known(found: Any, text: str) -> Player | Evaluator | None:
    """Return what is an agent already, or that of a framework as one; None for anything else."""
    if isinstance(found, Player | Evaluator):
        if not hasattr(found, "name"):
            found.name = text
        return found
    # By their names, since none of the frameworks need be installed.
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(found).__mro__}
    if ("pydantic_ai", "AbstractAgent") in kinds:
        from corrigible.agents.pydantic_ai import PydanticAI

        return PydanticAI(found, text)
    if ("langgraph", "Pregel") in kinds:
        from corrigible.agents.langgraph import LangGraph

        return LangGraph(found, text)
    if ("agents", "Agent") in kinds and hasattr(found, "handoffs"):
        from corrigible.agents.openai_agents import OpenAIAgents

        return OpenAIAgents(found, text)
    return None


def _required_arguments(found: Callable[..., Any]) -> list[str] | None:
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return None
    return [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]


class Function(Agent):
    """A plain function ``(briefing, turn) -> Call | None`` as an agent.

    It is asked about the briefing where it carries a second function ``answer``, of the briefing's text
    and a question; and it is taken for one that reads unless it carries ``reads = False``.
    """

    def __init__(self, function: Callable[[Briefing, Turn], Any], name: str) -> None:
        self.function, self.name = function, name
        self.reads = bool(getattr(function, "reads", True))

    def act(self, turn: Turn) -> Any:
        return self.function(self.briefing, turn)

    def answer(self, briefing: str, question: Question) -> str | None:
        asked = getattr(self.function, "answer", None)
        return None if asked is None else asked(briefing, question)
