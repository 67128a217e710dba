"""Arguments as policies see them: what says the same is written the same, or the call is denied.

A path can be written in many ways, and so can a host; a policy that compares text must see one of them. What
cannot be said for certain (a path that means another file to every process, an address that two parsers read
differently) is refused: better a call denied than a policy that looks at something else than the tool does.

*Source:* RFC 3986, section 6 (normalisation), RFC 5891 (IDNA), the WHATWG URL standard (host parsing), and
CWE-22 and CWE-918 for what goes wrong without.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from corrigible.guard.contract import Call
from corrigible.guard.manifest import Argument, Server, Tool
from corrigible.guard.schema import PLACES, can_be_shown

WITH_HOSTS = ("http", "https", "ws", "wss", "ftp", "ftps", "sftp", "ssh", "git")
"""Schemes whose addresses always have a host."""
LONGEST = 4096
"""Characters of a path, at most; systems take no longer ones, and to resolve one takes its time."""
# Older and newer rules for names in other scripts disagree on these four.
_DISPUTED = re.compile("[ßς\u200c\u200d]")
_MOST = Decimal("922337203685477.5807")
# What these name depends on which process asks.
_OF_A_PROCESS = re.compile(r"/proc(/.*)?|/dev/(fd|stdin|stdout|stderr)(/.*)?")


def shown(call: Call, tool: Tool, server: Server) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the arguments as policies see them, and the hosts in them.

    Parameters
    ----------
    call
        A call whose arguments `Tool.complaint` found nothing wrong with.
    tool
        Its tool.
    server
        The tool's server, from whose folder relative paths are read.

    Returns
    -------
    tuple
        The arguments that policies can see: numbers as `decimal.Decimal`, paths absolute and resolved,
        addresses normalised. And the hosts: each as ``host``, and as ``host:port`` where a port is given; an
        address without a host gives its scheme (``file:``), so that it is among no list of hosts.

    Raises
    ------
    ValueError
        If an argument cannot be said so; one sentence that names it.
    """
    made: dict[str, Any] = {}
    hosts: set[str] = set()
    for name, value in call.arguments.items():
        argument = tool.arguments.get(name)
        if argument is None or not can_be_shown(argument):
            continue
        say = _saying(argument, server, hosts)
        try:
            made[name] = [say(item) for item in value] if argument.kind == "array" else say(value)
        except (ValueError, ArithmeticError) as error:
            raise ValueError(f"the argument `{name}` of `{tool.name}` {_said(error)}") from error
    return made, frozenset(hosts)


def path(text: str, folder: str, home: str = "~") -> str:
    """Return a path absolute, without ``..``, links or needless strokes, and in Unicode's form C.

    Raises
    ------
    ValueError
        If it holds a null byte, names another machine, or names what differs from process to process.
    """
    if "\0" in text:
        raise ValueError("holds a null byte")
    if len(text) > LONGEST:
        raise ValueError("is longer than a path can be")
    if re.match(r"file:", text, re.IGNORECASE):
        text = _path_of(text)
    if text == "~" or text.startswith("~/"):
        text = os.path.expanduser(home) + text[1:]
    elif text.startswith("~") and os.path.expanduser(text) != text:
        raise ValueError("begins with another user's home")
    whole = os.path.join(folder, text)
    # Two strokes at the beginning are one to the system, but not to `os.path`.
    plain = re.sub("^/+", "/", os.path.normpath(whole))
    found = os.path.realpath(re.sub("^/+", "/", whole))
    if any(_OF_A_PROCESS.fullmatch(way) for way in (found, plain)):
        raise ValueError("names what is another thing to every process")
    if ".." in whole and os.path.realpath(plain) != found:
        raise ValueError("goes up from a link, which not all read alike")
    found.encode()
    return unicodedata.normalize("NFC", found)


def address(text: str) -> tuple[str, set[str]]:
    """Return a URL normalised, without name and password, and its hosts (see `shown`).

    Raises
    ------
    ValueError
        If it has no scheme, no host where its scheme needs one, or could be read in two ways.
    """
    if re.search(r"[\x00-\x20\x7f\\]", text) or text != text.strip():
        raise ValueError("holds a blank, a control character or a backslash, which not all read alike")
    parts = urlsplit(text)
    if not parts.scheme:
        raise ValueError("is no address: it has no scheme")
    if not parts.netloc:
        if parts.scheme in WITH_HOSTS:
            raise ValueError("is an address without a host")
        return f"{parts.scheme}:{text.partition(':')[2]}", {f"{parts.scheme}:"}
    if parts.netloc.count("@") > 1:
        raise ValueError("holds more than one `@` before its host")
    name = host(_host_part(parts))
    port = parts.port
    where = name if port is None else f"{name}:{port}"
    rest = "".join(mark + part for mark, part in (("?", parts.query), ("#", parts.fragment)) if part)
    return f"{parts.scheme}://{where}{_without_dots(parts.path)}{rest}", {name, where}


def host(text: str) -> str:
    """Return a host in lower case, in ASCII (IDNA), numeric addresses in their usual form.

    Raises
    ------
    ValueError
        If it is none, or not all would read it alike.
    """
    name = unquote(text, errors="strict")
    if (name.startswith("[") and name.endswith("]")) or ":" in name:
        number = ipaddress.ip_address(name.strip("[]"))
        if not isinstance(number, ipaddress.IPv6Address) or number.scope_id is not None:
            raise ValueError(f"names no host: `{text}`")
        return str(number.ipv4_mapped) if number.ipv4_mapped else f"[{number.compressed}]"
    if not name.isascii():
        if _DISPUTED.search(name):
            raise ValueError(f"names a host that not all read alike: `{text}`")
        name = name.encode("idna").decode()
    name = name.lower().removesuffix(".")
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name) or len(name) > 253:
        raise ValueError(f"names no host: `{text}`")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", name.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(socket.inet_aton(name)))
        except OSError as error:
            raise ValueError(f"names no host: `{text}`") from error
    return name


def _saying(argument: Argument, server: Server, hosts: set[str]) -> Callable[[Any], Any]:
    def say_address(value: str) -> str:
        said, found = address(value)
        hosts.update(found)
        return said

    def say_host(value: str) -> str:
        parts = re.fullmatch(r"(\[[^\]]*\]|[^:/@\s]*|[^:/@\s]*:[^/@\s]*:[^/@\s]*)(?::(\d{1,5}))?", value)
        if parts is None or (parts[2] and not 0 < int(parts[2]) < 65536):
            raise ValueError(f"names no host: `{value}`")
        name = host(parts[1])
        where = f"{name}:{int(parts[2])}" if parts[2] else name
        hosts.update((name, where))
        return where

    if "number" in (argument.kind, argument.items if argument.kind == "array" else ""):
        return _number
    match argument.means:
        case "path":
            home = server.environment.get("HOME", "~")
            return lambda value: path(value, server.folder, "~" if home.startswith("env:") else home)
        case "url":
            return say_address
        case "host":
            return say_host
        case _:
            return _plain


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        value.encode()
        return value
    return value


def _number(value: float) -> Decimal:
    exact = Decimal(repr(value))
    if not exact.is_finite() or abs(exact) > _MOST or exact != exact.quantize(PLACES):
        raise ValueError(
            f"is `{value}`, but policies see numbers with four places after the point, and none beyond ±922337203685477;"
            " in the manifest, `any` shows it to no policy"
        )
    return exact


def _path_of(text: str) -> str:
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost"):
        raise ValueError("names a file of another machine")
    if not parts.path.startswith("/") or parts.query or parts.fragment:
        raise ValueError("is no address of a file")
    found = unquote(parts.path, errors="strict")
    if "\0" in found:
        raise ValueError("holds a null byte")
    return found


def _host_part(parts: SplitResult) -> str:
    within = parts.netloc.rpartition("@")[2]
    bracketed = re.fullmatch(r"(\[[^\]]*\])(:\d*)?", within)
    return bracketed[1] if bracketed else within.partition(":")[0]


def _without_dots(text: str) -> str:
    """Return the path of a URL without ``.``, ``..`` and needless escapes."""
    made: list[str] = []
    parts = re.sub("%[0-9a-fA-F]{2}", _needed, text).split("/")
    for part in parts:
        if part == ".." and len(made) > 1:
            made.pop()
        elif part not in (".", ".."):
            made.append(part)
    if parts[-1] in (".", ".."):
        made.append("")
    return "/".join(made)


def _needed(escape: re.Match[str]) -> str:
    said = chr(int(escape[0][1:], 16))
    return said if re.fullmatch("[A-Za-z0-9._~-]", said) else escape[0].upper()


def _said(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "holds text that is not Unicode"
    return str(error)
