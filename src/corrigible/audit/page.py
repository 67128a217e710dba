"""What the pages of an audit are made with, beside what all pages share (`corrigible.core.page`)."""

from __future__ import annotations

import json
import re
from typing import Any

from corrigible.core.page import Pages
from corrigible.core.page import count as count
from corrigible.core.page import percent as percent
from corrigible.core.page import printable as printable


def page(template: str, **context: Any) -> str:
    """Return a page made of a template; see `Pages.page`."""
    return _PAGES.page(template, **context)


# --- words and numbers ------------------------------------------------------------------------


def p_value(p: float) -> str:
    """Return a p-value as people read it; a small one is never shown as none."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def interval(found: Any, *, sign: bool = False) -> str:
    """Return the 95% interval of a rate or difference in brackets."""
    return f"[{percent(found.low, sign=sign)}, {percent(found.high, sign=sign)}]"


def share_range(low: float, high: float) -> str:
    """Return two shares as one range, or as one number where they are equal."""
    return percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"


def call_text(step: Any) -> str:
    """Return a tool call as one line."""
    shown = ", ".join(f"{name}={json.dumps(v, ensure_ascii=False)}" for name, v in step.arguments.items())
    return f"{step.tool}({shown})"


def _unbroken(found: Any, *, sign: bool = False) -> str:
    return interval(found, sign=sign).replace(" ", "\N{NO-BREAK SPACE}")


def _is_prose(line: str) -> bool:
    """Whether a line is words, which may be wrapped, and not a row of a map."""
    return re.search(r"[^\W\d_]{3}.* .*[^\W\d_]{3}", line) is not None


def _at(value: float, *, signed: bool = False) -> str:
    """Where a share lies on its axis, as SVG wants it."""
    place = (value + 1) / 2 if signed else value
    return f"{100 * min(max(place, 0.0), 1.0):.4g}%"


_PAGES = Pages(
    room="corrigible.audit",
    style="report.css",
    script="report.js",
    filters={
        "p_value": p_value,
        "interval": _unbroken,
        "call_text": call_text,
        "at": _at,
        "is_prose": _is_prose,
    },
    words={"share_range": share_range},
)
