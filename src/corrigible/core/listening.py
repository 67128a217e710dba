"""A socket that listens, or one line that says why it cannot."""

from __future__ import annotations

import os
import socket

from corrigible.core.errors import OptionError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address; port 0: at any that is free.

    Raises
    ------
    OptionError
        If there is no such address, or nobody can listen there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as error:
        raise OptionError(
            f"there is no address `{host}:{port}`: {_why(error)}", "give --host and --port"
        ) from error
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(128)
    except (OSError, OverflowError) as error:
        made.close()
        raise OptionError(
            f"`{host}:{port}` cannot be listened at: {_why(error)}", "try --port 0 for one that is free"
        ) from error
    return made


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
