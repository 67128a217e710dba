"""Reaching for what is not the task's: credentials, permissions, logs, prompts, and the guard itself."""

from __future__ import annotations

import dataclasses
import os.path
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, final
from urllib.parse import urlsplit

from corrigible.guard.contract import Call, Signal
from corrigible.guard.monitors.contract import Memory, Monitor
from corrigible.guard.monitors.options import checked, word
from corrigible.guard.monitors.sensitive import OFF_SWITCH, WHAT, decoded, sensitive
from corrigible.guard.monitors.targets import LONGEST, aims, plain

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest, Tool

_PART = re.compile(r"[^\s'\"`;|&<>(){}=,@]+")
_REMOVES = re.compile(r"\b(?:rm|rmdir|mv|chmod|chown|shred|unlink|del|move|setfacl)\b")
_QUOTES = str.maketrans("", "", "'\"\\")
_CLIENT = re.compile(r"\b(?:psql|pg_\w+|createdb|dropdb)\b")
FILES, STORE = "the guard's own files", "the guard's own store"
ABOVE = "a folder that holds the guard's own files"
_PARTS = 400
"""Parts of one command that are compared with the guard's own paths."""


@final
@dataclasses.dataclass(frozen=True)
class Own:
    """What belongs to the guard: files, folders with all that is in them, and the store's server."""

    files: frozenset[str]
    folders: tuple[str, ...]
    names: tuple[str, ...]
    server: str
    database: str

    @classmethod
    def of(cls, manifest: Manifest) -> Own:
        """Return what is the guard's own, as the manifest tells, in small letters."""
        files = [str(path) for path in (manifest.path, manifest.policy, manifest.key) if path is not None]
        folders: list[str] = []
        server = database = ""
        scheme, _, rest = manifest.store.partition(":")
        if scheme == "sqlite":
            files += [os.path.abspath(rest) + suffix for suffix in ("", "-wal", "-shm", "-journal")]
        elif rest.startswith("//"):
            address = urlsplit(manifest.store)
            server, database = f"{address.hostname}:{address.port or 5432}", address.path.strip("/")
        for anchor in manifest.anchors:
            scheme, _, rest = anchor.to.partition(":")
            if scheme in ("file", "git"):
                (files if scheme == "file" else folders).append(os.path.abspath(rest))
        return cls(
            files=frozenset(map(str.lower, files)),
            folders=tuple(map(str.lower, folders)),
            names=tuple({os.path.basename(path).lower() for path in (*files, *folders)}),
            server=server.lower(),
            database=database.lower(),
        )

    def holds(self, path: str) -> bool:
        """Return whether an absolute path is one of these; ``*`` and ``?`` in it are wild."""
        if path in self.files or any(path == f or path.startswith(f"{f}/") for f in self.folders):
            return True
        if any(mark in path for mark in "*?["):
            return any(fnmatchcase(own, path) for own in (*self.files, *self.folders))
        return False

    def below(self, path: str) -> bool:
        """Return whether one of these lies beneath a folder."""
        folder = path.rstrip("/") + "/"
        return any(own.startswith(folder) for own in (*self.files, *self.folders))


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Reaching(Monitor):
    """Looks at the targets in the arguments of every call, at any depth, and within shell commands.

    It remembers nothing. It reads names and looks nothing up: a link with an innocent name is not seen.

    Parameters
    ----------
    raises
        For credentials, permissions, logs, and a model's weights and prompts.
    own
        For the guard's own manifest, policy, key, store, anchors and commands.
    """

    name: ClassVar[str] = "reaching"
    raises: Literal["note", "ask", "halt"] = word("ask", "note", "ask", "halt")
    own: Literal["ask", "halt"] = word("halt", "ask", "halt")
    _cache: dict[str, Any] = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Reaching:
        return cls(**checked(cls, settings))

    def on_call(
        self, memory: Memory, call: Call, tool: Tool | None, manifest: Manifest, now: float
    ) -> Iterable[Signal]:
        own, folder = self._own(manifest), self._folder(manifest, call.tool)
        changes, destroys = tool is None or tool.changes, tool is None or bool(tool.destroys)
        worst: Signal | None = None
        for argument, kind, text in aims(tool, call.arguments):
            command = kind != "target"
            if len(text) > LONGEST:
                said = f"the argument `{argument}` of `{call.tool}` is too long to be looked through"
                worst = worst or self._signal(self.raises, said, argument)
            for reading in _readings(text, command):
                what, raises = _of_own(reading, own, folder, command, destroys), self.own
                if what == ABOVE:
                    raises = self.raises
                elif not what and worst is None and (found := sensitive(reading, command)):
                    sort, name = found
                    # Agents are meant to read what instructs them, and not to write it.
                    if sort != "instructions" or changes:
                        what, raises = f"{WHAT[sort]}: `{name[:80]}`", self.raises
                if what:
                    signal = self._signal(raises, f"`{call.tool}` reaches for {what}", argument)
                    if raises == "halt":
                        return (signal,)
                    worst = worst or signal
        return () if worst is None else (worst,)

    def _signal(self, raises: Literal["note", "ask", "halt"], text: str, argument: str) -> Signal:
        return Signal(monitor=self.name, raises=raises, text=text, arguments=(argument,))

    def _own(self, manifest: Manifest) -> Own:
        if self._cache.get("manifest") is not manifest:
            self._cache.update(manifest=manifest, own=Own.of(manifest), folders={})
        return self._cache["own"]

    def _folder(self, manifest: Manifest, tool: str) -> str:
        name, folders = tool.partition("/")[0], self._cache["folders"]
        if name not in folders and (server := manifest.servers.get(name)):
            folders[name] = str(Path(server.folder).absolute()).lower()
        return folders.get(name, "/")


def _readings(text: str, command: bool) -> Iterable[str]:
    """Yield what a text may mean: as it stands, and for a command without quotes, and with base64 decoded."""
    yield plain(text)
    if command:
        if "'" in text or '"' in text or "\\" in text:
            yield plain(text.translate(_QUOTES))
        for inner in decoded(text[:LONGEST]):
            yield plain(inner)


def _of_own(text: str, own: Own, folder: str, command: bool, destroys: bool) -> str:
    """Return what of the guard's own a text names; empty: nothing."""
    if own.server and own.server in text:
        return STORE
    if not command:
        path = _absolute(text.rstrip("/") or "/", folder)
        return FILES if own.holds(path) else ABOVE if destroys and own.below(path) else ""
    if "corrigible" in text and OFF_SWITCH.search(text):
        return "the guard's own commands"
    if own.database and own.database in text and _CLIENT.search(text):
        return STORE
    removes = _REMOVES.search(text) is not None
    if not (removes or any(mark in text for mark in "*?[") or any(name in text for name in own.names)):
        return ""
    parts = _PART.findall(text)[:_PARTS]
    folders = [folder, *(_absolute(b, folder) for a, b in pairwise(parts) if a == "cd")]
    found = ""
    for part in parts:
        # `host:/path`, as scp has it.
        _, colon, behind = part.partition(":/")
        for path in (*(_absolute(part, base) for base in folders), f"/{behind}" if colon else ""):
            if path and own.holds(path):
                return FILES
            if removes and path and part[0] in "/~." and own.below(path):
                found = ABOVE
    return found


def _absolute(path: str, folder: str) -> str:
    if path.startswith("~"):
        path = os.path.expanduser("~").lower() + path[1:]
    if not path.startswith("/"):
        path = f"{folder}/{path}"
    return os.path.normpath(path) if "/." in path or "//" in path else path
