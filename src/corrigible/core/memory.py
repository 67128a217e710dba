"""Say that something will not fit before asking for the memory."""

from __future__ import annotations

import os

from corrigible.core.errors import TooLargeError


def physical() -> int | None:
    """Return the machine's memory in bytes, or ``None`` where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def require(needed: int, what: str, hint: str = "") -> None:
    """Raise `TooLargeError` if ``needed`` bytes for ``what`` exceed the machine's memory."""
    have = physical()
    if have is not None and needed > have:
        raise TooLargeError(
            f"{what} would take about `{in_words(needed)}`, this machine has {in_words(have)}", hint
        )


def in_words(count: int) -> str:
    """Return a number of bytes as people write it, for example ``1.5 GiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"
