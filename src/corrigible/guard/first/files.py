"""Writing the first files of a guard, where there are none."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corrigible.core.errors import FileFormatError, GuardError, OptionError, OutputError
from corrigible.guard.first.texts import POLICY, manifest_text
from corrigible.guard.isolation import check
from corrigible.guard.ledger.keys import SigningKey
from corrigible.guard.manifest_file import loads
from corrigible.guard.policy import Policy

FILES = ("guard.toml", "policy.cedar", "guard.key", "guard.key.pub", "guard.db")


def refuse_existing(folder: Path) -> None:
    """Raise `OutputError` if a guard's files are in ``folder`` already; to be asked before a server is started."""
    for name in FILES:
        if os.path.lexists(folder / name):
            raise OutputError(
                f"`{folder / name}` is there already",
                "nothing is overwritten; choose another folder with --folder",
            )


def server_name(command: Sequence[str]) -> str:
    """Return a name for a server, from the word of its command that tells most."""
    words = [Path(word).name for word in command if not word.startswith("-")]
    told = [word for word in words if re.search("server|mcp", word, re.IGNORECASE)] or words
    name = re.sub(r"@[\w.]*$|\.(py|js|mjs|ts)$", "", told[0] if told else "")
    name = re.sub(r"^(mcp-)?server-|-(mcp-)?server$|^mcp-|-mcp$|^mcp_server_|^server_", "", name)
    name = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")
    return name[:64] or "server"


def write(
    folder: Path, server: str, command: Sequence[str], listed: Sequence[Mapping[str, Any]], name: str = ""
) -> tuple[Path, ...]:
    """Write ``guard.toml``, ``policy.cedar`` and ``guard.key`` into a folder; return what was written.

    The server goes on to be started where this process is now, since its command may name what lies here.

    Raises
    ------
    OutputError
        If one of them is there already, or cannot be written.
    OptionError
        If the server's command reaches the folder: then its tools would reach what holds them back.
    GuardError
        If the server lists nothing that can be written down.
    """
    refuse_existing(folder)
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-") or "guard"
    here = os.path.relpath(os.getcwd(), folder)
    text = manifest_text(name, server, command, listed, "" if here == "." else here)
    try:
        manifest = loads(text, folder / "guard.toml")
        Policy.parse(POLICY, manifest, str(folder / "policy.cedar"))
    except FileFormatError as error:
        raise GuardError(f"what `{server}` lists makes no manifest: {error.message}", error.hint) from error
    if not manifest.tools:
        raise GuardError(f"`{server}` lists no tools", "there is nothing to guard")
    try:
        check(manifest)
    except OptionError as error:
        raise OptionError(
            error.message, "give the guard a folder that no tool reaches, with --folder"
        ) from error
    made: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in ((folder / "policy.cedar", POLICY), (folder / "guard.toml", text)):
            with path.open("x", encoding="utf-8") as file:
                made.append(path)
                file.write(content)
        SigningKey.create(folder / "guard.key", name)
    except (OSError, OutputError) as error:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(error, OutputError):
            raise
        said = (error.strerror or str(error)).lower()
        raise OutputError(
            f"cannot write into `{folder}`: {said}", "choose another folder with --folder"
        ) from error
    return (folder / "guard.toml", folder / "policy.cedar", folder / "guard.key")
