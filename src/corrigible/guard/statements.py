"""The policies of a Cedar file, one by one: where each stands, what it is called, to what it can apply.

Cedar's parser tells no lines, so the text is cut at the semicolons that end policies, and each policy is
parsed by itself.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Iterator
from typing import Any, final

from corrigible.core.errors import FileFormatError
from corrigible.guard.manifest import Manifest, Tool
from corrigible.guard.schema import ALL_GROUPS, groups

_TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|\s+|;|[^\s;"/]+|.', re.DOTALL)
_TAKEN = re.compile(r"default|error|policy\d+")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Statement:
    """One policy.

    Parameters
    ----------
    number
        Its place in the file, from 0.
    line
        Where it begins.
    json
        The policy as Cedar has it in JSON.
    """

    number: int
    line: int
    json: dict[str, Any]

    @property
    def cedar_id(self) -> str:
        """How Cedar calls it."""
        return f"policy{self.number}"

    @property
    def id(self) -> str:
        """Its ``@id``; without one, how Cedar calls it."""
        return self.json.get("annotations", {}).get("id") or self.cedar_id

    @property
    def reason(self) -> str:
        """Its ``@reason``, if it has one."""
        return self.json.get("annotations", {}).get("reason") or ""

    @property
    def agent(self) -> str:
        """The agent that its scope names; empty: it names none."""
        match self.json["principal"]:
            case {"entity": {"type": "Agent", "id": name}} | {
                "in": {"entity": {"type": "Agent", "id": name}}
            }:
                return name
            case _:
                return ""

    def of_empty_groups(self, manifest: Manifest) -> bool:
        """Return whether it is about groups of actions in which the manifest has no tool: no mistake."""
        scope = self.json["action"]
        named = {
            _uid(each) for each in (scope.get("entities") or [scope.get("entity") or {"type": "", "id": ""}])
        }
        there = {("Action", group) for tool in manifest.tools.values() for group in groups(tool)}
        return (
            scope["op"] == "in" and named <= {("Action", group) for group in ALL_GROUPS} and not named & there
        )

    def always(self, tool: Tool, agent: str) -> bool:
        """Return whether it applies to every call of ``tool`` by ``agent``, whatever is in it."""
        return not self.json["conditions"] and self._fits_everyone(tool, agent)

    def when_approved(self, tool: Tool, agent: str) -> bool:
        """Return whether it applies to exactly those calls of ``tool`` by ``agent`` that are approved."""
        body = {".": {"left": {"Var": "context"}, "attr": "approved"}}
        return self.json["conditions"] == [{"kind": "when", "body": body}] and self._fits_everyone(
            tool, agent
        )

    def _fits_everyone(self, tool: Tool, agent: str) -> bool:
        anyone = self.json["principal"] in ({"op": "All"}, {"op": "is", "entity_type": "Session"})
        return (anyone or self.agent == agent) and self.may_apply(tool, agent)

    def may_apply(self, tool: Tool, agent: str) -> bool:
        """Return False only if its scope cannot fit a call of ``tool`` by ``agent``, whatever the session."""
        actions = {("Action", name) for name in (tool.name, *groups(tool))}
        resources = {("Tool", tool.name), ("Server", tool.server)}
        return (
            _fits(self.json["action"], ("Action", tool.name), actions)
            and _fits(self.json["resource"], ("Tool", tool.name), resources)
            and self.agent in ("", agent)
        )


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Used:
    """What policies look at in the context.

    Parameters
    ----------
    names
        The attributes that they name, of whatever it is.
    whole
        Whether one uses the context or the arguments as a whole, so that everything in them counts.
    """

    names: frozenset[str]
    whole: bool

    def __contains__(self, name: str) -> bool:
        return self.whole or name in self.names


def statements(text: str, name: str) -> tuple[Statement, ...]:
    """Return the policies of a Cedar text; ``name`` is the file, for errors.

    Raises
    ------
    FileFormatError
        If one cannot be parsed, is a template, or has an ``@id`` that is taken.
    """
    import cedarpy

    made: list[Statement] = []
    lines: dict[str, int] = {}
    for line, chunk in _chunks(text):
        try:
            parsed = json.loads(cedarpy.policies_to_json_str(chunk))
        except ValueError as error:
            raise FileFormatError(f"{name}:{line}: this policy is no Cedar: {error}", "mend it") from error
        if parsed["templates"] or len(parsed["staticPolicies"]) != 1:
            raise FileFormatError(
                f"{name}:{line}: a template decides nothing",
                "write a policy without `?principal` and `?resource`",
            )
        (policy,) = parsed["staticPolicies"].values()
        statement = Statement(number=len(made), line=line, json=policy)
        if statement.id in lines:
            raise FileFormatError(
                f"{name}:{line}: policy `{statement.id}` has the @id of the one in line {lines[statement.id]}",
                "give each its own, since the ledger names them by it",
            )
        if statement.id != statement.cedar_id and _TAKEN.fullmatch(statement.id):
            raise FileFormatError(f"{name}:{line}: the @id `{statement.id}` is taken", "choose another")
        lines[statement.id] = line
        made.append(statement)
    return tuple(made)


def check_names(found: tuple[Statement, ...], manifest: Manifest, name: str) -> None:
    """Raise `FileFormatError` if a policy names a tool or server that the manifest does not know.

    Cedar does not: to it, any entity may exist. A *forbid* with a slip of the pen would forbid nothing.
    """
    known = {"Tool": manifest.tools, "Server": manifest.servers}
    for statement in found:
        for kind, entity in _entities(statement.json):
            if kind in known and entity not in known[kind]:
                near = difflib.get_close_matches(entity, list(known[kind]), n=1)
                raise FileFormatError(
                    f"{name}:{statement.line}: policy `{statement.id}`: the manifest knows no {kind.lower()} `{entity}`",
                    f"did you mean `{near[0]}`?" if near else "add it to the manifest, or mend the name",
                )


def used(found: tuple[Statement, ...]) -> Used:
    """Return what these policies look at."""
    names: set[str] = set()
    whole = [_used(part["body"], names, False) for s in found for part in s.json["conditions"]]
    return Used(names=frozenset(names), whole=any(whole))


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    line, start, begin = 1, 0, 0
    for token in _TOKEN.finditer(text):
        said = token[0]
        if not begin and not said.isspace() and not said.startswith("//"):
            begin = line
        line += said.count("\n")
        if said == ";":
            yield begin, text[start : token.end()]
            start, begin = token.end(), 0
    if begin:
        yield begin, text[start:]


def _fits(scope: dict[str, Any], itself: tuple[str, str], within: set[tuple[str, str]]) -> bool:
    match scope:
        case {"op": "==", "entity": entity}:
            return _uid(entity) == itself
        case {"op": "in", "entity": entity}:
            return _uid(entity) in within
        case {"op": "in", "entities": entities}:
            return any(_uid(entity) in within for entity in entities)
        case {"op": "is", "entity_type": kind, "in": {"entity": entity}}:
            return kind == itself[0] and _uid(entity) in within
        case {"op": "is", "entity_type": kind}:
            return kind == itself[0]
        case _:
            return True


def _uid(entity: dict[str, Any]) -> tuple[str, str]:
    return entity["type"], entity["id"]


def _entities(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if set(node) == {"type", "id"} and all(isinstance(value, str) for value in node.values()):
            yield _uid(node)
        for value in node.values():
            yield from _entities(value)
    elif isinstance(node, list):
        for value in node:
            yield from _entities(value)


def _used(node: Any, names: set[str], held: bool) -> bool:
    """Collect attributes; return whether context or arguments are used whole (not ``held`` by a dot)."""
    match node:
        case {"Var": "context"}:
            return not held
        case {".": {"left": left, "attr": str(attr)}}:
            names.add(attr)
            if attr == "arguments" and not held:
                return True
            return _used(left, names, True)
        case {"has": {"left": left, "attr": str(attr)}}:
            names.add(attr)
            return _used(left, names, True)
        case dict():
            return any(_used(value, names, False) for value in node.values())
        case list():
            return any(_used(value, names, False) for value in node)
        case _:
            return False
