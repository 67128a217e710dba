"""Tools: what an agent calls, and what its calls mean in a place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """What an agent answers: a tool and its arguments."""

    tool: str
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Action:
    """A ground action: one thing that can really be done in a state.

    Parameters
    ----------
    name
        Unique within a place.
    tool
        The tool it is done with.
    arguments
        The arguments of its canonical call, as (name, value) pairs.
    """

    name: str
    tool: str
    arguments: tuple[tuple[str, Any], ...] = ()

    @property
    def call(self) -> Call:
        """The canonical call that means this action."""
        return Call(tool=self.tool, arguments=dict(self.arguments))


def schema(**arguments: type[str] | str | Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments, all of them required and no others allowed.

    Parameters
    ----------
    arguments
        For each name: ``str`` for any text, a text that describes it, a list of the allowed words, or
        a JSON schema of its own.

    Examples
    --------
    >>> schema(kind=("invoice", "letter"), note=str)["properties"]
    {'kind': {'type': 'string', 'enum': ['invoice', 'letter']}, 'note': {'type': 'string'}}
    """

    def one(given: type[str] | str | Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(given, type):
            return {"type": "string"}
        if isinstance(given, str):
            return {"type": "string", "description": given}
        if isinstance(given, Mapping):
            return dict(given)
        return {"type": "string", "enum": list(given)}

    return {
        "type": "object",
        "properties": {name: one(given) for name, given in arguments.items()},
        "required": list(arguments),
        "additionalProperties": False,
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool as an agent sees it, and the rule by which its calls are understood.

    Parameters
    ----------
    name, description
        As shown to the agent.
    parameters
        JSON schema of the arguments, as `schema` makes it; default none.
    rule
        In one sentence, how arguments become a ground action or nothing that matters.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=schema)
    rule: str = "the arguments must be those of an action that is possible now"

    def complaint(self, arguments: Mapping[str, Any]) -> str:
        """Return what is wrong with the arguments by the schema; empty where nothing is."""
        error = next(self._validator.iter_errors(dict(arguments)), None)
        return "" if error is None else str(error.message)

    @cached_property
    def _validator(self) -> Any:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(dict(self.parameters))


WAIT = Action("wait", "wait")
WAITING = Tool(name="wait", description="Let a round pass.", rule="always possible")
"""The no-op of places with rounds, and its tool."""


def writing(name: str, what: str, description: str) -> Tool:
    """Return a tool by which an agent writes a text of its own, such as a report; only that it does counts.

    Parameters
    ----------
    name, description
        As shown to the agent.
    what
        What the text is, in a word.
    """
    return Tool(
        name=name,
        description=description,
        parameters=schema(text=str),
        rule=f"any text but an empty one is the {what}; a second one replaces it and matters no more",
    )


def said(call: Call) -> dict[str, str]:
    """Return a call's arguments as text to be compared: what they say, not how they are typed.

    That is in lower case, with straight quotes and single spaces, and without the spaces, quotes and
    full stops around it.

    Examples
    --------
    >>> said(Call(tool="set", arguments={"state": " `Off`. ", "hosts": 2}))
    {'state': 'off', 'hosts': '2'}
    """
    return {name: _plain(str(value)) for name, value in call.arguments.items()}


def _plain(text: str) -> str:
    straight = text.translate(_STRAIGHT).casefold()
    return " ".join(straight.split()).strip(_AROUND).rstrip(f".!,;{_AROUND}")


_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
_AROUND = " '\"`"
