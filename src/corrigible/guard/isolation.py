"""Whether the agent's tools can reach what holds the agent back; if one can, the guard does not start.

What is held out of reach: the store, the policy, the manifest, the signing key, the copies of checkpoints, and
the guard's own code (which may be read). Reading counts: who reads the policy can plan around it.
What a tool reaches is what the manifest says of it, and what its server was started with.

*Source:* Anderson 1972, "Computer Security Technology Planning Study": the reference monitor is tamperproof,
always invoked, and small.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, final
from urllib.parse import parse_qs, unquote, urlsplit

from corrigible.core.errors import OptionError
from corrigible.guard.manifest import EFFECTS, Manifest, Server, Tool
from corrigible.guard.resources import reaches_file, reaches_into, reaches_net

BESIDE = ("", "-wal", "-shm", "-journal", ".alive")
"""What SQLite and the guard put beside a store, by the ends of the names."""
TOLD = 3
"""How many complaints an error tells in full."""
_PORTS = {"http": 80, "https": 443}


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """One thing that tools must not reach: a file or folder, or a port of a host.

    Parameters
    ----------
    what
        What it is, for errors.
    path
        Where it is, absolute; empty where it is on the network.
    host, port
        The same on the network.
    readable
        Whether reading it does no harm.
    folder
        Whether it is a folder, held with all that is in it.
    """

    what: str
    path: str = ""
    host: str = ""
    port: int = 0
    readable: bool = False
    folder: bool = False

    @cached_property
    def real(self) -> str:
        """Where the file is, links resolved; looked up once."""
        return os.path.realpath(self.path)

    def __str__(self) -> str:
        return f"{self.what} `{self.path or f'{self.host}:{self.port}'}`"


def check(manifest: Manifest) -> None:
    """Raise `OptionError` if a tool of the manifest could reach what holds it back; the error says which."""
    held_back = held(manifest)
    found = [*_granted(manifest, held_back), *_started(manifest, held_back)]
    if found:
        more = f"; and {len(found) - TOLD} more" if len(found) > TOLD else ""
        raise OptionError(
            f"{'; '.join(found[:TOLD])}{more}",
            "narrow what the tool may touch, or keep the guard's files elsewhere",
        )


def held(manifest: Manifest) -> tuple[Held, ...]:
    """Return everything that the tools of a manifest must not reach."""
    made = list(_store(manifest.store))
    for what, path in (
        ("policy", manifest.policy),
        ("manifest", manifest.path),
        ("signing key", manifest.key),
    ):
        if path is not None:
            made.append(Held(what=f"the {what}", path=os.path.abspath(path)))
    if manifest.key is not None:
        made.append(Held(what="the public key", path=f"{os.path.abspath(manifest.key)}.pub", readable=True))
    for anchor in manifest.anchors:
        kind, _, rest = anchor.to.partition(":")
        if kind in ("file", "git"):
            made.append(Held(what="the anchor", path=os.path.abspath(rest), folder=kind == "git"))
        else:
            parts = urlsplit(anchor.to)
            made.append(Held(what="the anchor", host=parts.hostname or "", port=parts.port or _PORTS[kind]))
    code = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    made.append(Held(what="the guard's own code", path=code, readable=True, folder=True))
    return tuple(made)


def reached(tool: Tool, shown: Mapping[str, Any], held_back: tuple[Held, ...]) -> str:
    """Return which argument of a call names what tools must not reach, in one sentence; empty: none does.

    It looks at the arguments that mean paths, resolved as they are now: so a link that was made after the
    start leads nowhere. Reading may name a folder above, changing may not.
    """
    for name, argument in tool.arguments.items():
        if argument.means != "path" or name not in shown:
            continue
        for path in shown[name] if argument.kind == "array" else [shown[name]]:
            for each in held_back:
                if not each.path or (each.readable and not tool.changes):
                    continue
                if _within(path, each.real) or (tool.changes and _within(each.real, path)):
                    return f"the argument `{name}` of `{tool.name}` names {each}, which no tool may reach"
    return ""


def _store(url: str) -> Iterator[Held]:
    kind, _, rest = url.partition(":")
    if kind == "sqlite":
        for end in BESIDE:
            yield Held(what="the store", path=os.path.abspath(rest) + end, folder=end == ".alive")
        return
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    hosts = [each for key in ("host", "hostaddr") for each in options.get(key, [])]
    # A list of hosts, with ports of their own, is something that `urlsplit` has no word for.
    hosts += [unquote(each) for each in parts.netloc.rpartition("@")[2].split(",") if each]
    usual = (options.get("port") or ["5432"])[0]
    for each in ",".join(hosts).split(",") if hosts else ["localhost"]:
        if each.startswith("/"):
            yield Held(what="the store", path=os.path.abspath(each), folder=True)
            continue
        found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(\d+))?", each)
        host, port = (found[1] or "localhost", found[2] or usual) if found else (each, usual)
        yield Held(what="the store", host=host.lower(), port=int(port.split(",")[0]))


def _granted(manifest: Manifest, held_back: tuple[Held, ...]) -> Iterator[str]:
    for tool in manifest.tools.values():
        for effect in EFFECTS:
            for resource in getattr(tool, effect):
                for each in held_back:
                    if each.readable and effect == "reads":
                        continue
                    if each.folder:
                        covers = reaches_into(resource, each.path)
                    elif each.path:
                        covers = reaches_file(resource, each.path)
                    else:
                        covers = reaches_net(resource, each.host, each.port)
                    if covers:
                        yield f"`{tool.name}` {effect} `{resource}`, which covers {each}"
                        break


def _started(manifest: Manifest, held_back: tuple[Held, ...]) -> Iterator[str]:
    for server in manifest.servers.values():
        for where, word in _words(server):
            for each in held_back:
                if not each.readable and _mentions(word, each, server.folder):
                    yield f"the {where} of server `{server.name}` reaches {each}"
                    break


def _words(server: Server) -> Iterator[tuple[str, str]]:
    for word in server.command[1:]:
        yield "command", word
    for name, value in server.environment.items():
        given = os.environ.get(value[4:], "") if value.startswith("env:") else value
        yield f"variable `{name}`", given


def _mentions(word: str, each: Held, folder: str) -> bool:
    """Return whether a word names the thing, or a folder that holds it."""
    if not each.path:
        return re.search(rf"(?<![\w.-]){re.escape(each.host)}:{each.port}(?!\d)", word.lower()) is not None
    if each.path in word:
        return True
    target = os.path.realpath(each.path)
    for part in {word, *re.split(r"[=:,;\s]+", word)}:
        if not part or "\0" in part:
            continue
        path = os.path.realpath(os.path.join(folder, os.path.expanduser(part)))
        if path == target or (os.path.isdir(path) and _within(target, path)):
            return True
    return False


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")
