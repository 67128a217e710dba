"""The texts of a first manifest and policy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from corrigible.guard.first.definition import definition
from corrigible.guard.manifest import Argument, Kind, Meaning, Tool
from corrigible.guard.manifest_file import TOOL_NAME
from corrigible.guard.manifest_text import key, table, tool_tables

_HINT = "hint from the server, not trusted"
_KINDS = ("string", "integer", "number", "boolean", "array", "object")
_PATHS = re.compile(
    r"(.*_)?(path|file|filename|filepath|dir|directory|folder|cwd)s?|(path|file|dir|folder).*|.*(Path|File|Dir|Folder)s?"
)
_ENDS = re.compile(r"source|destination|src|dst|target|from|to")
_ADDRESSES = re.compile(r"(.*_)?(url|uri)s?|.*(Url|Uri|URL|URI)s?")
_HOSTS = re.compile(r"(.*_)?(host|hostname)s?")
_SECRETS = re.compile(r"(.*_)?(password|passphrase|secret|token|api_?key|apiKey|credentials?)")
_LONGEST = 100

POLICY = """\
// What the agent may do. Written by `corrigible guard init`: read it, narrow it, and test it
// (`corrigible guard test`). Whatever no policy permits is denied.

// Tools that only read, as the manifest has it.
@id("reads")
permit (principal, action in Action::"read", resource);

// Everything that changes something, only when a person has approved this very call.
@id("changes")
@reason("this changes something, so a person must approve it")
permit (
    principal,
    action in [Action::"write", Action::"grant", Action::"destroy"],
    resource
) when { context.approved };
"""

_HEAD = """\
# Which tools there are, and what each can do. Written by `corrigible guard init` from what the server says
# of itself, which proves nothing: go through it tool by tool, then run `corrigible guard check`.
#
# Say what each tool really touches: "file:/work/**", "net:api.example.com", "*" for anything, or a word.
# A tool that is not listed is denied; so is one that its server describes otherwise than when `definition`
# was written.
"""


def manifest_text(
    name: str, server: str, command: Sequence[str], listed: Sequence[Mapping[str, Any]], folder: str = ""
) -> str:
    """Return the text of a first manifest.

    Parameters
    ----------
    name
        The guard's name.
    server
        The server's name, and that of what its tools touch, until somebody says it better.
    command
        How it is started.
    listed
        Its tools, as it lists them.
    folder
        Where it is started, from the manifest's folder; empty: there.
    """
    parts = [
        _HEAD,
        table("[guard]", name=name, policy="policy.cedar", store="sqlite:guard.db", key="guard.key"),
        f"# [limits]\n# calls = 500\n# rate = {chr(34)}60/1m{chr(34)}\n",
        table(f"[servers.{key(server)}]", command=tuple(command), folder=folder),
    ]
    names: set[str] = set()
    for each in listed:
        named = each.get("name")
        if not isinstance(named, str) or not TOOL_NAME.fullmatch(named) or named in names:
            parts.append(f"# Left out, since it has no name that is plain and its own: {_plain(named)}\n")
            continue
        names.add(named)
        parts.append(_tool(server, named, each))
    return "\n".join(parts)


def _tool(server: str, name: str, told: Mapping[str, Any]) -> str:
    hints = _mapping(told.get("annotations"))
    reads, destroys = hints.get("readOnlyHint") is True, hints.get("destructiveHint") is True
    effect = "reads" if reads else "destroys" if destroys else "writes"
    hinted = reads or destroys or hints.get("destructiveHint") is False
    tool = Tool(
        name=f"{server}/{name}",
        reads=(server,) if effect == "reads" else (),
        writes=() if effect == "reads" else (server,),
        destroys=(server,) if effect == "destroys" else (),
        arguments=_arguments(told),
        definition=definition(told),
    )
    why = _HINT if hinted else "the server does not say; taken for the worse"
    made = tool_tables(tool, dict.fromkeys(("reads", "writes", "destroys"), why))
    if hints.get("idempotentHint") is True:
        made += f"# idempotent = true  # {_HINT}\n"
    description = told.get("description")
    return f"# {_plain(description)}\n{made}" if description else made


def _arguments(told: Mapping[str, Any]) -> dict[str, Argument]:
    given = _mapping(told.get("inputSchema"))
    required = given.get("required")
    needed = set(required) if isinstance(required, list) else set()
    about_files = re.search(r"\b(files?|director|paths?|folders?)", str(told.get("description", "")).lower())
    made: dict[str, Argument] = {}
    for name, of in _mapping(given.get("properties")).items():
        if not name or not name.isprintable():
            continue
        kind = _kind(of)
        items = _kind(_mapping(of).get("items")) if kind == "array" else "string"
        items = "any" if items == "array" else items
        texts = "string" in (kind, items if kind == "array" else "")
        made[name] = Argument(
            kind=kind,
            items=items,
            required=name in needed,
            means=_meaning(name, about_files is not None) if texts else "",
        )
    return made


def _kind(of: Any) -> Kind:
    found = _mapping(of).get("type")
    return cast(Kind, found) if found in _KINDS else "any"


def _meaning(name: str, about_files: bool) -> Meaning:
    if _SECRETS.fullmatch(name):
        return "secret"
    if _PATHS.fullmatch(name) or (about_files and _ENDS.fullmatch(name)):
        return "path"
    if _ADDRESSES.fullmatch(name):
        return "url"
    return "host" if _HOSTS.fullmatch(name) else ""


def _mapping(of: Any) -> Mapping[str, Any]:
    return of if isinstance(of, Mapping) else {}


def _plain(text: Any) -> str:
    """Return what a server said as one line in which nothing acts: it stands in a comment."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
