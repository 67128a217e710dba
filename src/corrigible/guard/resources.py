"""What tools touch, as the manifest writes it, and whether one reaches another.

``*``, ``file:PATTERN``, ``net:HOST[:PORT]`` and words, as `corrigible.guard.manifest` tells. In a file
pattern ``*`` stands for any characters but the stroke, ``?`` for one of them, ``**`` for any characters at
all; nothing else is special. A pattern without them that names a folder means the folder and all beneath it.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

_HOST = re.compile(r"(\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:(\d{1,5}|\*))?")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]*")


def complaint(resource: str) -> str:
    """Return what is wrong with a resource, in a few words; empty: nothing is."""
    kind, colon, rest = resource.partition(":")
    if resource == "*":
        return ""
    if kind == "file" and colon:
        return "" if rest.startswith("/") else "must name an absolute path"
    if kind == "net" and colon:
        return "" if _HOST.fullmatch(rest) else "must be `net:HOST` or `net:HOST:PORT`, in lower case"
    return "" if _WORD.fullmatch(resource) else "is no resource"


def reaches_file(resource: str, path: str) -> bool:
    """Return whether a resource covers the file or folder at an absolute path.

    A folder that is covered is covered with all beneath it: whoever can move a folder moves what it holds.
    Links are followed on both sides, so that neither a link in the pattern nor one in the path hides anything.
    """
    if resource == "*":
        return True
    if not resource.startswith("file:"):
        return False
    patterns = {resource[5:], resolved(resource[5:])}
    for target in {os.path.normpath(path), os.path.realpath(path)}:
        for pattern in patterns:
            if any(_file(pattern).fullmatch(above) for above in _upwards(target)):
                return True
    return False


def reaches_into(resource: str, folder: str) -> bool:
    """Return whether a resource covers a folder, or anything that is or could be in it."""
    if resource == "*":
        return True
    if not resource.startswith("file:"):
        return False
    patterns = {resource[5:], resolved(resource[5:])}
    targets = {os.path.normpath(folder), os.path.realpath(folder)}
    return any(_meets(pattern.strip("/").split("/"), target) for pattern in patterns for target in targets)


def reaches_net(resource: str, host: str, port: int) -> bool:
    """Return whether a resource covers a port of a host."""
    if resource == "*":
        return True
    found = _HOST.fullmatch(resource[4:]) if resource.startswith("net:") else None
    if found is None:
        return False
    if found[5] not in (None, "*") and int(found[5]) != port:
        return False
    name, host = found[1], host.lower().rstrip(".")
    if name == "*" or name.strip("[]") == host.strip("[]"):
        return True
    if name.startswith("*.") and host.endswith(name[1:]):
        return True
    return _here(name) and _here(host)


def resolved(pattern: str) -> str:
    """Return a file pattern whose part before the first ``*`` or ``?`` has its links followed."""
    plain = re.match(r"[^*?]*", pattern)
    assert plain is not None
    fixed = plain[0]
    if fixed == pattern:
        return os.path.realpath(pattern)
    folder, _, name = fixed.rpartition("/")
    real = os.path.realpath(folder or "/")
    return f"{'' if real == '/' else real}/{name}{pattern[len(fixed) :]}"


def _here(host: str) -> bool:
    return host.strip("[]") in ("localhost", "::1", "0.0.0.0", "::") or host.startswith("127.")


def _meets(pattern: list[str], folder: str) -> bool:
    """Return whether a pattern goes along the way to a folder, ends on it, or leads beyond it."""
    for part, name in zip(pattern, folder.strip("/").split("/"), strict=False):
        if "**" in part:
            return _file(f"{part.partition('**')[0]}**").fullmatch(name) is not None
        if part and not _file(part).fullmatch(name):
            return False
    return True


def _upwards(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) or "/" for end in range(len(parts), 0, -1)]


@lru_cache(maxsize=1024)
def _file(pattern: str) -> re.Pattern[str]:
    made = ""
    for part in re.split(r"(\*\*|\*|\?)", pattern.rstrip("/") or "/"):
        made += {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part)
    return re.compile(made, re.DOTALL)
