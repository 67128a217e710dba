"""The manifest as a TOML file: from ``guard.toml`` to a `Manifest`."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from corrigible.core.errors import InputError
from corrigible.guard.manifest import (
    Anchor,
    ApprovalRules,
    Argument,
    Kind,
    Limits,
    Manifest,
    Meaning,
    Probe,
    Redaction,
    Server,
    Tool,
)
from corrigible.guard.manifest_text import has_password
from corrigible.guard.resources import complaint
from corrigible.guard.settings import Settings, parse, read

KINDS = ("string", "integer", "number", "boolean", "array", "object", "any")
ITEMS = ("string", "integer", "number", "boolean", "object", "any")
MEANINGS = ("", "path", "url", "host", "secret")
SERVER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
TOOL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}")
_EXAMPLES: Mapping[Kind, Any] = {
    "string": "",
    "integer": 0,
    "number": 0.0,
    "boolean": False,
    "array": [],
    "object": {},
    "any": "",
}
WRITTEN_OUT = "set it in the environment and write `env:NAME`, so that it is in no file"


def load(path: Path | str) -> Manifest:
    """Return the manifest that a TOML file holds; relative paths in it are read from its folder.

    Raises
    ------
    FileFormatError
        If the file is not what it should be; the message begins with ``path:line:`` and names the key.
    """
    file = Path(path)
    return _manifest(read(file), file)


def loads(text: str, path: Path | str) -> Manifest:
    """Return the manifest that a TOML text holds; ``path`` is where it would lie."""
    file = Path(path)
    return _manifest(parse(text, file), file)


def _manifest(top: Settings, file: Path) -> Manifest:
    home = os.path.abspath(file.parent)
    guard = top.table("guard")
    made = Manifest(
        name=_origin(guard),
        path=Path(os.path.abspath(file)),
        agent=guard.text("agent", "agent"),
        policy=Path(_path(home, guard.text("policy", "policy.cedar"))),
        store=_store(guard, home),
        key=Path(_path(home, guard.text("key", "guard.key"))),
        limits=_limits(top.table("limits")),
        approval=_approval(top.table("approval")),
        redaction=_redaction(top.table("redact")),
        anchors=tuple(_anchor(each, home) for each in top.each("anchors")),
        resume_by_another=guard.flag("resume-by-another"),
        reviewer=guard.text("reviewer", ""),
        monitors=_monitors(top),
        servers={name: _server(name, each, home) for name, each in top.tables("servers")},
    )
    guard.end()
    top.end()
    _check_probes(top, made)
    people = made.approval.approvers
    if people and len(people) < made.approval.grave and any(tool.grave for tool in made.tools.values()):
        top.table("approval").wrong(
            "approvers",
            f"names fewer people than what is grave takes ({made.approval.grave})",
            "name more of them",
        )
    return made


def _origin(guard: Settings) -> str:
    name = guard.text("name", None)
    # The ledger's checkpoints carry it on a line of its own, and signatures put a space and `+` after it.
    if re.search(r"[\s+]", name):
        guard.wrong(
            "name", f"is `{name}`, but must hold neither spaces nor `+`", "write for example `acme-mailer`"
        )
    return name


def _path(home: str, path: str) -> str:
    return os.path.normpath(os.path.join(home, os.path.expanduser(path)))


def _store(guard: Settings, home: str) -> str:
    url = guard.text("store", "sqlite:guard.db")
    if from_environment := url.startswith("env:"):
        found = os.environ.get(url[4:], "")
        if not found:
            guard.wrong(
                "store", f"names the variable `{url[4:]}`, which is not set", "set it before the guard starts"
            )
        url = found
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest:
        return f"sqlite:{_path(home, rest)}"
    if scheme not in ("postgres", "postgresql") or not rest.startswith("//"):
        shown = scheme if from_environment else url
        guard.wrong(
            "store",
            f"is no store: `{shown}`",
            "give sqlite:PATH, postgresql://USER@HOST/DATABASE or env:NAME",
        )
    if not from_environment and has_password(url):
        guard.wrong("store", "holds a password", WRITTEN_OUT)
    return url


def _limits(of: Settings) -> Limits:
    made = Limits(
        calls=of.whole("calls"), cost=of.number("cost"), rate=of.rate("rate"), time=of.seconds("time")
    )
    of.end()
    return made


def _approval(of: Settings) -> ApprovalRules:
    usual = ApprovalRules()
    made = ApprovalRules(
        wait=cast(float, of.seconds("wait", usual.wait, zero=True)),
        expires=cast(float, of.seconds("expires", usual.expires)),
        grave=cast(int, of.whole("grave", usual.grave, least=1)),
        approvers=tuple(sorted(set(of.words("approvers")))),
        ask=tuple(sorted(set(of.words("ask")))),
        webhook=of.text("webhook", ""),
        secret=of.text("secret", ""),
    )
    for way in made.ask:
        if way not in ("mcp", "webhook"):
            of.wrong("ask", f"names `{way}`", "give `mcp`, `webhook`, or both")
    if made.webhook:
        _address(of, "webhook", made.webhook)
    if bool(made.webhook) != ("webhook" in made.ask):
        of.wrong(
            "ask",
            "and `approval.webhook` go together",
            'write `ask = ["webhook"]` and the address, or neither',
        )
    of.end()
    return made


def _address(of: Settings, key: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, fine = None, False
    if parts is None or not fine:
        of.wrong(key, f"is no address: `{url}`", "give http://… or https://…")
    if parts.username or parts.password:
        of.wrong(key, "holds a name or password", "leave it out of the address")


def _redaction(of: Settings) -> Redaction:
    made = Redaction(
        keys=tuple(sorted(set(of.words("keys")))), patterns=tuple(sorted(set(of.words("patterns"))))
    )
    for pattern in made.patterns:
        _expression(of, "patterns", pattern)
    of.end()
    return made


def _expression(of: Settings, key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        of.wrong(key, f"holds no regular expression: `{pattern}`", str(error))


def _anchor(of: Settings, home: str) -> Anchor:
    to = of.text("to", None)
    kind, _, rest = to.partition(":")
    if kind in ("file", "git") and rest:
        to = f"{kind}:{_path(home, rest)}"
    elif kind in ("http", "https"):
        _address(of, "to", to)
    else:
        of.wrong("to", f"is `{to}`", "give file:PATH, git:FOLDER or https://…")
    made = Anchor(to=to, every=cast(float, of.seconds("every", Anchor(to=to).every)))
    of.end()
    return made


def _monitors(top: Settings) -> dict[str, Mapping[str, Any]]:
    from corrigible.guard.monitors import load

    made: dict[str, Mapping[str, Any]] = {}
    for name, of in top.tables("monitors"):
        try:
            json.dumps(of.values, allow_nan=False)
            load({name: of.values})
        except InputError as error:
            of.wrong("", f"does not fit: {error.message}", error.hint)
        except (TypeError, ValueError):
            of.wrong("", "holds a date, a time, nan or an infinity", "monitors take texts, numbers and lists")
        made[name] = of.values
    return made


def _server(name: str, of: Settings, home: str) -> Server:
    if not SERVER_NAME.fullmatch(name):
        of.wrong("", "is no name of a server", "use letters, digits, `_`, `.` and `-`")
    environment = of.table("environment")
    made = Server(
        name=name,
        command=of.words("command"),
        url=of.text("url", ""),
        folder=_path(home, of.text("folder", ".")),
        environment={each: environment.text(each, None) for each in sorted(environment.values)},
        tools={f"{name}/{each}": _tool(f"{name}/{each}", tool, home) for each, tool in of.tables("tools")},
    )
    if made.command and made.url:
        of.wrong("", "has both `command` and `url`", "keep the one by which it is reached")
    if made.url:
        _address(of, "url", made.url)
    of.end()
    return made


def _tool(name: str, of: Settings, home: str) -> Tool:
    if not TOOL_NAME.fullmatch(name.partition("/")[2]):
        of.wrong("", "is no name of a tool", "use letters, digits, `_`, `.`, `/` and `-`")
    usual = Tool(name=name)
    made = Tool(
        name=name,
        reads=_effect(of, "reads", home),
        writes=_effect(of, "writes", home),
        grants=_effect(of, "grants", home),
        destroys=_effect(of, "destroys", home),
        undoable=of.flag("undoable"),
        idempotent=of.flag("idempotent"),
        grave=of.flag("grave"),
        trusted=of.flag("trusted"),
        cost=cast(float, of.number("cost", usual.cost)),
        timeout=cast(float, of.seconds("timeout", usual.timeout)),
        limits=_limits(of.table("limits")),
        arguments={each: _argument(argument) for each, argument in of.tables("arguments")},
        open=of.flag("open"),
        definition=of.text("definition", ""),
        probe=_probe(of.table("probe")) if "probe" in of.values else None,
    )
    if made.definition and not re.fullmatch(r"sha256:[0-9a-f]{64}", made.definition):
        of.wrong(
            "definition",
            f"is `{made.definition}`",
            "give sha256: and 64 digits, as `corrigible guard init` does",
        )
    of.end()
    return made


def _effect(of: Settings, key: str, home: str) -> tuple[str, ...]:
    found: set[str] = set()
    for resource in of.words(key):
        if resource.startswith("file:") and len(resource) > 5:
            resource = f"file:{_path(home, resource[5:])}"
        if said := complaint(resource):
            of.wrong(
                key, f"names `{resource}`, which {said}", "write `file:PATTERN`, `net:HOST`, `*` or a word"
            )
        found.add(resource)
    return tuple(sorted(found))


def _argument(of: Settings) -> Argument:
    if not of.keys[-1] or not str(of.keys[-1]).isprintable():
        of.wrong("", "is no name of an argument")
    made = Argument(
        kind=cast(Kind, of.choice("kind", KINDS, "string")),
        items=cast(Kind, of.choice("items", ITEMS, "string")),
        required=of.flag("required"),
        means=cast(Meaning, of.choice("means", MEANINGS, "")),
    )
    holds = made.items if made.kind == "array" else made.kind
    if made.means in ("path", "url", "host") and holds != "string":
        of.wrong(
            "means",
            f"is `{made.means}`, which a {holds} cannot be",
            "make it a string, or an array of strings",
        )
    if "items" in of.values and made.kind != "array":
        of.wrong("items", f"is given for a {made.kind}", "only an array has items")
    of.end()
    return made


def _probe(of: Settings) -> Probe:
    arguments = of.table("arguments")
    made = Probe(
        tool=of.text("tool", None),
        arguments=arguments.values,
        done=of.text("done", None),
        undone=of.text("undone", ""),
    )
    for key in ("done", "undone"):
        _expression(of, key, getattr(made, key))
    of.end()
    return made


def _check_probes(top: Settings, made: Manifest) -> None:
    for tool in made.tools.values():
        if tool.probe is not None:
            of = top.table("servers").table(tool.server)
            for key in ("tools", tool.name.partition("/")[2], "probe"):
                of = of.table(key)
            _check_probe(of, tool, tool.probe, made)


def _check_probe(of: Settings, tool: Tool, probe: Probe, made: Manifest) -> None:
    asked = made.tool(probe.tool)
    if asked is None:
        near = difflib.get_close_matches(probe.tool, made.tools, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "write `server/tool`"
        of.wrong("tool", f"names `{probe.tool}`, which the manifest does not know", hint)
    if asked.changes or not asked.reads:
        of.wrong("tool", f"names `{probe.tool}`, which does not only read", "a probe must change nothing")
    shown = dict(probe.arguments)
    for name, value in probe.arguments.items():
        if isinstance(value, str) and value.startswith("$"):
            if value[1:] not in tool.arguments:
                of.wrong("arguments", f"holds `{value}`, but `{tool.name}` takes no argument `{value[1:]}`")
            shown[name] = _EXAMPLES[tool.arguments[value[1:]].kind]
    if said := asked.complaint(shown):
        of.wrong("arguments", f"does not fit: {said}")
