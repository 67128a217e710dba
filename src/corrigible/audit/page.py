"""What every page of an audit is made with: numbers as words, safe text, and a policy that loads nothing.

A page is Jinja2 templates with inline SVG, one style sheet and a few lines of script, all inside the
file. A content security policy with the hashes of exactly that style and that script forbids
everything else, so that nothing an agent wrote can load or run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]"
)
"""Characters that a page or an XML file cannot hold, that do not show, or that turn text around."""


def page(template: str, **context: Any) -> str:
    """Return a page made of a template, with style, script and the policy that allows these two alone."""
    style, script = _source("report.css"), _source("report.js")
    policy = (
        f"default-src 'none'; style-src {_hashed(style)}; script-src {_hashed(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return _environment().get_template(template).render(policy=policy, style=style, script=script, **context)


# --- words and numbers ------------------------------------------------------------------------


def percent(value: float, *, sign: bool = False) -> str:
    """Return a share as people read it; what is not quite 0% or 100% never looks like it."""
    size = abs(value) * 100
    if 0 < size < 0.05:
        text = "<0.1%"
    elif 99.95 <= size < 100:
        text = ">99.9%"
    elif size == 0 or 10 <= round(size, 1) <= 99 or abs(size - round(size)) < 1e-9:
        text = f"{size:.0f}%"
    else:
        text = f"{size:.1f}%"
    if value < 0:
        return f"−{text}"
    return f"+{text}" if sign and value > 0 else text


def p_value(p: float) -> str:
    """Return a p-value as people read it; a small one is never shown as none."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def interval(found: Any, *, sign: bool = False) -> str:
    """Return the 95% interval of a rate or difference in brackets."""
    return f"[{percent(found.low, sign=sign)}, {percent(found.high, sign=sign)}]"


def share_range(low: float, high: float) -> str:
    """Return two shares as one range, or as one number where they are equal."""
    return percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"


def printable(value: Any) -> str:
    """Return text in which every character shows and none turns the text around.

    Control characters become their pictures (␀, ␛), what else does not show its number (⟨U+202E⟩).
    """

    def picture(match: re.Match[str]) -> str:
        code = ord(match[0])
        return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"

    return UNSEEN.sub(picture, str(value).replace("\r\n", "\n"))


def call_text(step: Any) -> str:
    """Return a tool call as one line."""
    shown = ", ".join(f"{name}={json.dumps(v, ensure_ascii=False)}" for name, v in step.arguments.items())
    return f"{step.tool}({shown})"


# --- the templates ----------------------------------------------------------------------------


def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("corrigible.audit", "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Any = environment.filters
    filters |= {
        "percent": percent,
        "p_value": p_value,
        "interval": _unbroken,
        "call_text": call_text,
        "at": _at,
        "is_prose": _is_prose,
    }
    known: Any = environment.globals
    known |= {"share_range": share_range, "count": count}
    return environment


def _shown(value: Any) -> Any:
    """Everything put into the page passes here, before it is escaped."""
    return value if hasattr(value, "__html__") else printable(value)


def _unbroken(found: Any, *, sign: bool = False) -> str:
    return interval(found, sign=sign).replace(" ", "\N{NO-BREAK SPACE}")


def _is_prose(line: str) -> bool:
    """Whether a line is words, which may be wrapped, and not a row of a map."""
    return re.search(r"[^\W\d_]{3}.* .*[^\W\d_]{3}", line) is not None


def _at(value: float, *, signed: bool = False) -> str:
    """Where a share lies on its axis, as SVG wants it."""
    place = (value + 1) / 2 if signed else value
    return f"{100 * min(max(place, 0.0), 1.0):.4g}%"


def _source(name: str) -> Any:
    from importlib.resources import files

    from markupsafe import Markup

    return Markup(files("corrigible.audit").joinpath("templates", name).read_text(encoding="utf-8"))


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
