"""What arguments aim at: paths, addresses and commands, told apart from prose.

"How to reset your password" in the body of a letter aims at nothing; the same words as a file's name do. What
an argument is for is read from what the manifest says it means, then from its name, then from its shape.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from corrigible.guard.monitors.leaves import leaves

if TYPE_CHECKING:
    from corrigible.guard.manifest import Tool

LONGEST = 200_000
"""Characters of one text that are looked at."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COMMAND_KEYS = _set(
    "command commands cmd cmdline commandline script scripts shell bash sh powershell args argv arguments "
    "code program exec execute expression python javascript js run"
)
_PROSE_KEYS = _set(
    "content contents body text message messages description title subject summary comment comments note notes "
    "prompt question query reason why thought thoughts newtext oldtext newstr oldstr newstring oldstring filetext "
    "inserttext caption instructions answer data html markdown observations keyword keywords"
)
_TARGET_KEYS = _set(
    "path paths file files filename filepath folder directory dir uri url urls target source destination src dst "
    "cwd root location host hostname address endpoint href link repopath outputpath inputfile"
)
_COMMANDS = _set(
    "cat ls cp mv rm scp rsync curl wget less more head tail grep rg find chmod chown chattr sudo su doas bash sh "
    "zsh fish python python3 perl ruby node npx npm env printenv export declare tar zip gzip base64 xxd od strings "
    "dd openssl gpg ssh sftp ftp nc git gh aws gcloud az kubectl docker podman kill pkill killall systemctl service "
    "launchctl echo printf tee sed awk nano vi vim ed powershell pwsh cmd type copy move del security sqlite3 psql "
    "pg_dump corrigible source shred truncate unlink ln mount visudo usermod crontab cd history set op vault pass "
    "icacls net reg wevtutil journalctl auditctl setfacl setenforce xargs test stat file touch mkdir rmdir"
)
_PATH_START = re.compile(r"[/~$\\]|\.{1,2}[/\\]|[A-Za-z]:[\\/]|file:|%\w+%")
_JOINED = re.compile(r"&&|\|\||[;|]\s*\w+\s|\$\(|`\w+ |>\s*[/~.]")
_THING = re.compile(r"[\w.~$%+-]*[/\\@][\w./\\~$%+@:#?=&-]+")
_UP = re.compile(r"(?<![^/\s'\"=@:])(?!\.\./)[^/\s'\"]+/\.\./|(?<=/)(?!\.\./)[^/\s'\"]+/\.\.(?=$|[\s'\"])")
_SAME = re.compile(r"(?<!:)/(?:\.?/)+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_HOME = re.compile(r"\$\{?home\}?|%userprofile%|%homepath%|\$env:userprofile|\$\{?userprofile\}?")

Kind = Literal["target", "command", "both"]


def aims(tool: Tool | None, arguments: Mapping[str, Any]) -> Iterator[tuple[str, Kind, str]]:
    """Yield (argument, kind, text) for each text that is a target or a command; prose is left out."""
    listed = tool.arguments if tool is not None else {}
    for argument, key, text in leaves(arguments):
        said = listed.get(argument)
        means = said.means if said is not None else ""
        if means == "secret" or not text:
            continue
        if means:
            yield argument, "target", text
        elif kind := _kind(key, text):
            yield argument, kind, text


def _kind(key: str, text: str) -> Kind | None:
    key = key.replace("_", "").replace("-", "").lower()
    if key in _COMMAND_KEYS:
        return "command"
    if key in _PROSE_KEYS:
        return None
    if key in _TARGET_KEYS:
        return "target"
    words = text.split(None, 2)
    if len(words) == 1:
        return "target"
    if not words:
        return None
    if _PATH_START.match(text.lstrip()):
        return "both"
    first = words[0].rpartition("/")[2].lower()
    if first in _COMMANDS or "=" in first or _JOINED.search(text[:LONGEST]):
        return "command"
    return None


def plain(text: str) -> str:
    """Return a path, address or command as it would be understood, in small letters.

    Percent signs are decoded (three times at most), look-alike forms of letters and invisible characters
    undone, strokes turned forward, ``.`` and ``..`` resolved, and the home folder written ``~``.
    """
    text = text[:LONGEST]
    for _ in range(3):
        if "%" not in text or (decoded := unquote(text)) == text:
            break
        text = decoded
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    else:
        text = text.lower()
    if "\\" in text:
        text = text.replace("\\", "/")
    if "$" in text or "%" in text:
        text = _HOME.sub("~", text.replace("${ifs}", " ").replace("$ifs", " "))
    if text.startswith("file:"):
        text = "/" + text[5:].removeprefix("//").removeprefix("localhost").lstrip("/")
    if "//" in text or "/." in text:
        text = _SAME.sub("/", text)
        for _ in range(16):
            text, many = _UP.subn("", text)
            if not many:
                break
    return text


def named_things(arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is named in the arguments and could be told apart from a plain word: paths, addresses."""
    for _, _, text in leaves(arguments):
        if len(text) <= 512 and not any(map(str.isspace, text)):
            if "/" in text or "." in text or "@" in text or "\\" in text:
                yield plain(text).rstrip("/")
        else:
            for found in _THING.findall(text[:20_000])[:50]:
                yield plain(found).rstrip("/.:")
