"""The manifest as TOML text, for people to read on and change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from corrigible.guard.manifest import EFFECTS, Argument, Limits, Manifest, Tool


def text(manifest: Manifest) -> str:
    """Return a manifest as TOML, from which `corrigible.guard.manifest_file.load` makes an equal one.

    Raises
    ------
    ValueError
        If the store's address holds a password, which belongs into no file.
    """
    if has_password(manifest.store):
        raise ValueError("the store's address holds a password")
    approval = manifest.approval
    parts = [
        table(
            "[guard]",
            name=manifest.name,
            agent=manifest.agent,
            policy=manifest.policy,
            store=manifest.store,
            key=manifest.key,
            resume_by_another=manifest.resume_by_another,
            reviewer=manifest.reviewer,
        ),
        table("[limits]", **_limits(manifest.limits)),
        table(
            "[approval]",
            wait=seconds(approval.wait),
            expires=seconds(approval.expires),
            grave=approval.grave,
            approvers=approval.approvers,
            ask=approval.ask,
            webhook=approval.webhook,
            secret=approval.secret,
        ),
        table("[redact]", keys=manifest.redaction.keys, patterns=manifest.redaction.patterns),
        *(table("[[anchors]]", to=each.to, every=seconds(each.every)) for each in manifest.anchors),
    ]
    for name, of in manifest.monitors.items():
        parts.append(
            table(f"[monitors.{key(name)}]") + "".join(f"{key(k)} = {value(v)}\n" for k, v in of.items())
        )
    for server in manifest.servers.values():
        parts.append(
            table(
                f"[servers.{key(server.name)}]",
                command=server.command,
                url=server.url,
                folder=server.folder,
                environment=server.environment,
            )
        )
        parts += [tool_tables(tool) for tool in server.tools.values()]
    return "\n".join(parts)


def tool_tables(tool: Tool, comments: Mapping[str, str] | None = None) -> str:
    """Return the tables of one tool; ``comments`` are set behind its keys."""
    at = f"servers.{key(tool.server)}.tools.{key(tool.name.partition('/')[2])}"
    lines = table(
        f"[{at}]",
        **{effect: getattr(tool, effect) for effect in EFFECTS},
        undoable=tool.undoable,
        idempotent=tool.idempotent,
        grave=tool.grave,
        trusted=tool.trusted,
        cost=tool.cost or None,
        timeout=None if tool.timeout == Tool(name=tool.name).timeout else seconds(tool.timeout),
        limits=_limits(tool.limits),
        open=tool.open,
        definition=tool.definition,
    ).splitlines()
    for number, line in enumerate(lines):
        name = line.partition(" = ")[0]
        if comments and name in comments:
            lines[number] = f"{line}  # {comments[name]}"
    made = "\n".join(lines) + "\n"
    for name, argument in tool.arguments.items():
        made += f"arguments.{key(name)} = {value(_argument(argument))}\n"
    if tool.probe is not None:
        probe = tool.probe
        made += "\n" + table(
            f"[{at}.probe]", tool=probe.tool, arguments=probe.arguments, done=probe.done, undone=probe.undone
        )
    return made


def table(head: str, **values: Any) -> str:
    """Return a table; what is empty, false or None is left out."""
    lines = [
        f"{name.replace('_', '-')} = {value(of)}"
        for name, of in values.items()
        if of not in (None, "", (), {}, False)
    ]
    return "\n".join([head, *lines]) + "\n"


def seconds(number: float) -> str:
    """Return a duration as the manifest has it."""
    return f"{format(Decimal(repr(number)).normalize(), 'f')}s"


def key(name: str) -> str:
    """Return a key, quoted if need be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else value(name)


def value(of: Any) -> str:
    """Return a value as TOML has it, on one line."""
    match of:
        case bool():
            return "true" if of else "false"
        case int() | float():
            return repr(of)
        case str() | Path():
            # JSON's escapes are TOML's, but for pairs of surrogates, which ensure_ascii=False avoids.
            return json.dumps(str(of), ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            inner = ", ".join(f"{key(name)} = {value(each)}" for name, each in of.items())
            return f"{{ {inner} }}" if inner else "{}"
        case _:
            return f"[{', '.join(value(each) for each in of)}]"


def has_password(url: str) -> bool:
    """Return whether an address holds a password, as far as one can tell."""
    try:
        parts = urlsplit(url)
        return bool(parts.password) or "password" in parse_qs(parts.query)
    except ValueError:
        return True


def _limits(limits: Limits) -> dict[str, Any]:
    rate = limits.rate
    values = {
        "calls": limits.calls,
        "cost": limits.cost,
        "rate": None if rate is None else f"{rate[0]}/{seconds(rate[1])}",
        "time": None if limits.time is None else seconds(limits.time),
    }
    return {name: of for name, of in values.items() if of is not None}


def _argument(argument: Argument) -> dict[str, Any]:
    values: dict[str, Any] = {"kind": argument.kind}
    if argument.kind == "array":
        values["items"] = argument.items
    if argument.required:
        values["required"] = True
    if argument.means:
        values["means"] = argument.means
    return values
