"""The parts of a text by which one can tell later that an argument came from it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from urllib.parse import unquote

_TOKEN = re.compile(
    r"""
      [\w.+%-]+@[\w-]+(?:\.[\w-]+)+                                  # mail
    | (?P<url>(?:https?|ftp|file|s3|gs|ssh|wss?)://[^\s'"<>()\[\]{}|\\^`]+)
    | (?P<number>\+?\d[\d().-]{3,}\d)(?![\w@])
    | (?P<path>(?:[~.\w-]*[/\\])+[\w.~%-]+)
    | (?:[\w-]+\.)+[A-Za-z][\w-]*                                    # hosts, names of files
    | (?P<word>[\w#$][\w#$-]{3,})
    """,
    re.VERBOSE,
)
_SPACED = re.compile(
    r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?\b|(?<![\w.])\+?\d[\d().-]*(?: [\d().-]*\d){1,8}\b"
)
"""Account, card and telephone numbers as they are printed."""
_SPACING = re.compile(r"[ ().-]+")
_EDGE = ".,;:!?/\\-"
WIDTH = 8
"""Letters of a hash; six bytes, so that 4,000 of them meet by chance once in seventy thousand million."""
LONG = 16
"""Letters from which a plain word counts."""


def tokens(text: str) -> Iterator[str]:
    """Yield addresses, paths, numbers, names with digits in them and long words, in small letters.

    Ordinary words are left out: they are in every text. Of an address the host counts by itself too, so that
    another page of it is known; of a path the last part; a number is the same with spaces and without.
    """
    if "%" in text:
        text = f"{text} {unquote(text)}"
    for found in _SPACED.findall(text):
        squeezed = _SPACING.sub("", found).lower()
        if len(squeezed) >= 7:
            yield squeezed
    for chunk in text.split():
        if len(chunk) >= LONG or not chunk[:-1].isalpha():
            for found in _TOKEN.finditer(chunk):
                yield from _parts(found.lastgroup, found[0].strip(_EDGE).lower())


def _parts(kind: str | None, token: str) -> Iterator[str]:
    if kind == "word":
        if len(token) >= LONG or _telling(token):
            yield token
    elif kind == "number":
        squeezed = _SPACING.sub("", token)
        if token.count(".") == 3:
            yield token
        elif len(squeezed) >= 5:
            yield squeezed
    elif kind == "url":
        yield token
        host = token.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        yield host.removeprefix("www.")
    elif kind == "path":
        yield token
        name = token.replace("\\", "/").rpartition("/")[2]
        if "." in name or len(name) >= LONG or _telling(name):
            yield name
        first = token.partition("/")[0].removeprefix("www.")
        if "." in first.strip("."):
            yield first
    else:
        yield token.removeprefix("www.")


def _telling(word: str) -> bool:
    """Return whether a word is like an identifier: digits among letters, or many digits."""
    digits = sum(map(str.isdigit, word))
    return digits >= 5 or (digits > 0 and digits < len(word) and len(word) >= 4)


def hashes(found: Iterable[str], salt: str) -> list[str]:
    """Return eight letters for each token, each once, in order; ``salt`` makes collisions a matter of luck."""
    key = salt.encode()
    return [
        urlsafe_b64encode(blake2b(token.encode(errors="replace"), digest_size=6, key=key).digest()).decode()
        for token in dict.fromkeys(found)
    ]


def stands(wanted: str, packed: str) -> bool:
    """Return whether a hash, or several in a row, is among those packed into one text."""
    at = packed.find(wanted)
    while at >= 0 and at % WIDTH:
        at = packed.find(wanted, at + 1)
    return at >= 0
