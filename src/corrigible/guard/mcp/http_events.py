"""Server-sent events: how messages come and go on a response that stays open.

*Source:* WHATWG HTML, "Server-sent events", the section on interpreting an event stream.
"""

from __future__ import annotations

import dataclasses
from typing import final

PING = b": ping\n\n"
"""A comment; it only keeps the connection from being taken for dead."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """One event; ``number`` and ``retry`` (seconds) are None where the stream does not say."""

    data: bytes
    number: str | None = None
    retry: float | None = None


@final
class Overlong(Exception):
    """An event that is longer than what is taken."""


@final
class Events:
    """Reads events from the pieces in which a stream comes.

    Parameters
    ----------
    longest
        Bytes of an event that are taken; what is longer raises `Overlong`.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._looked = 0
        self._data: list[bytes] = []
        self._size = 0
        self._kind = b"message"
        self._number: str | None = None
        self._retry: float | None = None

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that are whole now."""
        self._rest += piece
        found: list[Event] = []
        start = 0
        while (line := self._line(start)) is not None:
            stop, after = line
            event = self._take(bytes(self._rest[start:stop]))
            if event is not None:
                found.append(event)
            start = self._looked = after
        del self._rest[:start]
        self._looked -= start
        if self._size + len(self._rest) > self._longest:
            raise Overlong
        return found

    def _line(self, start: int) -> tuple[int, int] | None:
        """Return where the line at ``start`` ends and the next begins, if it is whole."""
        rest = self._rest
        feed = rest.find(b"\n", self._looked)
        turn = rest.find(b"\r", self._looked, feed if feed >= 0 else len(rest))
        if turn >= 0:
            if turn + 1 == len(rest):
                self._looked = turn
                return None  # what follows may belong to it
            return turn, turn + (2 if rest[turn + 1] == 0x0A else 1)
        if feed >= 0:
            return feed, feed + 1
        self._looked = len(rest)
        return None

    def _take(self, line: bytes) -> Event | None:
        if not line:
            return self._finish()
        field, colon, value = line.partition(b":")
        if colon and value.startswith(b" "):
            value = value[1:]
        if field == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._kind = value
        elif field == b"id" and b"\0" not in value:
            self._number = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) < 10:
            self._retry = int(value) / 1000
        return None

    def _finish(self) -> Event | None:
        # A line break within a message is white space between its parts; JSON escapes those in text.
        event = Event(data=b" ".join(self._data), number=self._number, retry=self._retry)
        known = self._kind in (b"message", b"")
        self._data, self._size, self._kind, self._number, self._retry = [], 0, b"message", None, None
        return event if known else None


def written(data: bytes, number: str = "") -> bytes:
    """Return an event as it goes on the wire.

    Parameters
    ----------
    data
        One message, on one line; empty: the event only tells the client where it is.
    number
        From where the client may go on after a break; empty: it cannot.
    """
    named = b"id: " + number.encode() + b"\n" if number else b""
    return named + b"event: message\ndata: " + data + b"\n\n"
